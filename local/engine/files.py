"""S3 on this machine, as much of it as the product asks for: a bucket is made; files are put, looked at and fetched.

A file is one file of the folder, its description in front of its bytes. It is synced under another name and renamed
before the answer leaves: after a `kill -9` it is there whole or not at all. Signatures are held to what was signed, so
that a link that S3 would refuse is refused here too: another type, length or checksum, or one that has run out.
"""

import asyncio
import base64
import hashlib
import json
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from local.engine.signature import NotAsSigned, check_signature

MOST_BYTES: Final = 64 * 1024 * 1024
REPORTS: Final = "reports/"
REPORTS_STAY_SECONDS: Final = 7 * 86_400
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_METHODS: Final = ("GET", "HEAD", "OPTIONS", "PUT")
_ANY_PAGE: Final = {
    # What a page may do is what its link was signed for; a page without a link can do nothing.
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, PUT",
    "access-control-allow-headers": "content-type, x-amz-checksum-sha256",
    "access-control-max-age": "3000",
}

Headers = dict[str, str]


class Refusal(Exception):
    """An answer of S3's that is a refusal."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What goes back: status, headers, body."""

    status: int
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True)
class Asked:
    """One request, read to its end."""

    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: Headers
    body: bytes


def is_for_files(scope: dict[str, Any]) -> bool:
    """Whether a request is one for S3: it names a bucket in its path and no operation in its headers."""
    if scope["type"] != "http" or scope["method"] not in _METHODS or scope["path"].startswith(("/_", "//")):
        return False
    if scope["path"] == "/":
        return False
    return not any(name == b"x-amz-target" for name, _ in scope["headers"])


class Files:
    """The buckets of one folder."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder, and forgets what is left of writes that were cut off and reports older than a week."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for path in self._all():
            if path.suffix == ".new" or self._is_old_report(path):
                path.unlink()

    async def serve(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answers one request."""
        try:
            answer = await self._answer(scope, receive)
        except Refusal as refusal:
            text = f"<Error><Code>{refusal.code}</Code><Message>{escape(str(refusal))}</Message></Error>"
            answer = Answer(refusal.status, {"content-type": "application/xml"}, text.encode())
        headers = {**_ANY_PAGE, **answer.headers}
        headers.setdefault("content-length", str(len(answer.body)))
        raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]]) -> Answer:
        body = await _body(receive)
        if scope["method"] == "OPTIONS":
            return Answer(200, {})
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path, query = scope["raw_path"].decode().partition("?")[0], scope["query_string"].decode()
        try:
            check_signature(scope["method"], path, query, headers, body, time.time())
        except NotAsSigned as error:
            raise Refusal(403, error.code, str(error)) from None
        bucket, _, key = unquote(path).lstrip("/").partition("/")
        if _BUCKET.fullmatch(bucket) is None:
            raise Refusal(400, "InvalidBucketName", "this is no name of a bucket")
        asked = Asked(scope["method"], bucket, key, dict(parse_qsl(query)), headers, body)
        return await asyncio.to_thread(self._carry_out, asked)

    def _carry_out(self, asked: Asked) -> Answer:
        folder = self._folder / asked.bucket
        if not asked.key:
            return self._bucket(asked, folder)
        if not folder.is_dir():
            raise Refusal(404, "NoSuchBucket", "there is no such bucket")
        path = folder / hashlib.sha256(asked.key.encode()).hexdigest()
        return self._put(asked, path) if asked.method == "PUT" else self._get(asked, path)

    def _bucket(self, asked: Asked, folder: Path) -> Answer:
        if asked.method == "PUT" and not asked.query:
            folder.mkdir(exist_ok=True)
            _sync_folder(self._folder)
        elif asked.method != "HEAD":
            raise Refusal(501, "NotImplemented", "this is not offered here")
        elif not folder.is_dir():
            raise Refusal(404, "NoSuchBucket", "there is no such bucket")
        return Answer(200, {})

    def _put(self, asked: Asked, path: Path) -> Answer:
        checksum = base64.b64encode(hashlib.sha256(asked.body).digest()).decode()
        if asked.headers.get("x-amz-checksum-sha256", checksum) != checksum:
            raise Refusal(400, "BadDigest", "the SHA256 you specified did not match the calculated checksum")
        described = {
            "key": asked.key,
            "content-type": asked.headers.get("content-type", "binary/octet-stream"),
            "etag": f'"{hashlib.md5(asked.body).hexdigest()}"',
            "x-amz-checksum-sha256": checksum,
        }
        fresh = path.with_suffix(f".{os.urandom(8).hex()}.new")
        with fresh.open("wb") as file:
            file.write(json.dumps(described).encode() + b"\n" + asked.body)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        _sync_folder(path.parent)
        return Answer(200, {"etag": described["etag"], "x-amz-checksum-sha256": checksum})

    def _get(self, asked: Asked, path: Path) -> Answer:
        try:
            first, _, body = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            raise Refusal(404, "NoSuchKey", "there is no such file") from None
        described = json.loads(first)
        headers = {name: described[name] for name in ("content-type", "etag")}
        headers["content-length"] = str(len(body))
        if asked.headers.get("x-amz-checksum-mode") == "ENABLED":
            headers |= {"x-amz-checksum-sha256": described["x-amz-checksum-sha256"]}
        for name in ("content-type", "content-disposition"):
            if f"response-{name}" in asked.query:
                headers[name] = asked.query[f"response-{name}"]
        return Answer(200, headers, body)

    def _all(self) -> Iterator[Path]:
        yield from [path for path in self._folder.glob("*/*") if path.is_file()]

    def _is_old_report(self, path: Path) -> bool:
        if path.stat().st_mtime > time.time() - REPORTS_STAY_SECONDS:
            return False
        with path.open("rb") as file:
            return str(json.loads(file.readline())["key"]).startswith(REPORTS)


async def _body(receive: Callable[[], Awaitable[Any]]) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, "IncompleteBody", "the body ended before its length")
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > MOST_BYTES:
            raise Refusal(400, "EntityTooLarge", "this is larger than is taken here")
        if not message.get("more_body"):
            return b"".join(parts)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
