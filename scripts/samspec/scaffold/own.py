"""What a project of one's own says of itself: name, version, changelog, README, settings."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from samspec.scaffold import copying
from samspec.scaffold.copying import Rules
from samspec.scaffold.criteria import spoken
from samspec.scaffold.rendering import METHODS, Renderer, environment

FIRST = "0.1.0"
CHANGELOG = """# Changelog

What callers of the API can see, newest first.

## {version}

- First version.
"""


@dataclass(frozen=True)
class Identity:
    """`name` is the project's: books-api. `title` is the API's: Books API."""

    name: str
    title: str
    description: str


def introduce(root: Path, rules: Rules, identity: Identity) -> None:
    """The files that speak of the project itself, written again."""
    path = root / copying.SETTINGS
    path.write_text(_settings(root, path.read_text(encoding="utf-8"), rules, identity), "utf-8")
    (root / "CHANGELOG.md").write_text(CHANGELOG.format(version=FIRST), encoding="utf-8")
    for spec in (root / "specs/api").glob("*.yaml"):
        text = re.sub(
            r"(?m)^  version: .*$", f"  version: {FIRST}", spec.read_text("utf-8"), count=1
        )
        spec.write_text(text, encoding="utf-8")
    copying.without_lines(root, rules.lines)


def about(root: Path, identity: Identity, made: Renderer) -> None:
    """The files that are about the resource as a whole, instead of the reference's."""
    resource = made.resource
    operations = []
    for verb, method in METHODS.items():
        operations.append((made.function(verb), method, made.path(verb), made.page(verb)))
    facts = {
        "identity": identity,
        "r": resource,
        "n": resource.names,
        "operations": operations,
        "spec_name": next((root / "specs/api").glob("*.yaml")).name,
        "unique": spoken(resource.unique),
    }
    for name in ("README.md", "CLAUDE.md", "tests/client.py", "specs/architecture.md"):
        template = environment().get_template(f"project/{name.rpartition('/')[2]}.jinja")
        (root / name).write_text(template.render(**facts), encoding="utf-8")


def _settings(root: Path, text: str, rules: Rules, identity: Identity) -> str:
    text = copying.without_tables(text, rules.tables)
    facts = {
        "name": identity.name,
        "version": FIRST,
        "description": identity.description,
    }
    for key, value in facts.items():
        text = re.sub(rf'(?m)^{key} = ".*"$', f'{key} = "{value}"', text, count=1)
    text = text.replace('"samspec[', f'"{identity.name}[')
    text = re.sub(r"(?m)^(license|license-files|readme) = .*\n", "", text)
    paths = tomllib.loads(text)["tool"]["pytest"]["ini_options"]["testpaths"]
    there = ", ".join(f'"{path}"' for path in paths if (root / path).is_dir())
    return re.sub(r"(?ms)^testpaths = \[.*?\]$", f"testpaths = [{there}]", text)
