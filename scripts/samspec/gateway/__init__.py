"""API Gateway in one local process, as a SAM template and its API definitions say."""

from samspec.gateway.application import Gateway
from samspec.sam.errors import ProjectError

__all__ = ["Gateway", "ProjectError"]
