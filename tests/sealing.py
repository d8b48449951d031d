"""KMS in this process: the local engine's key behind the two calls of botocore's client that the product makes."""

import base64
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.engine.keys import Keys, Refusal


class KeyInProcess:
    """One key; `asked` are the operations that it was asked for, in order."""

    def __init__(self, path: Path) -> None:
        self._keys = Keys(path)
        self.asked: list[str] = []

    def encrypt(self, **asked: Any) -> dict[str, Any]:
        answer = self._answer("Encrypt", {**asked, "Plaintext": base64.b64encode(asked["Plaintext"]).decode()})
        return {**answer, "CiphertextBlob": base64.b64decode(answer["CiphertextBlob"])}

    def decrypt(self, **asked: Any) -> dict[str, Any]:
        blob = base64.b64encode(asked["CiphertextBlob"]).decode()
        answer = self._answer("Decrypt", {**asked, "CiphertextBlob": blob})
        return {**answer, "Plaintext": base64.b64decode(answer["Plaintext"])}

    def _answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(operation)
        try:
            return self._keys.encrypt(asked) if operation == "Encrypt" else self._keys.decrypt(asked)
        except Refusal as refusal:
            raise ClientError({"Error": {"Code": refusal.code, "Message": str(refusal)}}, operation) from None
