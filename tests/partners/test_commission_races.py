"""Commission statements and payouts when the process dies at any call, and when two are at it at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.core.errors import Conflict
from chalicelib.partners import commission_counting
from chalicelib.partners.accrue import accrue_due
from chalicelib.partners.commission_find import list_payouts, list_statements, read_lines
from chalicelib.partners.commission_store import put_terms
from chalicelib.partners.commission_terms import read_commission, read_versions
from tests.conftest import SetClock
from tests.partners.commissions import Commissions, lines_of, noon
from tests.partners.invoiced import accounts
from tests.partners.test_aggregate_races import Gone, dies_at, once_before_writing
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Commissions:
    """Two months of Alpha's subscribers and Beta's, counted one subscriber a write."""
    monkeypatch.setattr(commission_counting, "SUBSCRIBERS_A_PAGE", 1)
    built = Commissions()
    built.terms()
    for at, who in enumerate(("alpha1", "alpha2", "beta1"), start=1):
        built.pay(who, 10_000 * at)
    built.now = noon(12, 5)
    built.pay("beta2", 5_000)
    built.pay("gamma1", 7_000)
    built.now = noon(1, 1, 2027)
    return built


def outcome(world: Commissions) -> object:
    world.check()
    statements, _ = list_statements("alpha", limit=9, after=None)
    lines = [lines_of(one) for one in statements]
    payouts, _ = list_payouts("alpha", limit=9, after=None)
    state = read_commission("alpha")
    return statements, lines, payouts, state.owed_minor, accounts(world.operator), accounts(world.alpha)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_statements_that_break_off_at_any_call_are_the_same_when_they_are_gone_on_with(
    world: Commissions, engine: MemoryDynamoDB, phase: str
) -> None:
    built = engine.remember()
    made = world.accrue()
    assert [one.accrued_minor for one in made] == [18_000, 1_500]
    assert [one.number for one in made] == ["CS-2027-000001", "CS-2027-000002"]
    undisturbed = outcome(world)
    for at in range(1, 300):
        engine.rewind(built)
        dies_at(engine, at, phase)
        try:
            world.accrue()
        except Gone:
            world.accrue()
            assert outcome(world) == undisturbed, at
        else:
            break
    engine.faults = None
    assert at > 40


def test_a_second_worker_at_any_write_makes_nothing_twice(world: Commissions, engine: MemoryDynamoDB) -> None:
    built = engine.remember()
    world.accrue()
    undisturbed = outcome(world)
    engine.rewind(built)
    once_before_writing(engine, lambda: world.accrue())
    world.accrue()
    assert outcome(world) == undisturbed
    for stop in range(1, 14):
        engine.rewind(built)
        left = iter(range(stop))
        accrue_due(world.chain("alpha"), world.now, lambda left=left: next(left, None) is not None)  # type: ignore[misc]
        world.accrue()
        assert outcome(world) == undisturbed, stop


def test_terms_set_while_a_month_is_counted_are_refused_for_it_and_hold_for_the_next(world: Commissions) -> None:
    accrue_due(world.chain("alpha"), world.now, lambda: False)
    drawing = read_commission("alpha").drawing
    assert drawing is not None
    assert f"{drawing.month:%Y-%m}" == "2026-11"
    with pytest.raises(Exception, match="has its statement"):
        world.terms(rate_bps=9_000, month="2026-11")
    world.terms(rate_bps=1_000, month="2026-12")
    assert [one.accrued_minor for one in world.accrue()] == [18_000, 500]
    assert len(read_versions("alpha").in_order) == 2


def test_terms_set_right_before_a_month_is_begun_are_those_that_it_is_counted_by(
    world: Commissions, engine: MemoryDynamoDB
) -> None:
    def fault(when: str, number: int, operation: str, params: object) -> None:
        if when == "before" and operation == "PutItem":
            engine.faults = None
            world.terms(rate_bps=1_000, month="2026-11")

    engine.faults = fault
    assert [one.accrued_minor for one in world.accrue()] == [6_000, 500]


def test_two_who_say_first_what_a_child_earns_come_one_after_the_other_also_for_different_months(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    world = Commissions()
    once_before_writing(engine, lambda: world.terms(rate_bps=1_000, month="2026-12"))
    world.terms(rate_bps=3_000, month="2026-11")
    versions = read_versions("alpha").in_order
    assert sorted((one.revision, one.rate_bps) for one in versions) == [(1, 1_000), (2, 3_000)]
    assert read_commission("alpha").terms_revision == 2


def test_a_version_of_terms_is_written_once_whatever_its_writer_believes(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    said = Commissions().terms(rate_bps=3_000)
    with pytest.raises(ConditionFailed):
        write(put_terms("alpha", replace(said, rate_bps=9_000), 0, "somebody", ""))
    assert [one.rate_bps for one in read_versions("alpha").in_order] == [3_000]


def test_what_is_paid_while_a_month_is_counted_counts_in_the_next(world: Commissions) -> None:
    left = iter(range(2))
    accrue_due(world.chain("alpha"), world.now, lambda: next(left, None) is not None)
    world.pay("beta1", 1_000, received_on=noon(11, 30).date())
    made = world.accrue()
    assert [one.accrued_minor for one in made] == [18_000, 1_800]
    assert lines_of(made[1])[0] == ("beta1", "2026-11", 3_000, 1_000, 300)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_payout_that_dies_at_any_call_paid_once_or_not_at_all(
    world: Commissions, engine: MemoryDynamoDB, phase: str
) -> None:
    world.accrue()
    built = engine.remember()
    for at in range(1, 20):
        engine.rewind(built)
        dies_at(engine, at, phase)
        try:
            world.payout(18_000)
        except Gone:
            world.check()
            assert read_commission("alpha").owed_minor in (1_500, 19_500)
        else:
            break
    engine.faults = None
    assert at > 2


def test_two_payouts_at_once_never_pay_more_than_is_owed(world: Commissions, engine: MemoryDynamoDB) -> None:
    world.accrue()
    paying: Callable[[], object] = lambda: world.payout(15_000)  # noqa: E731
    once_before_writing(engine, paying)
    with pytest.raises(Conflict):
        world.payout(15_000)
    assert read_commission("alpha").owed_minor == 4_500
    world.check()


def test_lines_come_page_by_page_over_the_parts(world: Commissions) -> None:
    statement = world.accrue()[0]
    assert statement.parts == 3
    found, after = [], None
    while True:
        page, after = read_lines(statement, limit=2, after=after)
        found += page
        if after is None:
            break
    assert [f"{line.tenant_id}{line.number}" for line in found] == ["alpha1", "alpha2", "beta1"]


def test_whoever_has_moved_nothing_since_the_last_statement_is_not_read_again(
    world: Commissions, engine: MemoryDynamoDB
) -> None:
    world.accrue()
    world.pay("beta1", 1_000)
    world.now = noon(2, 1, 2027)
    read: list[str] = []

    def note(when: str, number: int, operation: str, params: Any) -> None:
        if when == "before" and operation == "Query":
            read.append(params["ExpressionAttributeValues"][":0"]["S"])

    engine.faults = note
    assert [one.accrued_minor for one in world.accrue()] == [300]
    engine.faults = None
    assert [one for one in read if "retail-documents" in one] == ["op#retail-documents#beta.1"]
