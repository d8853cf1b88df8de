"""An operation of the spec that has no function yet, and the one whose example it follows."""

import re
from dataclasses import dataclass
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.operations import Operation
from samspec.sam.project import Project

VERB_NOUN = re.compile("[a-z]+[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True)
class Addition:
    project: Project
    operation: Operation
    like: Operation  # the one whose function the template has last

    @classmethod
    def next(cls, project: Project) -> "Addition | None":
        """The first operation without a function."""
        served = [proxy for proxy in project.proxies if proxy.target[0] in project.functions]
        if not served:
            raise ProjectError(
                f"{project.spec.name}: no operation has a function yet, whose example others could "
                "follow"
            )
        last = max(served, key=lambda proxy: project.template.line("Resources", proxy.target[0]))
        for operation in project.operations:
            is_lacking = operation.is_proxy and operation.target[0] not in project.functions
            if is_lacking or not operation.integration:
                return cls(project, operation, last)._usable()
        return None

    def _usable(self) -> "Addition":
        operation, spec = self.operation, self.project.spec
        place = f"{spec.name}:{spec.line(*operation.keys)}: {operation}"
        if not VERB_NOUN.fullmatch(str(operation.node.get("operationId"))):
            raise ProjectError(
                f"{place} has no operationId of a verb and a noun: name it, such as archiveUser"
            )
        if not operation.node.get("summary"):
            raise ProjectError(f"{place} has no summary: say in a line what it does")
        if not self.success:
            raise ProjectError(f"{place} documents no 2XX response: say what it responds with")
        if self.media_type and self.body is None:
            raise ProjectError(f"{place} has no example of its body: give its requestBody one")
        if unknown := [name for name, value in self.path_parameters.items() if value is None]:
            raise ProjectError(f"{place} has no example of {unknown[0]}: give the parameter one")
        return self

    @property
    def function(self) -> str:
        id = self.operation.id
        return self.operation.target[0] or f"{id[0].upper()}{id[1:]}Function"

    @property
    def summary(self) -> str:
        return " ".join(str(self.operation.node["summary"]).split()).rstrip(".")

    @property
    def success(self) -> str:
        """The first documented status that is one, such as 200."""
        return next(
            (
                str(status)
                for status in self.operation.node["responses"]
                if str(status).startswith("2")
            ),
            "",
        )

    @property
    def path_parameters(self) -> dict[str, Any]:
        """Their examples by name, None without one; as text, as API Gateway hands them over."""
        examples = {}
        for parameter in self.project.parameters(self.operation):
            if parameter["in"] == "path":
                example = parameter.get("example")
                examples[parameter["name"].removesuffix("+")] = (
                    None if example is None else str(example)
                )
        return examples

    @property
    def required_headers(self) -> dict[str, str]:
        examples = {}
        for parameter in self.project.parameters(self.operation):
            if parameter["in"] == "header" and parameter.get("required"):
                examples[parameter["name"]] = str(parameter.get("example"))
        return examples

    @property
    def example_path(self) -> str:
        return re.sub(
            r"\{([^}]+?)\+?\}",
            lambda match: str(self.path_parameters[match[1]]),
            self.operation.path,
        )

    @property
    def media_type(self) -> str | None:
        """The body's: JSON if it can be, or else the first; None without a body."""
        body = self.project.resolve(self.operation.node.get("requestBody", {}))
        types = list(body.get("content") or {})
        json = [name for name in types if name.partition(";")[0].endswith("json")]
        return next(iter([*json, *types]), None)

    @property
    def is_json(self) -> bool:
        return str(self.media_type).partition(";")[0].endswith("json")

    @property
    def body(self) -> Any:
        """The first example of the body; None without one."""
        content = self.project.resolve(self.operation.node.get("requestBody", {})).get(
            "content", {}
        )
        media = content.get(self.media_type) or {}
        first = self.project.resolve(next(iter(media.get("examples", {}).values()), {}))
        return media.get("example", first.get("value"))

    @property
    def names(self) -> dict[str, str]:
        """The words for the example operation, with those for the new one."""
        return {str(self.like.target[0]): self.function, self.like.id: self.operation.id}
