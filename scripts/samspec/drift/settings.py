"""What a project decides about drift: `[tool.samspec]` in its pyproject.toml. Every key has a
default."""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from samspec.sam.errors import ProjectError

FILE = "pyproject.toml"
TEMPLATES = ("template.yaml", "template.yml", "template.json")


@dataclass(frozen=True)
class Waiver:
    """Findings of one rule that the project accepts. `file` and `text` narrow it to some of
    them."""

    rule: str
    reason: str
    file: str = ""
    text: str = ""  # part of the finding's message


@dataclass(frozen=True)
class Settings:
    """The settings of `[tool.samspec.drift]`; paths are relative to the project's folder.

    A convention that is "auto" is checked if its files are there; true: always; false: never.
    """

    template: str = ""  # [tool.samspec] template; else the first of TEMPLATES that exists
    features: str = "specs/features"  # one Markdown file per operation
    events: str = "events"  # sample events, named after operations
    observed: str = "tests/observed.json"  # what `samspec record` saw
    documents: tuple[str, ...] = (
        "*.md",
        "specs/**/*.md",
        "docs/**/*.md",
        ".claude/**/*.md",
        ".github/**/*.md",
    )
    tests: str = "tests/**/test_*.py"
    resource_tables: tuple[str, ...] = ("specs/architecture.md",)
    require_features: bool | str = "auto"
    require_events: bool | str = "auto"
    require_observed: bool | str = "auto"
    require_packaged_definition: bool | str = "auto"  # a link to the spec next to the handlers
    waivers: tuple[Waiver, ...] = field(default=())


def read(root: Path) -> Settings:
    """The project's settings. Raises ProjectError if a key or value is wrong."""
    file = root / FILE
    if not file.is_file():
        return Settings()
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("samspec", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{FILE}: not valid TOML ({error}): fix it first") from None
    table = dict(tool.get("drift", {}))
    if "template" in tool:
        table["template"] = tool["template"]
    return Settings(**_checked(table))


def _checked(table: dict[str, Any]) -> dict[str, Any]:
    defaults = {item.name: item.default for item in fields(Settings)}
    for name, value in table.items():
        if name not in defaults:
            keys = ", ".join(sorted(defaults))
            raise ProjectError(f"{FILE}: [tool.samspec.drift] has no key {name}; it has {keys}")
        if name == "waivers":
            table[name] = tuple(_waiver(item) for item in value)
        elif isinstance(defaults[name], tuple):
            table[name] = tuple(value)
        elif name.startswith("require_"):
            if value not in (True, False, "auto"):
                raise ProjectError(f'{FILE}: {name} is {value!r}: write true, false or "auto"')
        elif not isinstance(value, str):
            raise ProjectError(f"{FILE}: {name} is {value!r}: write a path")
    return table


def _waiver(item: Any) -> Waiver:
    names = {item.name for item in fields(Waiver)}
    if not isinstance(item, dict) or not {"rule"} <= item.keys() <= names:
        raise ProjectError(
            f"{FILE}: a waiver is {item!r}: "
            'write { rule = "id", reason = "why", file = "path", text = "part of the message" }'
        )
    if not str(item.get("reason", "")).strip():
        raise ProjectError(f"{FILE}: the waiver of {item['rule']} has no reason: write one")
    return Waiver(**{name: str(value) for name, value in item.items()})
