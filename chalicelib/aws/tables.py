"""How rows are read and written: one `write` for everything.

All reads are strongly consistent. A `write` of one operation is a plain conditional write, of several one transaction:
all of it happened or nothing did. A condition that does not hold comes back as `ConditionFailed` with the rows as they
were, mapped by operation and never by position.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, cast

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException, VerboseClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.expressions.update import Update as UpdateExpression

from chalicelib.aws import clock
from chalicelib.aws.keys import LAST, Key
from chalicelib.aws.rows import Row, RowT, connection
from chalicelib.core.errors import Unavailable

MAX_TRANSACTION = 100
MAX_BATCH_GET = 100
MAX_BATCH_WRITE = 25
CONFLICT_TRIES = 8


@dataclass(frozen=True, eq=False)
class Put:
    """Write a whole row; with a condition on what is there now.

    `claims` marks the row that stands for the request itself: if it is there already, the request was carried out.
    """

    row: Row
    condition: Condition | None = None
    claims: bool = False


@dataclass(frozen=True, eq=False)
class Update:
    """Change the named attributes of the row at `row`'s key."""

    row: Row
    actions: Sequence[Action]
    condition: Condition | None = None


@dataclass(frozen=True, eq=False)
class Check:
    """Write nothing, but let the transaction happen only while the condition holds."""

    row: Row
    condition: Condition


@dataclass(frozen=True, eq=False)
class Delete:
    """Remove the row at that key."""

    row: Row
    condition: Condition | None = None


Operation = Put | Update | Check | Delete


class ConditionFailed(Exception):
    """A condition did not hold and nothing was written. `rows` has each failed operation's row as it stood, or None."""

    def __init__(self, rows: dict[Operation, Row | None]) -> None:
        super().__init__(", ".join(f"{type(op.row).__name__} at {op.row.pk}/{op.row.sk}" for op in rows))
        self.rows = rows

    def failed(self, operation: Operation | None) -> bool:
        """Whether it was (also) this operation's condition that did not hold."""
        return operation in self.rows


class AlreadyDone(Exception):
    """The row that stands for this request is there: another call has carried it out, and this one wrote nothing."""


@dataclass(frozen=True)
class Page(Generic[RowT]):
    """Some rows of a partition and the sort key to go on after, None at the end."""

    rows: list[RowT]
    after: str | None


def read(kind: type[RowT], key: Key) -> RowT | None:
    """The row at that key, or None."""
    answer = _call("GetItem", {"TableName": kind.Meta.table_name, "Key": _typed(key), "ConsistentRead": True})
    item = answer.get("Item")
    return kind.from_raw_data(item) if item else None


def read_many(wanted: Sequence[tuple[type[Row], Key]]) -> list[Any]:
    """The rows at those keys in their order, None where there is none: one request for each hundred, over all tables."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    distinct = list(dict.fromkeys((kind.Meta.table_name, key) for kind, key in wanted))
    for start in range(0, len(distinct), MAX_BATCH_GET):
        for table, item in _batch(distinct[start : start + MAX_BATCH_GET]):
            found[(table, item["pk"]["S"], item["sk"]["S"])] = item
    rows = ((kind, found.get((kind.Meta.table_name, *key))) for kind, key in wanted)
    return [kind.from_raw_data(item) if item else None for kind, item in rows]


def _batch(wanted: Sequence[tuple[str, Key]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items at those keys of those tables; what an answer leaves over is asked for again."""
    pending: dict[str, Any] = {}
    for table, key in wanted:
        pending.setdefault(table, {"ConsistentRead": True, "Keys": []})["Keys"].append(_typed(key))
    for attempt in range(1, CONFLICT_TRIES + 1):
        while pending:
            answer = _call("BatchGetItem", {"RequestItems": pending})
            yield from ((table, item) for table, items in answer["Responses"].items() for item in items)
            asked, pending = pending, answer.get("UnprocessedKeys") or {}
            if pending == asked:
                break
        if not pending:
            return
        _wait(attempt)
    raise Unavailable("database-busy", "The database is busy; please send the request again.")


