"""JSON as the product stores and hashes it: compact, keys in the order given, text as it is, no float."""

import json
from typing import Any


def compact_json(value: Any) -> str:
    """One canonical line of JSON; equal data built in the same order gives equal text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_json(text: str) -> Any:
    """The data of a JSON text that `compact_json` made."""
    return json.loads(text)
