"""AWS_IAM: a request is signed (Signature Version 4) with the key of the local emulators."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from samspec.gateway.errors import GatewayError
from samspec.gateway.events import Request
from samspec.sam.account import KEY_ID, SECRET

SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 .*Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request\b.*"
)
SKEW = timedelta(minutes=5)
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method."
)


def caller(request: Request) -> str:
    """The access key that signed the request; raises the 403 that API Gateway would send."""
    header, stamp = request.header("Authorization"), request.header("X-Amz-Date") or ""
    if not header:
        reason = "the operation asks for AWS_IAM and the request is not signed"
        raise GatewayError(
            "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token", reason=reason
        )
    fields = dict(re.findall(r"(SignedHeaders|Signature)=([^,\s]+)", header))
    match = SIGNATURE.match(header)
    if match is None or len(fields) != 2:
        raise _refused(
            "IncompleteSignatureException: the Authorization header is not a Signature Version 4"
        )
    key, region, service = match.groups()
    if key != KEY_ID:
        reason = f"local requests are signed with access key {KEY_ID!r} and secret {SECRET!r}"
        raise _refused("The security token included in the request is invalid.", reason)
    if not _is_recent(stamp):
        raise _refused(
            "Signature expired", f"X-Amz-Date is {stamp!r}, more than {SKEW} off, or no date"
        )
    if not _has_its_body(request):
        raise _refused(MISMATCH, "X-Amz-Content-Sha256 is not the digest of the body")
    expected = _signature(request, fields["SignedHeaders"], region, service, stamp)
    if not hmac.compare_digest(fields["Signature"], expected):
        raise _refused(MISMATCH)
    return key


def _has_its_body(request: Request) -> bool:
    """Whether the digest that a client may send, and botocore takes as given, is the body's."""
    stated = request.header("X-Amz-Content-Sha256")
    if stated is None or stated == "UNSIGNED-PAYLOAD":
        return True
    return stated == hashlib.sha256(request.body).hexdigest()


def _refused(message: str, reason: str = "") -> GatewayError:
    return GatewayError("INVALID_SIGNATURE", message, reason=reason)


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
