"""The invariants of specs/architecture.md."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

HANDLERS = ROOT / "handlers"
MODULES = sorted(str(path.relative_to(HANDLERS)) for path in HANDLERS.glob("**/*.py"))
ENTRY_POINTS = [name for name in MODULES if "/" not in name]
RESOURCES = {path.name for path in HANDLERS.iterdir() if path.is_dir()} - {"api"}
NOT_DOMAIN = {"__init__", "errors", "repository"}  # of a resource's package
OF_RESOURCES = [name for name in MODULES if "/" in name and not name.startswith("api/")]
DOMAIN = [name for name in OF_RESOURCES if Path(name).stem not in NOT_DOMAIN]
EVENT_KEYS = {
    "httpMethod",
    "pathParameters",
    "queryStringParameters",
    "multiValueHeaders",
    "isBase64Encoded",
    "statusCode",
}


def tree(name: str) -> ast.Module:
    return ast.parse((HANDLERS / name).read_text())


def imports(name: str) -> set[str]:
    """Every module that a module imports, wherever in it."""
    modules = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return modules


def strings(name: str) -> set[str]:
    values = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            values.add(node.value)
    return values


@pytest.mark.parametrize("name", MODULES)
def test_handlers_import_nothing_of_the_tools_and_tests(name: str) -> None:
    others = {"scripts", "tests"}
    for folder in ("scripts", "tests"):
        others |= {path.name for path in (ROOT / folder).iterdir() if path.is_dir()}

    assert others.isdisjoint(module.partition(".")[0] for module in imports(name))


def test_one_module_knows_lambda_events() -> None:
    assert [name for name in MODULES if strings(name) & EVENT_KEYS] == ["api/proxy.py"]


def test_one_module_knows_dynamodb() -> None:
    users = [name for name in MODULES if "boto" in " ".join(imports(name))]

    assert users == ["api/dynamodb.py"]


@pytest.mark.parametrize("name", DOMAIN)
def test_the_domain_imports_neither_events_nor_storage_nor_contract(name: str) -> None:
    own = {module for module in imports(name) if module.startswith(("api", Path(name).parts[0]))}

    assert not {module for module in own if not module.startswith("api.resource")}


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("api/")])
def test_what_every_resource_needs_imports_nothing_of_one_resource(name: str) -> None:
    assert {module.partition(".")[0] for module in imports(name)}.isdisjoint(RESOURCES)


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_an_entry_point_only_parses_calls_and_responds(name: str) -> None:
    assert not [node for node in ast.walk(tree(name)) if isinstance(node, ast.Try)]
    assert not imports(name) & {"json", "os", "logging"}


@pytest.mark.parametrize("name", [name for name in MODULES if "/" in name])
def test_shared_modules_do_not_import_entry_points(name: str) -> None:
    assert not {Path(entry).stem for entry in ENTRY_POINTS} & imports(name)
