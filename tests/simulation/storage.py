"""Tables: partitions of items in the order of their range keys, and for each item the version it had before."""

from __future__ import annotations

from bisect import bisect_left, insort
from hashlib import sha1
from typing import Any, NamedTuple

from .errors import Refusal, UpdateRefusal, invalid
from .numbers import NumberError
from .values import Item, order_key, value_size

MAX_HASH_KEY_BYTES = 2048
MAX_RANGE_KEY_BYTES = 1024
NO_RANGE_KEY = ""
KEY_MISMATCH = "The provided key element does not match the schema"

# (hash, range), each as it sorts: str, Decimal or bytes.
Key = tuple[Any, Any]

# What a write replaced: table, key, the version before it, and the version that was "previous" before it.
Undo = tuple["Table", Any, Any, "Record | None", "Record | None"]


class KeyTypeRefusal(UpdateRefusal):
    """A key of the wrong type: a ValidationException alone, a cancellation reason in a transaction."""


class Record(NamedTuple):
    """One version of an item, never changed, with its size."""

    item: Item
    size_bytes: int


class Partition:
    """The items of one hash key."""

    __slots__ = ("records", "order", "previous")

    def __init__(self) -> None:
        self.records: dict[Any, Record] = {}
        self.order: list[Any] = []
        self.previous: dict[Any, Record | None] = {}


class KeyAttribute(NamedTuple):
    """One attribute of a table's primary key."""

    name: str
    kind: str
    max_bytes: int


