"""Run in the engine's virtualenv: asks ministack and ministack with `local.engine.speed` the same and compares."""

import random
import sys
from itertools import product
from typing import Any

sys.path.insert(0, ".")

from ministack.services import dynamodb

from local.engine import speed

KEYS = ["", "a", "ab", "ab#1", "ab#2", "b", "রহিম", "z\U0001f600", "Z", "ab#10"]
CONDITIONS = [
    "pk = :p",
    "#p = :p AND sk = :a",
    "pk=:p and sk<:a",
    "sk >= :a AND pk = :p",
    "pk = :p AND sk BETWEEN :a AND :b",
    "pk = :p AND begins_with(sk, :a)",
    "pk = :p AND begins_with ( #s , :a )",
    "(pk = :p) AND (sk > :a)",
    "pk = :p AND sk <> :a",
    "pk = :p OR sk = :a",
    "pk = :p AND sk = :missing",
    "pk = :p AND sk <= :number",
    "pk = :p AND",
    "",
]


def ask(condition: str, low: str, high: str, forward: bool, limit: int) -> tuple[int, bytes]:
    """The answer to one query, as ministack would send it."""
    values: dict[str, dict[str, Any]] = {":p": {"S": "p"}}
    for name, value in ((":a", {"S": low}), (":b", {"S": high}), (":number", {"N": "1"})):
        if name in condition:
            values[name] = value
    names = {short: long for short, long in (("#p", "pk"), ("#s", "sk")) if short in condition}
    data: dict[str, Any] = {"TableName": "books", "KeyConditionExpression": condition, "Limit": limit}
    data |= {"ExpressionAttributeValues": values, "ScanIndexForward": forward}
    if names:
        data["ExpressionAttributeNames"] = names
    status, _, body = dynamodb._query(data)
    return status, body


def main() -> None:
    """Prints `same` and how many queries were compared, or raises."""
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    types = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
    dynamodb._create_table(
        {"TableName": "books", "KeySchema": keys, "AttributeDefinitions": types, "BillingMode": "PAY_PER_REQUEST"}
    )
    for pk, sk in product("pq", KEYS[1:]):
        dynamodb._put_item({"TableName": "books", "Item": {"pk": {"S": pk}, "sk": {"S": sk}}})
    chance = random.Random(1)
    questions = [
        (condition, chance.choice(KEYS), chance.choice(KEYS), chance.random() < 0.5, chance.choice([1, 3, 50]))
        for condition in CONDITIONS
        for _ in range(60)
    ]
    before = [ask(*question) for question in questions]
    speed.install()
    for question, expected in zip(questions, before, strict=True):
        assert ask(*question) == expected, question
    assert {status for status, _ in before} == {200, 400}
    print("same", len(questions))


if __name__ == "__main__":
    main()
