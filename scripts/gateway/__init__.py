"""API Gateway, Lambda and DynamoDB in one local process, as a SAM template and its OpenAPI file say."""

from gateway.application import Gateway
from gateway.errors import ProjectError

__all__ = ["Gateway", "ProjectError"]
