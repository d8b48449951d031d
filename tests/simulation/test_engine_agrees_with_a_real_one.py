"""The memory engine and real engines over HTTP, given the same random requests, give the same answers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings

from . import random_requests as random
from .books import SCHEMA, open_books
from .dynamodb import MemoryDynamoDB
from .real_engines import ENGINES, NotHere, running

Outcome = dict[str, Any]
EXAMPLES = 300
fresh_partitions = count(1)


@pytest.fixture(scope="module", params=sorted(ENGINES))
def real(request: pytest.FixtureRequest) -> Iterator[tuple[str, Any]]:
    """The name and a client of a running engine with an empty table."""
    try:
        with running(request.param) as client:
            client.create_table(**SCHEMA)
            yield request.param, client
    except NotHere as reason:
        pytest.skip(str(reason))


def test_the_same_requests_get_the_same_answers(real: tuple[str, Any]) -> None:
    name, client = real
    memory = open_books()

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(random.sequences)
    def agree(sequence: list[random.Request]) -> None:
        partition = f"partition-{next(fresh_partitions)}"
        for operation, params in sequence:
            if not assert_agree(name, client, memory, operation, random.as_sent(params, partition)):
                return

    agree()


def assert_agree(name: str, client: Any, memory: MemoryDynamoDB, operation: str, params: dict[str, Any]) -> bool:
    """Send one request, or a query with all its pages, to both. False when their ways part."""
    while True:
        ours = outcome_of(memory.call, operation, params)
        theirs = outcome_of(client._make_api_call, operation, params)
        parted = forgive(name, operation, params, ours, theirs)
        assert parted or ours == theirs
        if parted or "LastEvaluatedKey" not in ours:
            return not parted
        params = {**params, "ExclusiveStartKey": ours["LastEvaluatedKey"]}


def outcome_of(call: Any, operation: str, params: dict[str, Any]) -> Outcome:
    """An answer or an error as far as it must be the same: messages and the order within sets need not."""
    try:
        answer = call(operation, copy.deepcopy(params))
    except ClientError as error:
        reasons = [
            {"Code": reason["Code"], "Item": comparable(reason.get("Item"))}
            for reason in error.response.get("CancellationReasons", [])
        ]
        item = comparable(error.response.get("Item"))
        return {"Error": error.response["Error"]["Code"], "Reasons": reasons, "Item": item}
    answer.pop("ResponseMetadata")
    if not answer.get("Attributes"):
        answer.pop("Attributes", None)
    if operation == "BatchGetItem":
        answer["Responses"][random.TABLE].sort(key=lambda item: item["sk"]["S"])
    compared: Outcome = comparable(answer)
    return compared


def comparable(value: Any) -> Any:
    """The value with its sets in one order and its numbers in one spelling."""
    if isinstance(value, dict):
        return {name: comparable_content(name, part) for name, part in value.items()}
    return [comparable(part) for part in value] if isinstance(value, list) else value


def comparable_content(kind: str, content: Any) -> Any:
    if kind == "N" and isinstance(content, str):
        return Decimal(content)
    if kind == "NS" and isinstance(content, list):
        return sorted(Decimal(member) for member in content)
    return sorted(content) if kind in ("SS", "BS") and isinstance(content, list) else comparable(content)


def forgive(name: str, operation: str, params: dict[str, Any], ours: Outcome, theirs: Outcome) -> bool:
    """Make equal what is known to differ, each with why the memory engine is right.

    Answers whether to part ways: the other engine did something else, and its items are different from now on.
    """
    return (forgive_ministack if name == "ministack" else forgive_dynamodb_local)(operation, params, ours, theirs)


def forgive_ministack(operation: str, params: dict[str, Any], ours: Outcome, theirs: Outcome) -> bool:
    if operation in ("Query", "GetItem"):
        # It counts every read as one of at most 4 KB.
        forget("ConsumedCapacity", ours, theirs)
    # It lets REMOVE and DELETE name a path whose parent is missing; AWS lists that among the errors of an update.
    removes = ("REMOVE m.a" in str(params) or "REMOVE l[0]" in str(params)) and "Error" in ours
    # It refuses begins_with of an attribute of another type than the prefix; AWS looks at the type of the prefix alone.
    prefixes = "begins_with(" in str(params) and theirs.get("Error") == "ValidationException"
    # It keeps a transaction under its token with the numbers rewritten, and then takes the same one for another.
    mistaken = theirs.get("Error") == "IdempotentParameterMismatchException" and "Error" not in ours
    return ours != theirs and (removes or prefixes or mistaken)


def forgive_dynamodb_local(operation: str, params: dict[str, Any], ours: Outcome, theirs: Outcome) -> bool:
    if ours.get("ScannedCount") == 0 or operation in ("TransactWriteItems", "BatchWriteItem"):
        # It charges nothing for an empty page, where AWS charges one unit, and in transactions and batches the sum of
        # an item's two versions, where AWS charges the larger.
        forget("ConsumedCapacity", ours, theirs)
    if str(params.get("ReturnValues")).startswith("UPDATED"):
        # It answers the whole attribute when one member of a map was updated.
        forget("Attributes", ours, theirs)
    if "LastEvaluatedKey" not in theirs:
        # It sees that a full page ended at the last key the condition allows; AWS only sees that the page is full.
        forget("LastEvaluatedKey", ours)
    reasons = [reason["Code"] for reason in ours.get("Reasons", [])]
    # It raises bare what AWS documents as a cancellation reason, and looks at conditions before it looks for two
    # operations on one item, which AWS refuses before it reads anything. Neither changes an item.
    bare = "ValidationError" in reasons and theirs.get("Error") == "ValidationException"
    late = operation == "TransactWriteItems" and ours.get("Error") == "ValidationException" and "Error" in theirs
    return ours != theirs and (bare or late)


def forget(member: str, *outcomes: Outcome) -> None:
    for outcome in outcomes:
        outcome.pop(member, None)
