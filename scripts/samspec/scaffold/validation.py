"""Whether the spec is valid OpenAPI, before and after a scaffold changes it."""

from samspec.sam.errors import ProjectError
from samspec.sam.project import Project


def require_valid(project: Project, because: str = "") -> Project:
    """The project; raises ProjectError with the first fault of its spec.

    Where the validator is not installed, as next to copier, scripts/check finds faults later.
    """
    from samspec.drift import validity

    try:
        findings = list(validity.check_document(project.spec))
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("openapi_spec_validator"):
            raise
        return project
    if findings:
        raise ProjectError(f"{because}{findings[0]}")
    return project
