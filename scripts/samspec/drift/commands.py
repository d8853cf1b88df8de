"""The commands in the documents: requests fit the definition, and what they name exists."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit

from samspec.drift.application import Application, is_proxy
from samspec.drift.examples import broken, parameter_fault
from samspec.drift.functions import event_routes
from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.written import WrittenApi, is_json

# Blocks of shell, and commands between backticks that begin with one of PROGRAMS.
BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^ *```\s*$",
    re.MULTILINE | re.DOTALL,
)
SHELLS = {"", "sh", "shell", "bash", "console", "zsh", "commandline", "shell-session"}
INLINE = re.compile(r"`((?:scripts/|sam |samspec )[^`\n]+)`")
LOOSE = re.compile(r"^\$? *(curl (?:.*\\\n)*.*)$", re.MULTILINE)
LOCAL = {"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "::1"}  # noqa: S104 (only compared with)
PLACEHOLDER = re.compile(r"[<$]|\{\{|\.\.\.|[A-Z_]{3,}$")
METHOD = {"-X", "--request"}
BODY = {"-d", "--data", "--data-raw", "--data-ascii", "--data-binary", "--json", "--data-urlencode"}
HEADER = {"-H", "--header"}
GET = {"-G", "--get"}
# Options of curl that take a value and say nothing about the request's form.
VALUED = {
    *(
        [
            "-o",
            "--output",
            "-w",
            "--write-out",
            "-u",
            "--user",
            "--aws-sigv4",
            "-m",
            "--max-time",
            "-A",
            "--user-agent",
        ]
    ),
    *(
        [
            "--retry",
            "--retry-delay",
            "--retry-max-time",
            "--connect-timeout",
            "-b",
            "--cookie",
            "-c",
        ]
    ),
    *(
        [
            "--cookie-jar",
            "--cacert",
            "--cert",
            "--key",
            "-e",
            "--referer",
            "-x",
            "--proxy",
            "--resolve",
            "-T",
        ]
    ),
    *(
        [
            "--upload-file",
            "-F",
            "--form",
            "--limit-rate",
            "-D",
            "--dump-header",
            "-K",
            "--config",
            "--oauth2-bearer",
        ]
    ),
    *(
        [
            "--max-redirs",
            "--interface",
            "--url",
            "--connect-to",
            "--range",
            "-r",
            "--tls-max",
            "--noproxy",
        ]
    ),
}
ENDS = {"|", "||", "&&", ";", ">", ">>", "<", "2>", "&", "2>&1"}
PACKAGE = Path(__file__).parents[1]
OPTION = re.compile(r"--[a-z][a-z-]*")
# What the wrapper of a command runs: scripts/run start "$@".
RUNS = re.compile(r'(?:/run"?|-m samspec|\bsamspec) ([a-z][a-z-]*) "\$@"')


@dataclass
class Request:
    """A request that a curl command makes."""

    method: str = ""
    target: str = ""
    body: str | None = None
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    is_opaque: bool = False  # its body comes from a file or a form
    is_get: bool = False  # -G: its data is the query


def check(application: Application) -> Iterator[Finding]:
    """Every command of every document."""
    for name in application.files(*application.conventions.documents):
        content = application.text(name)
        for line, command in commands(content):
            for rule, message, fix in _faults(application, command):
                yield Finding(name, line, message, fix, rule)


def commands(content: str) -> Iterator[tuple[int, str]]:
    """The commands of a Markdown text, each with its line."""
    covered: list[tuple[int, int]] = []
    for block in BLOCK.finditer(content):
        if block["language"].lower() not in SHELLS:
            continue
        covered.append(block.span())
        start = content.count("\n", 0, block.start("text")) + 1
        yield from _in_block(block["text"], start)
    for pattern in (INLINE, LOOSE):
        for match in pattern.finditer(content):
            inside = any(begin <= match.start() < end for begin, end in covered)
            if not inside:
                yield content.count("\n", 0, match.start()) + 1, _joined(match[1])


def _in_block(text: str, start: int) -> Iterator[tuple[int, str]]:
    lines = text.splitlines()
    is_console = any(line.lstrip().startswith("$ ") for line in lines)
    number = 0
    while number < len(lines):
        first, command = number, lines[number].strip()
        while command.endswith("\\") and number + 1 < len(lines):
            number += 1
            command = f"{command[:-1]} {lines[number].strip()}"
        # A text in quotes may go on in the next line.
        while _is_open(command) and number + 1 < len(lines):
            number += 1
            command = f"{command}\n{lines[number]}"
        number += 1
        prompt = command.startswith("$ ")
        if command and not command.startswith("#") and (prompt or not is_console):
            yield start + first, command.removeprefix("$ ")


def _is_open(command: str) -> bool:
    if not command.startswith(("curl", "$ curl")):
        return False
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return True
    return False


def _joined(command: str) -> str:
    return command.replace("\\\n", " ")


Fault = tuple[str, str, str]  # rule, what is wrong, how to fix it


def _faults(application: Application, command: str) -> Iterator[Fault]:
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        if command.startswith("curl"):
            yield "command-quotes", "the command's quotation does not end", "close the quotes"
        return
    while words and ("=" in words[0] or words[0] in ("sudo", "time", "env", "watch")):
        words = words[1:]
    for part in _parts(words):
        if part[0] == "curl":
            yield from _curl(application, part[1:])
        elif part[0] == "sam":
            yield from _sam(application, part[1:])
        elif part[0].startswith(("scripts/", "./scripts/")):
            yield from _script(application, part)
        elif part[0] == "samspec":
            yield from _samspec(part[1:])


def _parts(words: list[str]) -> Iterator[list[str]]:
    """The commands of a line that are joined by |, &&, ;."""
    part: list[str] = []
    for word in words:
        if word in ENDS:
            if part:
                yield part
            part = []
            if word in (">", ">>", "<", "2>"):
                part = ["(file)"]
        else:
            part.append(word)
    if part:
        yield part


# curl


def _curl(application: Application, words: list[str]) -> Iterator[Fault]:
    request = _request(words)
    try:
        parts = urlsplit(request.target if "//" in request.target else f"http://{request.target}")
    except ValueError:
        return  # a placeholder in brackets where a host belongs
    if not application.definitions or not _is_ours(parts.hostname, parts.netloc):
        return
    path = unquote(parts.path) or "/"
    if path.startswith("/_/") or path == "/_":
        return  # the local gateway's own pages
    match = _operation(application, request.method, path)
    if match is None and _is_event_route(application, request.method, path):
        return
    if match is None:
        if not PLACEHOLDER.search(path):
            yield (
                "command-operation",
                f"{request.method} {path} is not an operation of the definition",
                "correct the command",
            )
        return
    api, operation, values = match
    if not is_proxy(operation):
        return
    request.query += parse_qsl(parts.query, keep_blank_values=True)
    yield from _query(api, operation, request)
    yield from _path(api, operation, values)
    yield from _body(api, operation, request)


def _is_ours(host: str | None, place: str) -> bool:
    """This machine, an API Gateway or a placeholder; any other host is another API."""
    if host is None or host in LOCAL or place.startswith(("$", "<", "{")):
        return True
    return ".execute-api." in place or "$" in place


def _request(words: list[str]) -> Request:
    request = Request()
    rest = iter(words)
    for word in rest:
        _take(request, word, rest)
    if request.is_get and request.body is not None:
        request.query += parse_qsl(request.body, keep_blank_values=True)
        request.body, request.method = None, request.method or "GET"
    has_body = request.body is not None or request.is_opaque
    request.method = (request.method or ("POST" if has_body else "GET")).upper()
    return request


def _take(request: Request, word: str, rest: Iterator[str]) -> None:
    """One word of the command, and its value from the rest if it takes one."""
    name, _, attached = word.partition("=") if word.startswith("--") else (word, "", "")
    if name in METHOD:
        request.method = attached or next(rest, "")
    elif name in BODY:
        _add_body(request, name, attached or next(rest, ""))
    elif name in HEADER:
        header, _, value = (attached or next(rest, "")).partition(":")
        request.headers[header.strip().lower()] = value.strip()
    elif name in GET:
        request.is_get = True
    elif name in ("-I", "--head"):
        request.method = request.method or "HEAD"
    elif name in VALUED:
        _add_valued(request, name, attached or next(rest, ""))
    elif word.startswith("-X"):
        request.method = word[2:]
    elif not word.startswith("-") and not request.target:
        request.target = word


def _add_body(request: Request, name: str, value: str) -> None:
    if value.startswith("@") or (name == "--data-urlencode" and "@" in value.partition("=")[0]):
        request.is_opaque = True
    elif name == "--data-urlencode":
        request.body = value if request.body is None else f"{request.body}&{value}"
    else:
        request.body = value
    if name == "--json":
        request.headers.setdefault("content-type", "application/json")


def _add_valued(request: Request, name: str, value: str) -> None:
    if name in ("-F", "--form", "-T", "--upload-file"):
        request.is_opaque = True
    if name == "--url":
        request.target = value


def _operation(
    application: Application, method: str, path: str
) -> tuple[WrittenApi, Operation, dict[str, str]] | None:
    """The operation that a path leads to, behind a stage or base path or not."""
    best = None
    for api in application.definitions:
        for operation in api.operations:
            if operation.method not in (method, "ANY"):
                continue
            names: list[str] = []
            pattern = _pattern(operation.path, names)
            match = re.fullmatch(f"(?:/[^/]+)?{pattern}/?", path) or re.fullmatch(
                f"{pattern}/?", path
            )
            if match and (best is None or operation.method != "ANY"):
                values = dict(zip(names, match.groups(), strict=False))
                if best is None or best[1].method == "ANY" or len(values) < len(best[2]):
                    best = (api, operation, values)
    return None if best is None or _is_405(best[1]) else best


def _is_event_route(application: Application, method: str, path: str) -> bool:
    """Whether an API without a definition has the path, behind a stage or not."""
    for allowed, route in event_routes(application):
        pattern = _pattern(route, [])
        if allowed in (method, "ANY") and re.fullmatch(f"(?:/[^/]+)?{pattern}/?", path):
            return True
    return False


def _is_405(operation: Operation) -> bool:
    """Whether the operation only tells that the path has no such method."""
    type_name = str(operation.integration.get("type")).lower()
    return operation.method == "ANY" and type_name == "mock"


def _pattern(path: str, names: list[str]) -> str:
    pattern = ""
    for piece in re.split(r"(\{[^}]+\})", path.rstrip("/")):
        if piece.startswith("{"):
            names.append(piece[1:-1].removesuffix("+"))
            pattern += "(.+)" if piece.endswith("+}") else "([^/]+)"
        else:
            pattern += re.escape(piece)
    return pattern


def _query(api: WrittenApi, operation: Operation, request: Request) -> Iterator[Fault]:
    taken = {str(p["name"]): p for p in api.parameters(operation) if p["in"] == "query"}
    by_name: dict[str, list[str]] = {}
    for name, value in request.query:
        by_name.setdefault(name, []).append(value)
    for name, values in by_name.items():
        if name not in taken:
            yield (
                "command-query",
                f"{operation} takes no query parameter {name}",
                f"use {', '.join(sorted(taken)) or 'none'}",
            )
        elif not any(PLACEHOLDER.search(value) for value in values):
            fault = parameter_fault(api, taken[name], values)
            if fault:
                yield "command-query", f"{name} breaks the definition ({fault})", "correct it"


def _path(api: WrittenApi, operation: Operation, values: dict[str, str]) -> Iterator[Fault]:
    for parameter in api.parameters(operation):
        value = values.get(str(parameter["name"]).removesuffix("+"))
        if parameter["in"] != "path" or value is None or PLACEHOLDER.search(value):
            continue
        fault = parameter_fault(api, parameter, [value])
        if fault:
            yield (
                "command-path",
                f"{parameter['name']} in the path breaks the definition ({fault})",
                "write a value that fits",
            )


def _body(api: WrittenApi, operation: Operation, request: Request) -> Iterator[Fault]:
    if request.is_opaque:
        return
    contents = api.contents(operation)
    if request.body is None:
        return
    if not contents:
        yield "command-body", f"{operation} takes no body", "leave the body out"
        return
    media = request.headers.get("content-type", "application/x-www-form-urlencoded")
    taken = {name.partition(";")[0].strip().lower() for name in contents}
    actual = media.partition(";")[0].strip().lower()
    if actual not in taken and not taken & {"*/*", f"{actual.partition('/')[0]}/*"}:
        yield (
            "command-body",
            f"it sends {actual}, and {operation} takes {', '.join(sorted(taken))}",
            f"add -H 'Content-Type: {min(taken)}'",
        )
        return
    if not is_json(media) or PLACEHOLDER.search(request.body.replace("{{", "")):
        return
    try:
        value = json.loads(request.body)
    except ValueError:
        yield "command-body", "the body is not JSON", "correct it"
        return
    fault = broken(api, api.body_schema(operation), value)
    if fault:
        yield "command-body", f"the body breaks the definition ({fault})", "correct the command"


# sam


def _sam(application: Application, words: list[str]) -> Iterator[Fault]:
    functions = application.functions
    options = _options(words)
    plain = [word for word in words if not word.startswith("-")]
    named = None
    if plain[:2] == ["local", "invoke"]:
        named = _argument(words[words.index("invoke") + 1 :])
        yield from _file_option(application, options, ("--event", "-e"))
    elif plain[:2] == ["remote", "invoke"]:
        named = _argument(words[words.index("invoke") + 1 :])
        yield from _file_option(application, options, ("--event-file",))
    elif plain[:1] == ["logs"]:
        named = options.get("-n") or options.get("--name")
    is_name = named and functions and not PLACEHOLDER.search(named)
    if is_name and named not in application.resources:
        yield (
            "command-function",
            f"{named} is not a function of {application.template.name}",
            f"name one of {', '.join(sorted(functions))}",
        )
    environment = options.get("--config-env")
    existing = application.samconfig
    if (
        environment
        and existing
        and environment not in existing
        and not PLACEHOLDER.search(environment)
    ):
        yield (
            "command-environment",
            f"samconfig.toml has no environment {environment}",
            f"name one of {', '.join(name for name in existing if name != 'version')}",
        )
    parameters = application.section("Parameters")
    unknown = [name for name in _override_names(words) if name not in parameters]
    for name in unknown:
        if not PLACEHOLDER.search(name):
            yield (
                "command-parameter",
                f"the template has no parameter {name}",
                f"name one of {', '.join(parameters)}",
            )
    if not unknown:
        yield from _overriding(application, plain, words, environment)


def _overriding(
    application: Application, plain: list[str], words: list[str], environment: str | None
) -> Iterator[Fault]:
    """`sam deploy` takes parameters from the command line or from samconfig.toml, not from both."""
    if plain[:1] not in (["deploy"], ["sync"]) or "--parameter-overrides" not in words:
        return
    commands = application.samconfig.get(environment or "default")
    section = commands.get(plain[0]) if isinstance(commands, dict) else None
    stated = section.get("parameters") if isinstance(section, dict) else None
    if isinstance(stated, dict) and "parameter_overrides" in stated:
        yield (
            "command-overrides",
            f"sam {plain[0]} --parameter-overrides drops the parameters that samconfig.toml sets",
            "give all of them, or put the new one into samconfig.toml",
        )


def _argument(words: list[str]) -> str | None:
    """The first word that is neither an option nor an option's value."""
    previous = ""
    for word in words:
        if not word.startswith("-") and not (previous.startswith("-") and "=" not in previous):
            return word
        previous = word
    return None


