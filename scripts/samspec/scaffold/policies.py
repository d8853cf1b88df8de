"""What each function of a resource may do in DynamoDB, and its table."""

from collections.abc import Iterator

from samspec.sam.project import Project
from samspec.scaffold.blocks import block, end, replaced, without
from samspec.scaffold.resource import Resource

TABLE = "AWS::DynamoDB::Table"
PLAIN_TABLE = """\
  {table}:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST"""
STATEMENT = """\
            - Effect: Allow
              Action:
{actions}
              Resource: {resource}"""
Grants = dict[str, list[str]]  # actions by resource, in the template's words


def grants(resource: Resource, verb: str) -> Grants:
    """The calls that api/repository.py makes for an operation."""
    table = f"!GetAtt {resource.names.table}.Arn"
    made = {
        "create": {table: ["PutItem"]},
        "list": _listing(resource, table),
        "get": {table: ["GetItem"]},
        "update": {table: ["UpdateItem", *(["PutItem", "DeleteItem"] if resource.unique else [])]},
        "delete": {table: ["DeleteItem", "GetItem"]},
    }[verb]
    if resource.parent and verb == "create":
        made[f"!GetAtt {resource.parent.names.table}.Arn"] = ["ConditionCheckItem"]
    return made


def _listing(resource: Resource, table: str) -> Grants:
    if resource.parent:
        parents = f"!GetAtt {resource.parent.names.table}.Arn"
        return {_index(resource, resource.parent.attribute): ["Query"], parents: ["GetItem"]}
    listed: Grants = {}
    if resource.unique:
        listed[_index(resource, "created_at")] = ["Scan"]
        listed[table] = ["GetItem"]
    else:
        listed[table] = ["Scan"]
    for attribute in resource.filters:
        listed[_index(resource, attribute.name)] = ["Query"]
    return listed


def _index(resource: Resource, attribute: str) -> str:
    return f"!Sub ${{{resource.names.table}.Arn}}/index/{attribute}-index"


def policies(resource: Resource, verb: str) -> list[str]:
    """The lines of a function's Policies."""
    lines = ["      Policies:", '        - Version: "2012-10-17"', "          Statement:"]
    for target, actions in grants(resource, verb).items():
        listed = "\n".join(f"                - dynamodb:{action}" for action in sorted(actions))
        lines += STATEMENT.format(actions=listed, resource=target).splitlines()
    return lines


def indexes(resource: Resource) -> list[str]:
    """The attributes that have an index."""
    own = [attribute.name for attribute in resource.filters]
    if resource.parent:
        return [resource.parent.attribute, *own]
    return [*(["created_at"] if resource.unique else []), *own]


def table(project: Project, resource: Resource, lines: list[str]) -> list[str]:
    """The lines of the resource's table: as the template's first one, with keys of its own."""
    names = resource.names
    model = next((n for n, r in project.resources.items() if r.get("Type") == TABLE), None)
    if model is None:
        copied = PLAIN_TABLE.format(table=names.table).splitlines()
    else:
        copied = block(lines, project.template.line("Resources", model) - 1)
        for key in ("GlobalSecondaryIndexes", "KeySchema", "AttributeDefinitions", "TableName"):
            copied = without(copied, key)
        copied = replaced(copied, {model: names.table})
    at = next(index for index, line in enumerate(copied) if line.strip() == "Properties:") + 1
    return ["", *copied[:at], *_keys(resource), *copied[at:]]


def _keys(resource: Resource) -> Iterator[str]:
    keyed = indexes(resource)
    yield "      AttributeDefinitions:"
    for name in ["id", *keyed]:
        yield f"        - {{ AttributeName: {name}, AttributeType: S }}"
    yield "      KeySchema:"
    yield "        - { AttributeName: id, KeyType: HASH }"
    if keyed:
        yield "      GlobalSecondaryIndexes:"
    for name in keyed:
        yield f"        - IndexName: {name}-index"
        yield "          KeySchema:"
        yield f"            - {{ AttributeName: {name}, KeyType: HASH }}"
        if name != "created_at":
            yield "            - { AttributeName: id, KeyType: RANGE }"
        yield "          Projection: { ProjectionType: ALL }"


def allowed(resource: Resource, verb: str, function: str, lines: list[str]) -> list[str]:
    """The template with the function's policies in the place of none."""
    start = next(i for i, line in enumerate(lines) if line.startswith(f"  {function}:"))
    stop = end(lines, start)
    for index in range(start, stop):
        if lines[index].strip().startswith("Policies: []"):
            return lines[:index] + policies(resource, verb) + lines[index + 1 :]
    return lines
