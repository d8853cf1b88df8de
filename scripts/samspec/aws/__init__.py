"""DynamoDB in process, by moto, and the tables of a template."""
