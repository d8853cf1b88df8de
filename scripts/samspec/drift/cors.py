"""Check 2, for browsers: what the gateway itself says of methods and headers is what the operations have."""

import re
from collections.abc import Iterator

from samspec.sam.documents import nodes
from samspec.sam.finding import Finding
from samspec.sam.project import Project

HEADER = re.compile(
    r"(?:method\.response|gatewayresponse)\.header\.(Allow|Access-Control-(?:Allow|Expose)-\w+s)"
)
# What browsers show of any response, and what is for them and not for a page's script.
SAFE = {"Content-Type", "Cache-Control", "Content-Length", "WWW-Authenticate"}


def check(project: Project) -> Iterator[Finding]:
    """Holds every fixed list against what it should have."""
    exposed = {
        name
        for one in project.proxies
        for reply in project.responses(one).values()
        for name in reply.get("headers", {})
    }
    exposed = {name for name in exposed - SAFE if not name.startswith("Access-Control-")}
    for at, value in nodes(project.spec.data):
        header = HEADER.fullmatch(at[-1]) if at and isinstance(value, str) else None
        if not header:
            continue
        said = set(re.split(r",\s*", value.strip("'")))
        methods, sent = _taken(project, at[1])
        if header[1] in ("Allow", "Access-Control-Allow-Methods"):
            wrong = methods ^ said
        else:
            wrong = (exposed if "Expose" in header[1] else sent) - said
        if wrong:
            differs = f"{header[1]} of {at[1]} is wrong about {', '.join(sorted(wrong))}"
            yield project.spec.finding(at, differs, "list what the operations have")


def _taken(project: Project, path: str) -> tuple[set[str], set[str]]:
    """The methods of a path, and the headers that their callers may send."""
    operations = [one for one in project.operations if one.path == path and one.method != "ANY"]
    headers = {
        node["name"]
        for one in operations
        for node in project.parameters(one)
        if node["in"] == "header"
    }
    if any("requestBody" in one.node for one in operations):
        headers.add("Content-Type")
    return {one.method for one in operations}, headers
