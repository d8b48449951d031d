"""GetItem and the batches: BatchGetItem, BatchWriteItem."""

from __future__ import annotations

from .errors import invalid
from .metering import read_units
from .paths import project_item
from .requests import Expressions, Params, Request, taken_item
from .storage import Key, Record, Table
from .values import Item, copy_item
from .writes import Write

MAX_BATCH_GET_KEYS = 100
MAX_BATCH_WRITES = 25
MAX_BATCH_BYTES = 16 * 1024 * 1024
DUPLICATES = "Provided list of item keys contains duplicates"


def get_item(request: Request) -> Params:
    """GetItem."""
    params = request.params
    table = request.table(params["TableName"])
    expressions = Expressions(params)
    projection = expressions.projection()
    expressions.finish()
    consistent = bool(params.get("ConsistentRead"))
    record = read_record(request, table, params["Key"], consistent)
    request.charge.read(table.name, read_units(record.size_bytes if record else 0, consistent))
    answer: Params = {}
    if record is not None:
        item = record.item if projection is None else project_item(record.item, projection.tree)
        answer["Item"] = copy_item(item)
    return request.answer(answer)


def read_record(request: Request, table: Table, key_item: Item, consistent: bool) -> Record | None:
    """The version of an item this read sees: the one before the last write, if the read may be stale and is."""
    key = table.plain_key(key_item) or table.key_of_request(taken_item(key_item)[0])
    return _read(request, table, key, key_item, consistent)


def _read(request: Request, table: Table, key: Key, key_item: Item, consistent: bool) -> Record | None:
    if not consistent and request.stale is not None and request.stale(request.operation, table.name, key_item):
        return table.get_previous(key)
    return table.get(key)


def batch_get(request: Request) -> Params:
    """BatchGetItem: up to 100 keys and 16 MB; keys past 16 MB come back as UnprocessedKeys and cost nothing."""
    asked = request.params["RequestItems"]
    if not 1 <= sum(len(wanted["Keys"]) for wanted in asked.values()) <= MAX_BATCH_GET_KEYS:
        raise invalid("Too many items requested for the BatchGetItem call")
    responses: dict[str, list[Item]] = {}
    unprocessed: dict[str, Params] = {}
    total = 0
    for name, wanted in asked.items():
        table = request.table(name)
        expressions = Expressions(wanted)
        projection = expressions.projection()
        expressions.finish()
        consistent = bool(wanted.get("ConsistentRead"))
        responses[name] = []
        for key, key_item in _distinct_keys(table, wanted["Keys"]).items():
            record = _read(request, table, key, key_item, consistent)
            size = record.size_bytes if record else 0
            if total + size > MAX_BATCH_BYTES:
                unprocessed.setdefault(name, {**wanted, "Keys": []})["Keys"].append(copy_item(key_item))
                continue
            total += size
            request.charge.read(table.name, read_units(size, consistent))
            if record is not None:
                item = record.item if projection is None else project_item(record.item, projection.tree)
                responses[name].append(copy_item(item))
    return request.answer({"Responses": responses, "UnprocessedKeys": unprocessed})


def _distinct_keys(table: Table, keys: list[Item]) -> dict[Key, Item]:
    distinct = {table.plain_key(key) or table.key_of_request(taken_item(key)[0]): key for key in keys}
    if len(distinct) != len(keys):
        raise invalid(DUPLICATES)
    return distinct


def batch_write(request: Request) -> Params:
    """BatchWriteItem: up to 25 puts and deletes, none of them conditional, not atomic but here never in part."""
    asked = request.params["RequestItems"]
    if not 1 <= sum(len(entries) for entries in asked.values()) <= MAX_BATCH_WRITES:
        raise invalid("Too many items requested for the BatchWriteItem call")
    writes = []
    for name, entries in asked.items():
        for entry in entries:
            ((kind, params),) = entry.items()
            writes.append(Write(request, kind.removesuffix("Request"), {"TableName": name, **params}))
    if len({(write.table.name, write.key) for write in writes}) != len(writes):
        raise invalid(DUPLICATES)
    if sum(write.after.size_bytes for write in writes if write.after) > MAX_BATCH_BYTES:
        raise invalid("Item collection size limit exceeded: the request is larger than 16 MB")
    for write in writes:
        write.store()
        request.charge.write(write.table.name, write.units())
    return request.answer({"UnprocessedItems": {}})
