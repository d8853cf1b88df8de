"""What `sam build` makes of the spec (handlers/Makefile):

    python -m api.build ARTIFACT FUNCTION

writes ARTIFACT/contracts/OPERATION.json for each operation whose integration names the function, or
for every operation if none does. A cold start then neither reads the spec nor compiles it.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from api import dialect
from api.contract import built

NAMES = ("*.yaml", "*.yml", "*.json")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's safe loader, for which a date without quotes is text, as it is for API Gateway."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_str)


def plan(operation: str, folder: Path) -> dict[str, Any]:
    """What dialect.compiled makes of the operation, by the spec in the folder. Raises LookupError
    if no spec has it, OutsideDialect if the functions cannot check it.
    """
    for spec in _specs(folder):
        if operation in [name for name, _ in dialect.operations(spec)]:
            return dialect.compiled(spec, operation)
    raise LookupError(f"no spec in {folder} has an operation {operation!r}")


def main(artifact: Path, function: str) -> None:
    for spec in _specs(artifact):
        operations = [name for name, _ in dialect.operations(spec)]
        own = [name for name, node in _integrations(spec) if _names(node, function)]
        for operation in own or operations:
            path = built(operation, artifact)
            path.parent.mkdir(exist_ok=True)
            compiled = dialect.compiled(spec, operation)
            path.write_text(json.dumps(compiled, separators=(",", ":")))


def read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), _Loader)  # noqa: S506 (a safe loader)


def _specs(folder: Path) -> Iterator[Mapping[str, Any]]:
    for name in NAMES:
        for path in sorted(folder.glob(name)):
            document = read(path)
            if isinstance(document, dict) and "paths" in document:
                yield document


def _integrations(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each operationId and its integration, as text."""
    for operation, (_, path, method) in dialect.operations(spec):
        node = spec["paths"][path][method]
        yield operation, json.dumps(node.get("x-amazon-apigateway-integration"), default=str)


def _names(integration: str, function: str) -> bool:
    return any(f"${{{function}{end}" in integration for end in ".}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except dialect.OutsideDialect as error:
        sys.exit(str(error))
