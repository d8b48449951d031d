"""A new key to sign access tokens with: `python -m infra.rotate_token_keys STACK STEP`, the steps a while apart.

`add` puts a new key beside the current one, so that every function knows it before a token is signed with it; `use`
signs with it from then on; `drop` forgets all others, once the tokens they signed have run out. A function reads the
keys when it starts, and lives for hours: leave a day between the steps, or deploy in between, which starts them anew.
"""

import argparse
import base64
import json
import secrets
import sys
from typing import Any

import boto3

from infra.stack import outputs_of

Keys = dict[str, Any]
KEY_BYTES = 32


def add(keys: Keys) -> Keys:
    """With a new key that is not used yet."""
    name = f"k{max(int(kid[1:]) for kid in keys['keys']) + 1}"
    secret = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode()
    return {"current": keys["current"], "keys": {**keys["keys"], name: secret}}


def use(keys: Keys) -> Keys:
    """Signing with the newest key."""
    return {**keys, "current": max(keys["keys"], key=lambda kid: int(kid[1:]))}


def drop(keys: Keys) -> Keys:
    """With the current key alone: a token that another one signed is refused from then on."""
    return {**keys, "keys": {keys["current"]: keys["keys"][keys["current"]]}}


STEPS = {"add": add, "use": use, "drop": drop}


def main(arguments: list[str]) -> int:
    """Carry out one step on the stack's secret; no key is printed."""
    parser = argparse.ArgumentParser(prog="python -m infra.rotate_token_keys", description=__doc__.partition("\n")[0])
    parser.add_argument("stack")
    parser.add_argument("step", choices=STEPS)
    given = parser.parse_args(arguments)
    secret = outputs_of(given.stack)["TokenKeysSecret"]
    client = boto3.client("secretsmanager")
    before = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])
    after = STEPS[given.step](before)
    client.put_secret_value(SecretId=secret, SecretString=json.dumps(after))
    print(f"keys {', '.join(after['keys'])}; signing with {after['current']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
