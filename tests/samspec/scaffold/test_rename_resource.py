"""scripts/rename-resource: what it renames, and what it refuses. (tests/samspec/newcomer renames a
whole copy.)
"""

import subprocess
from pathlib import Path

import pytest
from samspec.sam.errors import ProjectError
from samspec.scaffold import rename_resource
from samspec.scaffold.names import Names
from samspec.scaffold.renaming import Renaming, aligned

from tests.samspec.drift.copies import copy

USER = Names.of("User")
ORDER, ITEM = Names.of("Order"), Names.of("OrderItem")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class User:", "class Order:"),
        ("from users.user import User", "from orders.order import Order"),
        ("USERS_TABLE: !Ref UsersTable", "ORDERS_TABLE: !Ref OrdersTable"),
        (
            "CreateUserFunction, list_users, createUser",
            "CreateOrderFunction, list_orders, createOrder",
        ),
        ("GET /users/{id}: a user, the user's tag", "GET /orders/{id}: an order, the order's tag"),
        ("a superuser in userland uses it", "a superuser in userland uses it"),
        (
            '"User-Agent": "x", "userAgent", "userArn", "user": null',
            '"User-Agent": "x", "userAgent", "userArn", "user": null',
        ),
        ("curl --user me $context.identity.user", "curl --user me $context.identity.user"),
        ("arn:aws:iam::123456789012:user/{name}", "arn:aws:iam::123456789012:user/{name}"),
        (
            "git -c user.name=Ada, a user pool, end users",
            "git -c user.name=Ada, a user pool, end users",
        ),
    ],
)
def test_names_are_renamed_in_every_spelling_and_words_of_others_are_not(
    text: str, expected: str
) -> None:
    assert Renaming(USER, ORDER).text(text, ".md") == expected


@pytest.mark.parametrize(
    ("suffix", "text", "expected"),
    [
        (".py", "users = Users()\n", "order_items = OrderItems()\n"),
        (".py", "# a user is created\n", "# an order item is created\n"),
        (".py", 'get("/users/1")["users"]\n', 'get("/order-items/1")["order_items"]\n'),
        (".py", "from users.user import User\n", "from order_items.order_item import OrderItem\n"),
        (".py", 'f"{user.id}"\n', 'f"{order_item.id}"\n'),
        (".yaml", "  /users/{id}:\n", "  /order-items/{id}:\n"),
        (".yaml", "required: [users]\n", "required: [order_items]\n"),
        (".yaml", "        users:\n", "        order_items:\n"),
        (".yaml", "id: $response.body#/users/0/id\n", "id: $response.body#/order_items/0/id\n"),
        (".toml", 'stack_name = "users-api-dev"\n', 'stack_name = "order-items-api-dev"\n'),
        (
            ".md",
            "Users are listed; `users/user.py`.\n",
            "Order items are listed; `order_items/order_item.py`.\n",
        ),
        (".md", "`class User` of UsersTable\n", "`class OrderItem` of OrderItemsTable\n"),
    ],
)
def test_two_words_are_joined_as_each_place_has_them(suffix: str, text: str, expected: str) -> None:
    assert Renaming(USER, ITEM).text(text, suffix) == expected


@pytest.mark.parametrize("name", ["Item", "Event", "Message", "Document", "Category", "Person"])
def test_a_common_noun_comes_and_goes(name: str) -> None:
    text = "class User: ...\nusers = {'users': [], 'user': User}  # two users, /users/{id}\n"
    new = Names.of(name)

    there = Renaming(USER, new).text(text, ".py")

    assert new.variables in there
    assert Renaming(new, USER).text(there, ".py") == text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("handlers/users/user.py", "handlers/order_items/order_item.py"),
        ("specs/api/users-api.yaml", "specs/api/order-items-api.yaml"),
        ("specs/features/create-user.md", "specs/features/create-order-item.md"),
        ("tests/unit/test_list_users.py", "tests/unit/test_list_order_items.py"),
    ],
)
def test_files_are_named_as_their_neighbours(path: str, expected: str) -> None:
    assert Renaming(USER, ITEM).path(path) == expected


def test_an_aligned_table_stays_aligned() -> None:
    before = "| Path   | What |\n|--------|------|\n| /users | list |\n"
    after = before.replace("users", "order-items")

    widths = {len(line) for line in aligned(before, after).splitlines()}

    assert len(widths) == 1


def test_another_tables_form_is_kept() -> None:
    text = "| a | b |\n|---|---|\n| users | x |\n"

    assert aligned(text, text.replace("users", "orders")) == text.replace("users", "orders")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = copy(tmp_path / "project")
    commands = (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=Copy"])
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for command in commands:
        subprocess.run(["git", *author, *command], cwd=root, check=True)
    return root


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["book"], "'book' is not capitalized words"),
        (["Contract"], "Contract is a name under handlers/ already"),
        (["Book", "--from", "Order"], "say which resource: --from; there are: User"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_a_line(
    project: Path, arguments: list[str], message: str
) -> None:
    with pytest.raises(ProjectError, match=message):
        rename_resource.main([*arguments, "--root", str(project)])


def test_what_git_could_not_undo_is_refused(project: Path, tmp_path: Path) -> None:
    (project / "README.md").write_text("changed")
    with pytest.raises(ProjectError, match="there are changes that are not committed"):
        rename_resource.main(["Book", "--root", str(project)])
    with pytest.raises(ProjectError, match="is not a git repository"):
        rename_resource.main(["Book", "--root", str(tmp_path)])


def test_the_resource_is_renamed_and_what_is_of_this_repository_goes(project: Path) -> None:
    assert rename_resource.main(["Person", "--root", str(project)]) == 0

    assert (project / "handlers/people/person.py").is_file()
    assert not (project / "handlers/users").exists()
    assert not (project / "tests/samspec").exists()
    assert (project / "CHANGELOG.md").read_text().count("## ") == 1
    assert 'name = "people-api"' in (project / "pyproject.toml").read_text()
