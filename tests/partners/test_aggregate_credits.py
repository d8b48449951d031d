"""Corrections and aggregate invoices: what is found before an invoice changes it, what is found after it follows."""

from datetime import date, timedelta

import pytest

from chalicelib.documents.paper import Label
from chalicelib.partners.credit import issue_credits
from chalicelib.partners.documents import find_invoice, settling
from chalicelib.partners.due import invoice_due
from chalicelib.partners.model import Allocation
from chalicelib.partners.papers import load_paper
from chalicelib.partners.terms import read_account
from tests.invariants import check_invariants
from tests.partners.invoiced import FIRST, LATE, Invoiced, accounts, post_correction
from tests.world import BOSS

LAST = date(2026, 11, 30)
TWENTIETH = date(2026, 11, 20)

pytestmark = pytest.mark.usefixtures("engine", "the_clock")


def correct(world: Invoiced, first: date, last: date, minor: int) -> str:
    return post_correction(world.chain("alpha"), first, last, minor)


def a_month() -> Invoiced:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(LAST)
    return world


def test_a_credit_before_the_invoice_lowers_it_as_a_line_of_its_own() -> None:
    world = a_month()
    correct(world, date(2026, 11, 11), date(2026, 11, 12), -800)
    issued = world.invoice(LAST)
    assert [(line.kind, line.amount_minor) for line in issued.lines] == [("use", 24_995), ("correction", -1_600)]
    line = issued.lines[1]
    assert (line.correction, line.first_on, line.last_on) == ("alpha.c1", date(2026, 11, 11), date(2026, 11, 12))
    assert issued.total_minor == 23_395
    assert accounts(world.operator) == {"1150": 23_395, "4100": -23_395}
    assert accounts(world.alpha) == {"2000": -23_395, "5000": 23_395}
    check_invariants()


def test_a_credit_after_the_invoice_becomes_a_credit_note_that_lowers_what_is_open_of_it() -> None:
    world = a_month()
    world.invoice(TWENTIETH)
    world.invoice(LAST)
    correct(world, date(2026, 11, 25), date(2026, 11, 26), -800)
    assert accounts(world.operator)["1160"] == -1_600
    note = issue_credits(*world.chain("alpha"), BOSS, LATE)
    assert note is not None
    assert (note.number, note.serial, note.total_minor) == ("AC-2027-000001", 1, 1_600)
    assert [(line.invoice, line.amount_minor) for line in note.lines] == [(2, 1_600)]
    assert note.allocated == (Allocation(2, 1_600),)
    assert read_account("alpha").balance_minor == 24_995 - 1_600
    assert accounts(world.operator) == {"1150": 23_395, "4100": -23_395}
    assert accounts(world.alpha) == {"2000": -23_395, "5000": 23_395}
    assert settling(find_invoice("alpha", "alpha.ai2", LAST).invoice) == [note]
    assert issue_credits(*world.chain("alpha"), BOSS, LATE) is None
    check_invariants()


def test_a_credit_of_an_invoice_that_is_paid_goes_to_the_oldest_open_one_and_then_is_an_advance() -> None:
    world = a_month()
    world.invoice(TWENTIETH)
    world.pay(16_663 + 8_000)
    world.invoice(LAST)
    assert read_account("alpha").balance_minor == 332
    correct(world, date(2026, 11, 3), date(2026, 11, 3), -833)
    note = issue_credits(*world.chain("alpha"), BOSS, LATE)
    assert note is not None
    assert (note.lines[0].invoice, note.allocated, note.advance_minor) == (1, (Allocation(2, 332),), 501)
    assert read_account("alpha").balance_minor == -501
    check_invariants()


def test_an_additional_charge_of_invoiced_days_goes_on_the_next_invoice() -> None:
    world = a_month()
    world.invoice(TWENTIETH)
    correct(world, date(2026, 11, 3), date(2026, 11, 4), 833)
    assert issue_credits(*world.chain("alpha"), BOSS, LATE) is None
    issued = world.invoice(LAST)
    assert [(line.kind, line.amount_minor) for line in issued.lines] == [("use", 8_332), ("correction", 1_666)]
    assert issued.total_minor == 9_998
    world.settle(date(2026, 12, 31))
    assert world.invoice(date(2026, 12, 31)).total_minor == 24_995
    check_invariants()


def test_a_correction_over_the_last_invoiced_day_is_told_apart_day_by_day() -> None:
    world = a_month()
    world.invoice(TWENTIETH)
    correct(world, date(2026, 11, 19), date(2026, 11, 22), -100)
    issued = world.invoice(LAST)
    assert [(line.kind, line.amount_minor, line.first_on) for line in issued.lines] == [
        ("use", 8_332, None),
        ("correction", -200, date(2026, 11, 21)),
    ]
    account = read_account("alpha")
    assert account.serial("credit_note") == 1
    assert account.balance_minor == 24_995 - 400
    assert accounts(world.operator).get("1160", 0) == 0
    check_invariants()


def test_a_correction_of_days_behind_an_invoice_waits_for_the_invoice_of_these_days() -> None:
    world = a_month()
    correct(world, date(2026, 11, 28), date(2026, 11, 28), -833)
    assert world.invoice(TWENTIETH).total_minor == 16_663
    assert issue_credits(*world.chain("alpha"), BOSS, LATE) is None
    assert world.invoice(LAST).total_minor == 8_332 - 833


def test_the_run_that_issues_what_is_due_issues_credit_notes_too() -> None:
    world = a_month()
    now = LATE.replace(year=2026, month=12, day=1)
    assert [one.kind for one in invoice_due(world.chain("alpha"), now)] == ["invoice"]
    correct(world, FIRST, FIRST, -833)
    assert [(one.kind, one.total_minor) for one in invoice_due(world.chain("alpha"), now + timedelta(hours=1))] == [
        ("credit_note", 833)
    ]
    assert invoice_due(world.chain("alpha"), now + timedelta(hours=2)) == []


def test_a_credit_note_is_printed_with_the_invoice_it_is_about() -> None:
    world = a_month()
    world.invoice(LAST)
    correct(world, date(2026, 11, 25), date(2026, 11, 26), -800)
    issue_credits(*world.chain("alpha"), BOSS, LATE)
    paper = load_paper(world.operator, "credit_note", "alpha.ac1", "BDT")
    assert (paper.number, [line.cells[3] for line in paper.lines]) == ("AC-2027-000001", [1_600])
    assert [(fact.label, fact.value) for fact in paper.facts] == [(Label.OF_INVOICE, "AI-2027-000001")]
    assert paper.totals[-1].amount_minor == 1_600
