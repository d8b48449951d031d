"""Invoices by themselves: on a cycle's end in the child's time zone, once, whatever else happens."""

from datetime import UTC, date, datetime

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.partners.annex import LINES_IN_PART, keep_annex, read_annex
from chalicelib.partners.cycle import Cycle, CycleKind
from chalicelib.partners.documents import list_documents
from chalicelib.partners.due import AGGREGATE_INVOICE, invoice_due
from chalicelib.partners.model import INVOICE, Issued, Service
from chalicelib.partners.terms import list_terms, read_account
from chalicelib.proof.tend import STEPS, _invoice_resellers, carry_out
from tests.partners.invoiced import FIRST, Invoiced

pytestmark = pytest.mark.usefixtures("engine", "the_clock")


def due(world: Invoiced, now: datetime, child: str = "alpha") -> list[tuple[str, int]]:
    return [(str(one.through), one.total_minor) for one in invoice_due(world.chain(child), now)]


def test_a_monthly_invoice_is_issued_once_its_last_day_is_settled_and_only_once() -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(date(2026, 11, 29))
    midnight = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
    assert due(world, midnight) == []
    world.settle(date(2026, 11, 30))
    assert due(world, midnight.replace(hour=17, minute=59)) == []
    assert due(world, midnight) == [("2026-11-30", 24_995)]
    assert due(world, midnight) == []
    assert due(world, midnight, "gamma") == []
    assert due(world, midnight, "beta") == []


def test_a_run_that_comes_late_catches_up_cycle_by_cycle() -> None:
    world = Invoiced.build()
    world.terms(Cycle(CycleKind.WEEKLY, weekday=1))
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(date(2026, 11, 30))
    now = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
    # 24,995 * k / 30 for k = 1, 8, 15, 22, 29: 833, 6665, 12498 (12497.5), 18330, 24162.
    assert due(world, now) == [
        ("2026-11-01", 833),
        ("2026-11-08", 6_665 - 833),
        ("2026-11-15", 12_498 - 6_665),
        ("2026-11-22", 18_330 - 12_498),
        ("2026-11-29", 24_162 - 18_330),
    ]


@pytest.mark.parametrize(
    "cycle, first_end, second_end",
    [
        (Cycle(CycleKind.WEEKLY, weekday=1), date(2026, 10, 25), date(2026, 11, 1)),
        (Cycle(CycleKind.DAYS, every_days=1), date(2026, 10, 25), date(2026, 10, 26)),
        (Cycle(CycleKind.DAYS, every_days=7), date(2026, 10, 25), date(2026, 11, 1)),
    ],
)
def test_a_change_of_the_clock_on_a_cycles_end_neither_doubles_nor_loses_a_day(
    cycle: Cycle, first_end: date, second_end: date
) -> None:
    """In Berlin the 25th of October 2026 has 25 hours: it is over at 23:00 UTC, the day before it at 22:00."""
    start = date(2026, 10, 19) if cycle.every_days == 7 or cycle.kind is CycleKind.WEEKLY else date(2026, 10, 25)
    world = Invoiced.build(start, timezone="Europe/Berlin")
    world.terms(cycle)
    world.connect("alpha", "Karim", "A-HOME", start)
    world.settle(second_end)
    over = datetime(2026, 10, 25, 23, 0, tzinfo=UTC)
    assert due(world, over.replace(hour=22, minute=59)) == []
    assert [through for through, _ in due(world, over)] == [str(first_end)]
    second = datetime(second_end.year, second_end.month, second_end.day, 23, 0, tzinfo=UTC)
    assert due(world, second.replace(hour=22, minute=59)) == []
    assert [through for through, _ in due(world, second)] == [str(second_end)]


def test_a_february_and_a_leap_february_end_where_they_end() -> None:
    for first, ends in ((date(2027, 1, 31), "2027-02-27"), (date(2028, 1, 31), "2028-02-28")):
        cycle = Cycle(CycleKind.MONTHLY, day=31)
        assert str(cycle.next_end(first, first)) == ends


