"""What a project decides about the tools: `[tool.samspec]` in its pyproject.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from samspec.sam.errors import ProjectError

FILE = "pyproject.toml"


@dataclass(frozen=True)
class Configuration:
    """Each field is a key, with dashes for underscores.

    `local_packages`: packages of the tools' own environment that functions may import when they
    run locally from source, because the build makes them unnecessary.
    """

    local_packages: tuple[str, ...] = ()


def configuration(root: Path) -> Configuration:
    """The configuration of the project in the folder `root`; the defaults where it has none."""
    try:
        text = (root / FILE).read_text(encoding="utf-8")
    except OSError:
        return Configuration()
    try:
        table = tomllib.loads(text).get("tool", {}).get("samspec", {})
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{FILE}: {error}") from None
    packages = table.get("local-packages", [])
    if not isinstance(packages, list) or not all(isinstance(name, str) for name in packages):
        raise ProjectError(f"{FILE}: local-packages of [tool.samspec] must be a list of names")
    return Configuration(local_packages=tuple(packages))
