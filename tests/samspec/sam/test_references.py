from typing import Any

import pytest
from samspec.sam.errors import ProjectError
from samspec.sam.references import PUBLISHED, resolve, target, unresolved

PREFIX = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
REAL = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:pets"
DOCUMENT = {
    "a": {"$ref": "#/b/c~1d"},
    "b": {"c/d": {"type": "string"}, "{e}": [{"type": "integer"}]},
    "loop": {"$ref": "#/loop"},
}


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ({"Fn::Sub": f"{PREFIX}/${{F.Arn}}/invocations"}, ("F", None)),
        ({"Fn::Sub": f"{PREFIX}/${{F.Arn}}:live/invocations"}, ("F", "live")),
        ({"Fn::Sub": f"{PREFIX}/${{F.Alias}}/invocations"}, ("F", PUBLISHED)),
        (
            {"Fn::Sub": [f"{PREFIX}/${{a}}/invocations", {"a": {"Fn::GetAtt": ["F", "Arn"]}}]},
            ("F", None),
        ),
        ({"Fn::Join": ["", [REAL, "/", {"Fn::GetAtt": "F.Arn"}, "/invocations"]]}, ("F", None)),
        ({"Fn::GetAtt": ["F", "Arn"]}, ("F", None)),
        (
            {"Fn::Sub": f"{REAL}/arn:aws:lambda:${{AWS::Region}}:1:function:${{F}}/invocations"},
            ("F", None),
        ),
        (f"{REAL}/{ARN}/invocations", ("pets", None)),
        (f"{REAL}/{ARN}:live/invocations", ("pets", "live")),
        (
            f"{REAL.replace('2015-03-31', '2021-11-15')}/{ARN}/response-streaming-invocations",
            ("pets", None),
        ),
        (ARN, ("pets", None)),
        (f"{ARN}:$LATEST", ("pets", "$LATEST")),
        ("arn:aws:apigateway:us-east-1:dynamodb:action/PutItem", (None, None)),
        ({"Fn::Sub": f"{PREFIX}/${{FAliaslive}}/invocations"}, (None, None)),
        ("https://example.com/functions/pets/invocations", (None, None)),
        (None, (None, None)),
    ],
)  # fmt: skip
def test_a_uri_names_a_function(uri: Any, expected: tuple[str | None, str | None]) -> None:
    assert target(uri) == expected


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("#/a", {"type": "string"}),
        ("#/b/c~1d", {"type": "string"}),
        ("#/b/%7Be%7D/0", {"type": "integer"}),
    ],
)
def test_a_reference_is_resolved(reference: str, value: Any) -> None:
    assert resolve(DOCUMENT, {"$ref": reference}) == value


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("#/nowhere", "points nowhere"),
        ("#/b/{e}/7", "points nowhere"),
        ("#/loop", "points at itself"),
        ("other.yaml#/a", "is not local"),
    ],
)
def test_a_reference_that_cannot_be_resolved_says_why(reference: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        resolve(DOCUMENT, {"$ref": reference})


def test_references_that_lead_nowhere_are_told_once_each() -> None:
    media = {"application/json": {"schema": {"items": [{"$ref": "#/components/schemas/No"}]}}}
    document = {
        "paths": {
            "/a": {"get": {"requestBody": {"content": media}}, "$ref": "other.yaml"},
            "/b": {"get": {"responses": {"default": {"$ref": "#/components/responses/No"}}}},
            "/c": {"get": {"requestBody": {"$ref": "#/components/schemas/User"}}},
        },
        "components": {"schemas": {"User": {"example": {"$ref": "#/a text"}}}},
    }
    assert unresolved(document) == [
        "the $ref #/components/responses/No in the API definition points nowhere",
        "the $ref #/components/schemas/No in the API definition points nowhere",
        "the $ref other.yaml in the API definition is not local: "
        "API Gateway takes references within the document only (#/components/...)",
    ]
