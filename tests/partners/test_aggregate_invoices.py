"""Aggregate invoices: what is on them, to the unit, in both books, for one child beside another."""

from datetime import date, timedelta

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import Put, read, write
from chalicelib.billing.store import DayRow
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.crm.model import EventKind
from chalicelib.partners import unbilled
from chalicelib.partners.annex import read_annex
from chalicelib.partners.documents import find_document, list_documents
from chalicelib.partners.model import INVOICE, Service
from chalicelib.partners.terms import read_account
from tests.invariants import check_invariants
from tests.partners.invoiced import FIRST, Invoiced, accounts

LAST = date(2026, 11, 30)

pytestmark = pytest.mark.usefixtures("engine", "the_clock")


def test_two_services_of_a_whole_month_make_exactly_their_two_prices() -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.connect("alpha", "Rahim", "A-LITE", FIRST)
    world.connect("gamma", "Jamal", "A-HOME", FIRST)
    world.settle(LAST)
    assert accounts(world.operator) == {"1160": 27_990 + 24_995, "4100": -27_990 - 24_995}
    issued = world.invoice(LAST)
    assert (issued.net_minor, issued.tax_minor, issued.total_minor) == (27_990, 0, 27_990)
    lines = [(line.kind, line.plan, line.services, line.days, line.amount_minor) for line in issued.lines]
    assert lines == [("use", "HOME", 1, 30, 24_995), ("use", "LITE", 1, 30, 2_995)]
    assert (issued.number, issued.first_on, issued.through) == ("AI-2027-000001", FIRST, LAST)
    assert (issued.issued_on, issued.due_on) == (date(2027, 6, 1), date(2027, 6, 8))
    assert accounts(world.operator) == {"1150": 27_990, "1160": 24_995, "4100": -52_985}
    assert accounts(world.alpha) == {"2000": -27_990, "5000": 27_990}
    assert accounts(world.gamma) == {"2010": -24_995, "5000": 24_995}
    assert find_document("alpha", INVOICE, issued.document_id) == issued
    assert list_documents("gamma", INVOICE, limit=9, after=None) == ([], None)
    check_invariants()


def test_the_annex_names_every_service_below_the_child_with_the_plan_that_the_child_pays_for() -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.fund_beta(100_000)
    moved = world.connect("beta", "Rahim", "B-HOME", FIRST)
    world.event("beta", moved, EventKind.CHANGE_PLAN, date(2026, 11, 16), "B-LITE")
    world.settle(LAST)
    issued = world.invoice(LAST)
    services, more = read_annex(issued, limit=10)
    assert more is None
    assert services == [
        Service("alpha", 1, 1, services[0].customer_id, "karim", "HOME", 30, 24_995),
        Service("beta", 1, 1, services[1].customer_id, "rahim", "HOME", 15, 12_498),
        Service("beta", 1, 1, services[1].customer_id, "rahim", "LITE", 15, 1_497),
    ]
    assert [(line.plan, line.services, line.days, line.amount_minor) for line in issued.lines] == [
        ("HOME", 2, 45, 37_493),
        ("LITE", 1, 15, 1_497),
    ]
    assert issued.total_minor == 38_990
    assert accounts(world.alpha)["2000"] == -38_990
    assert accounts(world.beta)["5000"] == 15_000 + 2_000
    check_invariants()


def test_tax_is_what_the_days_posted_rounded_once_a_day_and_tenant() -> None:
    world = Invoiced.build(tax_bps=1_500)
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.connect("alpha", "Rahim", "A-LITE", FIRST)
    world.settle(date(2026, 11, 3))
    # 833 + 100, 833 + 100 and 834 (2499.5 rounded up, less 1666) + 100 a day; 15% of 933 and of 934 is 140 each.
    issued = world.invoice(date(2026, 11, 3))
    assert (issued.net_minor, issued.tax_minor, issued.total_minor) == (2_500 + 300, 420, 3_220)
    assert accounts(world.operator) == {"1150": 3_220, "2200": -420, "4100": -2_800}
    assert accounts(world.alpha) == {"1260": 420, "2000": -3_220, "5000": 2_800}


