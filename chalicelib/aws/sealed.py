"""Secrets that are kept in rows: sealed under the key of the installation, and opened by the function that needs them.

KMS does both and never gives its key away. Who may seal may not open: the API seals what it is given, the function that
speaks to routers opens it (`infra/template/router_key.yaml`). What was sealed for one thing opens for that thing only.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.config import config
from chalicelib.core.errors import Conflict, Unavailable

MOST_BYTES = 4_096
"""What KMS seals at most."""
REMEMBERED = 256
"""Texts that a process keeps open: a router is reached again and again, and each opening costs a request."""

_NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException", "ValidationException"})


class NotSealedHere(Conflict):
    """What is kept was not sealed under this installation's key, or was sealed for something else."""

    def __init__(self) -> None:
        super().__init__("sealed-elsewhere", "A secret that is kept cannot be opened any more; please enter it again.")


@cache
def _client() -> Any:
    settings = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})
    return botocore.session.get_session().create_client("kms", config=settings)


def forget_client() -> None:
    """Make the next call build its client anew and open everything again: for tests that swap the endpoint."""
    _client.cache_clear()
    _opened.cache_clear()


def seal(text: str, context: Mapping[str, str]) -> str:
    """The text as only `unseal` with the same context can read it, in base64; another one each time.

    `context` says whose it is and what it is about; it is no secret. `text` has at most 4,096 bytes as UTF-8.
    `Unavailable` when it cannot be sealed now.
    """
    key = config().router_key
    if not key:
        raise _away()
    try:
        answer = _client().encrypt(KeyId=key, Plaintext=text.encode(), EncryptionContext=dict(context))
    except (BotoCoreError, ClientError) as error:
        raise _away() from error
    return base64.b64encode(answer["CiphertextBlob"]).decode()


def unseal(sealed: str, context: Mapping[str, str]) -> str:
    """The text that was sealed with this context.

    `NotSealedHere` for anything else, `Unavailable` when it cannot be opened now. A process asks once for each.
    """
    return _opened(sealed, tuple(sorted(context.items())))


@lru_cache(REMEMBERED)
def _opened(sealed: str, context: tuple[tuple[str, str], ...]) -> str:
    try:
        blob = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise NotSealedHere from None
    if not blob:
        raise NotSealedHere
    try:
        # The key is not named: what was sealed names it, and no other key lets this function in.
        answer = _client().decrypt(CiphertextBlob=blob, EncryptionContext=dict(context))
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_OURS:
            raise NotSealedHere from None
        raise _away() from error
    except BotoCoreError as error:
        raise _away() from error
    return cast(bytes, answer["Plaintext"]).decode()


def _away() -> Unavailable:
    return Unavailable("keys-away", "Secrets can neither be sealed nor opened now; please send the request again.")
