"""`write`: all or nothing, failures mapped to the operation that failed, collisions tried again, lost answers told."""

from itertools import permutations
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import VerboseClientError

from chalicelib.aws import clock
from chalicelib.aws.tables import (
    CONFLICT_TRIES,
    AlreadyDone,
    Check,
    ConditionFailed,
    Delete,
    Operation,
    Put,
    Update,
    put_many,
    read,
    write,
)
from chalicelib.core.errors import Unavailable
from tests.aws.rows import NoteRow, answer_with, at, note
from tests.conftest import SetClock
from tests.simulation import MemoryDynamoDB, client_error, transaction_conflict
from tests.simulation.errors import cancellation_reason, cancelled

ABSENT = NoteRow.pk.does_not_exist()


@pytest.fixture(params=["database", "engine"])
def tables(request: pytest.FixtureRequest) -> None:
    """Moto, and the simulated engine: what is said of conditions has to hold in both."""
    request.getfixturevalue(request.param)


def number_at(sort: str, tenant: str = "t1") -> int | None:
    row = read(NoteRow, at(sort, tenant))
    return None if row is None else row.number


def test_each_operation_does_what_it_says_alone(tables: None) -> None:
    write(Put(note("a", 1)))
    write(Put(note("a", 9, tenant="t2")))
    write(Put(note("b", 2), ABSENT))
    write(Update(note("a"), [NoteRow.number.set(NoteRow.number + 4)], NoteRow.number == 1))
    write(Delete(note("b"), NoteRow.number == 2))
    write(Delete(note("never")))
    assert (number_at("a"), number_at("b"), number_at("a", "t2")) == (5, None, 9)


def test_a_condition_that_fails_alone_tells_the_row_as_it_stood(tables: None) -> None:
    write(Put(note("a", 1)))
    for operation in (
        Put(note("a", 2), ABSENT),
        Update(note("a"), [NoteRow.number.set(2)], NoteRow.number == 7),
        Delete(note("a"), NoteRow.number == 7),
    ):
        with pytest.raises(ConditionFailed) as failed:
            write(operation)
        row = failed.value.rows[operation]
        assert isinstance(row, NoteRow)
        assert (row.sk, row.number) == ("a", 1)
    assert number_at("a") == 1


def test_a_condition_on_a_row_that_is_not_there_fails_with_no_row(tables: None) -> None:
    update = Update(note("a"), [NoteRow.number.set(2)], NoteRow.pk.exists())
    with pytest.raises(ConditionFailed) as failed:
        write(update)
    assert failed.value.rows == {update: None}


def test_a_check_alone_is_asked_too(tables: None) -> None:
    check = Check(note("a"), NoteRow.number == 1)
    with pytest.raises(ConditionFailed) as failed:
        write(check)
    assert failed.value.failed(check)
    write(Put(note("a", 1)))
    write(check)


def test_several_operations_happen_together(tables: None) -> None:
    write(Put(note("old", 1)), Put(note("counter", 10)), Put(note("limit", 5)))
    write(
        Put(note("new", 2), ABSENT),
        Update(note("counter"), [NoteRow.number.add(-3)], NoteRow.number >= 3),
        Check(note("limit"), NoteRow.number == 5),
        Delete(note("old")),
    )
    assert [number_at(sort) for sort in ("new", "counter", "limit", "old")] == [2, 7, 5, None]


def test_one_failed_condition_undoes_all_of_it(tables: None) -> None:
    write(Put(note("a", 1)), Put(note("b", 1)))
    with pytest.raises(ConditionFailed):
        write(Put(note("c", 1)), Update(note("a"), [NoteRow.number.set(2)]), Check(note("b"), NoteRow.number == 2))
    assert [number_at(sort) for sort in "abc"] == [1, 1, None]


def _four_of_which_two_fail() -> tuple[list[Operation], dict[Operation, int | None]]:
    put_fails = Put(note("a", 9), ABSENT)
    update_holds = Update(note("b"), [NoteRow.number.set(9)], NoteRow.number == 2)
    check_fails = Check(note("missing"), NoteRow.pk.exists())
    delete_holds = Delete(note("d"), NoteRow.number == 4)
    return [put_fails, update_holds, check_fails, delete_holds], {put_fails: 1, check_fails: None}


