"""What a fund does when others move it at the same moment, when answers are lost, and when the process dies."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.api.call import ClaimRow
from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.tables import AlreadyDone, Operation, Put, read, write
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.funds.limits import change_limits, read_fund
from chalicelib.funds.model import Method
from chalicelib.funds.transfer import TRIES, Movement, Order, recharge_fund, refund_fund
from chalicelib.ledger.hand.manual import record_entry
from chalicelib.ledger.journal import credit, debit
from tests.conftest import SetClock
from tests.funds.legs import funds_of, too_low
from tests.invariants import check_invariants, read_book
from tests.simulation import MemoryDynamoDB, transaction_conflict
from tests.world import NOW, World

SINCE = date(2026, 11, 1)


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    built = World.of_tenants(SINCE)
    built.fund(1_000_00, 400_00)
    built.recharge(built.operator, built.gamma, 70_00)
    return built


def once_before(engine: MemoryDynamoDB, operation: str, happens: Callable[[], object]) -> None:
    """Let something happen between a use case's reading and its next call of that operation, once."""

    def fault(phase: str, number: int, called: str, params: Any) -> None:
        if phase == "before" and called == operation:
            engine.faults = None
            happens()

    engine.faults = fault


def test_a_parent_whose_fund_is_spent_between_read_and_write_is_refused(world: World, engine: MemoryDynamoDB) -> None:
    once_before(engine, "TransactWriteItems", lambda: world.refund(world.operator, world.alpha, 550_00, Method.BANK))
    with pytest.raises(Conflict) as refused:
        world.recharge(world.alpha, world.beta, 100_00)
    assert too_low(refused) == "Your own fund does not cover this amount."
    assert funds_of(world) == {"alpha": 50_00, "beta": 400_00, "gamma": 70_00}
    check_invariants()


def test_a_parent_whose_fund_still_covers_it_is_tried_again(world: World, engine: MemoryDynamoDB) -> None:
    once_before(engine, "TransactWriteItems", lambda: world.recharge(world.operator, world.alpha, 30_00))
    with engine.measured() as cost:
        made = world.recharge(world.alpha, world.beta, 100_00)
    assert cost.by_operation["TransactWriteItems"] == 3
    assert made.parent_entry is not None
    assert (made.entry.fund_after_minor, made.parent_entry.fund_after_minor) == (500_00, 530_00)
    assert funds_of(world) == {"alpha": 530_00, "beta": 500_00, "gamma": 70_00}
    check_invariants()


def test_two_refunds_at_once_never_take_out_more_than_there_is(world: World, engine: MemoryDynamoDB) -> None:
    once_before(engine, "TransactWriteItems", lambda: world.refund(world.alpha, world.beta, 400_00))
    with pytest.raises(Conflict) as refused:
        world.refund(world.alpha, world.beta, 400_00)
    too_low(refused)
    assert funds_of(world) == {"alpha": 1_000_00, "beta": 0, "gamma": 70_00}
    check_invariants()


def test_a_credit_given_between_read_and_write_of_a_refund_is_not_paid_out(
    world: World, engine: MemoryDynamoDB
) -> None:
    """100 lent meanwhile raise the fund to 500, of which 400 may be paid out: 450 is refused, not taken from the loan."""
    once_before(engine, "TransactWriteItems", lambda: world.recharge(world.alpha, world.beta, 100_00, Method.CREDIT))
    with pytest.raises(Conflict) as refused:
        world.refund(world.alpha, world.beta, 450_00)
    too_low(refused)
    assert (funds_of(world)["beta"], read_fund("beta").debt_minor) == (500_00, 100_00)
    check_invariants()


def test_a_debt_repaid_meanwhile_is_not_repaid_twice(world: World, engine: MemoryDynamoDB) -> None:
    world.recharge(world.alpha, world.beta, 100_00, Method.CREDIT)
    once_before(engine, "TransactWriteItems", lambda: world.recharge(world.alpha, world.beta, 100_00))
    made = world.recharge(world.alpha, world.beta, 100_00)
    assert (made.repaid_minor, made.entry.fund_after_minor) == (0, 600_00)
    assert read_fund("beta").debt_minor == 0
    check_invariants()


