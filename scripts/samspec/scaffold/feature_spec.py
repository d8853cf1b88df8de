"""A spec without some headers of requests and responses, and without what is said of them."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.documents import Document, Keys, nodes
from samspec.sam.errors import ProjectError
from samspec.sam.operations import METHODS
from samspec.sam.project import Project
from samspec.scaffold.blocks import depth, end
from samspec.scaffold.feature_pages import require_gone
from samspec.scaffold.remove_resource import unused_components, without, without_unused

WIDTH = 112
LISTS = re.compile(r"^.*Access-Control-(?:Expose|Allow)-Headers.*$", re.MULTILINE)
SENTENCE = re.compile(r"(?<=[.!?])\s+")


class FeatureSpec:
    """The spec, and the operations that take one of the parameters."""

    def __init__(
        self, project: Project, parameters: tuple[str, ...], headers: tuple[str, ...]
    ) -> None:
        self._project, self._headers = project, headers
        self._parameters = {name.lower() for name in parameters}
        self._listed = [*parameters, *headers]
        self._places = list(self._parameter_places())
        self.operations = sorted({f"{at[2].upper()} {at[1]}" for at in self._places})

    def without(
        self, statuses: tuple[str, ...], clauses: tuple[tuple[str, str], ...], words: str
    ) -> str:
        """The text without the headers, statuses, sentences and components. Raises ProjectError if
        something in it still has one of the words."""
        name = self._project.spec.name
        text = self._project.text(name)
        kept = unused_components(self._project.spec)
        for at in reversed(self._places):
            text = _without_item(text, name, at)
        for at in [*self._status_places(statuses, words), *self._header_places()]:
            text = _without_block(text, name, at)
        for pattern, new in clauses:
            text = re.sub(pattern, new, text)
        text = without_unused(text, kept)
        text = LISTS.sub(lambda line: self._without_listed(line[0]), text)
        text = _without_sentences(text, words)
        require_gone(name, self._project.text(name), text, words)
        return text

    def _without_listed(self, line: str) -> str:
        for header in self._listed:
            line = without_listed(line, header)
        return line

    def _operations(self) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
        for path, item in (self._project.spec.data.get("paths") or {}).items():
            for method, operation in item.items():
                if method in METHODS and isinstance(operation, Mapping):
                    yield ("paths", str(path), str(method)), operation

    def _parameter_places(self) -> Iterator[Keys]:
        for at, operation in self._operations():
            for index, node in enumerate(operation.get("parameters", [])):
                parameter = self._project.resolve(node)
                is_header = parameter.get("in") == "header"
                if is_header and str(parameter["name"]).lower() in self._parameters:
                    yield (*at, "parameters", str(index))

    def _status_places(self, statuses: tuple[str, ...], words: str) -> Iterator[Keys]:
        """The responses that only the parameters lead to."""
        for at, operation in self._operations():
            if not any(place[:3] == at for place in self._places):
                continue
            for status, node in operation.get("responses", {}).items():
                named = re.search(words, str(self._project.resolve(node)))
                if str(status) in statuses and named:
                    yield (*at, "responses", str(status))

    def _header_places(self) -> Iterator[Keys]:
        names = {name.lower() for name in self._headers}
        for at, _ in nodes(self._project.spec.data):
            is_response = at[:1] == ("paths",) or at[:2] == ("components", "responses")
            if is_response and at[-2:-1] == ("headers",) and at[-1].lower() in names:
                yield at


def without_listed(line: str, name: str) -> str:
    """The line without one of the names that it lists, separated by commas."""
    return re.sub(rf"(?<![\w-]){name}, |, {name}(?![\w-])", "", line)


def _without_item(text: str, name: str, at: Keys) -> str:
    """The YAML without an item of a list; without the list, if it was the only one."""
    document = Document.parse(text, name)
    items = document.data
    for key in at[:-1]:
        items = items[key]
    if len(items) == 1:
        return _without_block(text, name, at[:-1])
    _require_lines(document, at)
    lines = text.splitlines()
    start = document.line(*at) - 1
    return "\n".join(lines[:start] + lines[end(lines, start) :]) + "\n"


def _without_block(text: str, name: str, at: Keys) -> str:
    """The YAML without the key; one that went with what was around it is gone already."""
    document = Document.parse(text, name)
    if at not in document.lines:
        return text
    _require_lines(document, at)
    return without(text, at)


def _require_lines(document: Document, at: Keys) -> None:
    if document.line(*at) == document.line(*at[:-1]):
        raise ProjectError(
            f"{document.name}:{document.line(*at)}: {at[-1]} is on one line with what is around "
            "it: write its keys on lines of their own first"
        )


def _without_sentences(text: str, words: str) -> str:
    """The YAML, whose descriptions have no sentence with one of the words."""
    while True:
        document = Document.parse(text, "spec")
        at = next(_descriptions(document.data, words), None)
        if at is None:
            return text
        text = _with_description(text, document, at, words)


def _descriptions(data: Any, words: str) -> Iterator[Keys]:
    for at, node in nodes(data):
        if at[-1:] == ("description",) and isinstance(node, str) and re.search(words, node):
            yield at


def _with_description(text: str, document: Document, at: Keys, words: str) -> str:
    value = document.data
    for key in at:
        value = value[key]
    paragraphs = [_kept_sentences(part, words) for part in value.strip().split("\n\n")]
    kept = [part for part in paragraphs if part]
    if not kept:
        return without(text, at)
    lines = text.splitlines()
    start = document.line(*at) - 1
    if "description:" not in lines[start]:
        start -= 1  # a block's first line is behind its key
    indent = " " * depth(lines[start])
    new = [f"{indent}description: |"]
    for number, paragraph in enumerate(kept):
        new += [""] if number else []
        new += textwrap.wrap(
            paragraph, WIDTH, initial_indent=indent + "  ", subsequent_indent=indent + "  "
        )
    return "\n".join([*lines[:start], *new, *lines[end(lines, start) :]]) + "\n"


def _kept_sentences(paragraph: str, words: str) -> str:
    sentences = SENTENCE.split(" ".join(paragraph.split()))
    return " ".join(sentence for sentence in sentences if not re.search(words, sentence))
