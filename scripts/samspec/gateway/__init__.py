"""API Gateway, Lambda and DynamoDB in one local process, as a SAM template and its OpenAPI file say."""

from samspec.gateway.application import Gateway
from samspec.sam.errors import ProjectError

__all__ = ["Gateway", "ProjectError"]
