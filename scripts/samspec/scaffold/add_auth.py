"""`samspec add-auth`: ask every operation for its caller, by a user pool, a function or an API key.

It edits the spec and the template as text, and writes what belongs to it: rules in the handlers,
criteria, tests, sample events, README. On any error it changes nothing.
"""

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samspec.drift import validity
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.sam.written import SERVERLESS
from samspec.scaffold import add_auth_handlers as handlers
from samspec.scaffold import add_auth_template as template
from samspec.scaffold.add_auth_spec import SCHEMES, Guarded, Spec, collection_of
from samspec.scaffold.add_auth_text import YamlText
from samspec.scaffold.caller_tests import CallerTests, Criteria, marker
from samspec.scaffold.workspace import tidy

FILES = template.FILES
EPILOG = "Example: samspec add-auth cognito, then scripts/test --record and scripts/drift."
KINDS = {
    "cognito": "a Cognito user pool: tokens with scopes, sign-up, sign-in, administrators",
    "lambda": "a function that checks the tokens of another identity provider",
    "api-key": "API keys for partners, with a usage plan",
}
HEADING = "## Who may call"
FUNCTION_ROW = re.compile(r"\| \w+ \| AWS::Serverless::Function \|")
KEY_CRITERIA = [
    "**Given** no API key, or one of no partner, **when** the request is sent,\n"
    "   **then** the response is 403."
]


@dataclass
class Changes:
    """The new contents of files, by name, and what to tell about them."""

    contents: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    project = Project(options.root)
    finding = next(iter(validity.check_document(project.spec)), None)
    if finding:
        raise ProjectError(str(finding))
    for line in add(project, options.callers):
        print(line)
    return 0


def add(project: Project, callers: str) -> Iterator[str]:
    """Add the kind to the project's files; yields what was done, line by line."""
    text = YamlText(project.spec.name, _raw(project, project.spec.name), project.spec_keys)
    spec = Spec(text, SCHEMES[callers], _never_forbidden(project, callers))
    if spec.has_scheme:
        yield f"add-auth: {project.spec.name} has the scheme {SCHEMES[callers].name}: nothing to do"
        return
    conditions = sorted(set(spec.conditions()))
    guarded = spec.guard()
    changes = Changes(notes=spec.said)
    changes.contents[project.spec.name] = spec.text.result()
    _change_template(project, callers, guarded, conditions, changes)
    if SCHEMES[callers].scoped:
        _change_handlers(project, callers, guarded, changes)
    else:
        _add_partners_tests(project, guarded, changes)
    _change_documents(project, callers, guarded, changes)
    existing = {name for name in changes.contents if (project.root / name).exists()}
    for name, content in changes.contents.items():
        file = project.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode())
    tidy(project.root, [name for name in changes.contents if name.endswith(".py")])
    for operation in guarded:
        scopes = f" with {' or '.join(operation.scopes)}" if operation.scopes else ""
        route = f"{operation.method} {operation.path}"
        yield f"{operation.id}: {route} asks for {SCHEMES[callers].name}{scopes}"
    for name in changes.contents:
        yield f"  {'changed' if name in existing else 'wrote'} {name}"
    yield from (f"note: {note}" for note in changes.notes)


def _never_forbidden(project: Project, callers: str) -> frozenset[tuple[str, str]]:
    """What every caller with the scope may call: to create one's own. A lack of it is a 401."""
    if callers != "cognito" or not (project.root / handlers.CONVENTION).exists():
        return frozenset()
    own = handlers.Rule("creates_own")
    proxies = []
    for operation in project.proxies:
        if handlers.rule(project, operation) == own:
            proxies.append(operation)
    return frozenset((operation.method, operation.path) for operation in proxies)


def _change_template(
    project: Project, callers: str, guarded: list[Guarded], conditions: list[str], changes: Changes
) -> None:
    name = project.template.name
    shared = changes.contents.get(name) if name == project.spec.name else None
    text = YamlText(name, shared or _raw(project, name))
    folder, function = _code_folder(project), _python_function(project)
    added = template.fragment(callers, text, project.api, guarded, function, folder)
    template.add(text, added)
    _list_functions(project, added, changes)
    for condition in conditions:
        removed = template.retire(text, condition)
        if removed:
            _forget(project, removed, changes)
            changes.notes.append(
                f"{name}: {', '.join(removed)} chose between signatures and none: removed; look "
                "for them in samconfig.toml and scripts of your own"
            )
    changes.contents[name] = re.sub(r"\n{3,}", "\n\n", text.result())


