"""The life of each resource over HTTP, as the API's definition has it.

A resource is a path that takes POST, and a path below it with one more parameter: `/books` and
`/books/{isbn}`. It is created, read where its Location says, created again, changed, listed and
deleted, with values that its schema allows. Every response must be one that the definition lists,
and no error of the server. What nothing deletes is not created.
"""

import argparse
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from samspec.deploy import sign_in
from samspec.deploy.caller import Caller
from samspec.deploy.stack import Stack
from samspec.sam import environments
from samspec.sam.definitions import Api
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.sam.references import resolve
from samspec.sam.template import Settings
from samspec.sam.values import NoValue, merged, value

JSON = "application/json"
NUMBERS = 2_000_000  # of different values; as days, they stay within Python's dates
METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    node: Mapping[str, Any]
    authorization: str  # NONE, AWS_IAM, or another for which a header is needed

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


def main(arguments: list[str] | None = None) -> int:
    """Print what the smoke test of a deployed environment saw."""
    parser = argparse.ArgumentParser(
        prog="samspec smoke", description="Try a deployed environment."
    )
    parser.add_argument("environment", help="an environment of samconfig.toml, such as dev")
    parser.add_argument("--header", action="append", default=[], metavar="'NAME: VALUE'")
    words = parser.parse_args(arguments)
    environment = environments.named(Path.cwd(), words.environment)
    stack = Stack(environment.stack, environment.region)
    if not stack.exists:
        raise ProjectError(f"there is no stack {stack.name} in {stack.region}: deploy it first")
    try:
        headers = dict(header.split(": ", 1) for header in words.header)
        lines = test(Path.cwd(), stack, headers)
    except requests.RequestException as error:
        raise ProjectError(str(error)) from None
    print(f"{stack.url} works", *lines, sep="\n  - ")
    return 0


def test(root: Path, stack: Stack, headers: Mapping[str, str]) -> list[str]:
    """What was tried, a line each; `headers` come with every request, besides a caller's own.

    Raises a ProjectError for the first response that is wrong.
    """
    lines: list[str] = []
    apis = apis_of(root, stack)
    with sign_in.credentials(stack, apis, headers) as own:
        caller = Caller(stack.url, stack.region, own)
        for api in apis:
            lines += Smoke(api.document, caller).run()
    return lines


def operations(root: Path, stack: Stack) -> list[Operation]:
    """The operations of the stack's APIs that a function responds to."""
    served: list[Operation] = []
    for api in apis_of(root, stack):
        served += _operations(api.document)
    return served


def apis_of(root: Path, stack: Stack) -> list[Api]:
    """The template's APIs, resolved for the stack's parameters."""
    return Project(root, Settings(stack.parameters)).apis


