"""samspec package, on small projects and on this one."""

import sys
from pathlib import Path

import pytest
from samspec.packaging import command
from samspec.sam.errors import ProjectError

from tests.conftest import ROOT
from tests.samspec.packaging import wheels

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
TEMPLATE = """
Resources:
  GetFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: {runtime}
      CodeUri: src/
      Handler: get.handler
      Architectures: [{cpu}]
"""
HANDLER = "def handler(event, context):\n    return {}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    wheels.only_from(tmp_path, monkeypatch)
    (tmp_path / "src").mkdir()
    write(tmp_path, "src/get.py", HANDLER)
    template(tmp_path)
    return tmp_path


def template(project: Path, runtime: str = RUNTIME, cpu: str = "x86_64") -> None:
    write(project, "template.yaml", TEMPLATE.format(runtime=runtime, cpu=cpu))


def write(project: Path, name: str, text: str) -> None:
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text(text)


def lock(project: Path, *lines: str) -> None:
    write(project, "src/requirements.txt", "".join(f"{line}\n" for line in lines))


def check(project: Path) -> int:
    return command.main(["--root", str(project)])


def packed(project: Path) -> set[str]:
    folder = project / "artifact"
    command.main(["GetFunction", str(folder), "--root", str(project)])
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_every_handler_of_this_project_imports_from_its_artifact(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check(ROOT) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all("imports from its artifact" in line for line in lines)


def test_every_module_and_package_and_data_file_is_packed(project: Path) -> None:
    write(project, "src/orders/__init__.py", "")
    write(project, "src/data/rates.json", "{}")
    write(project, "src/shared.py", "")

    assert packed(project) == {"get.py", "shared.py", "orders/__init__.py", "data/rates.json"}


def test_build_files_and_other_pythons_modules_are_not_packed(project: Path) -> None:
    write(project, "src/Makefile", "")
    write(project, "src/requirements.in", "")
    write(project, "src/__pycache__/get.cpython-399.pyc", "")
    write(project, "src/.env", "SECRET=1")

    assert packed(project) == {"get.py"}


def test_whatever_the_lock_pins_is_packed(project: Path) -> None:
    wheels.write(project, "stamps", stamps="PRICE = 1\n")
    lock(project, "stamps==1.0")
    write(project, "src/get.py", "import stamps\n" + HANDLER)

    assert {"stamps.py", "get.py"} <= packed(project)
    assert check(project) == 0


def test_an_import_that_no_lock_brings_is_an_error(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, "src/get.py", "import yaml\n" + HANDLER)

    assert check(project) == 1
    assert "No module named 'yaml'" in capsys.readouterr().out


def test_the_sdk_that_lambda_brings_is_there(project: Path) -> None:
    write(project, "src/get.py", "import boto3, botocore.session\n" + HANDLER)

    assert check(project) == 0


def test_a_handler_that_is_not_there_is_an_error(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, "src/get.py", "")

    assert check(project) == 1
    assert "get has no function handler" in capsys.readouterr().out


@pytest.mark.parametrize(("cpu", "machine"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
def test_a_package_with_machine_code_is_the_one_for_lambdas_platform(
    project: Path, cpu: str, machine: str
) -> None:
    for platform in ("x86_64", "aarch64"):
        tag = f"cp312-cp312-manylinux2014_{platform}"
        wheels.write(project, "native", tag, native=f"MACHINE = {platform!r}\n")
    template(project, "python3.12", cpu)
    lock(project, "native==1.0")

    packed(project)

    assert machine in (project / "artifact/native.py").read_text()


def test_a_package_for_another_system_is_left_out(project: Path) -> None:
    lock(project, "pywin32==1.0 ; sys_platform == 'win32'")

    assert packed(project) == {"get.py"}


def test_machine_code_that_cannot_run_here_is_named_and_not_imported(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template(project, "python3.99")
    write(project, "src/native.so", "")

    assert check(project) == 0
    assert "built, but not imported: native.so is machine code" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("src/requirements.txt", "missing==1.0\n", "each needs a wheel for it"),
        ("src/requirements.txt", "what is this\n", "src/requirements.txt: what is this"),
        ("src/requirements.in", "stamps>=1\n", "does not pin: run scripts/lock"),
        ("src/stamps.py", "", "src/stamps.py has the name of a package"),
        ("template.yaml", TEMPLATE.format(runtime=RUNTIME, cpu="mips"), "write x86_64 or arm64"),
    ],
)
def test_what_cannot_be_packed_is_named(project: Path, name: str, text: str, message: str) -> None:
    wheels.write(project, "stamps", stamps="")
    lock(project, "" if name.endswith(".in") else "stamps==1.0")
    write(project, name, text)

    with pytest.raises(ProjectError, match=message):
        packed(project)


def test_without_lambdas_python_modules_stay_uncompiled_and_a_note_says_so(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template(project, "python3.99")
    folder = project / "artifact"
    packed(project)

    command.main(["GetFunction", str(folder), "--root", str(project), "--compile"])

    assert not list(folder.rglob("*.pyc"))
    assert "no Python 3.99 here" in capsys.readouterr().err


def test_a_failing_makefile_is_quoted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, "src/Makefile", "build-%:\n\techo no compiler >&2; exit 1\n")

    assert check(project) == 1
    assert "no compiler" in capsys.readouterr().out


def test_a_function_that_is_not_there_is_refused(project: Path) -> None:
    with pytest.raises(ProjectError, match="no Python function PutFunction"):
        command.main(["PutFunction", str(project / "artifact"), "--root", str(project)])
