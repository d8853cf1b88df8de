"""The spec's part of `samspec add-auth`: schemes, security, 401 and 403, preflights."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent, indent

import yaml

from samspec.sam.errors import ProjectError
from samspec.sam.operations import ANY, INTEGRATION, METHODS
from samspec.scaffold.add_auth_text import Entry, YamlText, entries

AUTH = "x-amazon-apigateway-auth"
RESPONSES = "x-amazon-apigateway-gateway-responses"
UNAUTHORIZED_HEADERS = (RESPONSES, "UNAUTHORIZED", "responseParameters")
CHALLENGE = "WWW-Authenticate: { required: true, schema: { type: string } }"
ACTIONS = ("read", "write", "admin")
READING = ("get", "head")
UNAUTHORIZED = ("401", "Unauthorized", "Unauthorized", "Credentials are missing or not valid")
FORBIDDEN = ("403", "Forbidden", "Forbidden", "Not allowed")


@dataclass(frozen=True)
class Scheme:
    """A security scheme to add: its name, its lines, and whether its operations have scopes.

    `headers` are those that a browser must be allowed to send. API Gateway checks the scopes of a
    user pool's tokens only; those of a Lambda authorizer are its function's affair (`by_function`).
    """

    name: str
    lines: str
    scoped: bool
    headers: tuple[str, ...]
    by_function: bool = False


@dataclass(frozen=True)
class Guarded:
    """An operation that asks who calls from now on."""

    id: str
    method: str
    path: str
    scopes: tuple[str, ...]


class Spec:
    """The spec as text, with what the scheme adds to it."""

    def __init__(
        self,
        text: YamlText,
        scheme: Scheme,
        never_forbidden: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """`never_forbidden` are methods and paths that any caller with the scope may call."""
        self.text = text
        self._never_forbidden = never_forbidden
        self._scheme = scheme
        self.said: list[str] = []

    @property
    def has_scheme(self) -> bool:
        """Whether the spec has a scheme of that name already."""
        return self.text.find("components", "securitySchemes", self._scheme.name) is not None

    def guard(self) -> list[Guarded]:
        """Edit the text; returns the operations that ask who calls from now on."""
        conditions = set(self.conditions())
        guarded = []
        for path, method, entry in self._operations():
            if self._is_mock(entry):
                self._open(path, method, entry)
            else:
                guarded.append(self._guard(path, method, entry))
        if not guarded:
            raise ProjectError(
                f"{self.text.name}: no operation calls a function: there is nothing to guard"
            )
        self._add_components()
        self._allow_headers()
        self._challenge()
        for condition in conditions:
            self._settle(condition)
        return guarded

    def _operations(self) -> Iterator[tuple[str, str, Entry]]:
        for path in self.text.children("paths"):
            for entry in self.text.children("paths", path.key.value):
                if entry.key.value in METHODS or entry.key.value == ANY:
                    yield path.key.value, entry.key.value, entry

    def _is_mock(self, entry: Entry) -> bool:
        for child in entries(entry.value):
            if child.key.value == INTEGRATION:
                types = []
                for part in entries(child.value):
                    if part.key.value == "type":
                        types.append(part.value.value)
                return [str(name).lower() for name in types] == ["mock"]
        return False

    def _open(self, path: str, method: str, entry: Entry) -> None:
        """A preflight, or a 405, is open to everyone, and says so."""
        if self.text.find("paths", path, method, "security") is None:
            self._before_integration(path, method, "security: []")
        stated = self.text.find("paths", path, method, AUTH)
        if stated:
            self.text.remove(stated)

    def _guard(self, path: str, method: str, entry: Entry) -> Guarded:
        place = ("paths", path, method)
        existing = self.text.find(*place, "security")
        if existing:
            line = existing.line + 1
            raise ProjectError(
                f"{self.text.name}:{line}: {method.upper()} {path} has security already: "
                "remove it first, or add the scheme by hand"
            )
        scopes = self._scopes(path, method)
        named = "[]" if self._scheme.by_function else f"[{', '.join(scopes)}]"
        self._before_integration(path, method, f"security: [{{ {self._scheme.name}: {named} }}]")
        stated = self.text.find(*place, AUTH)
        if stated:
            self.text.remove(stated)
        for status, name, _, _ in self._statuses():
            if status == "401" or (method.upper(), path) not in self._never_forbidden:
                self._document(path, method, status, name)
        stated_id = self.text.find(*place, "operationId")
        id = str(stated_id.value.value) if stated_id else f"{method.upper()} {path}"
        return Guarded(id, method.upper(), path, scopes)

    def _scopes(self, path: str, method: str) -> tuple[str, ...]:
        """`users/read` or `users/write`, and the administrators' scope."""
        if not self._scheme.scoped:
            return ()
        collection = collection_of(path)
        action = "read" if method in READING else "write"
        return (f"{collection}/{action}", f"{collection}/admin")

    def _statuses(self) -> list[tuple[str, str, str, str]]:
        """401 and 403; an API key that is missing is a 403 as well."""
        return [UNAUTHORIZED, FORBIDDEN] if self._scheme.scoped else [FORBIDDEN]

    def _before_integration(self, path: str, method: str, line: str) -> None:
        self.text.get("paths", path, method)
        integration = self.text.find("paths", path, method, INTEGRATION)
        if integration is None:
            raise ProjectError(
                f"{self.text.name}: {method.upper()} {path} has no {INTEGRATION}: "
                "complete the operation first (samspec new-operation)"
            )
        self.text.add_before(line, integration)

    def _document(self, path: str, method: str, status: str, name: str) -> None:
        line = f'"{status}": {{ $ref: "#/components/responses/{name}" }}'
        children = self.text.children("paths", path, method, "responses")
        if any(str(child.key.value) == status for child in children):
            return
        later = [child for child in children if str(child.key.value) > status]
        if later:
            self.text.add_before(line, later[0])
        else:
            self.text.add(line, "paths", path, method, "responses")

    def _add_components(self) -> None:
        """The scheme, and the responses that its operations document, where they are missing."""
        sections = {"securitySchemes": self._stated_scheme()}
        responses = "\n".join(self._missing_responses())
        if responses:
            sections["responses"] = responses
        missing = ""
        for name, block in sections.items():
            if self.text.find("components", name):
                self.text.add(block, "components", name)
            else:
                missing += f"{name}:\n{indent(block, '  ')}\n"
        if not missing:
            return
        if self.text.find("components"):
            self.text.add_before(missing, self.text.children("components")[0])
        else:
            self._add_to_root(f"components:\n{indent(missing, '  ')}")

    def _add_to_root(self, block: str) -> None:
        if self.text.within:
            self.text.add(block)
        else:
            self.text.append(block)

    def _stated_scheme(self) -> str:
        stated = self._scheme.lines.strip().replace("@SCOPES@", self._all_scopes())
        return f"{self._scheme.name}:\n{indent(stated, '  ')}"

    def _all_scopes(self) -> str:
        guarded = (path for path, _, entry in self._operations() if not self._is_mock(entry))
        names = sorted({collection_of(path) for path in guarded})
        return ", ".join(f"{name}/{action}" for name in names for action in ACTIONS)

    def _missing_responses(self) -> Iterator[str]:
        """Unauthorized and Forbidden, in the form of an error that the spec has already."""
        for status, name, title, detail in self._statuses():
            if self.text.find("components", "responses", name):
                continue
            block = _response(self._model(), status, name, title, detail)
            if status == "401" and self._challenges:
                block = block.replace("\n  headers:\n", f"\n  headers:\n    {CHALLENGE}\n", 1)
            yield block

    def _model(self) -> str:
        """The block of an error that the spec documents; empty if it has none."""
        if self.text.find("components", "responses") is None:
            return ""
        for entry in self.text.children("components", "responses"):
            block = self.text.block(entry)
            if re.search(r"^ +status: 5\d\d$", block, re.MULTILINE) and "Retry-After" not in block:
                return block
        return ""

    def _allow_headers(self) -> None:
        """The preflights allow the header that carries the credentials."""
        for path, method, entry in self._operations():
            if method != "options" or not self._is_mock(entry):
                continue
            place = ("paths", path, method, INTEGRATION, "responses", "default")
            name = "method.response.header.Access-Control-Allow-Headers"
            allowed = self.text.find(*place, "responseParameters", name)
            if allowed is None or not isinstance(allowed.value, yaml.ScalarNode):
                self.said.append(
                    f"{self.text.name}: OPTIONS {path} states no Access-Control-Allow-Headers "
                    f"of its own: it must allow {', '.join(self._scheme.headers)}"
                )
                continue
            self._allow(allowed)

    def _allow(self, allowed: Entry) -> None:
        names = [name.strip() for name in str(allowed.value.value).strip("'").split(",")]
        allowed_names = {name.lower() for name in names}
        missing = [name for name in self._scheme.headers if name.lower() not in allowed_names]
        if missing:
            text = ", ".join(sorted([*names, *missing]))
            self.text.replace_text(allowed.value, f"\"'{text}'\"")

    @property
    def _challenges(self) -> bool:
        """Whether the 401 is the spec's own, which then names the scheme of the credentials."""
        return self._scheme.scoped and self.text.find(*UNAUTHORIZED_HEADERS) is not None

    def _challenge(self) -> None:
        """A 401 names the scheme of the credentials (RFC 9110, 11.6.1)."""
        header = "gatewayresponse.header.WWW-Authenticate"
        if self._challenges and not self.text.find(*UNAUTHORIZED_HEADERS, header):
            self.text.add(f"{header}: \"'Bearer'\"", *UNAUTHORIZED_HEADERS)

    def conditions(self) -> Iterator[str]:
        """The conditions that chose between a signature and none: nothing to choose is left."""
        for path, method, _ in self._operations():
            place = ("paths", path, method, AUTH, "type", "Fn::If")
            choice = self.text.find(*place)
            if choice and isinstance(choice.value, yaml.SequenceNode):
                yield str(choice.value.value[0].value)

    def _settle(self, condition: str) -> None:
        """What depended on a signature being asked for takes the branch without one."""
        for node in _mappings(self.text._root):
            chosen = list(entries(node))
            if len(chosen) != 1 or chosen[0].key.value != "Fn::If":
                continue
            branches = chosen[0].value.value
            if len(branches) == 3 and branches[0].value == condition:
                if _is_within_auth(self.text, node):
                    continue
                self.text.replace(node, branches[2])


