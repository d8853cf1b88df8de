"""The spec on disk, and what `sam build` makes of it (handlers/Makefile).

    python -m api.spec ARTIFACT FUNCTION

writes ARTIFACT/contracts/OPERATION.json for each operation whose integration names the function,
so that a cold start neither reads the spec nor compiles it.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from api import dialect

FOLDER = Path(__file__).parent.parent
NAMES = ("*.yaml", "*.yml", "*.json")


def plan(operation: str, folder: Path = FOLDER) -> dict[str, Any]:
    """What dialect.compiled makes of the operation: built, or made now. Raises LookupError."""
    built = _built(operation, folder)
    if built.exists():
        contents: dict[str, Any] = json.loads(built.read_bytes())
        return contents
    for spec in _specs(folder):
        names = [name for name, _ in dialect.operations(spec)]
        if operation in names:
            return dialect.compiled(spec, operation)
    raise LookupError(f"no spec in {folder} has an operation {operation!r}")


def read(path: Path) -> Any:
    """A document as API Gateway reads it: a date without quotes is text."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """PyYAML's own, in which nothing is a date."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    return yaml.load(path.read_bytes(), Loader)  # noqa: S506 (a safe loader)


def main(artifact: Path, function: str) -> None:
    for spec in _specs(artifact):
        operations = [*dialect.operations(spec)]
        own = [name for name, place in operations if _calls(_at(spec, place), function)]
        for name in own or [name for name, _ in operations]:
            built = _built(name, artifact)
            built.parent.mkdir(exist_ok=True)
            built.write_text(json.dumps(dialect.compiled(spec, name), separators=(",", ":")))


def _built(operation: str, folder: Path) -> Path:
    return folder / "contracts" / f"{quote(operation, safe='')}.json"


def _specs(folder: Path) -> Iterator[Mapping[str, Any]]:
    for name in NAMES:
        for path in sorted(folder.glob(name)):
            document = read(path)
            if isinstance(document, dict) and "paths" in document:
                yield document


def _at(spec: Any, place: dialect.Place) -> Any:
    for key in place:
        spec = spec[key]
    return spec


def _calls(operation: Mapping[str, Any], function: str) -> bool:
    integration = json.dumps(operation.get("x-amazon-apigateway-integration", {}), default=str)
    return any(f"${{{function}{end}" in integration for end in ".}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except dialect.OutsideDialect as error:
        sys.exit(str(error))
