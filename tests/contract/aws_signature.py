"""Verifies AWS Signature Version 4 from a request's bytes on the wire, as AWS would.

Independent of the program's own signer. Where botocore is installed, `botocore_signature` says what
AWS's own code would have signed, as a second check.
"""

import datetime
import hashlib
import hmac
import re
from urllib.parse import quote, unquote_to_bytes

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/"
    r"(?P<service>[^/]+)/aws4_request, ?SignedHeaders=(?P<headers>[^,]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})$")
MOST_SKEW = datetime.timedelta(minutes=15)


class Account:
    """Who may sign: a secret, the session token that must come with it, and what is wrong."""

    def __init__(self, secret, token="", defect=""):
        self.secret, self.token, self.defect = secret, token, defect


class BadSignature(Exception):
    """(code, message) as AWS would answer, with status 403."""


def encode(octets):
    return quote(octets, safe="-_.~")


def canonical_query(query):
    pairs = []
    for one in filter(None, query.split("&")):
        key, _, value = one.partition("=")
        pairs.append((encode(unquote_to_bytes(key)), encode(unquote_to_bytes(value))))
    return "&".join(f"{key}={value}" for key, value in sorted(pairs))


def canonical_request(method, target, headers, signed, body):
    """`headers` has get_all(name); `target` is the request line's."""
    path, _, query = target.partition("?")
    twice = "/".join(encode(encode(unquote_to_bytes(part)).encode()) for part in path.split("/"))
    lines = ""
    for name in signed.split(";"):
        values = headers.get_all(name)
        if values is None:
            raise BadSignature("SignatureDoesNotMatch", f"{name} is signed and was not sent")
        lines += name + ":" + ",".join(re.sub(" +", " ", value.strip()) for value in values) + "\n"
    return "\n".join([method, twice, canonical_query(query), lines, signed,
                      hashlib.sha256(body).hexdigest()])


def signature(secret, day, region, service, stamp, canonical):
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def check_stamp(stamp, day, now):
    try:
        sent = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise BadSignature("IncompleteSignature", f"X-Amz-Date is {stamp!r}") from None
    if not stamp.startswith(day) or abs(now - sent) > MOST_SKEW:
        raise BadSignature("SignatureDoesNotMatch", f"Signature expired: {stamp}")


def verify(accounts, method, target, headers, body, scope=("us-east-1", "route53"), now=None):
    """Returns the account's key id, or raises BadSignature."""
    match = AUTHORIZATION.match(headers.get("authorization") or "")
    if not match:
        raise BadSignature("MissingAuthenticationToken", "Missing Authentication Token")
    account = accounts.get(match["key"])
    if not account:
        raise BadSignature("InvalidClientTokenId",
                           "The security token included in the request is invalid.")
    if (match["region"], match["service"]) != scope:
        raise BadSignature("SignatureDoesNotMatch",
                           "Credential should be scoped to a valid region and service.")
    stamp = headers.get("x-amz-date") or ""
    now = now or datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    check_stamp(stamp, match["day"], now)
    signed = match["headers"].split(";")
    wanted = ["host", "x-amz-date"] + ["x-amz-security-token"] * bool(account.token)
    for name in wanted:
        if name not in signed:
            raise BadSignature("SignatureDoesNotMatch", f"{name} must be signed")
    if signed != sorted(set(signed)):
        raise BadSignature("SignatureDoesNotMatch", "the signed headers are not sorted")
    if (headers.get("x-amz-security-token") or "") != account.token:
        raise BadSignature("InvalidClientTokenId",
                           "The security token included in the request is invalid.")
    canonical = canonical_request(method, target, headers, match["headers"], body)
    mine = signature(account.secret, match["day"], *scope, stamp, canonical)
    if not hmac.compare_digest(mine, match["signature"]):
        shown = canonical.replace("\n", "\\n")
        raise BadSignature("SignatureDoesNotMatch",
                           "The request signature we calculated does not match the signature you "
                           f"provided. The Canonical String should have been '{shown}'")
    if account.defect == "expired":
        raise BadSignature("ExpiredToken",
                           "The security token included in the request is expired")
    return match["key"]


def botocore_signature(account, method, target, headers, body, scope=("us-east-1", "route53")):
    """What botocore signs for the same request, or None where it is not installed."""
    try:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
    except ImportError:
        return None
    match = AUTHORIZATION.match(headers.get("authorization") or "")
    request = AWSRequest(method=method, url=f"http://{headers['host']}{target}", data=body)
    for name in match["headers"].split(";"):
        if name != "host":
            request.headers[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials("key", account.secret), scope[1], scope[0])
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)),
                            request)