def test_a_credit_limit_lowered_meanwhile_holds_for_the_debit_under_way(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(SINCE, credit_limit_minor=50_00)
    world.fund(100_00, 0)
    once_before(engine, "TransactWriteItems", lambda: write(change_limits("alpha", 0, 0)))
    with pytest.raises(Conflict) as refused:
        world.recharge(world.alpha, world.beta, 120_00)
    too_low(refused)
    assert funds_of(world)["alpha"] == 100_00


def test_a_journal_that_moved_on_meanwhile_is_read_again(world: World, engine: MemoryDynamoDB) -> None:
    """A manual entry in Beta's general journal moves its head but no fund."""
    lines = (debit("1000", 5_00), credit("4000", 5_00))
    once_before(
        engine, "TransactWriteItems", lambda: record_entry(world.beta, date(2026, 11, 22), "sale", lines, "u", "", NOW)
    )
    made = world.recharge(world.alpha, world.beta, 10_00)
    assert made.entry.sequence == 3
    assert check_invariants() == 9


def test_resellers_beside_each_other_do_not_queue_for_one_journal(world: World, engine: MemoryDynamoDB) -> None:
    once_before(engine, "TransactWriteItems", lambda: world.recharge(world.operator, world.gamma, 5_00))
    with engine.measured() as cost:
        world.recharge(world.operator, world.alpha, 5_00)
    assert cost.by_operation["TransactWriteItems"] == 2
    check_invariants()


def test_a_collision_with_another_transaction_is_tried_again(world: World, engine: MemoryDynamoDB) -> None:
    collisions = [0, 3, 1]

    def collide(phase: str, number: int, operation: str, params: Any) -> None:
        if phase == "before" and operation == "TransactWriteItems" and collisions:
            raise transaction_conflict(params, at=collisions.pop())

    engine.faults = collide
    world.recharge(world.alpha, world.beta, 10_00)
    engine.faults = None
    assert funds_of(world)["beta"] == 410_00
    check_invariants()


def test_a_fund_that_moves_all_the_time_is_given_up_with_nothing_done(world: World, engine: MemoryDynamoDB) -> None:
    moved = 0

    def keep_moving(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal moved
        if phase == "before" and operation == "TransactWriteItems":
            moved += 1
            engine.faults = None
            world.recharge(world.operator, world.alpha, 1)
            engine.faults = keep_moving

    engine.faults = keep_moving
    with pytest.raises(Unavailable) as gave_up:
        world.recharge(world.alpha, world.beta, 10_00)
    engine.faults = None
    assert (gave_up.value.code, moved) == ("busy", TRIES)
    assert funds_of(world) == {"alpha": 600_00 + TRIES, "beta": 400_00, "gamma": 70_00}
    check_invariants()


class PowerCut(BaseException):
    """The process is gone: nobody catches this."""


CLAIM = keys.claim("alpha", "uboss", "POST /v1/resellers/{reseller_id}/recharges", "key-1")


def claimed(outcome: object) -> Sequence[Operation]:
    return [Put(ClaimRow.at(CLAIM, request="r", status=201, answer="{}"), ClaimRow.pk.does_not_exist(), claims=True)]


def recharge_ten(world: World) -> Movement:
    order = Order(10_00, Method.CASH, "", "", Author("uboss"))
    return recharge_fund(world.alpha, world.beta, order, NOW, claimed)


def refund_ten(world: World) -> Movement:
    return refund_fund(world.alpha, world.beta, Order(10_00, Method.CASH, "", "", Author("uboss")), NOW, claimed)


@pytest.mark.parametrize(("move", "change"), [(recharge_ten, 10_00), (refund_ten, -10_00)])
@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("end", ["crash", "lost answer"])
def test_a_crash_at_any_call_and_a_repetition_end_in_exactly_one_movement(
    world: World,
    engine: MemoryDynamoDB,
    move: Callable[[World], Movement],
    change: int,
    phase: str,
    call: int,
    end: str,
) -> None:
    """Two calls: the read of both sides, and the write."""
    seen = 0

    def fail(at: str, number: int, operation: str, params: Any) -> None:
        nonlocal seen
        seen += at == phase
        if at == phase and seen == call:
            raise PowerCut if end == "crash" else ReadTimeoutError(endpoint_url="")

    engine.faults = fail
    with pytest.raises(PowerCut if end == "crash" else Unavailable):
        move(world)
    engine.faults = None
    assert seen == call
    happened = call == 2 and phase == "after"
    assert (read(ClaimRow, CLAIM) is not None) == happened
    if happened:
        with pytest.raises(AlreadyDone):
            move(world)
    else:
        move(world)
    assert funds_of(world) == {"alpha": 600_00 - change, "beta": 400_00 + change, "gamma": 70_00}
    assert len(read_book(world.beta.chain).entries) == 2
    assert check_invariants() == 8


def test_the_same_request_three_times_at_once_is_one_movement(world: World, engine: MemoryDynamoDB) -> None:
    def the_others() -> None:
        recharge_ten(world)
        with pytest.raises(AlreadyDone):
            recharge_ten(world)

    once_before(engine, "TransactWriteItems", the_others)
    with pytest.raises(AlreadyDone):
        recharge_ten(world)
    assert funds_of(world)["beta"] == 410_00
    check_invariants()


def test_a_recharge_at_depth_two_is_one_transaction_of_twelve_units_and_two_for_its_claim(
    world: World, engine: MemoryDynamoDB
) -> None:
    """Two funds, two heads and two entries, each under a kilobyte, at two units each; and the claim's row."""
    with engine.measured() as cost:
        world.recharge(world.alpha, world.beta, 10_00)
    assert (cost.by_operation, cost.write_units) == ({"BatchGetItem": 1, "TransactWriteItems": 1}, 12)
    with engine.measured() as cost:
        recharge_ten(world)
    assert (cost.by_operation, cost.write_units) == ({"BatchGetItem": 1, "TransactWriteItems": 1}, 14)


def test_a_recharge_by_the_operator_has_one_fund_less_to_write(world: World, engine: MemoryDynamoDB) -> None:
    with engine.measured() as cost:
        world.recharge(world.operator, world.alpha, 10_00)
    assert (cost.by_operation["TransactWriteItems"], cost.write_units) == (1, 10)