def read_at_once(wanted: Sequence[tuple[type[Row], Key]]) -> list[Any]:
    """The rows at these keys (at most a hundred) as they stood at one instant, None where there is none.

    It costs twice what `read_many` does, and is for what has to agree between rows.
    """
    gets = [{"Get": {"TableName": kind.Meta.table_name, "Key": _typed(key)}} for kind, key in wanted]
    for attempt in range(CONFLICT_TRIES):
        clock.back_off(attempt)
        try:
            answer = _call("TransactGetItems", {"TransactItems": gets})
        except VerboseClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            continue
        items = (found.get("Item") for found in answer["Responses"])
        return [kind.from_raw_data(item) if item else None for (kind, _), item in zip(wanted, items, strict=True)]
    raise Unavailable("busy", "What is to be compared is moving all the time; please send the request again.")


def read_page(
    kind: type[RowT],
    partition: str,
    *,
    first: str | None = None,
    last: str | None = None,
    after: str | None = None,
    limit: int | None = None,
    newest_first: bool = False,
    filter_on: Condition | None = None,
) -> Page[RowT]:
    """One request's worth of a partition's rows with sort keys from `first` to `last` (both included), at most `limit`.

    `after` is the sort key an earlier page ended on; a client may have made it up, and one outside the range goes on at
    the range's near end. `filter_on` drops rows after they were counted and paid for.
    """
    low, high = first or " ", last or LAST
    is_range = first is not None or last is not None
    if low > high:
        return Page([], None)
    if is_range and after is not None and not low <= after <= high:
        if (after < low) == newest_first:
            return Page([], None)
        after = None
    query: dict[str, Any] = {"TableName": kind.Meta.table_name, "ConsistentRead": True}
    # Written out, because PynamoDB takes longer to put these two together than it takes to send them.
    names = {"pk": "#0"}
    values: dict[str, Any] = {":0": {"S": partition}}
    query["KeyConditionExpression"] = "#0 = :0"
    if is_range:
        names["sk"] = "#1"
        values |= {":1": {"S": low}, ":2": {"S": high}}
        query["KeyConditionExpression"] = "#0 = :0 AND #1 BETWEEN :1 AND :2"
    if filter_on is not None:
        query["FilterExpression"] = filter_on.serialize(names, values)
    query["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    query["ExpressionAttributeValues"] = values
    if after is not None:
        query["ExclusiveStartKey"] = _typed(Key(partition, after))
    if limit is not None:
        query["Limit"] = limit
    if newest_first:
        query["ScanIndexForward"] = False
    answer = _call("Query", query)
    last_key = answer.get("LastEvaluatedKey")
    return Page([kind.from_raw_data(item) for item in answer["Items"]], last_key["sk"]["S"] if last_key else None)


def read_all(kind: type[RowT], partition: str, **range_: Any) -> list[RowT]:
    """All rows of a partition (or of the given range of it), however many requests that takes."""
    rows: list[RowT] = []
    page = read_page(kind, partition, **range_)
    rows += page.rows
    while page.after is not None:
        page = read_page(kind, partition, **{**range_, "after": page.after})
        rows += page.rows
    return rows


def write(*operations: Operation) -> None:
    """All of the operations, or none: `ConditionFailed` when a condition does not hold.

    A collision with another transaction under way is tried again for about three seconds; then `Unavailable`. An answer
    that was lost on the way raises `Unavailable` too, and the write may have happened: writers are made to be repeated.
    """
    if not 1 <= len(operations) <= MAX_TRANSACTION:
        raise ValueError(f"a write takes 1 to {MAX_TRANSACTION} operations, not {len(operations)}")
    for attempt in range(CONFLICT_TRIES):
        if attempt:
            _wait(attempt)
        try:
            if len(operations) == 1 and not isinstance(operations[0], Check):
                return _write_one(operations[0])
            return _write_together(operations)
        except _Collision:
            continue
    raise Unavailable("busy", "Many changes to the same thing are under way; please send the request again.")


def put_many(rows: Sequence[Row]) -> None:
    """Write up to 25 whole rows without conditions, each for itself, in one request: for rows that may be written again.

    `Unavailable` when some could not be written for long; the others were.
    """
    if not 1 <= len(rows) <= MAX_BATCH_WRITE:
        raise ValueError(f"a batch takes 1 to {MAX_BATCH_WRITE} rows, not {len(rows)}")
    pending: dict[str, Any] = {}
    for row in rows:
        pending.setdefault(row.Meta.table_name, []).append({"PutRequest": {"Item": row.serialize()}})
    for attempt in range(CONFLICT_TRIES):
        if attempt:
            _wait(attempt)
        pending = _call("BatchWriteItem", {"RequestItems": pending}).get("UnprocessedItems") or {}
        if not pending:
            return
    raise Unavailable("database-busy", "The database is busy; please send the request again.")


def _wait(attempt: int) -> None:
    """The pause before a further attempt: about twice as long each time, never the same for two who collided."""
    clock.sleep(random.uniform(0.005, 0.02) * 2**attempt)


class _Collision(Exception):
    """Another transaction held one of the rows; nothing was written."""


def _write_one(operation: Operation) -> None:
    name = {Put: "PutItem", Update: "UpdateItem", Delete: "DeleteItem"}[type(operation)]
    try:
        _call(name, _parameters(operation))
    except VerboseClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            if isinstance(operation, Put) and operation.claims:
                raise AlreadyDone from None
            cause = cast(ClientError, error.__cause__)
            raise ConditionFailed({operation: _old_row(operation, cause.response.get("Item"))}) from None
        if code == "TransactionConflictException":
            raise _Collision from None
        raise


def _write_together(operations: Sequence[Operation]) -> None:
    names = {Put: "Put", Update: "Update", Check: "ConditionCheck", Delete: "Delete"}
    items = [{names[type(operation)]: _parameters(operation)} for operation in operations]
    try:
        _call("TransactWriteItems", {"TransactItems": items})
    except VerboseClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("TransactionInProgressException", "TransactionConflictException"):
            raise _Collision from None
        if code != "TransactionCanceledException":
            raise
        reasons = list(error.cancellation_reasons)
        failed = {
            operation: _old_row(operation, reason.raw_item)
            for operation, reason in zip(operations, reasons, strict=True)
            if reason is not None and reason.code == "ConditionalCheckFailed"
        }
        if any(isinstance(operation, Put) and operation.claims for operation in failed):
            raise AlreadyDone from None
        if failed:
            raise ConditionFailed(failed) from None
        if all(reason is None or reason.code in _PASSING for reason in reasons):
            raise _Collision from None
        raise


_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def _old_row(operation: Operation, item: dict[str, Any] | None) -> Row | None:
    return type(operation.row).from_raw_data(item) if item else None


def _parameters(operation: Operation) -> dict[str, Any]:
    row = operation.row
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    parameters: dict[str, Any] = {"TableName": row.Meta.table_name}
    if isinstance(operation, Put):
        parameters["Item"] = row.serialize()
    else:
        parameters["Key"] = _typed(row.key)
    if isinstance(operation, Update):
        parameters["UpdateExpression"] = _update_expression(operation.actions, names, values)
    if operation.condition is not None:
        parameters["ConditionExpression"] = operation.condition.serialize(names, values)
        parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if names:
        parameters["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if values:
        parameters["ExpressionAttributeValues"] = values
    return parameters


def _update_expression(actions: Sequence[Action], names: dict[str, str], values: dict[str, Any]) -> str:
    return cast(str, UpdateExpression(*actions).serialize(names, values))


def _typed(key: Key) -> dict[str, dict[str, str]]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """One request through PynamoDB's connection; what is away or throttled becomes `Unavailable`.

    Not by its `dispatch`, which draws a random id, sends two signals and asks for the units of every request, for nobody.
    """
    try:
        return cast(dict[str, Any], connection()._make_api_call(operation, parameters))
    except VerboseClientError as error:
        if error.response["Error"]["Code"] in _AWAY:
            raise Unavailable("database-busy", "The database is busy; please send the request again.") from error
        raise
    except (BotoCoreError, PynamoDBException) as error:
        raise Unavailable("database-away", "The database does not answer; please send the request again.") from error


_AWAY = {
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
}

Remember = Callable[[Any], Sequence[Operation]]
"""What a use case is handed to make its request repeatable: given its outcome, the operations to add to its write."""


def forget(_: Any) -> Sequence[Operation]:
    """The `Remember` of a request that came without an idempotency key."""
    return ()
