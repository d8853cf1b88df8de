"""AWS_IAM: the request must be signed (Signature Version 4) with the key that every local function has."""

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.errors import GatewayResponse
from gateway.events import Request
from gateway.functions import KEY_ID, SECRET
from gateway.routes import Route

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=5)


def kind(spec: dict[str, Any], route: Route) -> str:
    """NONE, AWS_IAM, or the name of the security scheme that the operation asks for."""
    stated = route.operation.get("x-amazon-apigateway-auth") or {}
    if "type" in stated:
        return str(stated["type"]).upper()
    schemes = (spec.get("components") or {}).get("securitySchemes") or {}
    for name in [name for requirement in route.operation.get("security") or [] for name in requirement]:
        is_iam = (schemes.get(name) or {}).get("x-amazon-apigateway-authtype") == "awsSigv4"
        return "AWS_IAM" if is_iam else str(name)
    return "NONE"


def caller(request: Request) -> str:
    """The access key that signed the request."""
    header = request.header("Authorization")
    if not header:
        reason = "the operation asks for AWS_IAM and the request is not signed"
        raise GatewayResponse("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token", reason=reason)
    fields = dict(re.findall(r"(Credential|SignedHeaders|Signature)=([^,\s]+)", header))
    scope = fields.get("Credential", "").split("/")
    if not header.startswith(ALGORITHM) or len(fields) != 3 or len(scope) != 5:
        raise _refused("IncompleteSignatureException: the Authorization header is not a Signature Version 4")
    if scope[0] != KEY_ID:
        reason = f"local requests are signed with access key {KEY_ID!r} and secret {SECRET!r}"
        raise _refused("The security token included in the request is invalid.", reason)
    stamp = request.header("X-Amz-Date") or ""
    if not _is_recent(stamp):
        raise _refused("Signature expired", f"X-Amz-Date is {stamp!r}, more than {SKEW} off, or no date")
    if not hmac.compare_digest(fields["Signature"], _signature(request, scope, fields["SignedHeaders"], stamp)):
        raise _refused(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
    return str(scope[0])


def _refused(message: str, reason: str = "") -> GatewayResponse:
    return GatewayResponse("INVALID_SIGNATURE", message, reason=reason)


def _is_recent(stamp: str) -> bool:
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(datetime.now(UTC) - signed) < SKEW


def _signature(request: Request, scope: list[str], signed_headers: str, stamp: str) -> str:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {name: request.header(name) or "" for name in signed_headers.split(";")}
    url = f"http://{request.header('Host')}{request.url}"
    signed = AWSRequest(method=request.method, url=url, data=request.body, headers=headers)
    signed.context["timestamp"] = stamp
    signer = SigV4Auth(Credentials(KEY_ID, SECRET), scope[3], scope[2])
    signer_text = signer.string_to_sign(signed, signer.canonical_request(signed))
    return str(signer.signature(signer_text, signed))
