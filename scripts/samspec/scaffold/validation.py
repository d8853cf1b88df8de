"""Whether the spec is valid OpenAPI, before and after a scaffold changes it."""

from samspec.sam.errors import ProjectError
from samspec.sam.project import Project


def require_valid(project: Project, because: str = "") -> Project:
    """The project; raises ProjectError with the first fault of its spec.

    Where the validator is not installed, as next to copier, scripts/check finds faults later.
    """
    try:
        from samspec.drift import validity
    except ModuleNotFoundError as error:
        if error.name != "openapi_spec_validator":
            raise
        return project
    for finding in validity.check(project.spec):
        raise ProjectError(f"{because}{finding}")
    return project
