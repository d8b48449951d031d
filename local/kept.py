"""What is made up once and kept in the data folder, readable by its owner only."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

PASSWORD_FILE: Final = "operator-password"
TOKEN_KEYS_FILE: Final = "token-keys.json"


def token_keys(folder: Path) -> str:
    """The keys that sign access tokens, as the JSON that TOKEN_KEYS holds."""
    return _kept(folder / TOKEN_KEYS_FILE, _new_token_keys)


def operator_password(folder: Path) -> str:
    """The operator's first password, for a first start that was not given one."""
    return _kept(folder / PASSWORD_FILE, lambda: secrets.token_urlsafe(12))


def _new_token_keys() -> str:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    return json.dumps({"current": "k1", "keys": {"k1": key}})


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_whole(path, make() + "\n")
    return path.read_text().strip()


def write_whole(path: Path, text: str) -> None:
    """Writes a file that is there whole or not at all, whenever the process is killed."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
