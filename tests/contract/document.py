"""Writes specs/contract.md: what the functions check, from where it is stated.

scripts/contract
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT), str(ROOT / "handlers")]

from api import dialect  # noqa: E402 (the path comes first)

from tests.contract.differences import DIFFERENCES  # noqa: E402

DOCUMENT = ROOT / "specs/contract.md"
TEXT = """\
# What the functions check

<!-- written by scripts/contract from handlers/api/dialect; a test compares them -->

The functions check each request against its operation in the spec: parameters of the operation
and of its path item, and the body. This page lists all of OpenAPI 3.0 that they check. What lies
outside is an error of `sam build` and of a function that loads, and a finding of `scripts/drift`,
with its place in the spec and what to write. Nothing is skipped silently.

A valid request's values arrive in `arguments`: `path`, `query`, `header` and `cookie` by the
spec's names, and `body`, in the types of their schemas and with defaults filled in.
`arguments.caller` says who calls, where the gateway has checked it; `arguments.target` is the
path of the URL as it was sent.

Everything wrong with the parameters, or else with the body, is one 400: place, field and reason
for each fault, such as `price: must be at most 1000`. The first {listed} faults are listed, and
the rest are counted. A body of a media type that the operation does not list is a 415.

## Schemas

`$ref` may lead to any place in the document. `x-` extensions and annotations ({annotations}) are
ignored.

{keywords}

A schema with another keyword is outside. For keywords of later versions:

{instead}

## Formats

{formats}

Any other format is a comment, and is not checked. A `number` of `format: decimal` is a `Decimal`
with the digits that were sent; other fractions are floats. Integers are exact at any length.

## Parameters

{styles}

Members of lists and objects are single values. A value is an `integer`, `number` or `boolean` if
it is written as in JSON; what is not is a fault. Without `type`, the first of `anyOf` or `oneOf`
whose type the text has decides. A parameter with `content` is JSON or text. An empty query
parameter needs `allowEmptyValue`.

Values in a path are decoded after they are split, because API Gateway passes them on
percent-encoded. A greedy variable, `{{proxy+}}`, is the parameter `proxy`.

## Bodies

{media}

The most specific key that fits is taken: `application/json`, then `application/*`, then `*/*`;
letter case and parameters of a key do not matter. Bodies of bytes need their media type among the
API's binary media types, because API Gateway makes text of them otherwise.

## Compared with openapi-core

openapi-core judges the same requests in the tests: the Users API's, and those of documents made
at random (`scripts/test tests/contract -m slow` compares 5,000 pairs). The verdicts are equal,
except:

{differences}
"""


def document() -> str:
    from api.faults import LISTED

    keywords = [(f"`{name}`", words) for name, words in dialect.KEYWORDS.items()]
    instead = [(f"`{name}`", words) for name, words in dialect.INSTEAD.items()]
    formats = [(f"`{name}`", f"must be {words}") for name, words in dialect.FORMATS.items()]
    differences = [(it.name, _side(it.ours), it.reason) for it in DIFFERENCES]
    return TEXT.format(
        listed=LISTED,
        annotations=", ".join(f"`{name}`" for name in sorted(dialect.ANNOTATIONS)),
        keywords=_table(("Keyword", "What it does"), keywords),
        instead=_table(("Keyword", "Instead"), instead),
        formats=_table(("Format", "Fault"), formats),
        styles=_table(("In", "Style", "Exploded", "Carries"), _styles()),
        media=_table(("Read as", "Media types"), dialect.MEDIA_TYPES.items()),
        differences=_table(("The functions", "", "Reason"), differences),
    )


def _side(ours: bool) -> str:
    return "take more" if ours else "take less"


def _styles() -> Iterator[tuple[str, str, str, str]]:
    for (place, style), shapes in dialect.STYLES.items():
        exploded = "yes or no"
        if style in dialect.NEVER_EXPLODED:
            exploded = "no"
        elif style == "deepObject":
            exploded = "yes"
        names = {"": "values", "array": "lists", "object": "objects"}
        carried = ", ".join(words for shape, words in names.items() if shape in shapes)
        yield place, f"`{style}`", exploded, carried


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
