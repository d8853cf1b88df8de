"""What the README shows is what commands print, and options that pytest takes exist.

`samspec drift` checks that every other command, and every link, leads somewhere.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from samspec.scaffold import new_operation

from tests.conftest import ROOT
from tests.samspec.drift.copies import copy
from tests.samspec.scaffold.operations import PATCH_USER, specify

DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/*.md", "specs/**/*.md", ".claude/**/*.md")
    for path in ROOT.glob(pattern)
)
BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(scripts/[^`\n]+)`")
SECTIONS = [
    "Overview",
    "Architecture",
    "Prerequisites",
    "Local Development",
    "Who may call",
    "Deployment",
    "Testing",
    "Costs",
    "Spec-Driven Workflow",
    "Cleanup",
]
README = (ROOT / "README.md").read_text()


def commands() -> Iterator[tuple[str, str]]:
    for name in DOCUMENTS:
        text = (ROOT / name).read_text()
        for block in BLOCK.findall(text):
            lines = block.replace("\\\n", " ").splitlines()
            is_console = any(line.startswith("$ ") for line in lines)
            yield from (
                (name, line.removeprefix("$ "))
                for line in lines
                if line.startswith("$ ") or not is_console
            )
        yield from ((name, command) for command in INLINE.findall(text))


def runs_pytest(command: str) -> bool:
    script = ROOT / command.partition(" ")[0]
    is_script = command.startswith("scripts/") and script.is_file()
    return is_script and "-m pytest" in script.read_text()


COMMANDS = sorted({(name, command) for name, command in commands() if runs_pytest(command)})


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_a_command_that_runs_pytest_has_options_of_its_own(name: str, command: str) -> None:
    script, *arguments = shlex.split(command, comments=True)
    options = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    assert options - {"--"} <= options_of(script)


def options_of(script: str) -> set[str]:
    """The options of a script that runs pytest: those of its text and of the tests' plugins."""
    sources = [ROOT / script, *(ROOT / "tests").glob("**/conftest.py")]
    sources += (ROOT / "scripts/samspec/testing").glob("*.py")
    texts = [path.read_text() for path in sources]
    return {"--help", *re.findall(r"--[a-z][a-z-]*", "\n".join(texts))}


def test_the_readme_has_its_sections() -> None:
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == SECTIONS


def shown(command: str) -> str:
    """What the README shows behind a command."""
    blocks: list[str] = BLOCK.findall(README)
    return next(block.partition("\n")[2] for block in blocks if block.startswith(f"$ {command}"))


def test_the_first_screen_is_what_a_start_and_a_request_print() -> None:
    with subprocess.Popen(
        [str(ROOT / "scripts/start"), "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ready on "):
                break
        url = lines[-1].split()[2]
        request = BLOCK.findall(README)[1].removeprefix("$ ").replace("\\\n", " ").splitlines()[0]
        line = request.replace("http://127.0.0.1:3000", url) + " --silent"
        response = subprocess.check_output(["bash", "-c", line], cwd=ROOT)
        process.terminate()

    printed_lines = settled("".join(lines).replace(url, "http://127.0.0.1:3000"))
    assert set(settled(shown("scripts/start"))) <= set(
        printed_lines
    )  # a copy may have more operations
    user, printed = json.loads(response), json.loads(BLOCK.findall(README)[1].splitlines()[-1])
    varying = {"id": "", "created_at": "", "updated_at": ""}
    assert user | varying == printed | varying


def settled(text: str) -> list[str]:
    return re.sub(r"in [\d.]+ s", "in 1 s", text).splitlines()


def test_the_readme_shows_what_a_new_operation_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy(tmp_path / "project")
    specify(
        root,
        "/users/{id}",
        PATCH_USER.replace("    patch:", "    head:").replace("patchUser", "peekUser"),
    )

    new_operation.main(["--root", str(root)])

    printed = (
        capsys.readouterr()
        .out.replace("peek", "patch")
        .replace("Peek", "Patch")
        .replace("HEAD ", "PATCH ")
    )
    assert printed == shown("scripts/new-operation")