def _options(words: list[str]) -> dict[str, str]:
    options = {}
    for index, word in enumerate(words):
        if word.startswith("-"):
            name, equals, value = word.partition("=")
            following = words[index + 1] if index + 1 < len(words) else ""
            options[name] = value if equals else following
    return options


def _override_names(words: list[str]) -> list[str]:
    if "--parameter-overrides" not in words:
        return []
    names = []
    for word in words[words.index("--parameter-overrides") + 1 :]:
        if word.startswith("-"):
            break
        names += [part.partition("=")[0] for part in word.split() if "=" in part]
    return [name for name in names if "ParameterKey" not in name]


def _file_option(
    application: Application, options: dict[str, str], names: tuple[str, ...]
) -> Iterator[Fault]:
    for name in names:
        file = options.get(name)
        if file and file != "-" and not PLACEHOLDER.search(file) and not application.exists(file):
            yield "command-file", f"there is no {file}", "name a file that exists"


# The project's own scripts


def _script(application: Application, words: list[str]) -> Iterator[Fault]:
    script = words[0].removeprefix("./")
    if PLACEHOLDER.search(script) or "*" in script:
        return
    path = application.root / script
    if not path.exists():
        if (application.root / "scripts").is_dir():
            yield "command-script", f"there is no {script}", "name a script that exists"
        return
    if path.is_file() and not path.stat().st_mode & 0o100:
        yield "command-script", f"{script} cannot be run", f"chmod +x {script}"
    for word in words[1:]:
        if _is_project_path(application, word):
            yield "command-file", f"there is no {word}", "name a file that exists"
    command = RUNS.search(application.text(script)) if path.is_file() else None
    if command:
        yield from _samspec([command[1], *words[1:]])
    elif path.is_file():
        yield from _script_options(script, application.text(script), words[1:])


