"""Where a function's packages come from."""

import logging
import os
import sys
import time
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from samspec.runtime import interpreters, packages
from samspec.runtime.interpreters import Interpreter
from samspec.sam.errors import ProjectError
from samspec.sam.functions import LambdaFunction

from tests.samspec.runtime.conftest import Workers

Make = Callable[..., LambdaFunction]
USE = "import tiny\ndef handler(event, context): return [tiny.WHERE, tiny.__file__]"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "samspec"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package of one line."""
    file = tmp_path / "tiny-1.0-py3-none-any.whl"
    information = "tiny-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tiny.py", "WHERE = 'installed'")
        archive.writestr(
            f"{information}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        )
        tags = "Wheel-Version: 1.0\nGenerator: by-hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{information}/WHEEL", tags)
        archive.writestr(f"{information}/RECORD", "tiny.py,,\n")
    return file


def put(folder: Path, where: str) -> None:
    """The package, as pip puts it into a folder."""
    (folder / "tiny-1.0.dist-info").mkdir(parents=True)
    (folder / "tiny-1.0.dist-info/RECORD").write_text("tiny/__init__.py,,\n")
    (folder / "tiny").mkdir()
    (folder / "tiny/__init__.py").write_text(f"WHERE = {where!r}")


def test_a_package_is_installed_once_and_the_terminal_says_so(
    workers: Workers, function: Make, wheel: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = function(USE)
    (made.code / "requirements.txt").write_text(f"# a comment\ntiny @ file://{wheel}\n")
    with caplog.at_level(logging.INFO, "gateway"):
        where, file = workers.call(made)
    assert where == "installed"
    assert Path(file).is_relative_to(cache / "packages")
    assert "Function: installing the packages of code/requirements.txt, once" in caplog.messages
    caplog.clear()
    (made.code / "app.py").write_text(USE + "\n")
    with caplog.at_level(logging.INFO, "gateway"):
        workers.call(made)
    assert not [message for message in caplog.messages if "installing" in message]


@pytest.mark.parametrize("minor", [9, 10, 11, 12, 13])
def test_packages_are_installed_for_the_functions_python(
    workers: Workers, function: Make, wheel: Path, minor: int
) -> None:
    """The newest pip does not install for Pythons that it does not run on itself."""
    if not interpreters.of_runtime(f"python3.{minor}").exact:
        pytest.skip(f"Python 3.{minor} is not installed")
    made = function(USE, runtime=f"python3.{minor}")
    (made.code / "requirements.txt").write_text(f"tiny @ file://{wheel}\n")
    assert workers.call(made)[0] == "installed"


def test_a_python_without_pip_has_its_packages_from_another_ones(tmp_path: Path) -> None:
    python = tmp_path / "python3.12"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    without = Interpreter(python, (3, 12))
    assert packages._pip(without) == (sys.executable, "-m", "pip", "--python", str(python))


def test_a_package_that_cannot_be_installed_is_named(
    workers: Workers, function: Make, tmp_path: Path
) -> None:
    made = function(USE)
    (made.code / "requirements.txt").write_text(
        f"tiny @ file://{tmp_path}/none-1-py3-none-any.whl\n"
    )
    with pytest.raises(ProjectError, match=r"requirements\.txt cannot be installed: .*none-1"):
        workers.call(made)


def test_a_package_next_to_the_code_is_used(workers: Workers, function: Make, cache: Path) -> None:
    made = function(USE)
    (made.code / "requirements.txt").write_text("tiny==1.0\n")
    put(made.code, "beside")
    assert workers.call(made)[0] == "beside"
    assert not (cache / "packages").exists()


@pytest.mark.parametrize(("age", "where"), [(-10, "built"), (10, "installed")])
def test_what_sam_has_built_is_used_unless_the_requirements_are_newer(
    workers: Workers, function: Make, tmp_path: Path, wheel: Path, age: int, where: str
) -> None:
    made = function(USE)
    build = tmp_path / ".aws-sam/build"
    put(build / made.name, "built")
    (build / made.name / "app.py").write_text("an old state of the code")
    (build / "template.yaml").write_text("")
    requirements = made.code / "requirements.txt"
    requirements.write_text(f"tiny @ file://{wheel}\n")
    changed = time.time() + age
    os.utime(requirements, (changed, changed))
    assert workers.call(made)[0] == where


def test_pinned_packages_of_the_tools_own_environment_are_linked(
    workers: Workers, function: Make, cache: Path
) -> None:
    source = "import yaml\ndef handler(event, context): return yaml.safe_load(event)"
    made = function(source, runtime=f"python{sys.version_info[0]}.{sys.version_info[1]}")
    pinned = f"pyyaml=={version('pyyaml')} \\\n    --hash=sha256:0000\n"
    (made.code / "requirements.txt").write_text(pinned)
    assert workers.call(made, "a: 1") == {"a": 1}
    assert not (cache / "packages").exists()


def test_packages_in_a_layer_need_no_installation(
    workers: Workers, function: Make, tmp_path: Path, cache: Path
) -> None:
    put(tmp_path / "layer/python", "layer")
    made = function(USE, layers=(tmp_path / "layer",))
    (made.code / "requirements.txt").write_text("Tiny\n")
    assert workers.call(made)[0] == "layer"
    assert not (cache / "packages").exists()


def test_no_file_is_written_next_to_the_code(workers: Workers, function: Make) -> None:
    made = function("import own\ndef handler(event, context): pass")
    (made.code / "own.py").write_text("")
    workers.call(made)
    assert sorted(file.name for file in made.code.iterdir()) == ["app.py", "own.py"]


def test_a_requirements_file_may_include_another(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "requirements.txt").write_text("-r more/other.txt\nrequests\n")
    (tmp_path / "more/other.txt").write_text("--requirement last.txt\nattrs\n")
    (tmp_path / "more/last.txt").write_text("-r ../requirements.txt\nsix\n")
    text = packages.requirements(tmp_path / "requirements.txt")
    assert sorted(packages.required(text)) == ["attrs", "requests", "six"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("requests\n", ["requests"]),
        ("Typing_Extensions>=4 ; python_version > '3.8'\n", ["typing-extensions"]),
        ("a[b]==1 \\\n    --hash=sha256:0\n# c\n\n-r other.txt\n--index-url x\n", ["a"]),
    ],
)
def test_the_names_in_a_requirements_file(text: str, names: list[str]) -> None:
    assert list(packages.required(text)) == names