class Smoke:
    """The requests of one caller to the operations of one API definition."""

    def __init__(self, document: Mapping[str, Any], caller: Caller) -> None:
        self.document, self.caller = document, caller
        self.operations = {}
        for operation in _operations(document):
            self.operations[(operation.method, operation.path)] = operation

    def run(self) -> Iterator[str]:
        self._wait()
        tried = []
        for path in self.document["paths"]:
            item = self.item_of(path)
            if ("post", path) in self.operations and item:
                tried += self._live(path, item)
        for operation in self._lonely_reads():
            if self._can_call(operation):
                tried.append(str(operation))
                self._expect(operation, self.call(operation, operation.path))
        nothing = "nothing: no GET without parameters, no POST and DELETE"
        yield f"tried {', '.join(tried) or nothing}"
        refused = self._refusals()
        if refused:
            yield f"{refused} operations refuse an anonymous caller"
        untried = [str(o) for o in self.operations.values() if str(o) not in tried]
        if untried:
            yield f"not tried: {', '.join(untried)}"

    def _wait(self) -> None:
        """A new API takes up to a minute until it responds as it will."""
        for operation in self._lonely_reads():
            if self._can_call(operation):
                url = self.caller.url + operation.path
                self.caller.settled("GET", url, signed=operation.authorization == "AWS_IAM")
                return

    def _lonely_reads(self) -> list[Operation]:
        """GET without a parameter in its path or one that is required."""
        reads = []
        for operation in self.operations.values():
            is_lonely = "{" not in operation.path and not self._required(operation)
            if operation.method == "get" and is_lonely:
                reads.append(operation)
        return reads

    def _required(self, operation: Operation) -> list[Any]:
        required = []
        for reference in operation.node.get("parameters") or []:
            node = resolve(self.document, reference)
            if node.get("required") and node.get("in") != "path":
                required.append(node)
        return required

    def item_of(self, path: str) -> str | None:
        """The path of the items of a collection; None if it has none."""
        for other in self.document["paths"]:
            rest = other.removeprefix(f"{path.rstrip('/')}/")
            if rest != other and rest.startswith("{") and "/" not in rest and "{" not in path:
                return str(other)
        return None

    def can_create(self, path: str) -> bool:
        """Whether a POST to the path needs no more than a body that can be made."""
        create = self.operations.get(("post", path))
        return bool(create and self.body(create) is not None and not self._required(create))

    def _can_call(self, operation: Operation) -> bool:
        return operation.authorization in ("NONE", "AWS_IAM") or bool(self.caller.headers)

    def _live(self, path: str, item: str) -> list[str]:
        """The operations that were tried; none if nothing can be created or removed again."""
        create, remove = self.operations["post", path], self.operations.get(("delete", item))
        if remove is None or not self._can_call(create) or not self.can_create(path):
            return []
        body = self.body(create)
        made = [self._create(create, path, item, body)]
        tried = [str(create)]
        try:
            made += self._create_again(create, path, item, body)
            for method in ("get", "put"):
                operation = self.operations.get((method, item))
                if operation:
                    tried.append(str(operation))
                    content = self.body(operation)
                    self._expect(operation, self.call(operation, made[0], content), success=True)
        except ProjectError:
            self._clean_up(remove, made)
            raise
        for url in made:
            self._expect(remove, self.call(remove, url), success=True)
        read = self.operations.get(("get", item))
        if read:
            self._expect(read, self.call(read, made[0]), status=404)
        return [*tried, str(remove)]

    def _clean_up(self, remove: Operation, made: list[str]) -> None:
        """Delete what a failed test leaves, whether its Location leads there or not."""
        for url in made:
            name = url.rpartition("/")[2]
            self.call(remove, f"{remove.path.rpartition('/')[0]}/{name}")

    def _create(self, create: Operation, path: str, item: str, body: Any) -> str:
        created = self._expect(create, self.call(create, path, body), success=True)
        return self.where(created, item)

    def _create_again(self, create: Operation, path: str, item: str, body: Any) -> Iterator[str]:
        """Refused, or a second resource, whose URL this gives. An empty body is refused, too."""
        again = self._expect(create, self.call(create, path, body))
        if again.status_code < 300:
            yield self.where(again, item)
        if merged(self._schema(create), self._resolve).get("required"):
            refused = self._expect(create, self.call(create, path, {}))
            if refused.status_code < 400:
                raise _wrong(refused, "an error")

    def where(self, created: requests.Response, item: str) -> str:
        """The new resource's URL: its Location, or the property that its path's parameter names."""
        location = created.headers.get("Location")
        if location:
            return urljoin(self.caller.url, location)
        name = item.rpartition("{")[2].rstrip("}")
        value = created.json().get(name)
        if value is None:
            raise ProjectError(
                f"{item}: the response of POST has neither a Location nor a property {name!r}"
            )
        return self.caller.url + item.replace(f"{{{name}}}", str(value))

    def _refusals(self) -> int:
        """How many operations ask for a caller; each must refuse an anonymous one."""
        guarded = [o for o in self.operations.values() if o.authorization != "NONE"]
        for operation in guarded:
            url = self.caller.url + operation.path.replace("{", "").replace("}", "")
            response = self.caller.call(operation.method.upper(), url, anonymous=True)
            if response.status_code not in (401, 403):
                raise _wrong(response, "401 or 403 without credentials")
        return len(guarded)

    def body(self, operation: Operation) -> Any:
        """A new body; None if the operation takes none, or none can be made."""
        schema = self._schema(operation)
        try:
            return value(schema, secrets.randbelow(NUMBERS), self._resolve) if schema else None
        except NoValue:
            return None

    def _resolve(self, node: Any) -> Any:
        return resolve(self.document, node)

    def _media(self, operation: Operation) -> Mapping[str, Any]:
        request = resolve(self.document, operation.node.get("requestBody") or {})
        return (request.get("content") or {}).get(JSON) or {}

    def _schema(self, operation: Operation) -> Mapping[str, Any]:
        return self._media(operation).get("schema") or {}

    def call(self, operation: Operation, path: str, body: Any = None) -> requests.Response:
        """The response to a request to the operation at `path`, a path of the API or a URL."""
        url = path if path.startswith("http") else self.caller.url + path
        signed = operation.authorization == "AWS_IAM"
        return self.caller.call(operation.method.upper(), url, body, signed=signed)

    def _expect(
        self,
        operation: Operation,
        response: requests.Response,
        *,
        success: bool = False,
        status: int = 0,
    ) -> requests.Response:
        listed = operation.node.get("responses") or {}
        code = response.status_code
        if status and code != status:
            raise _wrong(response, str(status))
        if success and code >= 300:
            raise _wrong(response, "success")
        if code >= 500 or (str(code) not in listed and "default" not in listed):
            raise _wrong(response, f"one of {', '.join(listed)} below 500")
        described = resolve(self.document, listed.get(str(code)) or listed.get("default"))
        for name, node in (described.get("headers") or {}).items():
            if resolve(self.document, node).get("required") and name not in response.headers:
                raise _wrong(response, f"the header {name}")
        return response


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, node in item.items():
            if method in METHODS and _type(node) != "mock":
                yield Operation(method, path, node, _authorization(document, node))


def _type(node: Any) -> str:
    return str((node.get("x-amazon-apigateway-integration") or {}).get("type")).lower()


def _authorization(document: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    own = (node.get("x-amazon-apigateway-auth") or {}).get("type")
    if own:
        return str(own)
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    for requirement in node.get("security") or []:
        for name in requirement:
            is_signed = schemes.get(name, {}).get("x-amazon-apigateway-authtype") == "awsSigv4"
            return "AWS_IAM" if is_signed else name
    return "NONE"


def _wrong(response: requests.Response, expected: str) -> ProjectError:
    request = response.request
    sent = json.dumps(str(request.body)[:200]) if request.body else "no body"
    return ProjectError(
        f"{request.method} {request.url} with {sent} should have {expected}, "
        f"not {response.status_code} {response.text[:300]}"
    )
