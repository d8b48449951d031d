"""Ties ministack's DynamoDB to the journal: every stored item, deleted item and changed table, in the order of effect.

ministack carries out a DynamoDB request in one go on its event loop, and every change of an item goes through
`_set_item` or `_remove_item`. So what those two did during a request is that request's line in the journal, written
before the next request begins and on disk before the answer leaves.
"""

import copy
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from ministack.core.responses import error_response_json
from ministack.services import dynamodb

from local.engine.journal import COMPACT_AT_START_BYTES, COMPACT_WHILE_RUNNING_BYTES, Effect, Journal

CHANGES_TABLES: Final = frozenset({"CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive"})
READS: Final = frozenset(
    {"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"}
    | {"DescribeTable", "ListTables", "DescribeTimeToLive"}
)
CHANGES_ITEMS: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
RECORDED: Final = CHANGES_TABLES | CHANGES_ITEMS | READS
ITEMS_IN_A_SNAPSHOT_LINE: Final = 200
NOT_KEPT: Final = frozenset({"items", "ItemCount", "TableSizeBytes", dynamodb._INDEX_MEMBERS})

_set_item = dynamodb._set_item
_remove_item = dynamodb._remove_item
_handle_request = dynamodb.handle_request


class Recorder:
    """Brings the state back from the journal, then records what changes it."""

    def __init__(self, journal: Journal) -> None:
        """Reads the journal to its end. Raises `journal.Unusable`."""
        self._journal = journal
        self._effects: list[Effect] = []
        self._loop_thread = threading.get_ident()
        for effects in journal.replay():
            for effect in effects:
                _REDO[effect[0]](*effect[1:])
        self._known_tables = _table_effects()
        if journal.file_bytes > COMPACT_AT_START_BYTES:
            journal.compact(_state())
        self._compact_above_bytes = COMPACT_WHILE_RUNNING_BYTES

    def install(self) -> None:
        """From here on every change is recorded."""
        dynamodb._set_item = self._set
        dynamodb._remove_item = self._remove
        dynamodb.handle_request = self._handle

    def _set(self, table: dict[str, Any], pk: str, sk: str, item: dict[str, Any]) -> Any:
        self._effects.append(["put", table["TableArn"], item])
        return _set_item(table, pk, sk, item)

    def _remove(self, table: dict[str, Any], pk: str, sk: str) -> Any:
        if threading.get_ident() != self._loop_thread:
            # The thread that removes expired items would race with the requests; a snapshot leaves them out instead.
            return None
        item = _remove_item(table, pk, sk)
        if item is not None:
            self._effects.append(["delete", table["TableArn"], pk, sk])
        return item

    async def _handle(self, method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action not in RECORDED:
            return error_response_json("UnknownOperationException", f"{action} is not recorded, so not offered", 400)
        try:
            answer = await _handle_request(method, path, headers, body, query)
        finally:
            if action in CHANGES_TABLES:
                self._note_tables()
            effects, self._effects = self._effects, []
            if effects:
                await self._keep(effects)
        return answer

    async def _keep(self, effects: list[Effect]) -> None:
        try:
            sequence = self._journal.append(effects)
            if self._journal.file_bytes > self._compact_above_bytes:
                self._journal.compact(_state())
                self._compact_above_bytes = max(COMPACT_WHILE_RUNNING_BYTES, self._journal.snapshot_bytes)
            await self._journal.settled(sequence)
        except OSError as error:
            # Memory is now ahead of the disk. To answer anything more from it could promise what is lost tomorrow.
            print(f"the journal cannot be written: {error.strerror or error}", file=sys.stderr, flush=True)
            os._exit(1)

    def _note_tables(self) -> None:
        tables = _table_effects()
        self._effects += [effect for arn, effect in tables.items() if self._known_tables.get(arn) != effect]
        self._effects += [["drop", arn] for arn in self._known_tables if arn not in tables]
        self._known_tables = tables


def _scope(arn: str) -> tuple[str, str, str]:
    _, _, _, region, account, resource = arn.split(":", 5)
    return account, region, resource.removeprefix("table/")


def _redo_table(arn: str, description: dict[str, Any], ttl: dict[str, str] | None) -> None:
    before = dynamodb._tables.get_scoped(*_scope(arn)) or {"items": defaultdict(dict), "ItemCount": 0}
    table = {**description, "items": before["items"], "ItemCount": before["ItemCount"], "TableSizeBytes": 0}
    dynamodb._tables.set_scoped(*_scope(arn), table)
    if ttl:
        dynamodb._ttl_settings.set_scoped(*_scope(arn), ttl)


def _redo_drop(arn: str) -> None:
    dynamodb._tables.pop_scoped(*_scope(arn), None)
    dynamodb._ttl_settings.pop_scoped(*_scope(arn), None)


def _redo_put(arn: str, item: dict[str, Any]) -> None:
    table = dynamodb._tables.get_scoped(*_scope(arn))
    pk = dynamodb._extract_key_val(item.get(table["pk_name"]))
    sk = dynamodb._extract_key_val(item.get(table["sk_name"])) if table["sk_name"] else "__no_sort__"
    _set_item(table, pk, sk, item)


def _redo_delete(arn: str, pk: str, sk: str) -> None:
    _remove_item(dynamodb._tables.get_scoped(*_scope(arn)), pk, sk)


_REDO: Final = {"table": _redo_table, "drop": _redo_drop, "put": _redo_put, "delete": _redo_delete}


def _arn_of(table: dict[str, Any]) -> str:
    return str(table["TableArn"])


def _table_effects() -> dict[str, Effect]:
    effects = {}
    for scope, table in dynamodb._tables.all_items():
        description = copy.deepcopy({name: value for name, value in table.items() if name not in NOT_KEPT})
        ttl = dynamodb._ttl_settings.get_scoped(*scope)
        effects[_arn_of(table)] = ["table", _arn_of(table), description, dict(ttl) if ttl else None]
    return effects


def _state() -> Iterator[list[Effect]]:
    """The whole state as lines of a snapshot, without the items whose time to live is over."""
    yield list(_table_effects().values())
    now = time.time()
    line: list[Effect] = []
    for scope, table in dynamodb._tables.all_items():
        ttl = dynamodb._ttl_settings.get_scoped(*scope) or {}
        expires = ttl.get("AttributeName", "") if ttl.get("TimeToLiveStatus") == "ENABLED" else ""
        for partition in table["items"].values():
            for item in partition.values():
                if float(item.get(expires, {}).get("N", "inf")) > now:
                    line.append(["put", _arn_of(table), item])
                if len(line) >= ITEMS_IN_A_SNAPSHOT_LINE:
                    yield line
                    line = []
    yield line
