"""scripts/add-auth, on copies of the project and on a project of another form."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import indent
from typing import Any

import joserfc
import pytest
import yaml
from api.contract import Arguments
from api.proxy import Caller
from samspec import cli
from samspec.gateway import Gateway
from samspec.gateway.authorization import requirements
from samspec.gateway.authorization.trusted import credentials, wrong_credentials
from samspec.sam.documents import Document
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold.add_auth_text import YamlText
from werkzeug.test import Client

from tests.samspec.drift.copies import SPEC, TEMPLATE, copy, edit
from tests.samspec.scaffold.operations import VERIFY_USER, specify

CALLERS = ("cognito", "lambda", "api-key")
OTHER = """\
openapi: 3.0.1   # a comment
info: { title: "Shop", version: '1' }
paths:
  /orders/{order}:
    get:
      summary: Get an order
      parameters: [{ name: order, in: path, required: true, schema: { type: string } }]
      responses:
        "200": { description: The order. }
      x-amazon-apigateway-integration:
        uri:
          Fn::Sub: "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Get.Arn}/invocations"
        httpMethod: POST
        type: aws_proxy
components:
  schemas:
    Order: { type: object }
"""  # noqa: E501 (an ARN)
OTHER_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Shop:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody: { Fn::Transform: { Name: AWS::Include, Parameters: { Location: shop.yaml } } }
  Get:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: src/, Handler: app.handler, Runtime: python3.11 }
"""
OTHER_HANDLER = """\
import json
def handler(event, context):
    caller = event["requestContext"]["authorizer"]["claims"]["sub"]
    return {"statusCode": 200, "body": json.dumps(caller)}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "project")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A project with nothing of this one's conventions."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text(OTHER_HANDLER)
    (tmp_path / "shop.yaml").write_text(OTHER)
    (tmp_path / "template.yaml").write_text(OTHER_TEMPLATE)
    return tmp_path


def run(root: Path, callers: str) -> int:
    return cli.main(["add-auth", callers, "--root", str(root)])


def contents(root: Path) -> dict[str, bytes]:
    files = [path for path in root.rglob("*") if path.is_file() and "__pycache__" not in str(path)]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def operations(root: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Integration type, operation and spec of each method."""
    spec = Document.parse((root / SPEC).read_text(), SPEC).data
    for item in spec["paths"].values():
        for method, operation in item.items():
            if method != "parameters":
                yield operation[requirements.AUTH[:-4] + "integration"]["type"], operation, spec


@pytest.mark.parametrize("callers", CALLERS)
def test_every_operation_says_who_may_call_it(project: Path, callers: str) -> None:
    assert run(project, callers) == 0
    for type, operation, spec in operations(project):
        assert requirements.AUTH not in operation
        requirement = requirements.read(spec, operation)
        assert "security" in operation
        assert requirement.is_open == (type == "mock")
        if type != "mock":
            assert "403" in operation["responses"]
            assert ("401" in operation["responses"]) == (callers != "api-key")


@pytest.mark.parametrize("callers", CALLERS)
def test_it_only_adds_lines_and_removes_what_it_replaces(project: Path, callers: str) -> None:
    before = (project / SPEC).read_text().splitlines()
    run(project, callers)
    after = set((project / SPEC).read_text().splitlines())
    lost = [line.strip() for line in before if line not in after]
    allowed = (
        r"x-amazon-apigateway-auth:.*|- RequiresSignature|Fn::If:|.*Fn::If: \[RequiresSignature.*"
        r"|- '\{\"type\": \"about:blank\".*|method.response.header.Access-Control-Allow-Headers.*"
    )
    assert [line for line in lost if not re.fullmatch(allowed, line)] == []


@pytest.mark.parametrize("callers", CALLERS)
def test_a_second_time_it_changes_nothing(
    project: Path, callers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, callers)
    before = contents(project)
    capsys.readouterr()
    assert run(project, callers) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert contents(project) == before


@pytest.mark.parametrize("callers", CALLERS)
def test_the_gateway_takes_the_right_credentials_and_no_others(
    project: Path, callers: str, dynamodb_client: Any
) -> None:
    run(project, callers)
    _install_beside_the_code(project / "handlers")
    apis = Project(project).apis
    client = Client(Gateway.from_template(project / "template.yaml"))
    for headers in wrong_credentials(apis).values():
        assert client.get("/users?limit=0", headers=headers).status_code in (401, 403)
    assert client.get("/users?limit=0", headers=credentials(apis)).status_code == 400
    assert client.options("/users").status_code == 204