def test_a_cycle_in_which_nothing_was_used_makes_no_invoice_and_the_next_begins_behind_it() -> None:
    world = Invoiced.build()
    world.terms(Cycle(CycleKind.DAYS, every_days=10))
    world.settle(date(2026, 11, 10))
    now = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
    assert due(world, now) == []
    account = read_account("alpha")
    assert (account.invoiced_through, account.serial("invoice")) == (date(2026, 11, 10), 0)
    world.connect("alpha", "Karim", "A-HOME", date(2026, 11, 11))
    world.settle(date(2026, 11, 30))
    assert due(world, now) == [("2026-11-20", 16_663 - 8_332), ("2026-11-30", 24_995 - 16_663)]


def test_new_terms_hold_from_the_day_after_the_last_invoiced_one_and_each_version_is_kept() -> None:
    world = Invoiced.build()
    first = world.terms(Cycle(CycleKind.DAYS, every_days=10))
    assert (first.since_on, first.revision) == (FIRST, 1)
    assert world.terms(Cycle(CycleKind.DAYS, every_days=10)) == first
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(date(2026, 11, 30))
    world.invoice(date(2026, 11, 13))
    changed = world.terms(Cycle(CycleKind.DAYS, every_days=5))
    assert (changed.since_on, changed.revision) == (date(2026, 11, 14), 2)
    now = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    assert [through for through, _ in due(world, now)] == ["2026-11-18", "2026-11-23"]
    assert list_terms("alpha") == [first, changed]
    assert list_terms("gamma") == []


@pytest.mark.parametrize("every_days", [0, 367, 1000])
def test_a_cycle_of_no_days_or_of_a_thousand_is_refused(every_days: int) -> None:
    world = Invoiced.build()
    with pytest.raises(Invalid) as refused:
        world.terms(Cycle(CycleKind.DAYS, every_days=every_days))
    assert [error.field for error in refused.value.errors] == ["cycle.every_days"]
    assert read_account("alpha").revision == 0


def test_the_worker_of_books_issues_what_is_due_and_what_somebody_asked_for() -> None:
    world = Invoiced.build()
    world.terms()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.settle(date(2026, 12, 10))
    chain = ["op", "alpha"]
    now = datetime(2026, 12, 11, 6, 0, tzinfo=UTC)
    carry_out({"do": "tend", "chain": chain}, now, (_invoice_resellers,))
    carry_out({"do": "tend", "chain": ["op", "alpha", "beta"]}, now, (_invoice_resellers,))
    asked = {"do": AGGREGATE_INVOICE, "chain": chain, "day": "2026-12-05", "user": "uboss", "acting": ""}
    carry_out(asked, now)
    carry_out(asked, now)
    issued, _ = list_documents("alpha", INVOICE, limit=9, after=None)
    assert [(str(one.through), one.recorded_by) for one in issued] == [("2026-12-05", "uboss"), ("2026-11-30", "")]
    assert _invoice_resellers in STEPS


def test_an_annex_longer_than_a_part_is_read_over_its_parts() -> None:
    services = [Service("alpha", n, n, f"C{n}", f"user{n}", "HOME", 1, 10) for n in range(1, 2 * LINES_IN_PART + 2)]
    content_hash, parts = keep_annex("alpha", services)
    assert parts == 3
    invoice = Issued(
        *("op", "alpha", INVOICE, 1, "AI-1", FIRST, 1, 10, 0, "", ""),
        annex_hash=content_hash,
        annex_parts=parts,
        services=len(services),
    )
    found, after = [], 0
    while after is not None:
        page, after = read_annex(invoice, limit=200, after=after)
        found += page
    assert found == services
    assert read_annex(invoice, limit=200, after=len(services)) == ([], None)
    assert keep_annex("alpha", services) == (content_hash, 3)
    assert keep_annex("alpha", services[1:])[0] != content_hash
