"""Links of the documents lead somewhere, and a runbook has a section for each alarm."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from samspec.drift.application import Application
from samspec.sam.finding import Finding

LINK = re.compile(r"(?<!\\)\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
FENCED = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//|[{<$]", re.IGNORECASE)
MARKDOWN = (".md", ".markdown")
ALARM = "AWS::CloudWatch::Alarm"


def check(application: Application) -> Iterator[Finding]:
    """Every link of every document, then the headings that name alarms."""
    for name in application.files(*application.conventions.documents):
        content = _without_code(application.text(name))
        yield from _links(application, name, content)
        yield from _alarms(application, name, content)


def _without_code(content: str) -> str:
    """The text with spaces for code, so that each place stays what it is."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return FENCED.sub(blank, content)


def _links(application: Application, name: str, content: str) -> Iterator[Finding]:
    text = CODE.sub(lambda match: " " * len(match[0]), content)
    for match in LINK.finditer(text):
        path, _, anchor = match[1].partition("#")
        if SCHEME.match(match[1]) or path.startswith("/"):
            continue
        file = _target(name, unquote(path)) if path else name
        line = content.count("\n", 0, match.start()) + 1
        if file is None:
            continue  # it leads out of the project
        if not application.exists(file):
            message = f"the link to {file} leads nowhere"
            yield Finding(name, line, message, "name a file that exists", "document-link")
        elif anchor and file.endswith(MARKDOWN) and not _has(application, file, anchor):
            message = f"{file} has no heading for the link to #{anchor}"
            yield Finding(name, line, message, "name a heading that exists", "document-link")


def _target(name: str, path: str) -> str | None:
    parts: list[str] = []
    for part in (PurePosixPath(name).parent / path).parts:
        if part != "..":
            parts.append(part)
        elif not parts:
            return None
        else:
            parts.pop()
    return str(Path(*parts)) if parts else "."


def _has(application: Application, file: str, anchor: str) -> bool:
    text = application.text(file)
    wanted = unquote(anchor).lower()
    if f'id="{anchor}"' in text or f'name="{anchor}"' in text:
        return True
    slugs = {_slug(heading) for heading in HEADING.findall(FENCED.sub("", text))}
    # A second heading of the same text gets a number.
    return wanted in slugs or re.sub(r"-\d+$", "", wanted) in slugs


def _slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w -]", "", plain.lower()).replace(" ", "-")


def _alarms(application: Application, name: str, content: str) -> Iterator[Finding]:
    """A document that has sections for most alarms has them for all, and for no others."""
    alarms = [key for key, item in application.resources.items() if item.get("Type") == ALARM]
    places = {match[1].strip("`"): match.start() for match in HEADING.finditer(content)}
    described = [alarm for alarm in alarms if alarm in places]
    if len(described) < 2 or len(described) * 2 < len(alarms):
        return
    for alarm in alarms:
        if alarm not in places:
            line = content.count("\n", 0, places[described[-1]]) + 1
            message = f"it has a section for other alarms, and none for {alarm}"
            yield Finding(name, line, message, "say what to do when it goes off", "alarm-runbook")
    for heading, start in places.items():
        is_alarm = re.fullmatch(r"[A-Z]\w+Alarm", heading)
        if is_alarm and heading not in application.resources:
            line = content.count("\n", 0, start) + 1
            message = f"its section {heading} is about an alarm that the template does not have"
            yield Finding(name, line, message, "rename or remove it", "alarm-runbook")