def test_failures_are_told_of_the_operations_that_failed_in_whatever_order_they_stand(engine: MemoryDynamoDB) -> None:
    write(Put(note("a", 1)), Put(note("b", 2)), Put(note("d", 4)))
    for order in permutations(range(4)):
        operations, expected = _four_of_which_two_fail()
        with pytest.raises(ConditionFailed) as failed:
            write(*(operations[place] for place in order))
        told = {one: None if row is None else row.number for one, row in failed.value.rows.items()}  # type: ignore[attr-defined]
        assert told == expected
        assert [failed.value.failed(one) for one in operations] == [True, False, True, False]
        assert not failed.value.failed(None)


def test_failures_are_told_of_their_operations_by_the_database_too(database: None) -> None:
    write(Put(note("a", 1)), Put(note("b", 2)), Put(note("d", 4)))
    operations, expected = _four_of_which_two_fail()
    with pytest.raises(ConditionFailed) as failed:
        write(*reversed(operations))
    assert {one: row and row.number for one, row in failed.value.rows.items()} == expected  # type: ignore[attr-defined]


def test_an_operation_is_itself_and_not_one_that_looks_like_it(engine: MemoryDynamoDB) -> None:
    write(Put(note("a", 1)))
    one, lookalike = Put(note("a", 2), ABSENT), Put(note("a", 2), ABSENT)
    with pytest.raises(ConditionFailed) as failed:
        write(one, Put(note("b", 1)))
    assert failed.value.failed(one)
    assert not failed.value.failed(lookalike)


def test_a_request_whose_claim_is_there_was_carried_out_already(tables: None) -> None:
    claim = Put(note("claim"), ABSENT, claims=True)
    write(claim, Put(note("a", 1)))
    for others in ([], [Put(note("a", 2))], [Put(note("a", 2), ABSENT), Check(note("x"), NoteRow.pk.exists())]):
        with pytest.raises(AlreadyDone):
            write(*others, Put(note("claim"), ABSENT, claims=True))
    assert number_at("a") == 1


def test_a_claim_that_is_free_leaves_other_failures_what_they_are(tables: None) -> None:
    write(Put(note("a", 1)))
    other = Put(note("a", 2), ABSENT)
    with pytest.raises(ConditionFailed) as failed:
        write(Put(note("claim"), ABSENT, claims=True), other)
    assert list(failed.value.rows) == [other]
    assert number_at("claim") is None