def collection_of(path: str) -> str:
    """The first segment of a path, which names its scopes: users for /users/{id}."""
    segment = path.strip("/").split("/")[0]
    return re.sub(r"[^\w-]", "", segment) or "api"


def _is_within_auth(text: YamlText, node: yaml.Node) -> bool:
    """Whether the node is the type of an `x-amazon-apigateway-auth`, which goes as a whole."""
    line = text._lines[node.start_mark.line]
    above = text._lines[node.start_mark.line - 1]
    return AUTH in line or AUTH in above or line.strip().startswith("type:")


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
    children: list[yaml.Node] = []
    if isinstance(node, yaml.CollectionNode):
        for child in node.value:
            children += child if isinstance(child, tuple) else [child]
    for child in children:
        yield from _mappings(child)


def _response(model: str, status: str, name: str, title: str, detail: str) -> str:
    reasons = {
        "401": "The credentials are missing, expired or not valid.",
        "403": "The caller may not do this.",
    }
    if not model:
        return f"{name}:\n  description: {reasons[status]}"
    block = re.sub(r"^\S+:", f"{name}:", model, count=1)
    block = re.sub(
        r"^(  description:).*$", rf"\1 {reasons[status]}", block, count=1, flags=re.MULTILINE
    )
    block = re.sub(r"^( +title:).*$", rf"\1 {title}", block, count=1, flags=re.MULTILINE)
    block = re.sub(r"^( +status:).*$", rf"\1 {status}", block, count=1, flags=re.MULTILINE)
    return re.sub(r"^( +detail:).*$", rf"\1 {detail}", block, count=1, flags=re.MULTILINE).rstrip()


