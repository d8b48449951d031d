"""Secrets of the installation, fetched once a process: the keys that sign tokens."""

from functools import cache
from typing import Any, cast

import botocore.session

from chalicelib.aws.config import config
from chalicelib.core.json import read_json


@cache
def token_keys() -> dict[str, Any]:
    """`{"current": kid, "keys": {kid: base64url}}`: from TOKEN_KEYS, or from the secret that TOKEN_KEYS_SECRET names."""
    text = config().token_keys
    if not text:
        client = botocore.session.get_session().create_client("secretsmanager")
        text = client.get_secret_value(SecretId=config().token_keys_secret)["SecretString"]
    return cast(dict[str, Any], read_json(text))
