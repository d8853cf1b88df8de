"""Tools for serverless APIs on AWS whose OpenAPI file is the source of truth."""