def _list_functions(project: Project, added: template.Fragment, changes: Changes) -> None:
    """Add the new functions to a table of the resources, if a document has one."""
    rows = [
        f"| {name} | AWS::Serverless::Function | {purpose} |\n"
        for name, purpose in added.functions.items()
    ]
    for name in project.files("specs/*.md", "README.md"):
        lines = _raw(project, name).splitlines(keepends=True)
        listed = [n for n, line in enumerate(lines) if FUNCTION_ROW.match(line)]
        if listed and rows:
            lines[listed[-1] + 1 : listed[-1] + 1] = rows
            changes.contents[name] = "".join(lines)


def _forget(project: Project, removed: list[str], changes: Changes) -> None:
    """Remove what settings and the documents' tables say of what the template has no more."""
    for name in ("pyproject.toml", "samconfig.toml"):
        if (project.root / name).exists():
            text = _raw(project, name)
            settings = rf" ?\b(?:{'|'.join(map(re.escape, removed))})=[\w-]+"
            if re.search(settings, text):
                changes.contents[name] = re.sub(settings, "", text)
    cells = {f" {name} " for name in removed}
    for name in project.files("specs/*.md", "README.md"):
        text = changes.contents.get(name) or _raw(project, name)
        lines = text.splitlines(keepends=True)
        kept = [line for line in lines if not cells & set(line.split("|")[1:2])]
        if kept != lines:
            changes.contents[name] = "".join(kept)


def _change_handlers(
    project: Project, callers: str, guarded: list[Guarded], changes: Changes
) -> None:
    """The rules of ownership, if the handlers have this project's form."""
    names = dict(handlers.access_names(guarded))
    function = {"cognito": "customize_token", "lambda": "authorize_caller"}[callers]
    folder = _code_folder(project)
    is_ours = (project.root / handlers.CONVENTION).exists()
    names["@TOKENS@"] = "api.tokens" if is_ours else "tokens"
    changes.contents[f"{folder}{function}.py"] = handlers.filled(
        FILES / f"{function}.py.txt", names
    )
    if callers == "lambda":
        module = names["@TOKENS@"].replace(".", "/")
        changes.contents[f"{folder}{module}.py"] = handlers.filled(FILES / "tokens.py.txt", names)
        _require(project, f"{folder}requirements.in", changes)
    if not is_ours:
        changes.notes.append(
            "the handlers get the caller as requestContext.authorizer: check there whose data is "
            "asked for (this project has no handlers/api, so no rule was written)"
        )
        return
    changes.contents[handlers.ACCESS] = handlers.filled(FILES / "access.py.txt", names)
    ids = {operation.id for operation in guarded}
    for operation in project.operations:
        if operation.id in ids and operation.is_proxy:
            name, content = handlers.guarded_file(project, operation)
            changes.contents[name] = content
            if handlers.creates(operation) and not handlers.takes_keys(project, operation):
                changes.notes.append(
                    f"{operation} takes no {handlers.KEY}, so that nothing limits a caller to one "
                    "resource: it is for administrators"
                )
    changes.contents[f"tests/unit/test_{function}.py"] = handlers.filled(
        FILES / f"test_{function}.py.txt", names
    )
    _add_caller_tests(project, callers, guarded, changes)


def _add_partners_tests(project: Project, guarded: list[Guarded], changes: Changes) -> None:
    """The tests that every operation asks for a key, in a project with this project's client."""
    if not (project.root / "tests/client.py").exists():
        return
    criteria = Criteria(project, KEY_CRITERIA)
    shown = [name for operation in guarded for name in criteria.add(operation.id)]
    changes.contents |= criteria.pages
    changes.notes += criteria.notes
    content = handlers.filled(FILES / "test_partners.py.txt", {"@MARKERS@\n": marker(shown)})
    changes.contents["tests/unit/test_partners.py"] = content


def _require(project: Project, name: str, changes: Changes) -> None:
    """Let the functions have the library that checks tokens."""
    file = project.root / name
    text = _raw(project, name) if file.exists() else ""
    if "joserfc" not in text:
        changes.contents[name] = f"{text}joserfc>=1.1\n"
        changes.notes.append(f"{name}: joserfc checks the tokens; pin it with scripts/lock")


