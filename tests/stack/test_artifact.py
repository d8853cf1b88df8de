"""What plain `sam build` leaves is what Lambda gets."""

import marshal
import subprocess
import sys
from pathlib import Path

import botocore
import pytest
from samspec.sam import documents

from tests.stack.conftest import ROOT

FUNCTIONS = [
    f"{operation}Function"
    for operation in ("CreateUser", "GetUser", "ListUsers", "UpdateUser", "DeleteUser")
]
BOTO3 = ["boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3"]


@pytest.fixture(params=FUNCTIONS)
def artifact(request: pytest.FixtureRequest, built: Path) -> Path:
    return built.parent / str(request.param)


def test_every_function_of_the_template_is_looked_into(built: Path) -> None:
    resources = documents.read(built)["Resources"]
    functions = {name for name, r in resources.items() if r["Type"] == "AWS::Serverless::Function"}
    assert functions == set(FUNCTIONS)


def test_the_spec_in_the_artifact_is_a_file_equal_to_its_source(artifact: Path) -> None:
    packed = artifact / "users-api.yaml"
    assert not packed.is_symlink()
    assert packed.read_bytes() == (ROOT / "specs/api/users-api.yaml").read_bytes()


def test_the_artifact_holds_what_handlers_holds_its_library_and_its_own_operation(
    artifact: Path,
) -> None:
    def files(folder: Path) -> set[str]:
        names = set()
        for p in folder.rglob("*"):
            if p.is_file() and p.suffix != ".pyc":
                names.add(str(p.relative_to(folder)))
        return names

    own = files(ROOT / "handlers") - {"Makefile", "requirements.in", "requirements.txt"}
    name = artifact.name.removesuffix("Function")
    operation = f"contracts/{name[0].lower()}{name[1:]}.json"
    packed = {file for file in files(artifact) if not file.startswith("multipart")}
    assert packed == own | {operation}


def test_every_module_in_the_artifact_is_compiled_only_for_lambdas_python(artifact: Path) -> None:
    compiled = set()
    for p in artifact.rglob("*.py"):
        compiled.add(p.parent / "__pycache__" / f"{p.stem}.cpython-311.pyc")
    assert set(artifact.rglob("*.pyc")) == compiled


def test_a_traceback_names_files_as_lambda_has_them(artifact: Path) -> None:
    for path in artifact.rglob("*.pyc"):
        source = path.relative_to(artifact).parent.parent / f"{path.name.split('.')[0]}.py"
        compiled = marshal.loads(path.read_bytes()[16:])  # noqa: S302
        assert compiled.co_filename == f"/var/task/{source}"


def test_the_artifacts_are_alike_to_the_byte_except_for_their_operations(built: Path) -> None:
    contents = [_shared(built.parent / function) for function in FUNCTIONS]
    assert all(content == contents[0] for content in contents)


def _shared(folder: Path) -> dict[str, bytes]:
    """The files of an artifact that do not depend on its operation, by name."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    shared = [path for path in files if path.parent.name != "contracts"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in shared}


def test_the_function_imports_with_nothing_but_its_artifact_and_boto3(
    artifact: Path, built: Path, tmp_path: Path
) -> None:
    for name in BOTO3:
        (tmp_path / name).symlink_to(Path(botocore.__file__).parent.parent / name)
    module = documents.read(built)["Resources"][artifact.name]["Properties"]["Handler"].rpartition(
        "."
    )[0]
    script = f"import sys; sys.path += [{str(artifact)!r}, {str(tmp_path)!r}]; import {module}"
    environment = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "USERS_TABLE": "users",
        "CORS_ALLOW_ORIGIN": "*",
    }
    done = subprocess.run(
        [sys.executable, "-IS", "-c", script], env=environment, capture_output=True, text=True
    )
    assert not done.stderr