def _install_beside_the_code(folder: Path) -> None:
    """What scripts/lock pins and a build packs: the library that checks tokens, with its own."""
    packages = Path(joserfc.__file__).parents[1]
    for pattern in ("joserfc", "cryptography", "cffi", "_cffi_backend*", "pycparser"):
        for package in packages.glob(pattern):
            (folder / package.name).symlink_to(package)


@pytest.mark.parametrize("callers", CALLERS)
def test_line_ends_stay_as_they_are(project: Path, callers: str) -> None:
    for name in (SPEC, TEMPLATE):
        text = (project / name).read_bytes().replace(b"\n", b"\r\n")
        (project / name).write_bytes(text)
    assert run(project, callers) == 0
    for name in (SPEC, TEMPLATE):
        text = (project / name).read_bytes()
        assert text.count(b"\n") == text.count(b"\r\n")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (
            SPEC,
            "      operationId: getUser\n",
            "      operationId: getUser\n      security: []\n",
            "has security",
        ),
        (
            TEMPLATE,
            "Resources:\n",
            "Resources:\n  UserPool: { Type: AWS::SNS::Topic }\n",
            "has UserPool already",
        ),
        (
            "handlers/get_user.py",
            '@operation("getUser")\n',
            '@operation("getUser")\n@other\n',
            "right above its handler",
        ),
        (SPEC, "paths:\n", "paths: [\n", "not valid YAML"),
        (
            SPEC,
            "      operationId: getUser\n",
            "      operationId: getUser\n      operationId: getUser\n",
            "twice",
        ),
    ],
)
def test_on_an_error_nothing_is_changed(
    project: Path, name: str, old: str, new: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(project, name, old, new)
    before = contents(project)
    assert run(project, "cognito") == 2
    assert words in capsys.readouterr().err
    assert contents(project) == before


def test_a_project_of_another_form_is_turned_too(
    other: Path, capsys: pytest.CaptureFixture[str], dynamodb_client: Any
) -> None:
    assert run(other, "cognito") == 0
    printed = capsys.readouterr().out
    assert "GET /orders/{order} asks for UserPool with orders/read or orders/admin" in printed
    assert "note: the handlers get the caller as requestContext.authorizer" in printed
    spec = (other / "shop.yaml").read_text()
    assert spec.startswith(
        "openapi: 3.0.1   # a comment\ninfo: { title: \"Shop\", version: '1' }\n"
    )
    assert "Fn::GetAtt: [CustomizeTokenFunction" not in (other / "template.yaml").read_text()
    client = Client(Gateway.from_template(other / "template.yaml"))
    accepted = credentials(Project(other).apis)
    assert client.get("/orders/7").status_code == 401
    assert client.get("/orders/7", headers=accepted).get_json() == "administrator"


@pytest.mark.parametrize("callers", CALLERS)
@pytest.mark.parametrize(
    "components",
    [
        "",
        "components:\n  schemas:\n    Order: { type: object }\n",
        "components:\n  responses:\n    Gone: { description: Gone }\n",
        "components:\n  responses:\n    Forbidden: { description: Closed }\n  schemas: {}\n",
        "components:\n  securitySchemes:\n    Mine: { type: apiKey, name: a, in: header }\n",
    ],
)
def test_what_a_spec_lacks_under_components_is_added_once(
    other: Path, callers: str, components: str
) -> None:
    text = OTHER[: OTHER.index("components:")] + components
    (other / "shop.yaml").write_text(text)

    assert run(other, callers) == 0

    document = Document.parse((other / "shop.yaml").read_text(), "shop.yaml")
    assert document.repeated == []
    added = {"cognito": {"Unauthorized", "Forbidden"}, "lambda": {"Unauthorized", "Forbidden"}}
    assert added.get(callers, {"Forbidden"}) <= document.data["components"]["responses"].keys()
    before = Document.parse(text, "shop.yaml").data.get("components") or {}
    for section, entries in before.items():
        assert entries.items() <= document.data["components"][section].items()


@pytest.mark.parametrize("callers", CALLERS)
@pytest.mark.parametrize("end", ["", "components:"])
def test_a_definition_in_the_template_is_edited_there(other: Path, callers: str, end: str) -> None:
    text = OTHER if end else OTHER[: OTHER.index("components:")]
    inline = f"DefinitionBody:\n{indent(text, ' ' * 8)}"
    include = re.search(r"DefinitionBody: .+\n", OTHER_TEMPLATE)
    assert include
    (other / "shop.yaml").unlink()
    (other / "template.yaml").write_text(OTHER_TEMPLATE.replace(include[0], inline))

    assert run(other, callers) == 0

    project = Project(other)
    assert project.template.repeated == []
    [operation] = [operation for operation in project.operations if operation.is_proxy]
    assert not requirements.read(project.spec.data, operation.node).is_open
    assert "# a comment" in (other / "template.yaml").read_text()


def test_a_key_that_would_be_there_twice_is_an_error() -> None:
    text = YamlText("a.yaml", "a:\n  b: 1\n")
    text.add("b: 2", "a")
    with pytest.raises(ProjectError, match=r"a\.yaml: a\.b would be there twice"):
        text.result()


def test_the_new_function_follows_one_in_python_that_has_a_folder(
    other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (
        "  Page:\n    Type: AWS::Serverless::Function\n"
        "    Properties: { CodeUri: web/, Handler: index.handler, Runtime: nodejs20.x }\n"
        "  Ping:\n    Type: AWS::Serverless::Function\n"
        '    Properties: { InlineCode: "", Handler: index.handler, Runtime: python3.11 }\n'
    )
    (other / "template.yaml").write_text(OTHER_TEMPLATE + page)

    assert run(other, "cognito") == 0

    function = Project(other).functions["CustomizeTokenFunction"]
    assert (function.properties["CodeUri"], function.properties["Runtime"]) == (
        "src/",
        "python3.11",
    )
    assert (other / "src/customize_token.py").exists()
    assert "src/customize_token.py" in (other / "template.yaml").read_text()


def test_without_a_function_in_python_nothing_is_changed(
    other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = other / "template.yaml"
    template.write_text(OTHER_TEMPLATE.replace("python3.11", "nodejs20.x"))
    before = contents(other)

    assert run(other, "lambda") == 2

    assert "no AWS::Serverless::Function in Python" in capsys.readouterr().err
    assert contents(other) == before


@pytest.mark.parametrize("callers", CALLERS)
def test_the_written_code_passes_the_projects_linter(project: Path, callers: str) -> None:
    run(project, callers)
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "handlers", "tests/unit"]
        done = subprocess.run(ruff, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_a_pool_of_your_own_is_named_by_parameter(project: Path) -> None:
    run(project, "cognito")
    arn = "arn:aws:cognito-idp:eu-west-1:210987654321:userpool/eu-west-1_Ours"
    gateway = Gateway.from_template(project / "template.yaml", parameters={"UserPoolArn": arn})
    issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ours"
    assert gateway.project.access.issuers == [issuer]
    assert not gateway.project.template.of_type("AWS::Cognito::UserPool")


def test_what_chose_between_signatures_and_none_is_gone(project: Path) -> None:
    run(project, "cognito")
    template = yaml.compose((project / TEMPLATE).read_text())
    assert template
    assert "RequiresSignature" not in str([n.value for n in _scalars(template)])
    table = (project / "specs/production.md").read_text()
    assert "| Authorization |" not in table


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for child in node.value:
        for part in child if isinstance(child, tuple) else [child]:
            yield from _scalars(part)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  b: 1\n# end\nc: 2\n", "a:\n  b: 1\n  x: 9\n# end\nc: 2\n"),
        (
            "a:\n  b: |\n    text\n\n    more\nc: 2\n",
            "a:\n  b: |\n    text\n\n    more\n  x: 9\nc: 2\n",
        ),
        ("a:\n  b: { c: 1,\n    d: 2 }\n", "a:\n  b: { c: 1,\n    d: 2 }\n  x: 9\n"),
        ("a:\n  b:\n  - 1\n  - 2", "a:\n  b:\n  - 1\n  - 2\n  x: 9\n"),
    ],
)
def test_a_key_is_added_behind_the_last_of_its_mapping(text: str, expected: str) -> None:
    document = YamlText("a.yaml", text)
    document.add("x: 9", "a")
    assert document.result() == expected


@pytest.mark.parametrize("callers", CALLERS)
def test_a_new_operation_asks_for_its_caller_as_its_neighbours_do(
    project: Path, callers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, callers)
    specify(project, "/users/{id}/mend", VERIFY_USER.replace("verifyUser", "mendUser"))
    assert cli.main(["new-operation", "--root", str(project)]) == 0, capsys.readouterr().err
    spec = Document.parse((project / SPEC).read_text(), SPEC).data
    item = spec["paths"]["/users/{id}/mend"]
    assert item["post"]["security"] == spec["paths"]["/users"]["post"]["security"]
    assert item["options"]["security"] == []
    handler = (project / "handlers/mend_user.py").read_text()
    assert ('@own("id")\ndef handler' in handler) == (callers != "api-key")
    tests = project / "tests/unit/test_callers_of_mend_user.py"
    assert tests.is_file() == (callers != "api-key")
    if tests.is_file():
        forbidden = 403 if callers == "lambda" else 401
        assert (
            f'"mendUser": (401, 401, 401, {forbidden}, 403, None, None, 401)' in tests.read_text()
        )


def test_an_operation_that_is_open_to_all_gets_no_rule(project: Path) -> None:
    run(project, "cognito")
    opened = VERIFY_USER.replace("verifyUser", "mendUser").rstrip() + "\n      security: []\n"
    specify(project, "/users/{id}/mend", opened)
    assert cli.main(["new-operation", "--root", str(project)]) == 0
    assert "api.access" not in (project / "handlers/mend_user.py").read_text()
    assert not (project / "tests/unit/test_callers_of_mend_user.py").exists()


@pytest.mark.parametrize("callers", ["cognito", "lambda"])
def test_a_new_resource_has_the_rules_that_others_have(project: Path, callers: str) -> None:
    run(project, callers)
    add = ["new-resource", "--root", str(project), "--field", "note:text"]
    assert cli.main([*add, "Order"]) == 0
    assert cli.main([*add, "Line", "--under", "orders"]) == 0
    handlers = project / "handlers"
    assert "@creates_own()\ndef" in (handlers / "create_order.py").read_text()
    assert "@administrators\ndef" in (handlers / "list_orders.py").read_text()
    assert '@own("id")\ndef' in (handlers / "get_line.py").read_text()
    spec = Project(project).spec.data
    assert "403" in spec["paths"]["/orders/{id}/lines"]["post"]["responses"]
    created = spec["paths"]["/orders"]["post"]
    assert ("403" in created["responses"]) == (callers == "lambda")
    assert scopes(spec["paths"]["/orders"]["get"]) == scopes(spec["paths"]["/users"]["get"])


def scopes(operation: dict[str, Any]) -> list[dict[str, list[str]]]:
    return list(operation["security"])


@pytest.fixture
def access(project: Path) -> Any:
    """The rules of a project with callers, over this project's own handlers."""
    run(project, "cognito")
    spec = spec_from_file_location("access_of_a_copy", project / "handlers/api/access.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments(access: Any, *scopes: str, id: str = "", **claims: str) -> Arguments:
    """A request of Ada's to create or change a user, with the address ada@example.com."""
    caller = Caller("ada", frozenset(scopes), claims)
    body = {"email": "Ada@example.com", "name": "Ada"}
    return Arguments({"id": id or access.own_id("ada")}, {}, {}, body=body, caller=caller)


def test_the_rules_hold_for_the_handlers_as_they_are(access: Any) -> None:
    proven = {"email": "ada@example.com", "email_verified": "true"}
    creates = access.creates_own("email")(lambda asked: asked.header.get("Idempotency-Key"))
    own = access.own("id", "email")(lambda asked: "passed")
    lists = access.administrators(lambda asked: "passed")
    assert creates(arguments(access, **proven)) == access.OWN
    assert creates(arguments(access, "users/admin")) is None
    assert own(arguments(access, **proven)) == "passed"
    assert own(arguments(access, "users/admin", id="another")) == "passed"
    assert lists(arguments(access, "users/admin")) == "passed"
    unproven = {**proven, "email_verified": "false"}
    for rule, refused in (
        (creates, arguments(access)),
        (creates, arguments(access, **unproven)),
        (own, arguments(access, id="another", **proven)),
        (own, arguments(access, email="grace@example.com", email_verified="true")),
        (lists, arguments(access, "users/read", **proven)),
    ):
        with pytest.raises(access.Forbidden):
            rule(refused)
