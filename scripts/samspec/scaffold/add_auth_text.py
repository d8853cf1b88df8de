"""YAML as text: values are found by their keys, and whatever is not edited keeps its form."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from samspec.sam.documents import Document, Loader
from samspec.sam.errors import ProjectError


@dataclass(frozen=True)
class Entry:
    """A key of a mapping and its value, as the parser places them."""

    key: yaml.Node
    value: yaml.Node

    @property
    def line(self) -> int:
        """The line of the key, from 0."""
        return int(self.key.start_mark.line)

    @property
    def column(self) -> int:
        return int(self.key.start_mark.column)


@dataclass(frozen=True)
class Edit:
    """A part of the text and what takes its place.

    At one place, what ends a deeper mapping comes before what ends or begins another: `rank`.
    """

    start: int
    end: int
    text: str
    rank: int = 0


@dataclass
class YamlText:
    """A YAML file with edits to come. `result` gives the text with all of them, or an error.

    Keys are those below the mapping that `within` leads to.
    """

    name: str
    text: str
    within: tuple[str, ...] = ()
    _edits: list["Edit"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._newline = "\r\n" if "\r\n" in self.text else "\n"
        self._text = self.text.replace("\r\n", "\n")
        self.data = Document.parse(self._text, self.name).data
        self._root = Loader(self._text).get_single_node()
        self._lines = self._text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def find(self, *keys: str) -> Entry | None:
        """The entry under these keys, or the mapping itself; None if there is none."""
        entry = None
        node = self._root
        for key in (*self.within, *keys):
            entry = next((child for child in entries(node) if child.key.value == key), None)
            if entry is None:
                return None
            node = entry.value
        return entry

    def get(self, *keys: str) -> Entry:
        """The entry under these keys, whose value is a mapping in block style.

        Raises a ProjectError that names the place, if it is not there or in flow style.
        """
        entry = self.find(*keys)
        if entry is None:
            raise ProjectError(f"{self.name}: it has no {' '.join(keys)}: add it first")
        if isinstance(entry.value, yaml.MappingNode) and not entry.value.flow_style:
            return entry
        raise ProjectError(
            f"{self.name}:{entry.line + 1}: {entry.key.value} is not a mapping in block style: "
            "write its keys on lines of their own first"
        )

    def children(self, *keys: str) -> list[Entry]:
        """The entries of the mapping in block style under these keys."""
        return list(entries(self.get(*keys).value))

    def add(self, block: str, *keys: str) -> None:
        """Add a block of lines at the end of the mapping under these keys.

        The block is indented as that mapping's keys are.
        """
        last = self.children(*keys)[-1]
        at = self._starts[self._last_line(last) + 1]
        self._insert(at, block, last.column, rank=-last.column - 1)

    def add_before(self, block: str, entry: Entry) -> None:
        """Add a block of lines before an entry, indented as it is."""
        self._insert(self._starts[entry.line], block, entry.column)

    def append(self, block: str) -> None:
        """Add lines at the end of the file."""
        self._insert(len(self._text), block, 0)

    def without(self, entry: Entry) -> str:
        """The text as it is, without the lines of an entry."""
        first, last = entry.line, self._last_line(entry)
        return self._text[: self._starts[first]] + self._text[self._starts[last + 1] :]

    def remove(self, entry: Entry) -> None:
        """Remove an entry in block style with all its lines."""
        first, last = entry.line, self._last_line(entry)
        self._edits.append(Edit(self._starts[first], self._starts[last + 1], ""))

    def replace(self, node: yaml.Node, other: yaml.Node) -> None:
        """Put the text of one node in the place of another that contains it."""
        text = self._text[other.start_mark.index : other.end_mark.index].strip()
        end = node.end_mark.index
        kept = self._text[node.start_mark.index : end]
        tail = kept[len(kept.rstrip()) :]
        self._edits.append(Edit(node.start_mark.index, end, text + tail))

    def replace_text(self, node: yaml.Node, text: str) -> None:
        """Put other text in the place of a scalar."""
        self._edits.append(Edit(node.start_mark.index, node.end_mark.index, text))

    def result(self) -> str:
        """The text with every edit.

        Raises a ProjectError if it would no longer be YAML, or have a key twice.
        """
        text = self._text
        places = [(edit.start, edit.rank, number) for number, edit in enumerate(self._edits)]
        for _, _, number in sorted(places, reverse=True):
            edit = self._edits[number]
            text = text[: edit.start] + edit.text + text[edit.end :]
        repeated = Document.parse(text, self.name).repeated
        if len(repeated) > len(Document.parse(self._text, self.name).repeated):
            key = ".".join(map(str, repeated[-1]))
            raise ProjectError(f"{self.name}: {key} would be there twice: add the scheme by hand")
        return text.replace("\n", self._newline)

    def block(self, entry: Entry) -> str:
        """The lines of an entry, without its indentation; of one in flow style, only its text."""
        if self._lines[entry.line][: entry.column].strip():
            start, end = entry.key.start_mark.index, entry.value.end_mark.index
            return self._text[start:end] + "\n"
        lines = self._lines[entry.line : self._last_line(entry) + 1]
        indented = re.compile(rf" {{{entry.column}}}")
        return "".join(indented.sub("", line, count=1) for line in lines)

    def _insert(self, at: int, block: str, column: int, rank: int = 0) -> None:
        indent = " " * column
        lines = [indent + line if line.strip() else line for line in block.splitlines()]
        before = "" if at == 0 or self._text[at - 1 : at] == "\n" else "\n"
        self._edits.append(Edit(at, at, before + "\n".join(lines) + "\n", rank))

    def _last_line(self, entry: Entry) -> int:
        """The last line that belongs to an entry, from 0."""
        node = entry.value
        while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            node = last[1] if isinstance(last, tuple) else last
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            return self._end_of_block_scalar(node)
        return int(node.end_mark.line)

    def _end_of_block_scalar(self, node: yaml.ScalarNode) -> int:
        first = int(node.start_mark.line)
        depth = _depth(self._lines[first])
        last = first
        for number in range(first + 1, len(self._lines)):
            line = self._lines[number]
            if line.strip() and _depth(line) <= depth:
                break
            if line.strip():
                last = number
        return last


def entries(node: yaml.Node | None) -> Iterator[Entry]:
    """The entries of a mapping; none of anything else."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield Entry(key, value)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
