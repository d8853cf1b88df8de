"""Idempotency keys and entity tags, as `samspec remove` takes them out of a project.

The spec, the entry points, the feature specs, the tests, their record and the documents are edited
in the form that the scaffolds write. What has another form is named, and then nothing changes.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.scaffold import feature_pages, feature_tests, workspace
from samspec.scaffold.add_auth_handlers import has_rules
from samspec.scaffold.feature_spec import FeatureSpec, without_listed
from samspec.scaffold.new_operation import OBSERVED

SETTINGS = "schemathesis.toml"
OWN_CODE = "handlers/api"  # what any resource needs, with tests of its own
Edits = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RequestFeature:
    """`parameters` and `headers` are those of requests and of responses; `statuses` are of
    operations with the parameters. `clauses` are parts of sentences, `code` parts of entry points,
    `shared` parts of files by their names; each is a pattern with what takes its place. `files`
    go. `words` name the feature."""

    name: str
    parameters: tuple[str, ...]
    headers: tuple[str, ...]
    statuses: tuple[str, ...]
    words: str
    clauses: Edits
    code: Edits
    lines: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    shared: tuple[tuple[str, str, str], ...] = ()

    def is_named(self, text: str) -> bool:
        return bool(re.search(self.words, text))


IDEMPOTENCY = RequestFeature(
    "idempotency",
    parameters=("Idempotency-Key",),
    headers=("Idempotency-Replayed",),
    statuses=("422",),
    words=r"Idempotency-|[Ii]dempoten",
    clauses=(
        (
            r",\s+created\s+now\s+or\s+\(with\s+`Idempotency-Replayed`\)\s+by\s+an\s+earlier\s+request",
            "",
        ),
        (r", version 4, or 5 (?:if|where) an Idempotency-Key made it", ", version 4"),
        (r"Its address and its `Idempotency-Key` are free", "Its address is free"),
        (r"\s+and the digest of an idempotent\s+request", ""),
    ),
    code=(
        (r",\s+at\s+most\s+one\s+(?:per|for\s+each)\s+Idempotency-Key\s+of\s+a\s+caller", ""),
        (r"    key = arguments\.header\.get\(\"Idempotency-Key\"\)\n", ""),
        (r"(\.create\(\s*arguments\.body), key, arguments\.subject", r"\1"),
        (r"    if stored != \w+:\n        headers\[\"Idempotency-Replayed\"\] = \"true\"\n", ""),
    ),
)
ETAGS = RequestFeature(
    "etags",
    parameters=("If-Match", "If-None-Match"),
    headers=("ETag",),
    statuses=("304", "412"),
    words=r"\bETags?\b|If-(?:None-)?Match|\betags?\b|entity tag",
    clauses=(
        (r" and `ETag`", ""),
        (r" `revision` is the entity tag\.", ""),
    ),
    code=(
        (r"from api import etags\n", ""),
        (r", \"ETag\": \w+\.etag\}", "}"),
        (r", \{\"ETag\": \w+\.etag\}\)", ")"),
        (
            r"    headers = \{\"ETag\": \w+\.etag\}\n    if etags\.none_match\([^:]*:\n"
            r"        return Response\(200, (\w+)\.as_json\(\), headers\)\n"
            r"    return Response\(304, headers=headers\)\n",
            r"    return Response(200, \1.as_json())\n",
        ),
        (r",\s+or\s+304\s+(?:if|where)\s+the\s+caller\s+knows\s+it\s+as\s+it\s+is", ""),
        (r"    expected = etags\.revisions\(arguments\.header\.get\(\"If-Match\"\)\)\n", ""),
        (r"etags\.revisions\(arguments\.header\.get\(\"If-Match\"\)\)", "None"),
        (r"(\.(?:replace|remove)\([^\n]*), expected\b", r"\1, None"),
    ),
    lines=(r"^ *assert \w+\.etag == \w+\.etag\n",),
    files=(f"{OWN_CODE}/etags.py",),
    shared=(
        (
            f"{OWN_CODE}/resource.py",
            r"    @property\n    def etag\(self\) -> str:\n        return [^\n]*\n\n",
            "",
        ),
        (
            f"{OWN_CODE}/resource.py",
            r", and a revision, which is its entity tag",
            ", and a revision",
        ),
        (f"{OWN_CODE}/resource.py", r"can bring an entity tag back", "can bring a revision back"),
    ),
)
FEATURES = {feature.name: feature for feature in (IDEMPOTENCY, ETAGS)}


def remove(root: Path, feature: RequestFeature) -> Iterator[str]:
    """Removes it in place; yields the names of changed and removed files. Raises ProjectError."""
    project = Project(root)
    if feature is IDEMPOTENCY and has_rules(project):
        raise ProjectError(
            "handlers/api/access.py gives each caller's own resource an id by a key: idempotency "
            "keys cannot be removed from a project whose callers have rules"
        )
    spec = FeatureSpec(project, feature.parameters, feature.headers)
    if not spec.operations:
        raise ProjectError(f"{feature.name} is not in this project")
    changes = {project.spec.name: spec.without(feature.statuses, feature.clauses, feature.words)}
    changes |= dict(_handlers(project, feature))
    pages, numbers = feature_pages.without(project, feature.words, feature.clauses)
    changes |= pages
    changes |= feature_tests.without(project, feature.words, feature.lines, numbers)
    changes |= dict(_documents(project, feature))
    changes |= dict(_settings(project, feature, changes[project.spec.name]))
    changes |= dict(_record(project, feature, spec.operations))
    for name, text in changes.items():
        workspace.write(root, name, text)
        yield f"changed {name}"
    for name in feature.files:
        if (root / name).is_file():
            (root / name).unlink()
            yield f"removed {name}"
    workspace.tidy(root, [name for name in changes if name.endswith(".py")], is_pruned=True)


def _handlers(project: Project, feature: RequestFeature) -> Iterator[tuple[str, str]]:
    """The entry points, and the modules that all resources share."""
    for name in project.files("handlers/**/*.py"):
        before = after = project.text(name)
        for file, pattern, new in feature.shared:
            if file == name:
                after = re.sub(pattern, new, after)
        for line in re.findall(r"^EXPOSED = .*$", after, re.MULTILINE):
            after = after.replace(line, _exposing_less(line, feature))
        if not name.startswith(OWN_CODE):
            for pattern, new in feature.code:
                after = re.sub(pattern, new, after)
            feature_pages.require_gone(name, before, after, feature.words)
        if after != before:
            yield name, after


def _exposing_less(line: str, feature: RequestFeature) -> str:
    for header in feature.headers:
        line = without_listed(line, header)
    return line


def _documents(project: Project, feature: RequestFeature) -> Iterator[tuple[str, str]]:
    """Documents without the list items and table rows that are about the feature."""
    for name in project.files("*.md", "specs/*.md"):
        before = after = project.text(name)
        for pattern, new in feature.clauses:
            after = re.sub(pattern, new, after)
        after = feature_pages.without_items(after, feature.words)
        if after != before:
            yield name, after


def _settings(project: Project, feature: RequestFeature, spec: str) -> Iterator[tuple[str, str]]:
    """The settings of the property tests, without statuses that nothing responds with any more."""
    if not (project.root / SETTINGS).is_file():
        return
    lines = project.text(SETTINGS).splitlines()
    kept = [line for line in lines if not (line.startswith("#") and feature.is_named(line))]
    text = "\n".join(kept) + "\n"
    for status in feature.statuses:
        if f'"{status}":' not in spec:
            text = text.replace(f'"{status}", ', "")
    yield SETTINGS, text


def _record(
    project: Project, feature: RequestFeature, operations: list[str]
) -> Iterator[tuple[str, str]]:
    """What the tests recorded, as the next record will have it."""
    if not (project.root / OBSERVED).is_file():
        return
    record = json.loads(project.text(OBSERVED))
    for operation, responses in record.get("responses", {}).items():
        for status in list(responses):
            if operation in operations and status[:3] in feature.statuses:
                del responses[status]
                continue
            names = [name for name in responses[status].split(", ") if name]
            responses[status] = ", ".join(name for name in names if name not in feature.headers)
    yield OBSERVED, json.dumps(record, indent=2, sort_keys=True) + "\n"
