"""Documents without links to files that a project does not have."""

import re
from pathlib import Path

from samspec.scaffold.feature_pages import ITEM, blocks

OTHERS = {".git", ".venv", "node_modules", "vendor"}
LINK = re.compile(r"\[([^\]]*)\]\((?![a-z]+:|#|/)([^)#\s]+)(?:#[^)\s]*)?\)")
ASIDE = re.compile(rf"\s*\({LINK.pattern}\)")
# A sentence that begins with a link is about what the link leads to.
SENTENCE = re.compile(
    rf"(?:^|(?<=[.!?]))\s*{LINK.pattern}[^.\n]*(?:\n[^.\n]+)*\.(?=\s|$)", re.MULTILINE
)


def drop(root: Path) -> list[str]:
    """Takes dead links out of the project's documents, and list items, sentences and asides that
    are only about them; returns the names of the documents that changed."""
    changed = []
    for path in documents(root):
        before = path.read_text(encoding="utf-8")
        after = _without_dead(before, path.parent)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(str(path.relative_to(root)))
    return changed


def documents(root: Path) -> list[Path]:
    """The project's own Markdown files."""
    pages = [path for path in root.rglob("*.md") if not path.is_symlink()]
    return [path for path in sorted(pages) if not OTHERS & set(path.relative_to(root).parts)]


def _without_dead(text: str, folder: Path) -> str:
    def dropped(match: re.Match[str]) -> str:
        return "" if _is_dead(match[2], folder) else match[0]

    def unlinked(match: re.Match[str]) -> str:
        return match[1] if _is_dead(match[2], folder) else match[0]

    after = "".join(block for block in blocks(text) if not _is_about_dead(block, folder))
    after = ASIDE.sub(dropped, SENTENCE.sub(dropped, after))
    after = LINK.sub(unlinked, after)
    return text if after == text else re.sub(r"\n{3,}", "\n\n", after)


def _is_about_dead(block: str, folder: Path) -> bool:
    """Whether it is an item of a list that begins with a dead link."""
    item = ITEM.match(block)
    first = LINK.match(block, item.end()) if item else None
    return first is not None and _is_dead(first[2], folder)


def _is_dead(target: str, folder: Path) -> bool:
    return not (folder / target).exists()