COGNITO = Scheme(
    "UserPool",
    dedent(
        """
        type: apiKey # what API Gateway takes; an access token in the header Authorization
        name: Authorization
        in: header
        description: An access token of the user pool, next to the word Bearer.
        x-amazon-apigateway-authtype: cognito_user_pools
        x-amazon-apigateway-authorizer:
          type: cognito_user_pools
          providerARNs:
            - Fn::If: [CreatesUserPool, { Fn::GetAtt: [UserPool, Arn] }, { Ref: UserPoolArn }]
        """
    ),
    scoped=True,
    headers=("Authorization",),
)
LAMBDA = Scheme(
    "TokenAuthorizer",
    dedent(
        """
        type: apiKey # what API Gateway takes; an access token in the header Authorization
        name: Authorization
        in: header
        description: An access token of the identity provider, next to the word Bearer.
        x-samspec-scopes: [@SCOPES@] # what the function asks of a token
        x-amazon-apigateway-authtype: custom
        x-amazon-apigateway-authorizer:
          type: token
          authorizerUri:
            Fn::Sub: arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${AuthorizeCallerFunction.Arn}:live/invocations
          identityValidationExpression: "^Bearer [-0-9A-Za-z_]+[.][-0-9A-Za-z_]+[.][-0-9A-Za-z_]+$"
          authorizerResultTtlInSeconds: 300
        """  # noqa: E501 (an ARN)
    ),
    scoped=True,
    headers=("Authorization",),
    by_function=True,
)
API_KEY = Scheme(
    "api_key",
    dedent(
        """
        type: apiKey
        name: x-api-key
        in: header
        description: A partner's key. A usage plan says how many requests it is good for.
        """
    ),
    scoped=False,
    headers=("X-Api-Key",),
)
SCHEMES = {"cognito": COGNITO, "lambda": LAMBDA, "api-key": API_KEY}
