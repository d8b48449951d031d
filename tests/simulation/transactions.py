"""TransactWriteItems and TransactGetItems: all or nothing, at twice the units; a client token lasts ten minutes."""

from __future__ import annotations

import json
from hashlib import sha1
from typing import Any, NamedTuple

from .errors import CONDITION_FAILED_MESSAGE, Refusal, UpdateRefusal, cancellation_reason, cancelled, invalid
from .metering import read_units
from .paths import project_item
from .requests import Expressions, Params, Request, taken_item
from .storage import Key, KeyTypeRefusal
from .values import copy_item
from .writes import Write

MAX_ACTIONS = 100
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
TOKEN_SECONDS = 600
MAX_TOKEN_CHARACTERS = 36
KINDS = ("ConditionCheck", "Put", "Delete", "Update")
TWICE = "Transaction request cannot include multiple operations on one item"
TOO_LARGE = "Transaction request exceeds the 4MB transaction size limit"


class Remembered(NamedTuple):
    """A transaction that succeeded: a digest of what it asked, until when its token answers for it, what it wrote."""

    request: bytes
    until: float
    sizes: tuple[tuple[str, int], ...]


Tokens = dict[str, Remembered]


def transact_write(request: Request, tokens: Tokens) -> Params:
    """TransactWriteItems. Raises TransactionCanceledException with a reason for each action, in their order."""
    actions = request.params["TransactItems"]
    _check_count(actions)
    token = request.params.get("ClientRequestToken")
    asked = b""
    if token:
        asked = sha1(json.dumps(actions, sort_keys=True, default=repr).encode(), usedforsecurity=False).digest()
        if _is_repeat(request, tokens, token, asked):
            return request.answer({}, transactional=True)
    writes = _prepared(request, actions)
    _refuse_repeated_keys([(write.table.name, write.key) for write in writes])
    _judge(request, writes)
    if sum(write.size_bytes() for write in writes) > MAX_TRANSACTION_BYTES:
        # The documentation speaks of the items; the local engines weigh the request alone. The stricter rule stands.
        raise invalid(TOO_LARGE)
    for write in writes:
        write.store()
        request.charge.write(write.table.name, 2 * write.units())
    if token:
        sizes = tuple((write.table.name, write.size_bytes()) for write in writes)
        _forget_expired(tokens, request.now)
        tokens[token] = Remembered(asked, request.now + TOKEN_SECONDS, sizes)
    return request.answer({}, transactional=True)


def _check_count(actions: list[Params]) -> None:
    if not 1 <= len(actions) <= MAX_ACTIONS:
        bound = f"less than or equal to {MAX_ACTIONS}" if actions else "greater than or equal to 1"
        raise invalid(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
            f"Member must have length {bound}"
        )


def _is_repeat(request: Request, tokens: Tokens, token: str, asked: bytes) -> bool:
    """Whether this very transaction succeeded before; if so, it is charged as a reading of its items."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise invalid("1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint")
    remembered = tokens.get(token)
    if remembered is None or remembered.until <= request.now:
        return False
    # ReturnConsumedCapacity may differ: it says what to answer, not what to do.
    if remembered.request != asked:
        raise Refusal(
            "IdempotentParameterMismatchException",
            "Request token already in use for another request with a different payload",
        )
    for table, size in remembered.sizes:
        request.charge.read(table, 2 * read_units(size, consistent=True))
    return True


def _forget_expired(tokens: Tokens, now: float) -> None:
    # The oldest stand first. PynamoDB sends a token with every transaction, so there may be very many.
    while tokens:
        oldest = next(iter(tokens))
        if tokens[oldest].until > now:
            return
        del tokens[oldest]


def _prepared(request: Request, actions: list[Params]) -> list[Write]:
    writes, reasons, wrong = [], [cancellation_reason() for _ in actions], False
    for index, action in enumerate(actions):
        if len(action) != 1 or next(iter(action)) not in KINDS:
            raise invalid("TransactWriteRequest should contain Delete or Put or Update or ConditionCheck")
        ((kind, params),) = action.items()
        try:
            writes.append(Write(request, kind, params))
        except KeyTypeRefusal as refusal:
            reasons[index] = cancellation_reason("ValidationError", refusal.message)
            wrong = True
    if wrong:
        raise cancelled(reasons)
    return writes


def _refuse_repeated_keys(keys: list[tuple[str, Key]]) -> None:
    if len(set(keys)) != len(keys):
        raise invalid(TWICE)


def _judge(request: Request, writes: list[Write]) -> None:
    """Resolve every write, or cancel them all.

    A failed condition goes before what its update would have met. The documentation lists failed updates among the
    cancellation reasons; DynamoDB Local raises a bare ValidationException for them.
    """
    reasons: list[dict[str, Any]] = []
    failed = False
    for write in writes:
        reason = None
        if not write.holds():
            reason = cancellation_reason("ConditionalCheckFailed", CONDITION_FAILED_MESSAGE, write.told_item())
        try:
            write.resolve()
        except UpdateRefusal as refusal:
            reason = reason or cancellation_reason("ValidationError", refusal.message)
        failed = failed or reason is not None
        reasons.append(reason or cancellation_reason())
    if failed:
        # What a cancelled transaction costs is not documented; it prepared every item, so it is charged in full.
        for write in writes:
            request.charge.write(write.table.name, 2 * write.units())
        raise cancelled(reasons)


def transact_get(request: Request) -> Params:
    """TransactGetItems: the items of one moment, in the order they were asked for, at twice the units."""
    actions = request.params["TransactItems"]
    _check_count(actions)
    keys, sizes, responses = [], [], []
    for action in actions:
        params = action["Get"]
        table = request.table(params["TableName"])
        expressions = Expressions(params)
        projection = expressions.projection()
        expressions.finish()
        key = table.key_of_request(taken_item(params["Key"])[0])
        keys.append((table.name, key))
        record = table.get(key)
        sizes.append((table.name, record.size_bytes if record else 0))
        item = record.item if record else None
        if item is not None and projection is not None:
            item = project_item(item, projection.tree) or None
        responses.append({"Item": copy_item(item)} if item is not None else {})
    _refuse_repeated_keys(keys)
    if sum(size for _, size in sizes) > MAX_TRANSACTION_BYTES:
        raise invalid(TOO_LARGE)
    for name, size in sizes:
        request.charge.read(name, 2 * read_units(size, consistent=True))
    return request.answer({"Responses": responses}, transactional=True)
