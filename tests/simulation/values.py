"""Typed attribute values ({"S": "x"}, {"N": "12"}, ...): what is accepted, how it is kept, copied and weighed.

A kept value is canonical: numbers in one spelling, sets sorted, bytes as bytes. So two values are equal when their
dicts are, and nothing that was kept is ever changed in place: writers build new containers, readers get copies.
"""

from __future__ import annotations

from typing import Any

from .numbers import NumberError, read_number

Value = dict[str, Any]
Item = dict[str, Value]

MAX_DEPTH = 32
LIST_OR_MAP_BYTES = 3
ELEMENT_BYTES = 1


class BadValue(ValueError):
    """A value DynamoDB does not accept."""


def take_value(value: Value, depth: int = 1) -> tuple[Value, int]:
    """A canonical copy of what a caller sent, and its size in bytes; BadValue when DynamoDB refuses it."""
    if not isinstance(value, dict) or len(value) != 1:
        raise BadValue("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    ((kind, content),) = value.items()
    if kind == "S":
        if not isinstance(content, str):
            raise BadValue("A String must be a str")
        return {"S": content}, len(content) if content.isascii() else len(content.encode())
    if kind == "N":
        try:
            number = read_number(content)
        except (NumberError, TypeError) as error:
            raise BadValue(str(error)) from error
        return {"N": number.text}, number.size_bytes
    if depth > MAX_DEPTH:
        raise BadValue(
            "Nesting Levels have exceeded supported limits: "
            "Attributes in the item have nested levels beyond supported limit"
        )
    taker = _TAKERS.get(kind)
    if taker is None:
        raise BadValue("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    return taker(kind, content, depth)


def _take_flag(kind: str, content: Any, depth: int) -> tuple[Value, int]:
    if not isinstance(content, bool) or (kind == "NULL" and not content):
        raise BadValue("One or more parameter values were invalid: Null attribute value types must have true")
    return {kind: content}, 1


def _take_binary(kind: str, content: Any, depth: int) -> tuple[Value, int]:
    if not isinstance(content, bytes | bytearray | memoryview):
        raise BadValue("A Binary must be bytes")
    raw = bytes(content)
    return {kind: raw}, len(raw)


def _take_set(kind: str, content: Any, depth: int) -> tuple[Value, int]:
    if not content:
        raise BadValue("One or more parameter values were invalid: An set may not be empty")
    taken = [take_value({kind[0]: member}) for member in content]
    members = [next(iter(value.values())) for value, _ in taken]
    if len(set(members)) != len(members):
        raise BadValue("One or more parameter values were invalid: Input collection contains duplicates")
    return {kind: sorted_members(kind, members)}, sum(size for _, size in taken)


def _take_list(kind: str, content: Any, depth: int) -> tuple[Value, int]:
    taken = [take_value(element, depth + 1) for element in content]
    size = LIST_OR_MAP_BYTES + sum(ELEMENT_BYTES + element_size for _, element_size in taken)
    return {"L": [element for element, _ in taken]}, size


def _take_map(kind: str, content: Any, depth: int) -> tuple[Value, int]:
    kept: Item = {}
    size = LIST_OR_MAP_BYTES
    for name, element in content.items():
        kept[name], element_size = take_value(element, depth + 1)
        size += ELEMENT_BYTES + name_size(name) + element_size
    return {"M": kept}, size


_TAKERS = {
    "BOOL": _take_flag,
    "NULL": _take_flag,
    "B": _take_binary,
    "SS": _take_set,
    "NS": _take_set,
    "BS": _take_set,
    "L": _take_list,
    "M": _take_map,
}


def name_size(name: str) -> int:
    """Bytes an attribute's name counts."""
    return len(name) if name.isascii() else len(name.encode())


def take_item(item: Item) -> tuple[Item, int]:
    """A canonical copy of an item and its size in bytes (names and values); BadValue when it is refused."""
    kept: Item = {}
    size = 0
    for name, value in item.items():
        if not name:
            raise BadValue("Empty attribute name")
        # Most attributes are texts: they need not go the long way.
        text = value.get("S") if type(value) is dict and len(value) == 1 else None
        if type(text) is str and text.isascii():
            kept[name], value_size = {"S": text}, len(text)
        else:
            kept[name], value_size = take_value(value)
        size += (len(name) if name.isascii() else len(name.encode())) + value_size
    return kept, size


def value_size(value: Value) -> int:
    """Bytes a canonical value counts in its item."""
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content) if content.isascii() else len(content.encode())
    if kind == "N":
        return read_number(content).size_bytes
    if kind == "B":
        return len(content)
    if kind == "L":
        return LIST_OR_MAP_BYTES + sum(ELEMENT_BYTES + value_size(element) for element in content)
    if kind == "M":
        return LIST_OR_MAP_BYTES + sum(
            ELEMENT_BYTES + name_size(name) + value_size(element) for name, element in content.items()
        )
    if kind in ("SS", "NS", "BS"):
        return sum(value_size({kind[0]: member}) for member in content)
    return 1


def item_size(item: Item) -> int:
    """Bytes a canonical item counts: its names and its values."""
    return sum(name_size(name) + value_size(value) for name, value in item.items())


def copy_value(value: Value) -> Value:
    """A copy that shares nothing a caller could change."""
    ((kind, content),) = value.items()
    if kind == "M":
        return {"M": {name: copy_value(element) for name, element in content.items()}}
    if kind == "L":
        return {"L": [copy_value(element) for element in content]}
    if kind in ("SS", "NS", "BS"):
        return {kind: list(content)}
    return {kind: content}


_CONTAINERS = frozenset(("M", "L", "SS", "NS", "BS"))


def copy_item(item: Item) -> Item:
    """A copy that shares nothing a caller could change."""
    copied: Item = {name: value.copy() for name, value in item.items()}
    for name, value in copied.items():
        if not _CONTAINERS.isdisjoint(value):
            copied[name] = copy_value(value)
    return copied


def sorted_members(kind: str, members: list[Any]) -> list[Any]:
    """A set's members in the one order that is kept."""
    if kind == "NS":
        return sorted(members, key=lambda text: read_number(text).value)
    return sorted(members)


def order_key(value: Value) -> Any:
    """What a String, Number or Binary sorts by: str sorts as its UTF-8 bytes do."""
    ((kind, content),) = value.items()
    return read_number(content).value if kind == "N" else content
