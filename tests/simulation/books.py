"""A small table of accounts for the tests of the engine itself."""

from __future__ import annotations

from typing import Any

from .dynamodb import MemoryDynamoDB
from .values import Item

TABLE = "books"
SCHEMA: dict[str, Any] = {
    "TableName": TABLE,
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def open_books(now: float = 0.0) -> MemoryDynamoDB:
    """An engine with one empty table, its meter at zero."""
    engine = MemoryDynamoDB(now=now)
    engine.call("CreateTable", SCHEMA)
    return engine


def key(sort: str, partition: str = "p") -> Item:
    """The key of an item."""
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def sized(sort: str, size_bytes: int) -> Item:
    """An item of exactly that size: six bytes of names and partition, the sort key, and a filling named f."""
    return {**key(sort), "f": {"S": "x" * (size_bytes - 6 - len(sort))}}


def put(engine: MemoryDynamoDB, item: Item, **more: Any) -> dict[str, Any]:
    """PutItem."""
    return engine.call("PutItem", {"TableName": TABLE, "Item": item, **more})


def get(engine: MemoryDynamoDB, sort: str, **more: Any) -> Item | None:
    """GetItem, consistent unless it says otherwise."""
    params = {"TableName": TABLE, "Key": key(sort), "ConsistentRead": True, **more}
    return engine.call("GetItem", params).get("Item")


def update(engine: MemoryDynamoDB, sort: str, expression: str, **more: Any) -> dict[str, Any]:
    """UpdateItem; a value :v is given as `v={"N": "1"}`, anything else by its own name."""
    values = {f":{name}": more.pop(name) for name in list(more) if len(name) == 1}
    if values:
        more["ExpressionAttributeValues"] = values
    return engine.call("UpdateItem", {"TableName": TABLE, "Key": key(sort), "UpdateExpression": expression, **more})


def transact(engine: MemoryDynamoDB, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """TransactWriteItems."""
    return engine.call("TransactWriteItems", {"TransactItems": list(actions), **more})


def action(kind: str, **params: Any) -> dict[str, Any]:
    """One action of a transaction."""
    return {kind: {"TableName": TABLE, **params}}


def query(engine: MemoryDynamoDB, condition: str = "", partition: str = "p", **more: Any) -> dict[str, Any]:
    """Query of a partition, with a condition on sk if one is given; values as for `update`."""
    values = {f":{name}": more.pop(name) for name in list(more) if len(name) == 1}
    params = {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :pk" + (f" AND {condition}" if condition else ""),
        "ExpressionAttributeValues": {":pk": {"S": partition}, **values},
        **more,
    }
    return engine.call("Query", params)
