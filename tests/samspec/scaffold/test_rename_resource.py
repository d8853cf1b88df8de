"""scripts/rename-resource: what it renames, and what it refuses. (tests/samspec/newcomer renames a whole copy.)"""

import subprocess
from pathlib import Path

import pytest
from samspec import cli
from samspec.scaffold import rename_resource

OLD = ("User", "Users")


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
    ],
)
def test_names_are_renamed_in_every_spelling_and_words_of_others_are_not(
    text: str, expected: str
) -> None:
    assert rename_resource.renamed(text, OLD, ("Order", "Orders")) == expected


def test_a_plural_of_its_own_is_kept_apart() -> None:
    assert (
        rename_resource.renamed("one user, two users", OLD, ("Person", "People"))
        == "one person, two people"
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("get_user.py", "list_users.py"):
        (tmp_path / "handlers").mkdir(exist_ok=True)
        (tmp_path / "handlers" / name).write_text("item = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("book", "'book' is not one capitalized word, such as Book"),
        ("OrderLine", "'OrderLine' is not one capitalized word, such as Book"),
        ("Item", "Item is a name in handlers/get_user.py already: choose another"),
        ("Book", "is not a git repository: make it one"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_a_line(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    assert cli.main(["rename-resource", name, "--root", str(project)]) == 2

    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_changes_that_git_could_not_undo_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)

    assert cli.main(["rename-resource", "Book", "--root", str(project)]) == 2

    assert "there are changes that are not committed: commit them" in capsys.readouterr().err
