"""`samspec remove canary`: takes a feature that you do not need out of the project.

canary: gradual deploys. kms: the customer-managed key. github: workflows. sam-local: `sam local`
over DynamoDB Local. bench: the benchmark. idempotency: Idempotency-Key. etags: ETag, If-Match and
If-None-Match. On any error nothing changes.
"""

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from samspec.sam.documents import Document, nodes
from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import copying, dead_links, request_features, workspace
from samspec.scaffold.blocks import block
from samspec.scaffold.remove_resource import without

Keys = tuple[str, ...]
SUITES = ".ci/suites"
SETTINGS = ("samconfig.toml", "pyproject.toml")
ALARM, ACTIONS = "AWS::CloudWatch::Alarm", "AlarmActions"
NAMED = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")
FILES: dict[str, tuple[str, ...]] = {
    "github": (".github",),
    "sam-local": ("scripts/sam-local", ".ci/docker-daemon", ".ci/lambda-image"),
    "bench": ("scripts/bench", "tests/bench"),
}
LINES: dict[str, dict[str, list[str]]] = {
    "sam-local": {SUITES: [r"^docker +"]},
}


def main(arguments: list[str] | None = None) -> int:
    """Removes the feature and prints what is gone; returns 0."""
    parser = argparse.ArgumentParser(prog="samspec remove", description=__doc__)
    parser.add_argument("feature", choices=CHOICES)
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder")
    options = parser.parse_args(arguments)
    with workspace.workspace(options.root) as copy:
        lines = list(remove(copy, options.feature))
    print("\n".join(lines))
    return 0


def remove(root: Path, feature: str) -> Iterator[str]:
    """Removes it in place; yields lines that say what is gone. ProjectError if it is not there."""
    if feature in request_features.FEATURES:
        yield from request_features.remove(root, request_features.FEATURES[feature])
        yield "Next: scripts/test --record, scripts/check"
        return
    gone = []
    for pattern in FILES.get(feature, ()):
        for path in [root / pattern, *sorted((root / pattern).rglob("*"))]:
            if path.is_file():
                path.unlink()
                gone.append(str(path.relative_to(root)))
    for name, patterns in LINES.get(feature, {}).items():
        copying.without_lines(root, {name: patterns})
    if feature in TEMPLATE:
        project = Project(root)
        before = project.text(project.template.name)
        after = without_unused(before, TEMPLATE[feature](before))
        if after != before:
            (root / project.template.name).write_text(after, encoding="utf-8")
            gone.append(f"parts of {project.template.name}")
            gone += _forgotten(root, _parameters(before) - _parameters(after))
    if not gone:
        raise ProjectError(f"{feature} is not in this project")
    yield from (f"removed {name}" for name in gone)
    if feature in FILES:
        yield from (f"removed links from {name}" for name in dead_links.drop(root))


def _parameters(text: str) -> set[str]:
    return set(Document.parse(text, "template").data.get("Parameters") or {})


def _forgotten(root: Path, parameters: set[str]) -> Iterator[str]:
    """Takes what documents' tables and settings say of the parameters out of them; where."""
    if not parameters:
        return
    names = "|".join(sorted(parameters))
    rows = re.compile(rf"^\| *`?(?:{names})`? *\|.*\n", re.MULTILINE)
    settings = re.compile(rf" ?\b(?:{names})=[\w-]+")
    texts = dict.fromkeys(dead_links.documents(root), rows)
    texts |= {root / name: settings for name in SETTINGS if (root / name).is_file()}
    for path, pattern in texts.items():
        before = path.read_text(encoding="utf-8")
        after = pattern.sub("", before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            yield f"{', '.join(sorted(parameters))} from {path.relative_to(root)}"


def _without_canary(text: str) -> str:
    """The template without gradual deploys. Alarms that only ended one tell whom the others do."""
    used = set(_alarms(text))
    for keys in _places(text, "DeploymentPreference"):
        text = without(text, keys)
    for name in sorted(used - set(_alarms(text))):
        text = _telling(text, name)
    return text


def _alarms(text: str) -> Iterator[str]:
    """The alarms that gradual deploys watch."""
    for at, node in nodes(Document.parse(text, "template").data):
        if "DeploymentPreference" in at and "Alarms" in at and at[-1] == "Ref":
            yield str(node)


def _telling(text: str, name: str) -> str:
    """The template, whose alarm of that name has the actions of another, if it has none."""
    document = Document.parse(text, "template")
    resources = document.data["Resources"]
    alarm = resources.get(name, {}).get("Properties")
    others = []
    for other, resource in resources.items():
        if resource.get("Type") == ALARM and ACTIONS in resource.get("Properties", {}):
            others.append(other)
    if alarm is None or ACTIONS in alarm or not others:
        return text
    lines = text.splitlines()
    start = document.line("Resources", others[0], "Properties", ACTIONS) - 1
    at = document.line("Resources", name, "Properties") - 1
    while lines[at].strip() != "Properties:":
        at -= 1
    return "\n".join([*lines[: at + 1], *block(lines, start), *lines[at + 1 :]]) + "\n"


def _without_key(text: str) -> str:
    """The template without its keys, and without every property that refers to one."""
    document = Document.parse(text, "template")
    resources = document.data["Resources"]
    keys = [name for name, r in resources.items() if r.get("Type") == "AWS::KMS::Key"]
    for name in keys:
        text = without(text, ("Resources", name))
        while True:
            place = _referring(text, name)
            if place is None:
                break
            text = without(text, place)
    return text


def _referring(text: str, name: str) -> Keys | None:
    """The property of a resource, or the output, that refers to what has that name."""
    for at, node in nodes(Document.parse(text, "template").data):
        reference = node in (name, [name]) or (isinstance(node, str) and f"${{{name}" in node)
        attribute = isinstance(node, str) and node.startswith(f"{name}.")
        if reference or attribute or (isinstance(node, list) and node[:1] == [name]):
            if at[0] == "Resources" and len(at) > 4:
                return at[:4]
            if at[0] == "Outputs":
                return at[:2]
    return None


def _places(text: str, key: str) -> list[Keys]:
    """Where a key is, the deepest and last first."""
    places = [at for at, _ in nodes(Document.parse(text, "template").data) if at[-1:] == (key,)]
    return sorted(places, key=len, reverse=True)


def without_unused(before: str, after: str) -> str:
    """The template without conditions, parameters and settings that only the removed parts used."""
    kept = _unused(before)
    while True:
        unused = sorted(_unused(after) - kept)
        if not unused:
            return after
        after = without(after, unused[0])


def _unused(text: str) -> set[Keys]:
    data = Document.parse(text, "template").data
    defined: set[Keys] = set()
    for section in ("Conditions", "Parameters"):
        defined |= {(section, name) for name in data.get(section) or {}}
    for name, rows in (data.get("Mappings") or {}).items():
        for row, values in rows.items():
            defined |= {("Mappings", name, row, key) for key in values}
    names = _names(data)
    return {keys for keys in defined if keys[-1] not in names}


def _names(data: object) -> set[str]:
    """Everything that the template names: references, conditions, keys of mappings."""
    names: set[str] = set()
    for at, node in nodes(data):
        if not isinstance(node, str) or at[0] in ("Metadata", "Mappings"):
            continue
        names |= {node, *NAMED.findall(node)}
    return names


TEMPLATE: dict[str, Callable[[str], str]] = {"canary": _without_canary, "kms": _without_key}
CHOICES = sorted({*FILES, *TEMPLATE, *request_features.FEATURES})
