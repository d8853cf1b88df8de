"""Check 10: what a caller of an earlier spec would break on in this one, unless its major version says so."""

import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from samspec.drift.narrowing import narrowed
from samspec.sam.documents import Document, Keys
from samspec.sam.errors import ProjectError
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.project import Project

Break = tuple[Keys, str, str]  # where, the rule, and what breaks it
Content = Mapping[str, Any]


def check(project: Project, reference: str) -> Iterator[Finding]:
    before = _at(project, reference)
    if _major(project.spec.data) > _major(before.spec.data):
        return
    for at, rule, differs in _breaks(before, project):
        mend = f"take it back, or raise the major version of info.version (rule {rule}, against {reference})"
        yield project.spec.finding(at, f"{differs}, and callers break", mend)


def _at(project: Project, reference: str) -> "Earlier":
    """The spec at a git ref."""
    spec = project.spec.name
    command = ["git", "-C", str(project.root), "show", "--end-of-options", f"{reference}:./{spec}"]
    try:
        shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except FileNotFoundError:
        raise ProjectError(
            "--against: git is not installed: install it, or leave the option out"
        ) from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["git failed"])[0]
        raise ProjectError(f"--against {reference}: {said}: name a ref that has {spec}") from None
    document = Document.parse(shown, f"{reference}:{spec}")
    if not isinstance(document.data, dict) or not isinstance(document.data.get("paths"), dict):
        raise ProjectError(
            f"--against {reference}: {spec} is no OpenAPI document there: name another ref"
        )
    return Earlier(document)


class Earlier(Project):
    """As much of a project as its spec says."""

    def __init__(self, spec: Document) -> None:
        self.spec = spec


def _major(spec: Mapping[str, Any]) -> int:
    text = str((spec.get("info") or {}).get("version")).partition(".")[0]
    return int(text) if text.isdecimal() else 0


def _breaks(before: Project, after: Project) -> Iterator[Break]:
    now = {str(operation): operation for operation in after.operations}
    for operation in before.operations:
        if str(operation) not in now:
            yield operation.keys, "operation-removed", f"{operation} is gone"
        elif operation.method != "ANY":
            yield from _Change(before, after, operation, now[str(operation)]).breaks()


class _Change:
    """One operation, as it was and as it is."""

    def __init__(self, before: Project, after: Project, was: Operation, now: Operation) -> None:
        self.before, self.after, self.was, self.now = before, after, was, now

    def breaks(self) -> Iterator[Break]:
        for keys, rule, differs in (
            *self._auth(),
            *self._parameters(),
            *self._body(),
            *self._responses(),
        ):
            yield (*self.now.keys, *keys), rule, f"{self.now}{differs}"

    def _auth(self) -> Iterator[Break]:
        for key in ("security", "x-amazon-apigateway-auth"):
            if self.was.node.get(key) != self.now.node.get(key):
                yield (key,), "auth-changed", f" has another {key}"

    def _parameters(self) -> Iterator[Break]:
        was = {(one["in"], one["name"]): one for one in self.before.parameters(self.was)}
        now = {(one["in"], one["name"]): one for one in self.after.parameters(self.now)}
        for key, one in now.items():
            if one.get("required") and not was.get(key, {}).get("required"):
                yield ("parameters",), "parameter-required", f" requires {key[1]} now"
            if key in was:
                yield from self._narrowed(
                    was[key]["schema"], one["schema"], ("parameters",), f"'s {key[1]}", False
                )
        for key in was.keys() - now.keys():
            yield ("parameters",), "parameter-removed", f" takes no {key[1]} any more"

    def _body(self) -> Iterator[Break]:
        was = self.before.resolve(self.was.node.get("requestBody", {}))
        now = self.after.resolve(self.now.node.get("requestBody", {}))
        if now.get("required") and not was.get("required"):
            yield ("requestBody",), "body-required", " requires a body now"
        yield from self._content(was, now, ("requestBody",), "'s body", False)

    def _responses(self) -> Iterator[Break]:
        now = self.after.responses(self.now)
        for status, response in self.before.responses(self.was).items():
            at, what = ("responses", status), f"'s {status}"
            if status not in now:
                yield at, "status-removed", f"{what} is gone"
                continue
            for name in response.get("headers", {}).keys() - now[status].get("headers", {}).keys():
                yield at, "header-removed", f"{what} has no {name} any more"
            yield from self._content(response, now[status], at, what, True)

    def _content(
        self, was: Content, now: Content, at: Keys, what: str, answer: bool
    ) -> Iterator[Break]:
        for media, content in was.get("content", {}).items():
            if media in now.get("content", {}):
                schemas = content.get("schema", {}), now["content"][media].get("schema", {})
                yield from self._narrowed(*schemas, at, what, answer)
            else:
                yield at, "media-type-removed", f"{what} is no {media} any more"

    def _narrowed(self, was: Any, now: Any, at: Keys, what: str, answer: bool) -> Iterator[Break]:
        """A request breaks callers where it takes less, an answer where it says more: where it took less before."""
        schemas = (
            ((now, self.after), (was, self.before))
            if answer
            else ((was, self.before), (now, self.after))
        )
        (wide, wide_project), (narrow, narrow_project) = schemas
        specs = wide_project.spec.data, narrow_project.spec.data
        for rule, differs in narrowed(wide, narrow, specs, answer):
            yield at, f"{'response' if answer else 'request'}-{rule}", f"{what}{differs}"
