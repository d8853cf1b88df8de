"""Spellings of resources' names, for names of any form."""

import pytest
from samspec.sam.errors import ProjectError
from samspec.scaffold.names import Names, article, identifier, plural


@pytest.mark.parametrize(
    ("singular", "expected"),
    [
        ("Book", "Books"),
        ("OrderItem", "OrderItems"),
        ("Category", "Categories"),
        ("Day", "Days"),
        ("Box", "Boxes"),
        ("Match", "Matches"),
        ("Person", "People"),
        ("SalesPerson", "SalesPeople"),
        ("Address", "Addresses"),
    ],
)
def test_the_usual_plural(singular: str, expected: str) -> None:
    assert plural(singular) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [("order", "an"), ("user", "a"), ("unit", "a"), ("umbrella", "an"), ("event", "an")],
)
def test_the_article_is_as_spoken(words: str, expected: str) -> None:
    assert article(words) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("unitPrice", "unit_price"), ("class", "class_"), ("2nd", "2nd_"), ("in-stock", "in_stock")],
)
def test_a_field_becomes_a_name_that_python_can_have(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_two_words_are_spelled_everywhere_as_each_place_has_them() -> None:
    names = Names.of("OrderItem")

    assert names.plural == "OrderItems"
    assert (names.word, names.title, names.a_word) == ("order item", "Order item", "an order item")
    assert (names.path, names.package, names.variable) == (
        "/order-items",
        "order_items",
        "order_item",
    )
    assert (names.table, names.variable_of_table) == ("OrderItemsTable", "ORDER_ITEMS_TABLE")


@pytest.mark.parametrize("singular", ["Secret", "Statistic", "Test"])
def test_a_package_hides_no_module_of_python_or_the_project(singular: str) -> None:
    assert Names.of(singular).package == f"{singular.lower()}_resources"


@pytest.mark.parametrize(
    ("name", "plural_", "message"),
    [
        ("book", None, "'book' is not capitalized words"),
        ("HTTPThing", None, "is not capitalized words"),
        ("Response", None, "Response is a class of the functions already"),
        ("Fish", "Fish", "--plural FishList"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, plural_: str | None, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        Names.of(name, plural_)
