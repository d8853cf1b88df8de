"""What changed since a git ref: what callers break on, what functions may do, what needs two
steps."""

import subprocess
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from samspec.drift.application import Application
from samspec.drift.functions import event_routes
from samspec.drift.narrowing import narrowed
from samspec.drift.policies import grants
from samspec.drift.rollout import two_steps
from samspec.drift.security import auth_type
from samspec.sam.documents import Document, Keys
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.variants import Variant
from samspec.sam.written import WrittenApi

Break = tuple[Keys, str, str]  # where, the kind of break, and what breaks
Content = Mapping[str, Any]


def check(application: Application, reference: str) -> Iterator[Finding]:
    """The changes since a git ref. Raises ProjectError if the ref does not have the project."""
    before = Earlier(application, reference)
    for api in application.definitions:
        earlier = _same(before, api)
        if earlier is None:
            continue
        if not isinstance(earlier.data.get("paths"), dict):
            raise ProjectError(
                f"--against {reference}: {earlier.document.name} is not an OpenAPI document: "
                "name another ref"
            )
        yield from _api_breaks(application, before, api, earlier, reference)
        yield from two_steps(application, before, api, earlier, reference)
    for api in before.definitions:
        if _same(application, api) is None:
            yield _removed(application, api, reference)
    yield from _routes_removed(application, before, reference)
    yield from _widened(application, before, reference)


def _routes_removed(
    application: Application, before: Application, reference: str
) -> Iterator[Finding]:
    """Routes of APIs that events made."""
    defined = set()
    for api in application.definitions:
        for operation in api.operations:
            defined.add((operation.method, operation.path))
    for method, path in sorted(event_routes(before) - event_routes(application) - defined):
        yield application.template.finding(
            "break",
            ("Resources",),
            f"{method} {path} is gone, and callers break",
            f"keep it until its callers have moved (rule operation-removed, against {reference})",
        )


def _same(application: Application, api: WrittenApi) -> WrittenApi | None:
    """The definition that another state of the project has in an API's place."""
    definitions = application.definitions
    for candidate in definitions:
        if candidate.name == api.name:
            return candidate
    files = [item for item in definitions if item.document.name == api.document.name]
    return files[0] if files else None


def _removed(application: Application, api: WrittenApi, reference: str) -> Finding:
    return application.template.finding(
        "break",
        ("Resources",),
        f"the API {api.name} is gone, and callers break",
        f"keep it until its callers have moved (rule api-removed, against {reference})",
    )


class Earlier(Application):
    """The project as git has it at a ref."""

    def __init__(self, application: Application, reference: str) -> None:
        self.reference = reference
        self._current = application
        self._shown: dict[str, str | None] = {}
        super().__init__(application.root, application.template.name)
        if not self.definitions and application.definitions:
            raise ProjectError(
                f"--against {reference}: it has no API definition there: name another ref"
            )

    def text(self, name: str) -> str:
        content = self._show(name)
        if content is None:
            raise ProjectError(f"--against {self.reference}: it has no {name}: name another ref")
        return content

    def document(self, name: str) -> Document:
        document = Document.parse(self.text(name), f"{self.reference}:{name}")
        if not isinstance(document.data, dict):
            raise ProjectError(
                f"--against {self.reference}: {name} is not a document there: name another ref"
            )
        return document

    def exists(self, name: str) -> bool:
        return self._show(name) is not None

    @cached_property
    def samconfig(self) -> dict[str, Any]:
        """The parameters are those of today: it is the template that is compared."""
        return self._current.samconfig

    def _show(self, name: str) -> str | None:
        if name not in self._shown:
            self._shown[name] = _shown(self.root, self.reference, name)
        return self._shown[name]


def _shown(root: Path, reference: str, name: str) -> str | None:
    """A file's text at a git ref, None if it has none there."""
    command = ["git", "-C", str(root), "show", "--end-of-options", f"{reference}:./{name}"]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except FileNotFoundError:
        raise ProjectError(
            "--against: git is not installed: install it, or leave the option out"
        ) from None
    except (subprocess.CalledProcessError, UnicodeDecodeError) as error:
        message = str(getattr(error, "stderr", error)).strip()
        if "does not exist in" in message or "exists on disk, but not in" in message:
            return None
        first = (message.splitlines() or ["git failed"])[0]
        raise ProjectError(f"--against {reference}: {first}: name a ref that has {name}") from None


# Callers


def _api_breaks(
    application: Application,
    before: Application,
    api: WrittenApi,
    earlier: WrittenApi,
    reference: str,
) -> Iterator[Finding]:
    if _major(api) > _major(earlier):
        return
    version = str((api.data.get("info") or {}).get("version"))
    next_major = f"{_major(earlier) + 1}.0.0"
    for keys, break_rule, message in _breaks(application, before, api, earlier):
        yield api.finding(
            "break",
            keys,
            f"{message}, and callers break",
            f"take it back, or raise info.version from {version} to {next_major} "
            f"(rule {break_rule}, against {reference})",
        )


