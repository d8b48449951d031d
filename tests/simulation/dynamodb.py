"""A small deterministic DynamoDB in memory, put under the code as it ships.

    engine = MemoryDynamoDB()
    with engine.installed():
        Account.create_table()
        with engine.measured() as cost:
            recharge_fund(...)
    assert (cost.write_units, cost.requests) == (8, 1)

It answers at botocore's `BaseClient._make_api_call`, before signing and HTTP, with DynamoDB's limits, errors and exact
capacity units. It has no threads, no clock but `now` and no chance but what `faults` and `stale` bring in.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import RLock
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from .errors import Refusal, client_error
from .metering import Meter
from .queries import query, scan
from .reads import batch_get, batch_write, get_item
from .requests import Params, Request
from .storage import Record, Table, Undo
from .tables import create_table, delete_table, describe_table, describe_time_to_live, list_tables, update_time_to_live
from .transactions import Tokens, transact_get, transact_write
from .values import Item
from .writes import write_one

# phase ("before" or "after"), number of the call from 1 on, operation, parameters. What it raises, the caller gets.
FaultHook = Callable[[str, int, str, Params], None]
# operation, table, key: whether a read that did not ask for consistency sees the version before the last write.
StaleHook = Callable[[str, str, Item], bool]

FAKE_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "simulated",
    "AWS_SECRET_ACCESS_KEY": "simulated",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class MemoryDynamoDB:
    """One account's tables, its meter, its clock and its faults.

    `faults` is asked before and after every call, outside the lock, so that it may also park a thread: raised before,
    nothing happened; raised after, it happened and the answer is lost. A call refused "before" is not metered.

    With `check_shapes` every request from a client is first held against botocore's model, as botocore does before it
    sends one (ParamValidationError); it costs more than the request itself, so it is for tests of few requests.
    """

    def __init__(self, now: float = 0.0, check_shapes: bool = False) -> None:
        self.now = now
        self._check_shapes = check_shapes
        self.meter = Meter()
        self.faults: FaultHook | None = None
        self.stale: StaleHook | None = None
        self.tables: dict[str, Table] = {}
        self._tokens: Tokens = {}
        self._written: list[Undo] | None = None
        self._numbers = count(1)
        self._measuring: list[Meter] = [self.meter]
        self._lock = RLock()
        self._operations: dict[str, Callable[[Request], Params]] = {
            "GetItem": get_item,
            "Query": query,
            "Scan": scan,
            "BatchGetItem": batch_get,
            "BatchWriteItem": batch_write,
            "TransactGetItems": transact_get,
            "TransactWriteItems": lambda request: transact_write(request, self._tokens),
            "PutItem": lambda request: write_one(request, "Put"),
            "UpdateItem": lambda request: write_one(request, "Update"),
            "DeleteItem": lambda request: write_one(request, "Delete"),
            "CreateTable": create_table,
            "DescribeTable": describe_table,
            "DeleteTable": delete_table,
            "ListTables": list_tables,
            "UpdateTimeToLive": update_time_to_live,
            "DescribeTimeToLive": describe_time_to_live,
        }

    def call(self, operation: str, params: Params) -> Params:
        """Serve one request as the API would: the answer, or a ClientError."""
        number, faults = next(self._numbers), self.faults
        if faults is None:
            return self._serve(operation, params)
        faults("before", number, operation, params)
        try:
            return self._serve(operation, params)
        finally:
            faults("after", number, operation, params)

    def _serve(self, operation: str, params: Params) -> Params:
        serve = self._operations.get(operation)
        if serve is None:
            raise NotImplementedError(f"the simulator does not know {operation}")
        with self._lock:
            request = Request(operation, params, self.tables, self.now, self.stale)
            try:
                answer = serve(request)
            except Refusal as refusal:
                raise client_error(refusal.code, refusal.message, operation, **refusal.extra) from None
            finally:
                for meter in self._measuring:
                    meter.add(request.charge)
        answer["ResponseMetadata"] = {
            "RequestId": "SIMULATED",
            "HTTPStatusCode": 200,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        }
        return answer

    def remember(self) -> int:
        """This moment, for `rewind`: from the first one on, all that is written can be taken back."""
        if self._written is None:
            self._written = []
            for table in self.tables.values():
                table.written = self._written
        return len(self._written)

    def rewind(self, moment: int) -> None:
        """Make nothing of what was written since that moment have happened; moments after it are gone.

        Tables that were created or deleted since, and the meter, stay as they are; client tokens are forgotten.
        """
        assert self._written is not None, "nothing was remembered"
        while len(self._written) > moment:
            table, hash_key, range_key, before, previous = self._written.pop()
            table.take_back(hash_key, range_key, before, previous)
        self._tokens.clear()

    def changed_since(self, moment: int) -> dict[tuple[str, Any, Any], tuple[Record | None, Record | None]]:
        """What was written since that moment: by table and key, the version of then and the version of now."""
        assert self._written is not None, "nothing was remembered"
        changed: dict[tuple[str, Any, Any], tuple[Record | None, Record | None]] = {}
        for table, hash_key, range_key, before, _ in self._written[moment:]:
            where = (table.name, hash_key, range_key)
            if where not in changed:
                changed[where] = (before, table.get((hash_key, range_key)))
        return changed

    @contextmanager
    def measured(self) -> Iterator[Meter]:
        """A meter that counts what is asked inside the block; its figures stay after it."""
        meter = Meter()
        with self._lock:
            self._measuring.append(meter)
        try:
            yield meter
        finally:
            with self._lock:
                # By identity: two meters with the same figures are equal.
                self._measuring[:] = [other for other in self._measuring if other is not meter]

    @contextmanager
    def installed(self) -> Iterator[MemoryDynamoDB]:
        """Serve every boto and pynamodb client of the process from this engine, and let clients be made anywhere.

        Other services pass through to where they went before (another patch, or the network).
        """
        passed_through = BaseClient._make_api_call

        def make_api_call(client: Any, operation: str, params: Params) -> Any:
            if client.meta.service_model.service_name != "dynamodb":
                return passed_through(client, operation, params)
            if self._check_shapes:
                _check_shape(client, operation, params)
            try:
                return self.call(operation, params)
            except ClientError as error:
                raise _modelled(client, error) from None

        environment = patch.dict(os.environ, FAKE_ENVIRONMENT)
        with environment, patch.object(BaseClient, "_make_api_call", make_api_call):
            os.environ.pop("AWS_PROFILE", None)
            yield self


def _check_shape(client: Any, operation: str, params: Params) -> None:
    shape = client.meta.service_model.operation_model(operation).input_shape
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


def _modelled(client: Any, error: ClientError) -> ClientError:
    """The same error as the client's own class, so that `except client.exceptions.SomeException` catches it."""
    if type(error) is not ClientError:
        return error
    modelled = client.exceptions.from_code(error.response["Error"]["Code"])
    return error if modelled is ClientError else modelled(error.response, error.operation_name)
