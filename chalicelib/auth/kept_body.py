"""What the audit log keeps of a body: the text as it was sent, without its secrets and not without end."""

import hashlib
from typing import Any

from chalicelib.core.json import compact_json

MAX_BODY_BYTES = 2048
REMOVED = "(removed)"
_SECRET_WORDS = {
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
    "pin",
    "otp",
}


def kept_json(data: Any, declared: frozenset[str]) -> str:
    """A JSON body as text, without the fields that are secret by their name or `declared` to be; cut at 2 KB."""
    return kept_text(compact_json(without_secrets(data, declared)), MAX_BODY_BYTES)


def kept_file(raw: bytes) -> str:
    """A body that is a file: its size and its SHA-256, by which the file can be told when somebody has it."""
    return f"{len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()}"


def kept_text(text: str, longest_bytes: int) -> str:
    """The text, its end cut off where it is longer; what no text can hold, half of a character, becomes `?`."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= longest_bytes:
        return raw.decode()
    return raw[: longest_bytes - 3].decode("utf-8", "ignore") + "…"


def without_secrets(data: Any, declared: frozenset[str]) -> Any:
    """The same data with `(removed)` in place of every secret, however deep."""
    if isinstance(data, dict):
        return {
            name: REMOVED if name in declared or is_secret_name(name) else without_secrets(value, declared)
            for name, value in data.items()
        }
    return [without_secrets(one, declared) for one in data] if isinstance(data, list) else data


def is_secret_name(name: str) -> bool:
    """Whether a field of that name holds a secret: `new_password`, `refresh_token`, `api_key`."""
    words = name.lower().replace("-", "_").split("_")
    return not _SECRET_WORDS.isdisjoint(words) or words[-1] == "key"
