"""What DynamoDB Local itself says that each operation consumes: no more in a larger table."""

from pathlib import Path

import pytest
from samspec.sam.template import Template

from tests.bench import scale

UNITS = {  # read and write units, those of the index included
    "create": (0, 6),
    "get": (1, 0),
    "find by address": (0.5, 0),
    "first page": (0.5, 0),
    "page in the middle": (0.5, 0),
    "update, same address": (0, 2),
    "update, new address": (0, 8),
    "delete": (1, 6),
}


def test_an_operation_consumes_the_same_in_a_larger_table(pytestconfig: pytest.Config) -> None:
    template = Template(pytestconfig.rootpath / "template.yaml")
    jar: Path | None = pytestconfig.getoption("--dynamodb-jar")
    costs = scale.measure(template, jar, sizes=(100, 1000))

    consumed = {}
    for name, points in costs.items():
        consumed[name] = {(point["read"], point["write"]) for point in points}
    assert consumed == {name: {units} for name, units in UNITS.items()}