class Table:
    """One table. `name` is as the caller calls it; an item's key is (hash, range)."""

    def __init__(self, name: str, schema: list[dict[str, str]], definitions: list[dict[str, str]]) -> None:
        kinds = {definition["AttributeName"]: definition["AttributeType"] for definition in definitions}
        roles = {entry["KeyType"]: entry["AttributeName"] for entry in schema}
        if "HASH" not in roles or set(kinds) != set(roles.values()):
            raise invalid("One or more parameter values were invalid: Number of attributes in KeySchema does not match")
        self.name = name
        self.schema = schema
        self.definitions = definitions
        limits = {"HASH": MAX_HASH_KEY_BYTES, "RANGE": MAX_RANGE_KEY_BYTES}
        self.keys = [
            KeyAttribute(roles[role], kinds[roles[role]], limits[role]) for role in ("HASH", "RANGE") if role in roles
        ]
        self.key_names = tuple(key.name for key in self.keys)
        both_text = len(self.keys) == 2 and all(key.kind == "S" for key in self.keys)
        # In characters, of which each has at most four bytes.
        self._text_keys = [(key.name, key.max_bytes // 4) for key in self.keys] if both_text else None
        self.time_to_live: dict[str, Any] = {}
        self.partitions: dict[Any, Partition] = {}
        self.written: list[Undo] | None = None
        self._scan_order: list[Any] | None = None

    def key_of_request(self, key: Item) -> Key:
        """The key a request's Key, or ExclusiveStartKey, names; a ValidationException when it is none."""
        if len(key) != len(self.keys) or any(name not in key for name in self.key_names):
            raise invalid(KEY_MISMATCH)
        return self._key(key, None)

    def plain_key(self, key: Item) -> Key | None:
        """The key that a request's Key names when it is two short texts, as nearly all are; None to look closer."""
        if len(key) != 2 or self._text_keys is None:
            return None
        (hash_name, hash_limit), (range_name, range_limit) = self._text_keys
        try:
            hash_text, range_text = key[hash_name]["S"], key[range_name]["S"]
            if len(key[hash_name]) != 1 or len(key[range_name]) != 1:
                return None
        except (KeyError, TypeError):
            return None
        if type(hash_text) is not str or type(range_text) is not str:
            return None
        if not 0 < len(hash_text) <= hash_limit or not 0 < len(range_text) <= range_limit:
            return None
        return hash_text, range_text

    def key_of_item(self, item: Item) -> Key:
        """The key of an item that is to be put; a ValidationException when it has none."""
        for name in self.key_names:
            if name not in item:
                raise invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
        return self._key(item, "One or more parameter values were invalid: Type mismatch for key {0} expected: {1}")

    def _key(self, attributes: Item, mismatch: str | None) -> Key:
        parts = []
        for name, kind, max_bytes in self.keys:
            value = attributes[name]
            content = value.get(kind)
            if content is None:
                raise KeyTypeRefusal(mismatch.format(name, kind) if mismatch else KEY_MISMATCH)
            if kind == "S" and content and len(content) * 4 <= max_bytes:
                parts.append(content)
                continue
            if not content:
                raise invalid(
                    "One or more parameter values are not valid. The AttributeValue for a key attribute "
                    f"cannot contain an empty {'string' if kind == 'S' else 'binary'} value. Key: {name}"
                )
            try:
                if value_size(value) > max_bytes:
                    raise invalid(
                        "One or more parameter values were invalid: Size of "
                        f"{'hashkey' if max_bytes == MAX_HASH_KEY_BYTES else 'rangekey'} "
                        f"has exceeded the maximum size limit of {max_bytes} bytes"
                    )
                parts.append(order_key(value))
            except NumberError as error:
                raise invalid(str(error)) from error
        return (parts[0], parts[1]) if len(parts) == 2 else (parts[0], NO_RANGE_KEY)

    def key_item(self, item: Item) -> Item:
        """The key attributes of an item, as LastEvaluatedKey answers them."""
        return {name: dict(item[name]) for name in self.key_names}

    def get(self, key: Key) -> Record | None:
        """The item's version now."""
        partition = self.partitions.get(key[0])
        return partition.records.get(key[1]) if partition is not None else None

    def get_previous(self, key: Key) -> Record | None:
        """The version before the last write; None when the item was not there then."""
        partition = self.partitions.get(key[0])
        if partition is None:
            return None
        return partition.previous.get(key[1])

    def put(self, key: Key, record: Record | None) -> None:
        """Write an item's next version; None deletes it."""
        hash_key, range_key = key
        partition = self.partitions.get(hash_key)
        if partition is None:
            if record is None:
                return
            partition = self.partitions[hash_key] = Partition()
            self._scan_order = None
        before = partition.records.get(range_key)
        if self.written is not None:
            self.written.append((self, hash_key, range_key, before, partition.previous.get(range_key)))
        partition.previous[range_key] = before
        if record is not None:
            if before is None:
                insort(partition.order, range_key)
            partition.records[range_key] = record
        elif before is not None:
            del partition.records[range_key]
            del partition.order[bisect_left(partition.order, range_key)]

    def take_back(self, hash_key: Any, range_key: Any, before: Record | None, previous: Record | None) -> None:
        """Make a write not have happened; of several to one item the newest has to go first."""
        partition = self.partitions[hash_key]
        if before is None:
            if partition.records.pop(range_key, None) is not None:
                del partition.order[bisect_left(partition.order, range_key)]
        else:
            if range_key not in partition.records:
                insort(partition.order, range_key)
            partition.records[range_key] = before
        if previous is None:
            partition.previous.pop(range_key, None)
        else:
            partition.previous[range_key] = previous
        if not partition.records and not partition.previous:
            del self.partitions[hash_key]
            self._scan_order = None

    def scan_order(self) -> list[Any]:
        """The hash keys in an order that is stable and, as in the real one, unrelated to their values."""
        if self._scan_order is None:
            self._scan_order = sorted(self.partitions, key=scan_digest)
        return self._scan_order

    def description(self) -> dict[str, Any]:
        """What DescribeTable says of it."""
        count = sum(len(partition.records) for partition in self.partitions.values())
        return {
            "TableName": self.name,
            "TableStatus": "ACTIVE",
            "KeySchema": [dict(entry) for entry in self.schema],
            "AttributeDefinitions": [dict(definition) for definition in self.definitions],
            "ItemCount": count,
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "TableArn": f"arn:aws:dynamodb:us-east-1:000000000000:table/{self.name}",
        }


def scan_digest(hash_key: Any) -> bytes:
    """What a table's scan, and the split of a parallel scan, order hash keys by."""
    return sha1(str(hash_key).encode(), usedforsecurity=False).digest()


def missing_table() -> Refusal:
    """The refusal of an operation on a table that is not there."""
    return Refusal("ResourceNotFoundException", "Requested resource not found")
