"""JSON as the product stores and hashes it: compact, keys in the order given, text as it is, no float."""

import json
from json.encoder import encode_basestring as quoted
from typing import Any

__all__ = ["compact_json", "quoted", "read_json"]

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DECODER = json.JSONDecoder()


def compact_json(value: Any) -> str:
    """One canonical line of JSON; equal data built in the same order gives equal text."""
    return _ENCODER.encode(value)


def read_json(text: str) -> Any:
    """The data of a JSON text that `compact_json` made."""
    return _DECODER.decode(text)
