"""scripts/new-resource, on copies of the project. (tests/samspec/newcomer runs the tests it
makes.)
"""

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml
from samspec.aws import tables
from samspec.gateway import Gateway
from samspec.sam.errors import ProjectError
from samspec.scaffold import new_resource
from samspec.scaffold.fields import Field
from werkzeug.test import Client

from tests.samspec.drift.copies import SPEC, copy

SCHEMA = """\
    PlanetInput:
      type: object
      required: [name, moonCount]
      additionalProperties: false
      properties:
        name: { type: string, minLength: 1, maxLength: 40 }
        moonCount: { type: integer, minimum: 0 }
        class: { type: string, enum: [rocky, gaseous] }
"""
TEN_TYPES = [
    "serial:text,unique,pattern=^[0-9]{13}$",
    "size:integer,min=1",
    "price:decimal,min=0",
    "open:boolean",
    "day:date,optional",
    "moment:date-time",
    "state:enum,values=new|sold,filter",
    "labels:texts",
    "box:object,properties=width:integer height:decimal",
    "remark:text,nullable",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "project")


def run(root: Path, *arguments: str) -> int:
    return new_resource.main([*arguments, "--root", str(root)])


def fields(texts: list[str]) -> list[str]:
    return [word for text in texts for word in ("--field", text)]


def served(root: Path, client: Any) -> tuple[Client, list[str]]:
    gateway = Gateway.from_template(root / "template.yaml")
    return Client(gateway), tables.create(gateway.project.template, client)


def test_a_resource_of_ten_types_is_stored_and_returned(
    project: Path, dynamodb_client: Any
) -> None:
    run(project, "Gadget", *fields(TEN_TYPES))
    client, names = served(project, dynamodb_client)
    body = yaml.safe_load((project / SPEC).read_text())
    example = body["components"]["requestBodies"]["GadgetInput"]["content"]["application/json"]
    sent = example["examples"]["gadget"]["value"]

    created = client.post("/gadgets", json=sent)
    listed = client.get(f"/gadgets?serial={sent['serial']}")

    assert created.status_code == 201, created.text
    assert {name: created.get_json()[name] for name in sent} == sent
    assert listed.get_json() == {"gadgets": [created.get_json()]}
    assert client.post("/gadgets", json=sent).status_code == 409
    assert client.get("/gadgets?state=new").get_json() == listed.get_json()
    assert client.put(f"/gadgets/{created.get_json()['id']}", json={}).status_code == 400
    assert client.delete(f"/gadgets/{created.get_json()['id']}").status_code == 204
    for name in names:
        dynamodb_client.delete_table(TableName=name)


def test_a_schema_of_the_spec_says_what_it_is(project: Path) -> None:
    text = (project / SPEC).read_text()
    (project / SPEC).write_text(text.replace("    Problem:\n", SCHEMA + "    Problem:\n", 1))

    run(project, "Planet", "--field", "name:text,unique")

    domain = (project / "handlers/planets/planet.py").read_text()
    assert 'NAMES = {"class_": "class", "moon_count": "moonCount"}' in domain
    assert "class_: str | None = None" in domain
    assert "PlanetNameInUse" in (project / "handlers/planets/repository.py").read_text()


def test_what_belongs_to_another_is_listed_under_it(project: Path, dynamodb_client: Any) -> None:
    run(project, "Visit", "--under", "users", "--field", "place:text")
    client, names = served(project, dynamodb_client)
    users = []
    for n in ("ada", "eve"):
        users.append(
            client.post("/users", json={"email": f"{n}@example.com", "name": n}).get_json()["id"]
        )

    created = client.post(f"/users/{users[0]}/visits", json={"place": "Rome"})

    visit = created.get_json()
    assert (created.status_code, visit["user_id"]) == (201, users[0])
    assert client.get(f"/users/{users[0]}/visits").get_json() == {"visits": [visit]}
    assert client.get(f"/users/{users[1]}/visits").get_json() == {"visits": []}
    assert client.get(f"/users/{users[1]}/visits/{visit['id']}").status_code == 404
    assert client.get(f"/users/{visit['id']}/visits").status_code == 404
    for name in names:
        dynamodb_client.delete_table(TableName=name)


def test_what_was_there_keeps_its_comments_and_form(project: Path) -> None:
    names = [SPEC, "template.yaml", "specs/architecture.md"]
    before = {name: (project / name).read_text().splitlines() for name in names}

    run(project, "Gadget", "--field", "title:text")

    for name, lines in before.items():
        after = (project / name).read_text().splitlines()
        changed = difflib.unified_diff(lines, after, lineterm="", n=0)
        assert [line for line in changed if line.startswith("-") and line[1:3] != "--"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Gadget"], "say what a gadget is: --field title:text"),
        (["User", "--field", "name:text"], "handlers/users/__init__.py is there already"),
        (["Gadget", "--path", "/users", "--field", "a:text"], "has /users already"),
        (["Gadget", "--under", "shelves", "--field", "a:text"], "has no GET /shelves/{id}"),
        (["Gadget", "--field", "id:text"], "id is what the service sets"),
        (["Gadget", "--field", "tags:texts,unique"], "tags is not a text or a number"),
        (["Gadget", "--field", "n:integer,filter"], "n is not a text: a listing filters by texts"),
        (["Gadget", "--field", "n:text,pattern=^(?=b)a$"], "no text was found for the pattern"),
    ],
)
def test_on_an_error_nothing_changes(project: Path, arguments: list[str], message: str) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    with pytest.raises(ProjectError, match=message.replace("{", r"\{").replace("$", r"\$")):
        run(project, *arguments)

    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title", "is not name:type"),
        ("title:string", "is not name:type"),
        ("state:enum", "needs ,values="),
        ("n:integer,min=x", "'x' is not a number"),
        ("n:boolean,min=1", "its type has no bounds"),
        ("n:integer,big", "no option 'big'"),
        ("n:integer,big=1", "no option 'big'"),
    ],
)
def test_a_text_that_is_not_a_field_is_refused_with_the_syntax(text: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        Field.parse(text)