@pytest.mark.parametrize("count", [0, 101])
def test_a_write_takes_one_to_a_hundred_operations(engine: MemoryDynamoDB, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        write(*(Put(note(f"{number}")) for number in range(count)))
    assert engine.meter.write_units == 0


def test_a_hundred_operations_are_one_transaction(engine: MemoryDynamoDB) -> None:
    with engine.measured() as cost:
        write(*(Put(note(f"{number:03d}")) for number in range(100)))
    assert (cost.by_operation, cost.write_units) == ({"TransactWriteItems": 1}, 200)


TWO = (Put(note("a", 1)), Put(note("b", 2)))
ONE = (Put(note("a", 1)),)


def test_a_collision_is_tried_again_after_a_growing_wait(engine: MemoryDynamoDB) -> None:
    collisions, waits = 3, []

    def collide(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal collisions
        if phase == "before" and collisions:
            collisions -= 1
            raise transaction_conflict(params, at=1)

    engine.faults = collide
    restore = clock.replace(sleep=waits.append)
    write(*TWO)
    restore()
    engine.faults = None
    assert number_at("b") == 2
    assert len(waits) == 3
    assert all(0.005 * 2**attempt <= wait <= 0.02 * 2**attempt for attempt, wait in enumerate(waits, start=1))


@pytest.mark.parametrize("operations", [ONE, TWO])
def test_collisions_without_end_are_given_up_with_nothing_written(
    engine: MemoryDynamoDB, the_clock: SetClock, operations: tuple[Operation, ...]
) -> None:
    tries = 0

    def collide(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal tries
        if phase == "before":
            tries += 1
            if operation == "TransactWriteItems":
                raise transaction_conflict(params)
            raise client_error("TransactionConflictException", "Transaction is ongoing for the item", operation)

    engine.faults = collide
    with pytest.raises(Unavailable) as gave_up:
        write(*operations)
    engine.faults = None
    assert (gave_up.value.code, tries, number_at("a")) == ("busy", CONFLICT_TRIES, None)


def cancelled_by(*codes: str) -> Any:
    refusal = cancelled([cancellation_reason(code) for code in codes])
    return client_error(refusal.code, refusal.message, "TransactWriteItems", **refusal.extra)


@pytest.mark.parametrize(
    "error",
    [
        cancelled_by("None", "ThrottlingError"),
        cancelled_by("ProvisionedThroughputExceeded", "TransactionConflict"),
        client_error("TransactionInProgressException", "in progress", "TransactWriteItems"),
    ],
)
def test_what_passes_is_tried_again(engine: MemoryDynamoDB, the_clock: SetClock, error: Exception) -> None:
    errors = [error]

    def fail(phase: str, number: int, operation: str, params: Any) -> None:
        if phase == "before" and errors:
            raise errors.pop()

    engine.faults = fail
    write(*TWO)
    engine.faults = None
    assert number_at("b") == 2


def test_a_failed_condition_is_told_though_another_item_was_busy(engine: MemoryDynamoDB) -> None:
    def fail(phase: str, number: int, operation: str, params: Any) -> None:
        raise cancelled_by("ConditionalCheckFailed", "TransactionConflict")

    engine.faults = fail
    with pytest.raises(ConditionFailed) as failed:
        write(*TWO)
    assert failed.value.rows == {TWO[0]: None}


@pytest.mark.parametrize("operations", [ONE, TWO])
def test_a_mistake_in_the_code_is_neither_tried_again_nor_hidden(
    engine: MemoryDynamoDB, operations: tuple[Operation, ...]
) -> None:
    tries = 0

    def fail(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal tries
        tries += 1
        if operation == "PutItem":
            raise client_error("ValidationException", "no such thing", operation)
        raise cancelled_by("None", "ValidationError")

    engine.faults = fail
    with pytest.raises(VerboseClientError):
        write(*operations)
    assert tries == 1


LOST = [
    ReadTimeoutError(endpoint_url="x"),
    ConnectionClosedError(endpoint_url="x"),
    EndpointConnectionError(endpoint_url="x"),
]


@pytest.mark.parametrize("operations", [ONE, TWO])
@pytest.mark.parametrize("phase", ["before", "after"])
def test_an_answer_that_is_lost_is_unavailable_and_may_have_happened(
    engine: MemoryDynamoDB, phase: str, operations: tuple[Operation, ...]
) -> None:
    for error in LOST:

        def lose(at_phase: str, number: int, operation: str, params: Any, error: Exception = error) -> None:
            if at_phase == phase:
                raise error

        engine.faults = lose
        with pytest.raises(Unavailable) as away:
            write(*operations)
        engine.faults = None
        assert away.value.code == "database-away"
        assert number_at("a") == (1 if phase == "after" else None)


TOO_BUSY = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
)


def test_a_database_that_is_too_busy_is_unavailable(engine: MemoryDynamoDB) -> None:
    for code in TOO_BUSY:

        def refuse(phase: str, number: int, operation: str, params: Any, code: str = code) -> None:
            raise client_error(code, "slow down", operation)

        engine.faults = refuse
        for call in (lambda: write(*ONE), lambda: write(*TWO), lambda: read(NoteRow, at("a"))):
            with pytest.raises(Unavailable) as busy:
                call()
            assert busy.value.code == "database-busy", code


def test_a_batch_writes_up_to_twenty_five_rows_in_one_request(tables: None) -> None:
    put_many([note(f"{number:02d}", number) for number in range(25)])
    assert [number_at("00"), number_at("24")] == [0, 24]


@pytest.mark.parametrize("count", [0, 26])
def test_a_batch_of_none_or_too_many_rows_is_refused(engine: MemoryDynamoDB, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 25"):
        put_many([note(f"{number:02d}") for number in range(count)])


def test_what_a_batch_left_over_is_sent_again(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    sent: list[int] = []

    def half(operation: str, params: dict[str, Any], proceed: Any) -> dict[str, Any]:
        if operation != "BatchWriteItem":
            return dict(proceed())
        puts = params["RequestItems"]["books"]
        sent.append(len(puts))
        left = puts[len(puts) // 2 :] if len(puts) > 1 else []
        del puts[len(puts) - len(left) :]
        return {**proceed(), "UnprocessedItems": {"books": left} if left else {}}

    answer_with(engine, half)
    put_many([note(f"{number:02d}", number) for number in range(20)])
    assert sent == [20, 10, 5, 3, 2, 1]
    assert [number_at(f"{number:02d}") for number in range(20)] == list(range(20))


def test_a_batch_that_is_never_taken_is_given_up(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    answer_with(engine, lambda operation, params, proceed: {"UnprocessedItems": params["RequestItems"]})
    with pytest.raises(Unavailable) as busy:
        put_many([note("a")])
    assert busy.value.code == "database-busy"
