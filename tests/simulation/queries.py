"""Query and Scan: items in the order of their keys, a page at a time, charged by the sum of what was read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from .conditions import CompiledCondition
from .errors import invalid
from .metering import read_units
from .paths import project_item
from .requests import Expressions, Params, Request, taken_item
from .storage import Partition, Record, Table, scan_digest
from .syntax import Attribute, Between, Call, Comparison, Condition, Logic, Operand, Placeholder
from .values import Item, Value, copy_item, order_key

PAGE_BYTES = 1024 * 1024
UNSUPPORTED_CONDITION = "Query key condition not supported"
STARTING_KEY = "The provided starting key does not match the range key predicate"


class KeyRange(NamedTuple):
    """The keys a query may read: one partition, and the range keys from `low` to `high` that `matches` accepts.

    With `prefix_length` the range keys are those that begin with `low`.
    """

    hash_key: Any
    low: Any = None
    high: Any = None
    matches: Callable[[Any], bool] = lambda key: True
    prefix_length: int | None = None


def query(request: Request) -> Params:
    """Query. ValidationException when the key condition is not one of those DynamoDB can look up."""
    params = request.params
    table = request.table(params["TableName"])
    expressions = Expressions(params)
    condition = expressions.condition("KeyConditionExpression")
    if condition is None:
        raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    filtering = expressions.condition("FilterExpression")
    for name in table.key_names:
        if filtering is not None and name in filtering.first_names:
            raise invalid(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
            )
    projection = expressions.projection()
    expressions.finish()
    wanted = _key_range(table, condition.tree, expressions.values)
    forward = params.get("ScanIndexForward", True) is not False
    start = params.get("ExclusiveStartKey")
    after = _start_after(table, wanted, start) if start else None
    partition = table.partitions.get(wanted.hash_key)
    records = _partition_records(request, table, partition, wanted, forward, after) if partition else ()
    tree = projection.tree if projection else None
    return _page(request, table, records, filtering, expressions.values, tree)


# What `_key_parts` made of a condition, by its identity and kept with it: the same few conditions are asked all the time.
_KNOWN_PARTS: dict[int, tuple[Condition, tuple[str, ...], Operand, Condition | None]] = {}


def _key_range(table: Table, tree: Condition, values: dict[str, Value]) -> KeyRange:
    known = _KNOWN_PARTS.get(id(tree))
    if known is None or known[0] is not tree or known[1] != table.key_names:
        if len(_KNOWN_PARTS) > 4096:
            _KNOWN_PARTS.clear()
        known = _KNOWN_PARTS[id(tree)] = (tree, table.key_names, *_key_parts(table, tree))
    hash_key = _key_value(table, 0, known[2], values)
    return KeyRange(hash_key) if known[3] is None else _range_range(table, hash_key, known[3], values)


def _key_parts(table: Table, tree: Condition) -> tuple[Operand, Condition | None]:
    """What the hash key has to equal, and the part about the range key."""
    parts = list(tree.parts) if isinstance(tree, Logic) and tree.operator == "AND" else [tree]
    on_hash = [part for part in parts if _subject(part) == table.key_names[0]]
    on_range = [part for part in parts if len(table.keys) == 2 and _subject(part) == table.key_names[1]]
    if len(on_hash) != 1 or len(on_range) > 1 or len(on_hash) + len(on_range) != len(parts):
        raise invalid(UNSUPPORTED_CONDITION)
    equal = on_hash[0]
    if not isinstance(equal, Comparison) or equal.comparator != "=":
        raise invalid(UNSUPPORTED_CONDITION)
    return equal.right, on_range[0] if on_range else None


def _subject(part: Condition) -> Any:
    operand = part.left if isinstance(part, Comparison) else getattr(part, "operand", None)
    if isinstance(part, Call):
        operand = part.operands[0]
    return operand.path[0] if isinstance(operand, Attribute) and len(operand.path) == 1 else None


def _range_range(table: Table, hash_key: Any, part: Condition, values: dict[str, Value]) -> KeyRange:
    if isinstance(part, Between):
        low, high = _key_value(table, 1, part.low, values), _key_value(table, 1, part.high, values)
        return KeyRange(hash_key, low, high, lambda key: low <= key <= high)
    if isinstance(part, Call) and part.function == "begins_with":
        prefix = _key_value(table, 1, part.operands[1], values)
        return KeyRange(hash_key, prefix, None, lambda key: key.startswith(prefix), len(prefix))
    if not isinstance(part, Comparison) or part.comparator == "<>":
        raise invalid(UNSUPPORTED_CONDITION)
    bound = _key_value(table, 1, part.right, values)
    if part.comparator == "=":
        return KeyRange(hash_key, bound, bound, lambda key: key == bound)
    if part.comparator == "<":
        return KeyRange(hash_key, None, bound, lambda key: key < bound)
    if part.comparator == "<=":
        return KeyRange(hash_key, None, bound, lambda key: key <= bound)
    if part.comparator == ">":
        return KeyRange(hash_key, bound, None, lambda key: key > bound)
    return KeyRange(hash_key, bound, None, lambda key: key >= bound)


def _key_value(table: Table, position: int, operand: Operand, values: dict[str, Value]) -> Any:
    if not isinstance(operand, Placeholder):
        raise invalid(UNSUPPORTED_CONDITION)
    value = values[operand.name]
    kind = table.keys[position].kind
    content = value.get(kind)
    if content is None:
        raise invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
    if content in ("", b""):
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty string value. Key: {table.keys[position].name}"
        )
    return order_key(value) if kind == "N" else content


def _start_after(table: Table, wanted: KeyRange, start: Item) -> Any:
    hash_key, range_key = table.key_of_request(taken_item(start)[0])
    if hash_key != wanted.hash_key or not wanted.matches(range_key):
        raise invalid(STARTING_KEY)
    return range_key


def _partition_records(
    request: Request, table: Table, partition: Partition, wanted: KeyRange, forward: bool, after: Any
) -> Iterator[Record]:
    stale = _stale_records(request, table, partition)
    order = sorted(stale) if stale is not None else partition.order
    first = bisect_left(order, wanted.low) if wanted.low is not None else 0
    end = bisect_right(order, wanted.high) if wanted.high is not None else len(order)
    if wanted.prefix_length is not None:
        end = bisect_right(order, wanted.low, key=lambda range_key: range_key[: wanted.prefix_length])
    if after is not None and forward:
        first = max(first, bisect_right(order, after))
    elif after is not None:
        end = min(end, bisect_left(order, after))
    records: dict[Any, Record] = partition.records if stale is None else stale
    for index in range(first, end) if forward else range(end - 1, first - 1, -1):
        range_key = order[index]
        if wanted.matches(range_key):
            yield records[range_key]


def _stale_records(request: Request, table: Table, partition: Partition) -> dict[Any, Record] | None:
    """The partition as a lagging replica shows it, item by item; None when every read is of the present."""
    if request.stale is None or request.params.get("ConsistentRead"):
        return None
    seen: dict[Any, Record] = {}
    for range_key in sorted({*partition.records, *partition.previous}):
        now, before = partition.records.get(range_key), partition.previous.get(range_key)
        known = now or before
        if known is None:
            continue
        lags = request.stale(request.operation, table.name, table.key_item(known.item))
        record = before if lags else now
        if record is not None:
            seen[range_key] = record
    return seen


def _page(
    request: Request,
    table: Table,
    records: Iterable[Record],
    filtering: CompiledCondition | None,
    values: dict[str, Value],
    tree: dict[str | int, Any] | None,
) -> Params:
    params = request.params
    limit = params.get("Limit")
    if limit is not None and limit < 1:
        raise invalid("Limit must be greater than or equal to 1")
    items, count, scanned, size, last, more = [], 0, 0, 0, None, False
    for record in records:
        # "1 MB in size (or less)": an item that would cross the line opens the next page. DynamoDB Local lets it in.
        if scanned and size + record.size_bytes > PAGE_BYTES:
            more = True
            break
        size, scanned, last = size + record.size_bytes, scanned + 1, record
        if filtering is None or filtering.test(record.item, values):
            count += 1
            if params.get("Select") != "COUNT":
                items.append(copy_item(record.item if tree is None else project_item(record.item, tree)))
        # A page that is full says there may be more, even when there is not.
        if scanned == limit:
            more = True
            break
    request.charge.read(table.name, read_units(size, bool(params.get("ConsistentRead"))), scanned)
    answer: Params = {"Count": count, "ScannedCount": scanned}
    if params.get("Select") != "COUNT":
        answer["Items"] = items
    if more and last is not None:
        answer["LastEvaluatedKey"] = table.key_item(last.item)
    return request.answer(answer)


def scan(request: Request) -> Params:
    """Scan, whole or one segment of a parallel one."""
    params = request.params
    table = request.table(params["TableName"])
    expressions = Expressions(params)
    filtering = expressions.condition("FilterExpression")
    projection = expressions.projection()
    expressions.finish()
    start = params.get("ExclusiveStartKey")
    after = table.key_of_request(taken_item(start)[0]) if start else None
    segments, segment = params.get("TotalSegments", 1), params.get("Segment", 0)
    if not 0 <= segment < segments:
        raise invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments")
    records = _scanned_records(request, table, segments, segment, after)
    return _page(request, table, records, filtering, expressions.values, projection.tree if projection else None)


def _scanned_records(request: Request, table: Table, segments: int, segment: int, after: Any) -> Iterator[Record]:
    for hash_key in table.scan_order():
        digest = scan_digest(hash_key)
        if digest[0] * segments // 256 != segment or (after is not None and digest < scan_digest(after[0])):
            continue
        wanted = KeyRange(hash_key)
        start = after[1] if after is not None and after[0] == hash_key else None
        yield from _partition_records(request, table, table.partitions[hash_key], wanted, True, start)