def test_invoices_follow_one_another_and_together_take_every_day_once() -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(LAST)
    first, second = world.invoice(date(2026, 11, 20)), world.invoice(LAST)
    assert (first.net_minor, second.net_minor) == (16_663, 24_995 - 16_663)
    assert (second.first_on, second.number, second.serial) == (date(2026, 11, 21), "AI-2027-000002", 2)
    assert accounts(world.operator) == {"1150": 24_995, "4100": -24_995}
    assert read_account("alpha").balance_minor == 24_995
    check_invariants()


def test_numbers_have_no_gap_over_all_children_of_a_parent() -> None:
    world = Invoiced.build()
    world.terms()
    world.terms(child="gamma")
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.connect("gamma", "Jamal", "A-HOME", FIRST)
    world.settle(LAST)
    numbers = [world.invoice(date(2026, 11, day), child).number for day in (10, 20) for child in ("alpha", "gamma")]
    assert numbers == [f"AI-2027-{n:06d}" for n in (1, 2, 3, 4)]


def test_an_invoice_waits_while_somebody_below_has_not_settled_its_last_day() -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(LAST)
    before = accounts(world.operator)
    with pytest.raises(Conflict) as refused:
        world.invoice(date(2026, 12, 1))
    assert refused.value.code == "not-settled"
    assert "ALPHA, BETA" in refused.value.detail
    assert accounts(world.operator) == before


def test_what_cannot_be_invoiced_is_refused_and_nothing_is_changed() -> None:
    world = Invoiced.build()

    def refused(through: date, child: str = "alpha") -> str:
        with pytest.raises((Conflict, Invalid)) as error:
            world.invoice(through, child)
        return error.value.code

    world.settle(LAST)
    assert refused(LAST) == "no-terms"
    world.terms()
    assert refused(LAST) == "nothing-to-invoice"
    assert refused(FIRST - timedelta(days=1)) == "invalid"
    assert refused(date(2027, 6, 1)) == "day-not-ended"
    assert refused(LAST, "beta") == "not-aggregate"
    world.connect("alpha", "Karim", "A-HOME", LAST + timedelta(days=1))
    world.settle(date(2026, 12, 10))
    world.invoice(date(2026, 12, 5))
    assert refused(date(2026, 12, 5)) == "already-invoiced"
    assert refused(date(2026, 12, 1)) == "already-invoiced"
    assert read_account("alpha").invoiced_through == date(2026, 12, 5)


def test_a_reseller_that_comes_with_a_past_below_the_child_is_invoiced_from_its_own_first_day() -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(date(2026, 11, 20))
    assert world.invoice(date(2026, 11, 20)).net_minor == 16_663
    world.add_delta(date(2026, 11, 11))
    world.connect("delta", "Salam", "D-LITE", date(2026, 11, 11))
    world.settle(LAST)
    issued = world.invoice(LAST)
    # LITE from the 11th on is 20 of 30 days: 2,995 less what 10 days cost, 998.
    assert [(line.plan, line.days, line.amount_minor) for line in issued.lines] == [
        ("HOME", 10, 24_995 - 16_663),
        ("LITE", 20, 2_995 - 998),
    ]
    assert issued.first_on == date(2026, 11, 11)
    assert accounts(world.operator).get("1160", 0) == 0
    check_invariants()


def test_a_book_that_says_otherwise_refuses_the_invoice_with_an_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(LAST)
    alarms: list[dict[str, object]] = []
    monkeypatch.setattr(unbilled, "alarm", lambda message, **fields: alarms.append(fields))
    row = read(DayRow, keys.settled_day("alpha", FIRST))
    assert row is not None
    row.paid = [row.paid[0] + 1]
    write(Put(row))
    with pytest.raises(Conflict) as refused:
        world.invoice(LAST)
    assert refused.value.code == "unbilled-differs"
    assert alarms == [{"tenant": "op", "child": "alpha", "book_minor": 24_995, "found_minor": 24_996}]
    assert read_account("alpha").invoiced_through is None
