"""The template's part of `samspec add-auth`: parameters, conditions, resources and outputs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import yaml

from samspec.sam.documents import Document, Loader
from samspec.sam.errors import ProjectError
from samspec.scaffold.add_auth_spec import Guarded, collection_of
from samspec.scaffold.add_auth_text import Entry, YamlText, entries

FILES = Path(__file__).parent / "add_auth_files"
SECTIONS = ("Parameters", "Conditions", "Resources", "Outputs")
AFTER = {"Parameters": "Transform", "Conditions": "Parameters", "Outputs": "Resources"}
REFERENCE = r"(?:Ref:? |Ref\": \"|!Ref |\$\{)"


@dataclass(frozen=True)
class Fragment:
    """The text that a kind adds to the sections of a template."""

    sections: Mapping[str, str]

    @property
    def functions(self) -> dict[str, str]:
        """The descriptions of its functions, by logical id."""
        resources = Document.parse(self.sections["Resources"], "").data
        return {
            name: resource["Properties"]["Description"]
            for name, resource in resources.items()
            if resource["Type"] == "AWS::Serverless::Function"
        }


def fragment(
    callers: str, text: YamlText, api: str, guarded: list[Guarded], function: str, folder: str
) -> Fragment:
    """What this kind adds, with the names that the template and the spec have.

    The new function has the code, in `folder`, and the build of the one called `function`.
    """
    content = (FILES / f"{callers}.yaml").read_text(encoding="utf-8")
    collections = sorted({collection_of(operation.path) for operation in guarded})
    names = {
        "@API@": api,
        "@FOLDER@": folder,
        "@SERVERS@": "\n".join(_server(name) for name in collections),
        "@SERVER_NAMES@": ", ".join(_server_name(name) for name in collections),
        "@SCOPES@": ", ".join(f"{name}/read, {name}/write" for name in collections),
        "@METADATA@": indent(_of(text, function, "Metadata"), "    "),
        "@CODE@": indent(_code(text, function), "      "),
    }
    for name, value in names.items():
        content = content.replace(name, value.rstrip("\n"))
    content = re.sub(r"\n *\n( +Properties:)", r"\n\1", content)
    if not _has_alias(text, function):
        content = content.replace(".Arn}:live", ".Arn}").replace("Function.Alias", "Function")
    return Fragment(_sections(content))


def add(text: YamlText, added: Fragment) -> None:
    """Put the fragment into the template's sections; raises a ProjectError if a name is taken."""
    for section, block in added.sections.items():
        for name in re.findall(r"^(\w+):", block, re.MULTILINE):
            if text.find(section, name):
                raise ProjectError(
                    f"{text.name}: {section} has {name} already: rename it, then run this again"
                )
        if text.find(section):
            text.add("\n" + block if section == "Resources" else block, section)
        else:
            _new_section(text, section, block)


def retire(text: YamlText, condition: str) -> list[str]:
    """Remove a condition that nothing asks for any more, and what only it asked for.

    Returns what was removed: parameters, and keys of mappings.
    """
    entry = text.find("Conditions", condition)
    if entry is None:
        return []
    text.remove(entry)
    block = text.block(entry)
    rest = text.without(entry)
    removed = [condition]
    for name in [child.key.value for child in text.children("Parameters")]:
        pattern = rf"{REFERENCE}{name}\b"
        if re.search(pattern, block) and not re.search(pattern, rest):
            text.remove(text.get("Parameters", name))
            removed.append(name)
    for mapping in [child.key.value for child in _children(text, "Mappings")]:
        removed += _retire_keys(text, mapping, block, rest)
    return removed


def _retire_keys(text: YamlText, mapping: str, block: str, rest: str) -> list[str]:
    removed: list[str] = []
    for row in text.children("Mappings", mapping):
        for child in list(entries(row.value)):
            name = child.key.value
            sought = rf"FindInMap[^\]]*{mapping}[^\]]*,\s*{name}\]"
            if re.search(sought, block) and not re.search(sought, rest):
                text.remove(child)
                removed.append(f"{mapping}.{row.key.value}.{name}")
    return removed


def _children(text: YamlText, section: str) -> list[Entry]:
    return text.children(section) if text.find(section) else []


def _sections(content: str) -> dict[str, str]:
    """The fragment's text by section, without the sections' own indentation."""
    root = Loader(content).get_single_node()
    lines = content.splitlines()
    starts = [(entry.key.value, entry.line) for entry in entries(root)]
    sections = {}
    for number, (name, line) in enumerate(starts):
        end = starts[number + 1][1] if number + 1 < len(starts) else len(lines)
        block = "\n".join(lines[line + 1 : end]).rstrip()
        sections[name] = re.sub(r"^  ", "", block, flags=re.MULTILINE)
    return sections


def _server(collection: str) -> str:
    return f"""  {_server_name(collection)}:
    Type: AWS::Cognito::UserPoolResourceServer
    Condition: CreatesUserPool
    Properties:
      Identifier: {collection}
      Name: {collection}
      UserPoolId: !Ref UserPool
      Scopes:
        - {{ ScopeName: read, ScopeDescription: Read what is one's own }}
        - {{ ScopeName: write, ScopeDescription: Change what is one's own }}
        - {{ ScopeName: admin, ScopeDescription: Read and change everything }}
"""


def _server_name(collection: str) -> str:
    words = re.split(r"[^A-Za-z0-9]+", collection)
    return "".join(word[:1].upper() + word[1:] for word in words) + "Scopes"


def _of(text: YamlText, function: str, key: str) -> str:
    entry = text.find("Resources", function, key)
    return text.block(entry) if entry else ""


def _code(text: YamlText, function: str) -> str:
    blocks = []
    for key in ("CodeUri", "Runtime", "Architectures", "AutoPublishAlias"):
        entry = text.find("Resources", function, "Properties", key)
        if entry:
            blocks.append(text.block(entry))
    return "".join(blocks)


def _has_alias(text: YamlText, function: str) -> bool:
    places = (("Globals", "Function"), ("Resources", function, "Properties"))
    for place in places:
        alias = text.find(*place, "AutoPublishAlias")
        if alias:
            return isinstance(alias.value, yaml.ScalarNode) and alias.value.value == "live"
    return False


def _new_section(text: YamlText, section: str, block: str) -> None:
    lines = f"{section}:\n{indent(block, '  ')}\n"
    if section == "Outputs":
        text.append(f"\n{lines}")
    else:
        text.add_before(f"{lines}\n", text.get("Resources"))
