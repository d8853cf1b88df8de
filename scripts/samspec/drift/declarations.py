"""Parameters and conditions that nothing uses: what used them is gone."""

from collections.abc import Iterator
from typing import Any

from samspec.drift.application import Application
from samspec.sam.documents import nodes
from samspec.sam.finding import Finding
from samspec.sam.variants import references

USERS = ("Resources", "Outputs", "Conditions", "Rules", "Globals", "Mappings")


def check(application: Application) -> Iterator[Finding]:
    """Each parameter and condition that neither template nor definition names."""
    macros = application.template.data.get("Transform")
    if isinstance(macros, list) and len(macros) > 1:
        return  # what another transform reads is not known here
    used = _used(application)
    for section in ("Parameters", "Conditions"):
        for name in application.section(section):
            if name not in used:
                yield application.template.finding(
                    "declaration-unused",
                    (section, name),
                    f"nothing uses {name}",
                    "use it in template or definition, or remove it",
                )


def _used(application: Application) -> set[str]:
    parts: list[Any] = [application.template.data.get(name) for name in USERS]
    parts += [api.data for api in application.definitions]
    names: set[str] = set()
    for part in parts:
        names |= references(part)
        for _, node in nodes(part):
            if isinstance(node, dict):
                names |= _conditions(node)
    return names


def _conditions(node: dict[Any, Any]) -> set[str]:
    """The names of conditions that a mapping refers to."""
    names = set()
    choice = node.get("Fn::If")
    if isinstance(choice, list) and choice:
        names.add(str(choice[0]))
    if isinstance(node.get("Condition"), str):
        names.add(node["Condition"])
    return names