def _add_caller_tests(
    project: Project, callers: str, guarded: list[Guarded], changes: Changes
) -> None:
    """The tests of eight callers with every operation."""
    places = {(operation.method, operation.path) for operation in guarded}
    proxies = [proxy for proxy in project.proxies if (proxy.method, proxy.path) in places]
    tests = CallerTests(project, proxies, is_lambda=callers == "lambda")
    changes.contents |= dict(tests.files("tests/unit/test_callers.py"))
    changes.contents["tests/unit/test_access.py"] = (FILES / "test_access.py.txt").read_text()
    changes.notes += tests.notes


def _change_documents(
    project: Project, callers: str, guarded: list[Guarded], changes: Changes
) -> None:
    if SCHEMES[callers].scoped:
        _change_events(project, callers, guarded, changes)
    readme = project.root / "README.md"
    if readme.exists():
        names = {"@COLLECTION@": collection_of(guarded[0].path)}
        section = handlers.filled(FILES / f"readme-{callers}.md", names)
        text = changes.contents.get("README.md") or _raw(project, "README.md")
        text = _with_section(text, section)
        changes.contents["README.md"] = _with_credentials(text, callers, guarded)


def _with_credentials(text: str, callers: str, guarded: list[Guarded]) -> str:
    """The document, whose commands for the local API send credentials."""
    header = "X-Api-Key: $(scripts/token --api-key)"
    if SCHEMES[callers].scoped:
        scopes = " ".join(name.strip('"') for name in _all_scopes(guarded))
        header = f"Authorization: Bearer $(scripts/token --sub ada --scope {scopes})"
    pattern = (
        r"(curl (?:-\w+ )*)(http://127[.]0[.]0[.]1:3000/(?!_/)\S+)(?!\S)(?! -H \"(?:Auth|X-Api))"
    )
    return re.sub(pattern, lambda match: f'{match[0]} -H "{header}"', text)


def _with_section(text: str, section: str) -> str:
    """The document with this section, in the place of its own of that name, or at its end."""
    pattern = rf"^{re.escape(HEADING)}\n.*?(?=^## |\Z)"
    if re.search(pattern, text, re.MULTILINE | re.DOTALL):
        return re.sub(
            pattern, lambda _: section + "\n", text, count=1, flags=re.MULTILINE | re.DOTALL
        )
    return f"{text.rstrip()}\n\n{section}"


def _change_events(
    project: Project, callers: str, guarded: list[Guarded], changes: Changes
) -> None:
    """Sample events come from an administrator, so that they work as they did."""
    ids = {(operation.method, operation.path): operation for operation in guarded}
    for name in project.files("events/*.json"):
        text = _raw(project, name)
        event = _parsed(text)
        key = (str(event.get("httpMethod")), str(event.get("resource")))
        context = event.get("requestContext")
        if key not in ids or not isinstance(context, dict):
            continue
        scopes = [name.strip('"') for name in _all_scopes(guarded)]
        claims = {"sub": "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c", "scope": " ".join(scopes)}
        flat = {"principalId": claims["sub"], **claims}
        context["authorizer"] = flat if callers == "lambda" else {"claims": claims}
        changes.contents[name] = json.dumps(event, indent=2, ensure_ascii=False) + "\n"


def _all_scopes(guarded: list[Guarded]) -> list[str]:
    names = handlers.access_names(guarded)
    return ", ".join([names["@USER_SCOPES@"], names["@ADMIN_SCOPES@"]]).split(", ")


def _parsed(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _code_folder(project: Project) -> str:
    """Where the new function's code is, with a slash at the end; empty for the project's root."""
    folder = project.functions[_python_function(project)].properties.get("CodeUri")
    return "" if folder in (None, ".", "./") else f"{str(folder).removeprefix('./').strip('/')}/"


def _python_function(project: Project) -> str:
    """The last function in Python, whose code and build the new one shares."""
    names = []
    for name, function in project.functions.items():
        is_serverless = function.type_name == SERVERLESS
        if is_serverless and function.is_python and "InlineCode" not in function.properties:
            names.append(name)
    if not names:
        raise ProjectError(
            f"{project.template.name}: it has no AWS::Serverless::Function in Python with a folder "
            "of code, next to which the new one could be"
        )
    return names[-1]


def _raw(project: Project, name: str) -> str:
    """A file's text with its own line ends."""
    return (project.root / name).read_bytes().decode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samspec add-auth", description=__doc__, epilog=EPILOG, allow_abbrev=False
    )
    kinds = "; ".join(f"{name}: {purpose}" for name, purpose in KINDS.items())
    parser.add_argument("callers", choices=list(KINDS), help=kinds)
    parser.add_argument("--root", type=Path, default=Path(), help="default: this folder")
    return parser