def _script_options(script: str, content: str, words: list[str]) -> Iterator[Fault]:
    """Options of a script of its own, unless it passes on what it is given."""
    if '"$@"' in content or "$*" in content or not content.startswith("#!"):
        return
    existing = {*OPTION.findall(content), "--help"}
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("--") and option != "--" and option not in existing:
            yield (
                "command-option",
                f"{script} has no option {option}",
                f"use {', '.join(sorted(existing))}",
            )


def _is_project_path(application: Application, word: str) -> bool:
    """Whether a word is a path into one of the project's folders, and leads nowhere."""
    if PLACEHOLDER.search(word) or "*" in word or "::" in word or "=" in word:
        return False
    path = PurePosixPath(word)
    if len(path.parts) < 2 or path.is_absolute() or "//" in word or path.parts[0] == "..":
        return False
    return (application.root / path.parts[0]).is_dir() and not application.exists(word)


# samspec itself


def _samspec(words: list[str]) -> Iterator[Fault]:
    if not words or words[0].startswith("-") or PLACEHOLDER.search(words[0]):
        return
    module = _modules().get(words[0])
    if module is None:
        yield (
            "command-script",
            f"samspec has no command {words[0]}",
            f"name one of {', '.join(sorted(_modules()))}",
        )
        return
    existing = _options_of(module)
    for word in words[1:]:
        option = word.partition("=")[0]
        if word == "--":
            break
        if option.startswith("--") and option not in existing:
            yield (
                "command-option",
                f"samspec {words[0]} has no option {option}",
                f"see samspec {words[0]} --help",
            )


@cache
def _modules() -> dict[str, str]:
    """The modules of samspec's commands by name, read from the command line's own table."""
    text = (PACKAGE / "cli.py").read_text(encoding="utf-8")
    return dict(re.findall(r'"([a-z-]+)": Command\(\s*"([\w.]+)"', text))


@cache
def _options_of(module: str) -> set[str]:
    """Every option that a command's package mentions."""
    folder = (PACKAGE.parent / module.replace(".", "/")).parent
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))]
    return {option for text in texts for option in OPTION.findall(text)} | {"--help"}
