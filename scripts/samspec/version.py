"""Which version of the package runs."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """The version of the installed package, or `(source)` in a checkout."""
    try:
        return version("samspec")
    except PackageNotFoundError:
        return "(source)"
