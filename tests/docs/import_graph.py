"""Draws the imports between the parts of samspec into specs/tools.md: `scripts/graph`.

It is a Mermaid diagram between two markers; test_import_graph.py checks that it is up to date and
has no cycle.
"""

import re
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "specs/tools.md"
MARKED = re.compile(r"(<!-- written by scripts/graph -->\n).*?(<!-- end -->)", re.DOTALL)


def edges() -> list[tuple[str, str]]:
    """The pairs of parts of which the first imports the second directly."""
    graph = grimp.build_graph("samspec", cache_dir=None)
    parts = sorted(graph.find_children("samspec"))
    for part in parts:
        graph.squash_module(part)
    pairs = []
    for importer in parts:
        imported = sorted(graph.find_modules_directly_imported_by(importer))
        pairs += [(_name(importer), _name(module)) for module in imported if module != importer]
    return [pair for pair in pairs if "__main__" not in pair]


def diagram() -> str:
    """The Mermaid text of the graph, without the edges that follow from others."""
    direct = set(edges())
    lines = [f"    {importer} --> {imported}" for importer, imported in sorted(reduced(direct))]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```", ""])


def reduced(direct: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges that no longer path implies."""
    return {edge for edge in direct if not _reaches(*edge, direct - {edge})}


def _reaches(start: str, goal: str, direct: set[tuple[str, str]]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        current = waiting.pop()
        if current == goal:
            return True
        if current not in seen:
            seen.add(current)
            waiting += [imported for importer, imported in direct if importer == current]
    return False


def _name(module: str) -> str:
    return module.removeprefix("samspec.")


def main() -> None:
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(MARKED.sub(lambda marked: marked[1] + diagram() + marked[2], text))


if __name__ == "__main__":
    main()
