"""Every test is run by some suite of CI, and every suite is in its list."""

import re
import tomllib

from tests.conftest import ROOT

LIST = (ROOT / ".ci/suites").read_text()
SUITES = (ROOT / ".ci/suite").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FAST = PROJECT["tool"]["pytest"]["ini_options"]["testpaths"]


def places(text: str) -> set[str]:
    """The folders and files under tests/ that a shell script names; {a,b} stands for both."""
    named = set()
    for place in re.findall(r"tests/[\w/.{},]+", text):
        before, opening, rest = place.partition("{")
        choices, _, after = rest.partition("}")
        named |= {before + choice + after for choice in choices.split(",")} if opening else {place}
    return named


def test_every_test_file_is_in_some_suite() -> None:
    covered = places(SUITES) | set(FAST)

    missing = []
    for file in (ROOT / "tests").rglob("test_*.py"):
        name = file.relative_to(ROOT)
        above = {str(name), *map(str, name.parents)}
        if "fixtures" not in name.parts and not above & covered:
            missing.append(str(name))

    assert missing == []


def test_every_suite_of_the_list_can_be_run() -> None:
    names = [line.split()[1] for line in LIST.splitlines() if not line.startswith("#")]

    for name in names:
        family = re.sub(r"-.*", "-*", name)
        assert re.search(rf"^({re.escape(name)}|{re.escape(family)})\)", SUITES, re.MULTILINE), name


def test_braces_name_each_of_their_places() -> None:
    assert places("run tests/a/{b,c} tests/d.py") == {"tests/a/b", "tests/a/c", "tests/d.py"}
