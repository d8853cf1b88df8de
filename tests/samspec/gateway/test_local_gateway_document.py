import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROWS = [
    line
    for line in (ROOT / "specs/local-gateway.md").read_text().split("## Projects")[0].splitlines()
    if line.startswith("| ")
][1:]
TESTS = re.findall(
    r"^def (test_\w+)",
    "".join(f.read_text() for f in Path(__file__).parent.parent.rglob("test_*.py")),
    re.MULTILINE,
)


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_each_behaviour_of_the_table_is_shown_by_tests_that_exist(row: str) -> None:
    *cells, named = row.strip("|").split("|")
    tests = re.findall(r"`(test_\w+)`", named)
    assert len(cells) == 4
    assert tests
    assert not set(tests) - set(TESTS)


def test_the_options_of_the_document_are_those_of_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from samspec.server.command import main

    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    usage = (ROOT / "specs/local-gateway.md").read_text().split("```")[1]
    assert set(re.findall(r"--[a-z-]+", usage)) == options
