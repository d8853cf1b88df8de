"""A resource that is to be: its names, its fields, what it belongs to, and what follows from
them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from samspec.sam.errors import ProjectError
from samspec.sam.project import Project
from samspec.sam.values import NoValue, merged, value
from samspec.scaffold.fields import Field
from samspec.scaffold.names import Names, identifier, snake

RESERVED = {"id", "created_at", "updated_at", "revision", "request"}
PYTHON = {
    "array": "list[Any]",
    "boolean": "bool",
    "integer": "int",
    "number": "int | float | Decimal",
    "object": "dict[str, Any]",
    "string": "str",
}
KEYS = {"string": "S", "integer": "N", "number": "N"}  # what an index or a marker can be made of
LONGEST_KEY = 1024  # bytes of a sort key; a partition key may have 2,048
EXAMPLE_ID = "5f0c4e8a-6f1d-4a51-9c53-0d2f6b1a7e3c"
EXAMPLE_TIME = "2026-11-23T01:26:38.123456Z"


@dataclass(frozen=True)
class Attribute:
    """A field as Python and DynamoDB have it."""

    field: Field
    schema: Mapping[str, Any]  # resolved

    @property
    def name(self) -> str:
        return identifier(self.field.name)

    @property
    def optional(self) -> bool:
        return not self.field.required or self.nullable

    @property
    def nullable(self) -> bool:
        return self.field.nullable or bool(self.schema.get("nullable"))

    @property
    def annotation(self) -> str:
        annotation = PYTHON.get(str(self.schema.get("type")), "Any")
        if annotation == "list[Any]":
            items = PYTHON.get(str((self.schema.get("items") or {}).get("type")), "Any")
            annotation = f"list[{items}]"
        if self.optional and annotation != "Any":
            annotation += " | None = None"
        return annotation

    @property
    def key_type(self) -> str:
        """DynamoDB's type of the attribute in a key."""
        return KEYS.get(str(self.schema.get("type")), "")


@dataclass(frozen=True)
class Parent:
    """The resource that this one belongs to; `parameter` names it in the path."""

    names: Names
    path: str
    parameter: str
    node: Any  # the parameter in the spec, a reference as it is

    @property
    def attribute(self) -> str:
        return f"{snake(self.names.singular)}_id"

    @property
    def path_of_item(self) -> str:
        return f"{self.path}/{{{self.parameter}}}"


@dataclass(frozen=True)
class Resource:
    names: Names
    path: str
    attributes: tuple[Attribute, ...]
    parent: Parent | None = None
    idempotent: bool = True
    tagged: bool = True
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def parameter(self) -> str:
        """The name of its id in the path."""
        return f"{snake(self.names.singular)}_id" if self.parent else "id"

    @property
    def item_path(self) -> str:
        return f"{self.path}/{{{self.parameter}}}"

    @property
    def unique(self) -> list[Attribute]:
        return [attribute for attribute in self.attributes if attribute.field.unique]

    @property
    def filters(self) -> list[Attribute]:
        return [attribute for attribute in self.attributes if attribute.field.filter]

    @property
    def renamed(self) -> dict[str, str]:
        """The names of fields that Python has differently."""
        named = {attribute.name: attribute.field.name for attribute in self.attributes}
        return {name: field for name, field in named.items() if name != field}

    @property
    def required(self) -> list[str]:
        return [a.field.name for a in self.attributes if a.field.required]

    @property
    def example(self) -> dict[str, Any]:
        """A representation, for the spec."""
        parent = {self.parent.attribute: EXAMPLE_ID} if self.parent else {}
        times = {"created_at": EXAMPLE_TIME, "updated_at": EXAMPLE_TIME}
        return {"id": EXAMPLE_ID, **parent, **self.examples[0], **times}


def read(
    project: Project, names: Names, path: str | None, parent: Parent | None, fields: list[Field]
) -> Resource:
    """The resource by its input schema in the spec, or by fields; raises ProjectError."""
    spec = project.spec.data
    schemas = (spec.get("components") or {}).get("schemas") or {}
    schema_name = f"{names.singular}Input"
    if schema_name in schemas:
        fields = _from_schema(project, schema_name, {field.name: field for field in fields})
    elif not fields:
        raise ProjectError(
            f"say what {names.a_word} is: --field title:text (more than once), or write the "
            f"schema {schema_name} into {project.spec.name} under components/schemas"
        )
    attributes = tuple(Attribute(field, merged(field.schema, project.resolve)) for field in fields)
    _check(attributes)
    parameters = (spec.get("components") or {}).get("parameters") or {}
    base = parent.path_of_item if parent else ""
    if parent and any(attribute.field.filter for attribute in attributes):
        raise ProjectError("a listing under a parent has no other filters: leave filter out")
    return Resource(
        names,
        path or base + names.path,
        attributes,
        parent,
        idempotent="IdempotencyKey" in parameters or not spec.get("paths"),
        tagged="IfMatch" in parameters or not spec.get("paths"),
        examples=_examples(project, attributes),
    )


def _from_schema(project: Project, name: str, options: dict[str, Field]) -> list[Field]:
    """The schema's properties; an option for one of them says what a schema cannot."""
    schema = project.resolve({"$ref": f"#/components/schemas/{name}"})
    properties = schema.get("properties")
    if not properties:
        raise ProjectError(f"{project.spec.name}: the schema {name} has no properties")
    unknown = [option for option in options if option not in properties]
    if unknown:
        raise ProjectError(f"{project.spec.name}: the schema {name} has no {unknown[0]}")
    required = schema.get("required", [])
    fields = []
    for key, node in properties.items():
        option = options.get(key, Field(key))
        fields.append(Field(key, node, key in required, option.unique, option.filter))
    return fields


def _check(attributes: tuple[Attribute, ...]) -> None:
    names = [attribute.name for attribute in attributes]
    for attribute in attributes:
        name = attribute.field.name
        if attribute.name in RESERVED:
            raise ProjectError(f"{name} is what the service sets: name the field differently")
        if names.count(attribute.name) > 1:
            raise ProjectError(f"two fields are {attribute.name}: name one differently")
        keyed = attribute.field.unique or attribute.field.filter
        if keyed and not attribute.key_type:
            raise ProjectError(f"{name} is not a text or a number: no index can find it")
        if attribute.field.filter and attribute.schema.get("type") != "string":
            raise ProjectError(f"{name} is not a text: a listing filters by texts only")
        if attribute.field.filter and attribute.schema.get("minLength", 1) < 1:
            raise ProjectError(f"{name} may be empty, which no index can hold: minLength 1")


def _examples(project: Project, attributes: tuple[Attribute, ...]) -> list[dict[str, Any]]:
    try:
        examples: list[dict[str, Any]] = [{}, {}]
        for number, example in enumerate(examples):
            for attribute in attributes:
                name = attribute.field.name
                example[name] = value(attribute.schema, number, project.resolve, name)
        return examples
    except NoValue as error:
        raise ProjectError(
            f"{error}: write the schema with a simpler pattern, and refine it afterwards"
        ) from None
