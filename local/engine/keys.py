"""KMS on this machine, as much of it as the product asks for: one key seals and opens, and never leaves.

The key is made at the first start and kept in the engine's folder, readable by its owner alone: whoever copies the
folder has what it seals. Sealed with AES-256-GCM; the encryption context is a part of what is authenticated, so that
what was sealed for one thing does not open for another. Errors are KMS's own.
"""

import base64
import binascii
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from local.kept import write_whole

ROUTER_KEY: Final = "tributary-router-key"
"""The one key's id."""
MOST_PLAIN_BYTES: Final = 4_096
MOST_SEALED_BYTES: Final = 6_144
_FORM: Final = b"\x01"
_NONCE_BYTES: Final = 12
_OPERATIONS: Final = "TrentService."


class Refusal(Exception):
    """An answer of KMS's that is a refusal; the code is KMS's name for it."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.code = code


def is_for_keys(scope: dict[str, Any]) -> bool:
    """Whether a request is one for KMS."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    return any(name == b"x-amz-target" and value.startswith(_OPERATIONS.encode()) for name, value in scope["headers"])


class Keys:
    """The one key of one folder."""

    def __init__(self, path: Path) -> None:
        """Reads the key, or makes it and has it on disk before anything is sealed under it."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
            _sync_folder(path.parent)
        self._cipher = AESGCM(base64.b64decode(path.read_text()))

    def encrypt(self, asked: dict[str, Any]) -> dict[str, Any]:
        """KMS's Encrypt."""
        if asked.get("KeyId") != ROUTER_KEY:
            raise Refusal("NotFoundException", f"Key {asked.get('KeyId')!r} does not exist")
        plain = _bytes(asked.get("Plaintext"), MOST_PLAIN_BYTES, "plaintext")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = _FORM + nonce + self._cipher.encrypt(nonce, plain, _bound(asked))
        return {"CiphertextBlob": base64.b64encode(sealed).decode(), "KeyId": ROUTER_KEY}

    def decrypt(self, asked: dict[str, Any]) -> dict[str, Any]:
        """KMS's Decrypt; the key need not be named."""
        from cryptography.exceptions import InvalidTag

        if asked.get("KeyId", ROUTER_KEY) != ROUTER_KEY:
            raise Refusal("NotFoundException", f"Key {asked['KeyId']!r} does not exist")
        sealed = _bytes(asked.get("CiphertextBlob"), MOST_SEALED_BYTES, "ciphertextBlob")
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _FORM or len(body) < 16:
            raise Refusal("InvalidCiphertextException")
        try:
            plain = self._cipher.decrypt(nonce, body, _bound(asked))
        except InvalidTag:
            raise Refusal("InvalidCiphertextException") from None
        return {"Plaintext": base64.b64encode(plain).decode(), "KeyId": ROUTER_KEY}

    async def serve(self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        """Answers one request."""
        target = next(value for name, value in scope["headers"] if name == b"x-amz-target").decode()
        operation = {"Encrypt": self.encrypt, "Decrypt": self.decrypt}.get(target.removeprefix(_OPERATIONS))
        try:
            if operation is None:
                raise Refusal("UnknownOperationException", f"{target} is not offered here")
            status, answer = 200, operation(await _asked(receive))
        except Refusal as refusal:
            status, answer = 400, {"__type": refusal.code, "message": str(refusal)}
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/x-amz-json-1.1"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _bytes(text: Any, most: int, name: str) -> bytes:
    try:
        found = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Refusal("SerializationException", f"{name} is no base64") from None
    if not 1 <= len(found) <= most:
        raise Refusal("ValidationException", f"{name} has between 1 and {most} bytes")
    return found


def _bound(asked: dict[str, Any]) -> bytes:
    """The encryption context in one form, whatever the order of its names."""
    context = asked.get("EncryptionContext") or {}
    return json.dumps(context, sort_keys=True, separators=(",", ":")).encode()


async def _asked(receive: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
        if len(body) > 4 * MOST_SEALED_BYTES:
            raise Refusal("ValidationException", "this is larger than is taken here")
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refusal("SerializationException", "this is no JSON object")
    return asked


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
