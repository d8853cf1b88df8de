"""A request as a command or a program that sends the same request again: curl, HTTPie, Python."""

import base64
import re
import textwrap
from collections.abc import Callable

from samspec.gateway.events import Request

# The client and the connection set these themselves.
TRANSPORT = {"host", "content-length", "connection", "transfer-encoding", "expect"}
LONGEST = 100_000  # bytes of a body within a command: Linux takes 128 KiB for one argument
AWAITS_CONTINUE = 1_000_000  # bytes from which curl asks for 100-continue first


def as_curl(request: Request, origin: str) -> str:
    """A curl command for bash or zsh; `origin` is `http://host:port`."""
    words = ["curl -i --globoff --path-as-is"]
    if request.method == "HEAD" and not request.body:
        words.append("--head")
    elif request.method == "HEAD":
        # curl would wait for the body that a HEAD response announces and never has.
        words += ["--request HEAD", "--ignore-content-length", "-H 'Connection: close'"]
    elif request.method != "GET" or request.body:
        words.append(f"--request {quoted(request.method)}")
    words = [" ".join([*words, quoted(origin + target(request))])]
    for name, value in sent_headers(request):
        # An empty value would remove the header: a semicolon sends it without one.
        words.append(f"-H {quoted(f'{name}: {value}' if value else f'{name};')}")
    missing = missing_headers(request, "Accept", "User-Agent")
    if request.body:
        missing += missing_headers(request, "Content-Type")
    if len(request.body) > AWAITS_CONTINUE:
        missing.append("Expect")
    words += [f"-H '{name}:'" for name in missing]
    if not request.body:
        return _lines(words)
    if fits_in_command(request.body):
        return _lines([*words, f"--data-raw {quoted(request.body)}"])
    return _piped(request.body, [*words, "--data-binary @-"])


def as_httpie(request: Request, origin: str) -> str:
    """An HTTPie command (version 3)."""
    command = "http --path-as-is --print=hb"
    if not request.body or fits_in_command(request.body):
        command += " --ignore-stdin"
    words = [f"{command} {quoted(request.method)} {quoted(origin + target(request))}"]
    words += [quoted(_httpie_header(name, value)) for name, value in sent_headers(request)]
    missing = missing_headers(request, "Accept", "Accept-Encoding", "User-Agent")
    if request.body:
        missing += missing_headers(request, "Content-Type")
    words += [f"'{name}:'" for name in missing]
    if not request.body:
        return _lines(words)
    if fits_in_command(request.body):
        return _lines([*words, f"--raw {quoted(request.body)}"])
    return _piped(request.body, words)


def _httpie_header(name: str, value: str) -> str:
    if not value:
        return f"{name};"
    # Of `name:@file` and `name:=json` HTTPie would take the file or the JSON.
    return f"{name}:\\{value}" if value[0] in "@=" else f"{name}:{value}"


def as_python(request: Request, origin: str) -> str:
    """A program of the standard library only."""
    place = origin.removeprefix("http://")
    sent = sent_headers(request)
    lines = ["import http.client", "", f"connection = http.client.HTTPConnection({place!r})"]
    lines += ["headers = [", *[f"    ({name!r}, {value!r})," for name, value in sent], "]"]
    options = "" if _has(request, "Accept-Encoding") else ", skip_accept_encoding=True"
    lines.append(f"connection.putrequest({request.method!r}, {target(request)!r}{options})")
    lines += ["for name, value in headers:", "    connection.putheader(name, value)"]
    if request.body:
        lines += [f"body = {_literal(request.body)}"]
        lines += ['connection.putheader("Content-Length", str(len(body)))']
        lines += ["connection.endheaders(body)"]
    else:
        lines += ["connection.endheaders()"]
    lines += ["response = connection.getresponse()", "print(response.status, response.reason)"]
    lines += ['print(response.read().decode("utf-8", "replace"))', ""]
    return "\n".join(lines)


FORMATS: dict[str, Callable[[Request, str], str]] = {
    "curl": as_curl,
    "httpie": as_httpie,
    "python": as_python,
}


def target(request: Request) -> str:
    """The path and query as they were sent."""
    return re.sub(r"^\w+://[^/?]*", "", request.url) or "/"


def sent_headers(request: Request) -> list[tuple[str, str]]:
    """The headers that the caller chose."""
    return [(name, value) for name, value in request.headers if name.lower() not in TRANSPORT]


def missing_headers(request: Request, *names: str) -> list[str]:
    """Those of the headers, which a client would add by itself, that the request does not have."""
    return [name for name in names if not _has(request, name)]


def _has(request: Request, name: str) -> bool:
    return request.header(name) is not None


def fits_in_command(body: bytes) -> bool:
    """Whether a body can be an argument of a command."""
    try:
        return len(body) <= LONGEST and "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def quoted(text: str | bytes) -> str:
    """Text (a header's latin-1, a body's UTF-8) as one word for a shell.

    Control characters are escaped: pasted raw, a terminal would act on them.
    """
    raw = text if isinstance(text, bytes) else text.encode("latin-1", "replace")
    readable = raw.decode("utf-8", "replace")
    if isinstance(text, str) and not text.isascii():
        return "$'" + "".join(map(_escaped, raw)) + "'"
    if any(not (char.isprintable() or char in "\n\t") for char in readable):
        return "$'" + "".join(map(_escaped, raw)) + "'"
    return "'" + readable.replace("'", "'\\''") + "'"


def _escaped(byte: int) -> str:
    char = chr(byte)
    if char in "\\'":
        return "\\" + char
    return char if 32 <= byte < 127 else f"\\{byte:03o}"


def _lines(words: list[str]) -> str:
    return " \\\n  ".join(words)


def _piped(body: bytes, words: list[str]) -> str:
    """The command with its body as base64 in a here document."""
    encoded = "\n".join(textwrap.wrap(base64.b64encode(body).decode(), 76))
    return f"base64 -d <<'BODY' | {' '.join(words)}\n{encoded}\nBODY"


def _literal(body: bytes) -> str:
    try:
        return f"{body.decode()!r}.encode()"
    except UnicodeDecodeError:
        return repr(body)
