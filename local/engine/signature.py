"""Whether a request is as its signer signed it (AWS Signature Version 4, for S3): in its headers or in a link."""

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

SECRET: Final = "local"
"""The one secret of `local/storage.py`: it is there to check links, not to keep anybody out of this machine."""
SKEW_SECONDS: Final = 15 * 60
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_HEADER = re.compile(r"AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})")


class NotAsSigned(Exception):
    """The request is not signed, is signed differently, or its time is over."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check_signature(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, now_seconds: float
) -> None:
    """Raise `NotAsSigned` unless these are the method, path, query, headers and body that were signed.

    Path and query are as they came, still encoded; header names are in lower case.
    """
    given = dict(parse_qsl(query))
    found = _HEADER.fullmatch(headers.get("authorization", ""))
    if found is not None:
        credential, signed, signature = found.groups()
        at, seconds, payload = headers.get("x-amz-date", ""), SKEW_SECONDS, headers.get("x-amz-content-sha256", "")
        if payload != "UNSIGNED-PAYLOAD" and payload != hashlib.sha256(body).hexdigest():
            raise NotAsSigned("XAmzContentSHA256Mismatch", "the body is not the one that was signed")
    elif given.get("X-Amz-Algorithm") == _ALGORITHM:
        credential, signed = given.get("X-Amz-Credential", ""), given.get("X-Amz-SignedHeaders", "")
        signature, at = given.get("X-Amz-Signature", ""), given.get("X-Amz-Date", "")
        expires = given.get("X-Amz-Expires", "")
        seconds, payload = int(expires) if expires.isdigit() else 0, "UNSIGNED-PAYLOAD"
    else:
        raise NotAsSigned("AccessDenied", "the request is not signed")
    _check_time(at, seconds, now_seconds)
    names = signed.split(";")
    request = "\n".join(
        [
            method,
            path,
            "&".join(sorted(part for part in query.split("&") if part and not part.startswith("X-Amz-Signature="))),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in names),
            "",
            signed,
            payload,
        ]
    )
    if not hmac.compare_digest(signature, _signature(request, credential, at)):
        raise NotAsSigned("SignatureDoesNotMatch", "the request is not the one that was signed")


def _check_time(at: str, seconds: int, now_seconds: float) -> None:
    try:
        signed_at = calendar.timegm(time.strptime(at, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise NotAsSigned("AccessDenied", "the request does not say when it was signed") from None
    if not signed_at - SKEW_SECONDS <= now_seconds <= signed_at + seconds:
        raise NotAsSigned("AccessDenied", "Request has expired")


def _signature(request: str, credential: str, at: str) -> str:
    _, _, scope = credential.partition("/")
    text = "\n".join([_ALGORITHM, at, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{SECRET}".encode()
    for part in [*scope.split("/"), text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()