def _major(api: WrittenApi) -> int:
    text = str((api.data.get("info") or {}).get("version")).removeprefix("v").partition(".")[0]
    return int(text) if text.isdecimal() else 0


def plain_path(path: str) -> str:
    """A path without the names of its variables, which callers do not see."""
    return "/".join("{+}" if part.endswith("+}") else "{}" if part.startswith("{") else part
                    for part in path.split("/"))  # fmt: skip


def _breaks(
    application: Application, before: Application, api: WrittenApi, earlier: WrittenApi
) -> Iterator[Break]:
    now = {(item.method, plain_path(item.path)): item for item in api.operations}
    for operation in earlier.operations:
        current = now.get((operation.method, plain_path(operation.path)))
        if current is None:
            yield operation.keys, "operation-removed", f"{operation} is gone"
        elif operation.method != "ANY":
            environments = before.environments[0], application.environments[0]
            yield from _Change(earlier, api, operation, current, environments).breaks()


class _Change:
    """One operation, as it was and as it is."""

    def __init__(
        self,
        before: WrittenApi,
        after: WrittenApi,
        was: Operation,
        now: Operation,
        environments: tuple[Variant, Variant],
    ) -> None:
        self.before, self.after, self.was, self.now = before, after, was, now
        self.environments = environments

    def breaks(self) -> Iterator[Break]:
        """Every way in which a caller of the earlier operation breaks."""
        for keys, break_rule, message in (
            *self._security(),
            *self._parameters(),
            *self._body(),
            *self._responses(),
        ):
            yield (*self.now.keys, *keys), break_rule, f"{self.now}{message}"

    def _security(self) -> Iterator[Break]:
        was, now = _alternatives(self.was), _alternatives(self.now)
        for alternative in was:
            if not any(_is_satisfied(wanted, alternative) for wanted in now):
                asked = " or ".join(_named(wanted) for wanted in now)
                yield ("security",), "auth-changed", f" asks for another security: {asked}"
                break
        types = auth_type(self.was, self.environments[0]), auth_type(self.now, self.environments[1])
        ours, theirs = (value.upper() or "NONE" for value in types)
        if ours != theirs and theirs != "NONE":
            message = f" asks for {theirs}, which was {ours}"
            yield ("x-amazon-apigateway-auth",), "auth-changed", message

    def _parameters(self) -> Iterator[Break]:
        was, now = self._by_key(self.before, self.was), self._by_key(self.after, self.now)
        for key, parameter in now.items():
            name = parameter["name"]
            if parameter.get("required") and not was.get(key, {}).get("required"):
                yield ("parameters",), "parameter-required", f" requires {name} now"
            if key in was:
                yield from self._narrowed(
                    _schema(was[key]), _schema(parameter), ("parameters",), f"'s {name}", False
                )
                yield from self._default(was[key], parameter)
        for key in was.keys() - now.keys():
            message = f" takes no {was[key]['name']} any more"
            yield ("parameters",), "parameter-removed", message

    def _by_key(
        self, api: WrittenApi, operation: Operation
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """The parameters by place and name; by position in the path, whose names are unseen."""
        places = [part for part in operation.path.split("/") if part.startswith("{")]
        keyed = {}
        for parameter in api.parameters(operation):
            place, name = str(parameter["in"]), str(parameter["name"])
            if place == "path":
                variables = [part.strip("{}").removesuffix("+") for part in places]
                plain = name.removesuffix("+")
                name = str(variables.index(plain)) if plain in variables else name
            elif place == "header":
                name = name.lower()
            keyed[place, name] = parameter
        return keyed

    def _default(self, was: Content, now: Content) -> Iterator[Break]:
        ours = self.before.mapping(_schema(was)).get("default")
        theirs = self.after.mapping(_schema(now)).get("default")
        if ours is not None and ours != theirs:
            message = f"'s {now['name']} has the default {theirs}, which was {ours}"
            yield ("parameters",), "default-changed", message

    def _body(self) -> Iterator[Break]:
        was = self.before.mapping(self.was.node.get("requestBody"))
        now = self.after.mapping(self.now.node.get("requestBody"))
        if now.get("required") and not was.get("required"):
            yield ("requestBody",), "body-required", " requires a body now"
        yield from self._content(was, now, ("requestBody",), "'s body", False)

    def _responses(self) -> Iterator[Break]:
        now = self.after.responses(self.now)
        for status, response in self.before.responses(self.was).items():
            at, label = ("responses", status), f"'s {status}"
            if status not in now:
                yield at, "status-removed", f"{label} is gone"
                continue
            yield from self._headers(response, now[status], at, label)
            yield from self._content(response, now[status], at, label, True)

    def _headers(self, was: Content, now: Content, at: Keys, label: str) -> Iterator[Break]:
        ours = {str(name).lower(): (name, node) for name, node in _items(was, "headers")}
        theirs = {str(name).lower(): node for name, node in _items(now, "headers")}
        for key, (name, node) in ours.items():
            if key not in theirs:
                yield at, "header-removed", f"{label} has no {name} any more"
                continue
            old, new = self.before.mapping(node), self.after.mapping(theirs[key])
            if old.get("required") and not new.get("required"):
                yield at, "header-optional", f"{label} may lack {name} now"
            yield from self._narrowed(
                old.get("schema", {}), new.get("schema", {}), at, f"{label}'s {name}", True
            )

    def _content(
        self, was: Content, now: Content, at: Keys, label: str, is_response: bool
    ) -> Iterator[Break]:
        contents = dict(_contents(now))
        for media, content in _contents(was):
            if media in contents:
                schemas = _schema(content), _schema(contents[media])
                yield from self._narrowed(*schemas, at, label, is_response)
            else:
                yield at, "media-type-removed", f"{label} is no longer {media}"
        old = dict(_contents(was))
        if is_response and old:
            for media in contents.keys() - old.keys():
                yield at, "media-type-added", f"{label} may be {media} now"

    def _narrowed(
        self, was: Any, now: Any, at: Keys, label: str, is_response: bool
    ) -> Iterator[Break]:
        """A request breaks callers if it takes less, a response if it says more than before."""
        pairs = ((was, self.before), (now, self.after))
        (wide, wide_api), (narrow, narrow_api) = pairs[::-1] if is_response else pairs
        specs = wide_api.data, narrow_api.data
        side = "response" if is_response else "request"
        for break_rule, message in narrowed(wide, narrow, specs, is_response):
            yield at, f"{side}-{break_rule}", f"{label}{message}"


def _contents(node: Content) -> list[tuple[str, Any]]:
    """The media types of a body; Swagger 2.0 states one schema for all."""
    stated = _items(node, "content")
    return stated if stated or "schema" not in node else [("of its form", node)]


def _items(node: Content, key: str) -> list[tuple[str, Any]]:
    value = node.get(key)
    return list(value.items()) if isinstance(value, dict) else []


def _schema(node: Content) -> Any:
    """The schema of a parameter or media type; of a parameter of Swagger 2.0, itself."""
    if not isinstance(node, Mapping):
        return {}
    if "schema" in node:
        return node["schema"]
    keywords = ("type", "format", "enum", "pattern", "items", "minimum", "maximum", "default",
                "minLength", "maxLength")  # fmt: skip
    return {key: node[key] for key in keywords if key in node}


Alternative = Mapping[str, list[str]]


def _alternatives(operation: Operation) -> list[Alternative]:
    """The ways in which a caller may be let in; one that asks nothing if it is open."""
    security = operation.node.get("security")
    listed: list[Alternative] = [item for item in security or [] if isinstance(item, dict)]
    return listed or [{}]


def _is_satisfied(wanted: Alternative, offered: Alternative) -> bool:
    for name, scopes in wanted.items():
        if name not in offered:
            return False
        # Any one of the scopes lets a caller in: more of them is no break, fewer may be.
        if scopes and not set(offered[name] or scopes) <= set(scopes):
            return False
        if scopes and not offered[name]:
            return False
    return True


def _named(alternative: Alternative) -> str:
    return " and ".join(alternative) or "none"


# Permissions


def _widened(application: Application, before: Application, reference: str) -> Iterator[Finding]:
    for function in application.functions.values():
        earlier = before.functions.get(function.name)
        for environment, environment_before in zip(
            application.environments, before.environments, strict=False
        ):
            now = grants(application, function, environment)
            was = grants(before, earlier, environment_before) if earlier else None
            if was is None or not (now.is_known and was.is_known):
                break
            allowed = set()
            for statement in was.statements:
                if statement.effect == "Allow":
                    for action in statement.actions:
                        for resource in statement.resources:
                            allowed.add((action, resource))
            added = _added(now, allowed)
            names = {name for name, _ in now.managed} - {name for name, _ in was.managed}
            for text, at in (*added, *((name, _place(now, name)) for name in sorted(names))):
                yield application.template.finding(
                    "iam-widened",
                    at,
                    f"{function.name} may {text} now, and might not before "
                    f"(with {environment.label})",
                    f"review it (against {reference})",
                )
            if added or names:
                break


def _added(now: Any, allowed: set[tuple[str, str]]) -> list[tuple[str, Keys]]:
    from samspec.drift.permissions import covers, short

    texts = []
    for statement in now.statements:
        if statement.effect != "Allow":
            continue
        if statement.inverted:
            texts.append((f"do all but what {statement.inverted} lists", statement.at))
            continue
        pairs = [(action, name) for action in statement.actions for name in statement.resources]
        new = [pair for pair in pairs if not any(covers(item, pair) for item in allowed)]
        texts += [(f"call {action} on {short(name)}", statement.at) for action, name in new]
    return texts


def _place(now: Any, name: str) -> Keys:
    return next(at for other, at in now.managed if other == name)
