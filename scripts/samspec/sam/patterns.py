"""Texts that match a regular expression."""

import re
import string
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

# The parser of re, which Python keeps to itself and types differently in each version.
op: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

PRINTABLE = string.digits + string.ascii_letters + " -_.,:;!?@#$%&*+=/()'\"[]{}<>|~^`\\"
MORE_THAN_LEAST = 3  # how many more repeats than the least are tried
CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdigit,
    op.CATEGORY_NOT_DIGIT: lambda letter: not letter.isdigit(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda letter: not letter.isspace(),
    op.CATEGORY_WORD: lambda letter: letter.isalnum() or letter == "_",
    op.CATEGORY_NOT_WORD: lambda letter: not (letter.isalnum() or letter == "_"),
}


def texts(pattern: str, number: int) -> Iterator[str]:
    """Texts that match, shorter ones first; other numbers give others if there are any.

    Look-arounds and back references are not followed: a text may then not match.
    """
    tree = parser.parse(pattern)
    for more in range(MORE_THAN_LEAST + 1):
        text = _Writer(number, more).text(tree)
        if re.search(pattern, text):
            yield text


class _Writer:
    """Writes one text; each choice takes a digit of the number, in the base of the choices."""

    def __init__(self, number: int, more: int) -> None:
        self._left = number
        self._more = more

    def text(self, tree: Any) -> str:
        return "".join(self._piece(operator, argument) for operator, argument in tree)

    def _piece(self, operator: Any, argument: Any) -> str:
        if operator is op.LITERAL:
            return chr(argument)
        if operator is op.NOT_LITERAL:
            return str(self._choose([letter for letter in PRINTABLE if ord(letter) != argument]))
        if operator is op.ANY:
            return str(self._choose(list(PRINTABLE)))
        if operator is op.IN:
            return str(self._choose(_letters(argument) or ["?"]))
        if operator in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, tree = argument
            count = min(max(least, 1 if self._more else least) + max(self._more - 1, 0), most)
            return "".join(self.text(tree) for _ in range(int(count)))
        if operator is op.SUBPATTERN:
            return self.text(argument[-1])
        if operator is op.ATOMIC_GROUP:
            return self.text(argument)
        if operator is op.BRANCH:
            return self.text(self._choose(argument[1]))
        return ""  # an anchor, or what is not followed

    def _choose(self, choices: list[Any]) -> Any:
        self._left, place = divmod(self._left, len(choices))
        return choices[place]


def _letters(members: list[tuple[Any, Any]]) -> list[str]:
    """The printable letters of a character class, or its own if none is."""
    negated = members[0][0] is op.NEGATE
    rules = members[1:] if negated else members
    letters = [letter for letter in PRINTABLE if _within(rules, letter) is not negated]
    if letters or negated:
        return letters
    lowest = [_lowest(operator, argument) for operator, argument in rules]
    return [chr(code) for code in lowest if code]


def _within(rules: list[tuple[Any, Any]], letter: str) -> bool:
    for operator, argument in rules:
        if operator is op.LITERAL and ord(letter) == argument:
            return True
        if operator is op.RANGE and argument[0] <= ord(letter) <= argument[1]:
            return True
        if operator is op.CATEGORY and CATEGORIES[argument](letter):
            return True
    return False


def _lowest(operator: Any, argument: Any) -> int:
    if operator is op.LITERAL:
        return int(argument)
    return int(argument[0]) if operator is op.RANGE else 0
