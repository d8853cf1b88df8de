"""Request validators: which one an operation has, and that it exists."""

from collections.abc import Iterator, Mapping
from typing import Any

from samspec.sam.finding import Finding
from samspec.sam.operations import Operation
from samspec.sam.written import WrittenApi

VALIDATOR = "x-amazon-apigateway-request-validator"
VALIDATORS = f"{VALIDATOR}s"


def declared(api: WrittenApi) -> Mapping[str, Any]:
    """The definition's validators by name."""
    validators = api.data.get(VALIDATORS)
    return validators if isinstance(validators, dict) else {}


def chosen(api: WrittenApi, operation: Operation) -> Mapping[str, Any]:
    """The validator of an operation; empty if it has none."""
    name = operation.node.get(VALIDATOR, api.data.get(VALIDATOR))
    validator = declared(api).get(str(name))
    return validator if isinstance(validator, dict) else {}


def validates_bodies(api: WrittenApi, operation: Operation) -> bool:
    """Whether API Gateway checks the operation's body against its model."""
    return bool(chosen(api, operation).get("validateRequestBody"))


def check(api: WrittenApi) -> Iterator[Finding]:
    """Every validator that is named is declared."""
    places = [((*operation.keys, VALIDATOR), operation.node) for operation in api.operations]
    for at, node in [((VALIDATOR,), api.data), *places]:
        name = node.get(VALIDATOR)
        if name is not None and str(name) not in declared(api):
            yield api.finding(
                "validator-undeclared",
                at,
                f"the request validator {name} is not declared",
                f"name one of {VALIDATORS}: {', '.join(declared(api)) or 'there are none'}",
            )
