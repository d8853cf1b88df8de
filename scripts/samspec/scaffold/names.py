"""The spellings of a resource's name: OrderItem, order_item, order-item, order item, OrderItems."""

import keyword
import re
import sys
from dataclasses import dataclass

from samspec.sam.errors import ProjectError

PASCAL = re.compile("([A-Z][a-z0-9]+)+")
WORD = re.compile("[A-Z][a-z0-9]+")
# Names that the generated modules import.
TAKEN = {"Any", "Arguments", "Cursors", "Decimal", "Index", "Parent", "Repository", "Resource"}
TAKEN |= {"Response"}
TOP_LEVEL = {"api", "tests", "scripts", "sdk_data"}  # modules that a package would hide
IRREGULAR = {"Person": "People", "Child": "Children", "Man": "Men", "Woman": "Women"}
VOWELS = "aeiou"
SAID_AS_CONSONANT = re.compile("uni([^nm]|$)|use|usu|eu|one|ur[ai]", re.IGNORECASE)


def plural(singular: str) -> str:
    """The usual plural of the last word: Boxes, Categories, Days, People."""
    words = WORD.findall(singular) or [singular]
    last, first = words[-1], "".join(words[:-1])
    if last in IRREGULAR:
        return first + IRREGULAR[last]
    if re.search("(s|x|z|ch|sh)$", last):
        return f"{singular}es"
    if last.endswith("y") and last[-2] not in VOWELS:
        return f"{singular[:-1]}ies"
    return f"{singular}s"


def article(words: str) -> str:
    """A or an, by how the words begin."""
    an = words[0].lower() in VOWELS and not SAID_AS_CONSONANT.match(words)
    return "an" if an else "a"


def snake(name: str) -> str:
    """order_item for OrderItem and orderItem; any other letters become underscores."""
    parted = re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub("[^a-z0-9]+", "_", parted.lower()).strip("_")


def identifier(name: str) -> str:
    """The name as Python can have it."""
    text = snake(name)
    return f"{text}_" if keyword.iskeyword(text) or not text.isidentifier() else text


@dataclass(frozen=True)
class Names:
    """`singular` and `plural` are capitalized: OrderItem, OrderItems."""

    singular: str
    plural: str

    @classmethod
    def of(cls, singular: str, plural_: str | None = None) -> "Names":
        """Raises ProjectError for what cannot be a class's name."""
        names = cls(singular, plural_ or plural(singular))
        for name in (names.singular, names.plural):
            if not PASCAL.fullmatch(name):
                raise ProjectError(f"{name!r} is not capitalized words, such as Book or OrderItem")
            if name in TAKEN:
                raise ProjectError(f"{name} is a class of the functions already: choose another")
        if names.singular == names.plural:
            raise ProjectError(f"{singular} needs a plural of its own: --plural {singular}List")
        return names

    @property
    def word(self) -> str:
        """order item"""
        return snake(self.singular).replace("_", " ")

    @property
    def words(self) -> str:
        return snake(self.plural).replace("_", " ")

    @property
    def a_word(self) -> str:
        return f"{article(self.word)} {self.word}"

    @property
    def title(self) -> str:
        """Order item"""
        return self.word[0].upper() + self.word[1:]

    @property
    def titles(self) -> str:
        return self.words[0].upper() + self.words[1:]

    @property
    def variable(self) -> str:
        return identifier(self.singular)

    @property
    def variables(self) -> str:
        return identifier(self.plural)

    @property
    def package(self) -> str:
        """The package under handlers/; one that would hide a module of Python's has another
        name."""
        name = self.variables
        hides = name in sys.stdlib_module_names or name in TOP_LEVEL
        return f"{snake(self.singular)}_resources" if hides else name

    @property
    def path(self) -> str:
        return "/" + snake(self.plural).replace("_", "-")

    @property
    def variable_of_table(self) -> str:
        return f"{snake(self.plural).upper()}_TABLE"

    @property
    def table(self) -> str:
        return f"{self.plural}Table"
