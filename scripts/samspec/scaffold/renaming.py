"""Exchanges a resource's name for another in any text, each place spelled as it has to be there."""

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from samspec.scaffold.names import Names, article, snake

# Names that are not the resource's: HTTP's, API Gateway's, git's, curl's, and words for people.
KEPT = "|".join(
    (
        r"[Uu]ser-?[Aa]gent|user_agent|userArn|identity\.user|userIdentity|userinfo|UserPool\w*",
        r"(?<=:)user/|user/testing|\"user\": null|--user\b|(?:\b[Aa]n? )?user[ -]pools?",
        r"end[ -]users?",
        r"-c user\.|config user\.|\"user\.(?:name|email)",
    )
)
RULE = re.compile(":?-+:?")  # a cell of the line below a table's head
CODE = {".yaml", ".yml", ".json", ".toml", ".ts"}
TABLE_ROW = re.compile(r"^\|.*\|$")
Spell = Callable[[str], str]


@dataclass(frozen=True)
class Renaming:
    old: Names
    new: Names

    def text(self, text: str, suffix: str) -> str:
        """The text of a file with that suffix, such as .py or .md."""
        code = _python_names(text) if suffix == ".py" else set()
        pieces = []
        end = 0
        for match in self._pattern.finditer(text):
            pieces += [text[end : match.start()], self._exchanged(match, text, suffix, code)]
            end = match.end()
        renamed = "".join([*pieces, text[end:]])
        return aligned(text, renamed) if suffix == ".md" else renamed

    def path(self, path: str) -> str:
        """A file's name: words in it are joined as those around them."""
        return self._pattern.sub(lambda match: self._in_path(match, path), path)

    @property
    def _pattern(self) -> "re.Pattern[str]":
        old = {self.old.singular, self.old.plural}
        snakes = {snake(name) for name in old}
        kebabs = {name.replace("_", "-") for name in snakes}
        spaced = {name.replace("_", " ") for name in snakes}
        uppers = {name.upper() for name in snakes}
        titled = {name[0].upper() + name[1:] for name in spaced}
        spellings = {*old, *snakes, *kebabs, *spaced, *uppers, *titled}
        words = "|".join(sorted(map(re.escape, spellings), key=len, reverse=True))
        return re.compile(
            rf"(?P<kept>{KEPT})|(?P<article>\b(?:[Aa]|[Aa]n) )?"
            rf"(?P<name>(?:(?<![A-Za-z])|(?=[A-Z])(?<![A-Z]))(?:{words}))(?![a-z])"
        )

    def _exchanged(self, match: "re.Match[str]", text: str, suffix: str, code: set[int]) -> str:
        if match["kept"]:
            return match[0]
        spelled = self._spelled(match, text, suffix, code)
        if not match["article"]:
            return spelled
        new = article(spelled)
        capital = match["article"][0] == "A"
        return f"{new.capitalize() if capital else new} {spelled}"

    def _spelled(self, match: "re.Match[str]", text: str, suffix: str, code: set[int]) -> str:
        start, end, word = match.start("name"), match.end("name"), match["name"]
        before, after = text[start - 1 : start], text[end : end + 1]
        name = self._counterpart(word)
        if word.isupper():
            return snake(name).upper()
        if word[0].isupper():
            joined = before.isalnum() or after.isalnum() or before in ("_", "`") or after == "_"
            prose = suffix == ".md" and not joined and not _in_backticks(text, start)
            return _sentence(name) if prose else name
        if start in code or self._is_name(text, start, end, suffix):
            return snake(name)
        if self._is_path(text, start, before, after):
            return snake(name).replace("_", "-")
        return snake(name).replace("_", " ")

    def _is_name(self, text: str, start: int, end: int, suffix: str) -> bool:
        """Whether the word is an identifier, a key, or part of a module's path."""
        before, after, run = text[start - 1 : start], text[end : end + 1], _run(text, start)
        if "_" in (before, after) or before == "{":
            return True
        if ".py" in run or run.startswith(("handlers/", "#/")) or "body#/" in run:
            return True
        if re.match(r"\.[A-Za-z_]", text[end : end + 2]) and "/" not in run:
            return True
        if before in "\"'`" and before == after:
            return True
        if suffix not in CODE:
            return False
        line = text[text.rfind("\n", 0, start) + 1 : start].strip()
        key = after == ":" and (line in ("", "-") or line.endswith(("{", ",")))
        return key or (before == "[" and after == "]")

    def _is_path(self, text: str, start: int, before: str, after: str) -> bool:
        return "/" in (before, after) or "-" in (before, after)

    def _in_path(self, match: "re.Match[str]", path: str) -> str:
        if match["kept"]:
            return match[0]
        name = snake(self._counterpart(match["name"]))
        whole = path.split("/")[path[: match.start()].count("/")]
        return name.replace("_", "-") if "-" in whole else name

    def _counterpart(self, word: str) -> str:
        plural = snake(self.old.plural).replace("_", "")
        same = re.sub("[ _-]", "", word).lower() == plural
        return self.new.plural if same else self.new.singular


def aligned(before: str, after: str) -> str:
    """The Markdown with those tables aligned again whose columns were."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) != len(new):
        return after
    for start, stop in _tables(new):
        if len({len(line) for line in old[start:stop]}) == 1:
            new[start:stop] = _padded(new[start:stop])
    return "\n".join(new) + ("\n" if after.endswith("\n") else "")


def _tables(lines: list[str]) -> Iterator[tuple[int, int]]:
    start = None
    for index, line in enumerate([*lines, ""]):
        row = bool(TABLE_ROW.match(line))
        if row and start is None:
            start = index
        if not row and start is not None:
            yield start, index
            start = None


def _padded(rows: list[str]) -> list[str]:
    cells = [_cells(row) for row in rows]
    widths = [0] * len(cells[0])
    for row in cells:
        if len(row) != len(widths):
            return rows
        if not all(map(RULE.fullmatch, row)):
            widths = [max(width, len(cell)) for width, cell in zip(widths, row, strict=True)]
    padded = []
    for row in cells:
        filled = zip(row, widths, strict=True)
        padded.append("| " + " | ".join(_filled(cell, width) for cell, width in filled) + " |")
    return padded


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def _filled(cell: str, width: int) -> str:
    if not RULE.fullmatch(cell):
        return cell.ljust(width)
    left, right = cell.startswith(":"), cell.endswith(":") and len(cell) > 1
    dashes = "-" * (width - left - right)
    return f"{':' * left}{dashes}{':' * right}"


def _run(text: str, start: int) -> str:
    """The letters without white space, quotes or brackets around a place."""
    stop = re.compile(r"[\s\"'`()\[\]<>,]")
    left = start
    while left and not stop.match(text[left - 1]):
        left -= 1
    match = stop.search(text, start)
    return text[left : match.start() if match else len(text)]


def _in_backticks(text: str, place: int) -> bool:
    line = text.rfind("\n", 0, place) + 1
    return text.count("`", line, place) % 2 == 1


def _sentence(name: str) -> str:
    words = snake(name).replace("_", " ")
    return words[0].upper() + words[1:]


def _python_names(text: str) -> set[int]:
    """Where the names of a Python module begin."""
    begins = [0]
    for line in text.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return set()
    starts = set()
    for token in tokens:
        if token.type == tokenize.NAME:
            starts.add(begins[token.start[0] - 1] + token.start[1])
    return starts
