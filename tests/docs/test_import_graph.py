"""The picture of the package in specs/tools.md is the package's."""

from tests.docs import import_graph


def test_the_diagram_shows_the_imports_as_they_are() -> None:
    [match] = import_graph.MARKED.finditer(import_graph.DOCUMENT.read_text())
    shown = match[0]

    assert import_graph.diagram() in shown, "run scripts/graph"


def test_no_part_imports_itself_by_way_of_others() -> None:
    remaining = set(import_graph.edges())
    while remaining:
        importers = {importer for importer, _ in remaining}
        leaves = {imported for _, imported in remaining} - importers
        assert leaves, f"a cycle among {sorted(importers)}"
        remaining = {edge for edge in remaining if edge[1] not in leaves}


def test_an_edge_that_a_longer_path_implies_is_left_out() -> None:
    direct = {("a", "b"), ("b", "c"), ("a", "c")}

    assert import_graph.reduced(direct) == {("a", "b"), ("b", "c")}
