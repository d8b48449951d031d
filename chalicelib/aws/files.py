"""Files in S3: kept under their tenant, and reached by people over links that are signed for one purpose and short.

A link to upload is held by S3 itself to the type, the length and the checksum that were declared: they are signed, and
S3 computes the checksum of what it gets. What is stored is what was declared, or nothing is.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, cast
from urllib.parse import quote

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.config import config
from chalicelib.core.errors import Unavailable

UPLOAD_SECONDS = 900
DOWNLOAD_SECONDS = 300

_NOT_THERE = frozenset({"403", "404", "NoSuchKey"})
"""Who may not list a bucket is told 403 where there is nothing. A right that is missing looks the same: as not kept."""


@dataclass(frozen=True, slots=True)
class Link:
    """An address that works until `expires_at` with this method and exactly these headers."""

    url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file is: its media type, its length and the SHA-256 (64 hex digits) of its bytes."""

    media_type: str
    size_bytes: int
    sha256: str


def attachment_file(tenant_id: str, attachment_id: str) -> str:
    """Where an attachment lies in the bucket."""
    return f"attachments/{tenant_id}/{attachment_id}"


def report_file(tenant_id: str, report_id: str) -> str:
    """Where a report lies until it is forgotten (`infra/template/files.yaml`)."""
    return f"reports/{tenant_id}/{report_id}"


def logo_file(tenant_id: str, logo_id: str) -> str:
    """Where a tenant's logo lies."""
    return f"brands/{tenant_id}/{logo_id}"


def document_file(tenant_id: str, sha256: str) -> str:
    """Where a printed document lies, named by its own bytes: no other one is ever written over it."""
    return f"documents/{tenant_id}/{sha256}"


@cache
def _client() -> Any:
    settings = Config(
        signature_version="s3v4",
        # Otherwise a link names the one endpoint of all regions, which sends a new bucket's visitors on: a PUT is lost.
        s3={"addressing_style": "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=5,
        read_timeout=20,
        retries={"total_max_attempts": 3},
    )
    return botocore.session.get_session().create_client("s3", config=settings)


def forget_client() -> None:
    """Make the next call build its client anew: for tests that swap the endpoint."""
    _client.cache_clear()


def upload_link(path: str, declared: Declared, now: datetime) -> Link:
    """A link to send that one file to, for fifteen minutes from now."""
    checksum = _base64(declared.sha256)
    headers = {
        "Content-Type": declared.media_type,
        "Content-Length": str(declared.size_bytes),
        "x-amz-checksum-sha256": checksum,
    }
    asked = {
        "ContentType": declared.media_type,
        "ContentLength": declared.size_bytes,
        "ChecksumSHA256": checksum,
    }
    url = _signed("put_object", path, asked, UPLOAD_SECONDS)
    return Link(url, "PUT", headers, now + timedelta(seconds=UPLOAD_SECONDS))


def download_link(path: str, file_name: str, media_type: str, now: datetime) -> Link:
    """A link to fetch a file with, for five minutes; a browser saves it under that name and never opens it in place."""
    asked = {"ResponseContentDisposition": disposition(file_name), "ResponseContentType": media_type}
    url = _signed("get_object", path, asked, DOWNLOAD_SECONDS)
    return Link(url, "GET", {}, now + timedelta(seconds=DOWNLOAD_SECONDS))


def disposition(file_name: str) -> str:
    """The header that makes a file be saved under its name, whatever its letters (RFC 6266)."""
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in file_name)
    whole = quote(file_name, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}"


def is_stored(path: str, declared: Declared) -> bool:
    """Whether the file is there, and is what was declared."""
    try:
        found = _client().head_object(Bucket=_bucket(), Key=path, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_THERE:
            return False
        raise _away() from error
    except BotoCoreError as error:
        raise _away() from error
    length, kind = found["ContentLength"], found["ContentType"]
    same = (kind, length) == (declared.media_type, declared.size_bytes)
    return same and found.get("ChecksumSHA256") == _base64(declared.sha256)


def fetch(path: str, declared: Declared) -> bytes | None:
    """The bytes of a file; None where it is not there or is not what was declared."""
    try:
        found = _client().get_object(Bucket=_bucket(), Key=path)
        if found["ContentLength"] != declared.size_bytes:
            return None
        content = cast(bytes, found["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_THERE | {"AccessDenied"}:
            return None
        raise _away() from error
    except (BotoCoreError, OSError) as error:
        raise _away() from error
    return content if sha256(content).hexdigest() == declared.sha256 else None


def store(path: str, content: bytes, media_type: str) -> None:
    """Write a whole file of ours. `Unavailable` when it could not be written."""
    checksum = base64.b64encode(sha256(content).digest()).decode()
    try:
        _client().put_object(Bucket=_bucket(), Key=path, Body=content, ContentType=media_type, ChecksumSHA256=checksum)
    except (BotoCoreError, ClientError) as error:
        raise _away() from error


def _signed(operation: str, path: str, asked: dict[str, Any], seconds: int) -> str:
    try:
        url = _client().generate_presigned_url(
            operation, Params={"Bucket": _bucket(), "Key": path, **asked}, ExpiresIn=seconds
        )
    except (BotoCoreError, ClientError) as error:
        raise _away() from error
    return cast(str, url)


def _bucket() -> str:
    bucket = config().files_bucket
    if not bucket:
        raise _away()
    return bucket


def _base64(hex_digest: str) -> str:
    return base64.b64encode(bytes.fromhex(hex_digest)).decode()


def _away() -> Unavailable:
    return Unavailable("files-away", "The store of files does not answer; please send the request again.")
