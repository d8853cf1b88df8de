"""The template with a new operation's function, also in every alarm that counts the others."""

import json
import re

import yaml

from samspec.scaffold.addition import Addition
from samspec.scaffold.blocks import block, end, replaced

FUNCTION = """
  {function}:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildMethod: makefile }} # handlers/Makefile
    Properties:
      Description: {summary}
      Handler: {file}.handler
      Policies: [] # scripts/drift names each DynamoDB action that the handler needs
      Events:
        {event}:
          Type: Api
          Properties: {{ RestApiId: !Ref {api}, Path: "{path}", Method: {method} }}"""


def extended(new: Addition, lines: list[str]) -> list[str]:
    for start in reversed(range(len(lines))):
        if re.search(rf"- .*\bId: {new.like.id}\b", lines[start]):
            lines = _after(lines, start, replaced(block(lines, start), new.names))
    last = max(new.project.template.line("Resources", name) for name in new.project.functions)
    return _after(lines, last - 1, _function(new).splitlines())


def _after(lines: list[str], start: int, come: list[str]) -> list[str]:
    """The lines, with others behind the block that begins there."""
    behind = end(lines, start)
    return lines[:behind] + come + lines[behind:]


def _scalar(text: str) -> str:
    """The text as YAML, in quotes if it would be read as something else without."""
    try:
        plain = yaml.safe_load(f"key: {text}") == {"key": text}
    except yaml.YAMLError:
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)


def _function(new: Addition) -> str:
    return FUNCTION.format(
        function=new.function,
        summary=_scalar(new.summary),
        file=new.operation.named("_"),
        event=new.function.removesuffix("Function"),
        api=new.project.api,
        path=new.operation.path,
        method=new.operation.method.lower(),
    )
