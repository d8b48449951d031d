"""Aggregate invoices when the process dies at any call, when two are at it at once, and when money moves meanwhile."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.partners.documents import list_documents
from chalicelib.partners.due import invoice_due
from chalicelib.partners.invoice import Order, TooLongError, issue_invoice
from chalicelib.partners.model import INVOICE, Account, Issued
from chalicelib.partners.terms import read_account, read_numbers
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.partners.invoiced import FIRST, LATE, Invoiced, accounts
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS

LAST = date(2026, 11, 30)
NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> Invoiced:
    built = Invoiced.build()
    built.terms()
    built.connect("alpha", "Karim", "A-HOME", FIRST)
    built.connect("gamma", "Jamal", "A-HOME", FIRST)
    built.settle(LAST)
    return built


class Gone(Exception):
    """The process is gone."""


def dies_at(engine: MemoryDynamoDB, at: int, phase: str) -> None:
    made = 0

    def fault(when: str, number: int, operation: str, params: Any) -> None:
        nonlocal made
        if when == "before":
            made += 1
        if made == at and when == phase:
            engine.faults = None
            raise Gone

    engine.faults = fault


def once_before_writing(engine: MemoryDynamoDB, happens: Callable[[], object]) -> None:
    def fault(when: str, number: int, operation: str, params: Any) -> None:
        if when == "before" and operation == "TransactWriteItems":
            engine.faults = None
            happens()

    engine.faults = fault


def outcome(world: Invoiced) -> tuple[list[Issued], Account, dict[str, int], dict[str, int], dict[str, int]]:
    check_invariants()
    invoices, _ = list_documents("alpha", INVOICE, limit=9, after=None)
    numbers = dict(read_numbers("op", INVOICE).series)
    return invoices, read_account("alpha"), accounts(world.operator), accounts(world.alpha), numbers


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_run_that_dies_at_any_call_ends_in_the_same_invoice_when_it_is_done_again(
    world: Invoiced, engine: MemoryDynamoDB, phase: str
) -> None:
    built = engine.remember()
    invoice_due(world.chain("alpha"), NOW)
    undisturbed = outcome(world)
    assert [one.number for one in undisturbed[0]] == ["AI-2026-000001"]
    for at in range(1, 200):
        engine.rewind(built)
        dies_at(engine, at, phase)
        try:
            invoice_due(world.chain("alpha"), NOW)
        except Gone:
            invoice_due(world.chain("alpha"), NOW)
            assert outcome(world) == undisturbed, at
        else:
            break
    engine.faults = None
    assert at > 10


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_payment_that_dies_at_any_call_was_taken_or_was_not(
    world: Invoiced, engine: MemoryDynamoDB, phase: str
) -> None:
    world.invoice(LAST)
    built = engine.remember()
    for at in range(1, 20):
        engine.rewind(built)
        dies_at(engine, at, phase)
        try:
            world.pay(10_000)
        except Gone:
            balance = read_account("alpha").balance_minor
            assert balance in (24_995, 14_995)
            assert accounts(world.operator)["1150"] == balance
            check_invariants()
        else:
            break
    engine.faults = None
    assert at in (3, 4)


def test_two_workers_at_once_issue_one_invoice(world: Invoiced, engine: MemoryDynamoDB) -> None:
    once_before_writing(engine, lambda: invoice_due(world.chain("alpha"), NOW))
    assert invoice_due(world.chain("alpha"), NOW) == []
    assert len(outcome(world)[0]) == 1


def test_two_children_at_once_get_two_numbers(world: Invoiced, engine: MemoryDynamoDB) -> None:
    world.terms(child="gamma")
    once_before_writing(engine, lambda: world.invoice(LAST, "gamma"))
    assert world.invoice(LAST).number == "AI-2027-000002"
    assert outcome(world)[4] == {"2027": 2}


def test_a_day_that_is_settled_meanwhile_waits_for_the_next_invoice(world: Invoiced, engine: MemoryDynamoDB) -> None:
    once_before_writing(engine, lambda: world.settle(date(2026, 12, 1)))
    assert world.invoice(LAST).total_minor == 24_995
    assert accounts(world.operator)["1160"] == 24_995 + 2 * 806
    world.settle(date(2026, 12, 31))
    assert world.invoice(date(2026, 12, 31)).total_minor == 24_995
    check_invariants()


def test_a_payment_and_a_change_of_terms_that_come_between_are_kept(world: Invoiced, engine: MemoryDynamoDB) -> None:
    once_before_writing(engine, lambda: world.pay(30_000))
    issued = world.invoice(LAST)
    assert (issued.allocated[0].amount_minor, read_account("alpha").advance_minor) == (24_995, 5_005)
    world.settle(date(2026, 12, 31))
    once_before_writing(engine, lambda: world.terms(due_days=30))
    assert (world.invoice(date(2026, 12, 31)).due_on - date(2027, 6, 1)).days == 30
    check_invariants()


def test_an_invoice_of_another_day_that_comes_between_leaves_only_the_rest(
    world: Invoiced, engine: MemoryDynamoDB
) -> None:
    once_before_writing(engine, lambda: world.invoice(date(2026, 11, 20)))
    issued = world.invoice(LAST)
    assert (issued.serial, issued.first_on, issued.total_minor) == (2, date(2026, 11, 21), 24_995 - 16_663)
    once_before_writing(engine, lambda: world.invoice(LAST))
    with pytest.raises(Conflict):
        world.invoice(LAST)
    check_invariants()


def test_an_invoice_longer_than_a_request_is_left_to_a_worker(world: Invoiced) -> None:
    with pytest.raises(TooLongError):
        issue_invoice(*world.chain("alpha"), Order(LAST, BOSS, most_service_days=29), LATE)
    assert issue_invoice(*world.chain("alpha"), Order(LAST, BOSS, most_service_days=30), LATE).total_minor == 24_995


def test_what_an_invoice_costs_to_write(world: Invoiced, engine: MemoryDynamoDB) -> None:
    with engine.measured() as meter:
        world.invoice(LAST)
    # The annex; then account, whom it covers, numbers, document, two entries and two heads, twice since together.
    assert meter.write_units == 1 + 2 * 8
