"""AWS_IAM: the request must be signed (Signature Version 4) with the key that every local function has."""

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from samspec.gateway.errors import GatewayResponse
from samspec.gateway.events import Request
from samspec.gateway.routes import Route
from samspec.sam.account import KEY_ID, SECRET

SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 .*Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request\b.*"
)
SKEW = timedelta(minutes=5)
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method."
)


def kind(spec: dict[str, Any], route: Route) -> str:
    """NONE, AWS_IAM, or the name of the security scheme that the operation asks for."""
    if stated := (route.operation.get("x-amazon-apigateway-auth") or {}).get("type"):
        return str(stated).upper()
    schemes = (spec.get("components") or {}).get("securitySchemes") or {}
    for name in [
        name for requirement in route.operation.get("security") or [] for name in requirement
    ]:
        return (
            "AWS_IAM"
            if schemes.get(name, {}).get("x-amazon-apigateway-authtype") == "awsSigv4"
            else str(name)
        )
    return "NONE"


def caller(request: Request) -> str:
    """The access key that signed the request."""
    header, stamp = request.header("Authorization"), request.header("X-Amz-Date") or ""
    if not header:
        reason = "the operation asks for AWS_IAM and the request is not signed"
        raise GatewayResponse(
            "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token", reason=reason
        )
    fields = dict(re.findall(r"(SignedHeaders|Signature)=([^,\s]+)", header))
    if not (match := SIGNATURE.match(header)) or len(fields) != 2:
        raise _refused(
            "IncompleteSignatureException: the Authorization header is no Signature Version 4"
        )
    key, region, service = match.groups()
    if key != KEY_ID:
        reason = f"local requests are signed with access key {KEY_ID!r} and secret {SECRET!r}"
        raise _refused("The security token included in the request is invalid.", reason)
    if not _is_recent(stamp):
        raise _refused(
            "Signature expired", f"X-Amz-Date is {stamp!r}, more than {SKEW} off, or no date"
        )
    if not hmac.compare_digest(
        fields["Signature"], _signature(request, fields["SignedHeaders"], region, service, stamp)
    ):
        raise _refused(MISMATCH)
    return key


def _refused(message: str, reason: str = "") -> GatewayResponse:
    return GatewayResponse("INVALID_SIGNATURE", message, reason=reason)


def _is_recent(stamp: str) -> bool:
    try:
        return (
            abs(datetime.now(UTC) - datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%SZ%z")) < SKEW
        )
    except ValueError:
        return False


def _signature(request: Request, signed_headers: str, region: str, service: str, stamp: str) -> str:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {name: request.header(name) or "" for name in signed_headers.split(";")}
    url = f"http://{request.header('Host')}{request.url}"
    signed = AWSRequest(method=request.method, url=url, data=request.body, headers=headers)
    signed.context["timestamp"] = stamp
    signer = SigV4Auth(Credentials(KEY_ID, SECRET), service, region)
    return str(
        signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    )
