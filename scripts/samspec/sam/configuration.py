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
    `concurrency`: how many processes a function may have at a time.
    """

    local_packages: tuple[str, ...] = ()
    concurrency: int = 10


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
    concurrency = table.get("concurrency", Configuration.concurrency)
    if type(concurrency) is not int or concurrency < 1:
        raise ProjectError(f"{FILE}: concurrency of [tool.samspec] must be a number from 1 on")
    return Configuration(local_packages=tuple(packages), concurrency=concurrency)
