"""The trial balance: now, on a day, by service date, as known at an instant; and never the whole journal."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws import keys, rows
from chalicelib.aws.tables import read_all, read_many, write
from chalicelib.core.dates import start_of, to_micros
from chalicelib.ledger.chart import CASH, INTERNET_REVENUE
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.hand.manual import record_entry
from chalicelib.ledger.journal import Entry, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.ledger.statements import TrialBalance, trial_balance
from chalicelib.ledger.store import EntryRow, to_entry
from chalicelib.tenants.model import Tenant
from tests.conftest import create_tables
from tests.ledger.entries import ACCOUNTS, a_draft, record, reverse, sale
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World, tenant

SINCE = date(2026, 11, 1)
DAYS = [date(2026, 11, 18) + timedelta(days=number) for number in range(7)]


def figures(balance: TrialBalance) -> dict[str, int]:
    assert balance.total_debit_minor == balance.total_credit_minor
    assert balance.total_debit_minor == sum(line.debit_minor for line in balance.lines)
    codes = [line.account.code for line in balance.lines]
    assert codes == sorted(set(codes))
    assert all((line.debit_minor > 0) != (line.credit_minor > 0) for line in balance.lines)
    return {line.account.code: line.debit_minor - line.credit_minor for line in balance.lines}


def from_scratch(
    tenant_id: str, on: date | None = None, by: str = "effective_on", known_at: datetime | None = None
) -> dict[str, int]:
    """The same figures, from every entry there is."""
    totals: dict[str, int] = {}
    for entry in all_entries(tenant_id):
        if known_at is not None and entry.recorded_micros > to_micros(known_at):
            continue
        if on is not None and getattr(entry.draft, by) > on:
            continue
        for line in entry.draft.lines:
            totals[line.account] = totals.get(line.account, 0) + line.debit_minor - line.credit_minor
    return {code: net for code, net in totals.items() if net}


def all_entries(tenant_id: str) -> Iterable[Entry]:
    return [to_entry(tenant_id, row) for part in PARTS for row in read_all(EntryRow, keys.entries(tenant_id, part))]


@pytest.fixture(params=["database", "engine"])
def world(request: pytest.FixtureRequest) -> World:
    request.getfixturevalue(request.param)
    return World.of_tenants(SINCE)


def test_a_book_without_entries_has_an_empty_trial_balance(world: World) -> None:
    record(world.gamma, sale())
    assert trial_balance(world.alpha) == TrialBalance((), 0, 0)


def test_the_trial_balance_names_every_account_with_a_balance_and_both_sides_are_equal(world: World) -> None:
    world.fund(1_000_00, 400_00)
    record(world.gamma, sale(9_99))
    record(world.beta, sale(25_00))
    assert figures(trial_balance(world.operator)) == {"1000": 1_000_00, "2100": -1_000_00}
    assert figures(trial_balance(world.alpha)) == {"1000": -600_00, "1200": 1_000_00, "2100": -400_00}
    assert figures(trial_balance(world.beta)) == {"1000": -375_00, "1200": 400_00, "4000": -25_00}
    assert trial_balance(world.beta).total_debit_minor == 400_00
    assert figures(trial_balance(world.gamma)) == {"1000": 9_99, "4000": -9_99}


def test_an_account_that_came_back_to_zero_is_left_out(world: World) -> None:
    reverse(world.alpha, record(world.alpha, sale()))
    assert trial_balance(world.alpha).lines == ()


def test_a_day_holds_what_is_effective_by_its_end_whenever_it_was_recorded(world: World) -> None:
    record(world.alpha, sale(1_00), on=DAYS[0])
    record(world.alpha, sale(10_00), on=DAYS[2])
    record(world.alpha, sale(100_00), on=DAYS[4])
    seen = [figures(trial_balance(world.alpha, on=day)).get(CASH, 0) for day in DAYS]
    assert seen == [1_00, 1_00, 11_00, 11_00, 111_00, 111_00, 111_00]


def test_by_service_date_a_reversal_counts_on_the_day_it_is_about(world: World) -> None:
    entry = record(world.alpha, sale(5_00), on=DAYS[1])
    reverse(world.alpha, entry)
    assert figures(trial_balance(world.alpha, on=DAYS[1]))[CASH] == 5_00
    assert figures(trial_balance(world.alpha, on=DAYS[1], by="service_on")) == {}
    assert figures(trial_balance(world.alpha, on=DAYS[4])) == {}


def test_what_was_recorded_later_was_not_known_then(world: World) -> None:
    first = record(world.alpha, sale(5_00), on=DAYS[0], now=NOW)
    record(world.alpha, sale(7_00), on=DAYS[0], now=NOW + timedelta(hours=1))
    assert first.recorded_micros == to_micros(NOW)
    known = [NOW - timedelta(microseconds=1), NOW, NOW + timedelta(hours=1)]
    for on in (None, DAYS[0]):
        seen = [figures(trial_balance(world.alpha, on=on, known_at=at)).get(CASH, 0) for at in known]
        assert seen == [0, 5_00, 12_00]


@pytest.mark.parametrize("known_at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_the_calendar_are_instants_like_any_other(world: World, known_at: datetime) -> None:
    record(world.alpha, sale(5_00))
    expected = {} if known_at.year == 1 else {"1000": 5_00, "4000": -5_00}
    assert figures(trial_balance(world.alpha, known_at=known_at)) == expected


hours = st.integers(0, 24 * 7)
postings = st.lists(
    st.tuples(
        hours,
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from(ACCOUNTS),
        st.sampled_from(ACCOUNTS),
        st.integers(1, 10**6),
    ),
    max_size=12,
)


@settings(max_examples=12)
@given(
    postings,
    st.lists(
        st.tuples(st.sampled_from([None, *DAYS]), st.sampled_from(["effective_on", "service_on"]), st.none() | hours)
    ),
    st.sampled_from(["Asia/Dhaka", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"]),
)
def test_every_trial_balance_is_what_all_entries_add_up_to(
    posted: list[tuple[int, int, int, str, str, int]],
    asked: list[tuple[date | None, str, int | None]],
    timezone: str,
) -> None:
    """Entries by hand and of settlements, in two journals, recorded in the order of time, some about earlier days."""
    memory = MemoryDynamoDB()
    with memory.installed():
        rows.forget_connections()
        create_tables()
        alpha = tenant("alpha", tenant("op", None, SINCE), SINCE, timezone)
        begin = start_of(DAYS[0], timezone)
        for hour, effective_back, service_back, one, other, minor in sorted(posted):
            now = begin + timedelta(hours=hour)
            today = now.astimezone(begin.tzinfo).date() - timedelta(days=1)
            draft = a_draft(
                (debit(one, minor), credit(other, minor)),
                effective_on=min(today, DAYS[-1]) - timedelta(days=effective_back),
                service_on=min(today, DAYS[-1]) - timedelta(days=service_back),
            )
            journal = ("alpha", "general" if minor % 2 else "child-beta")
            posting = Posting([journal], read_many(head_reads([journal])), now)
            posting.add(*journal, draft)
            write(*posting.operations())
        for on, by, known_hour in [(None, "effective_on", None), *asked]:
            known_at = None if known_hour is None else begin + timedelta(hours=known_hour)
            found = figures(trial_balance(alpha, on=on, by=by, known_at=known_at))
            assert found == from_scratch("alpha", on, by, known_at)
    rows.forget_connections()


def test_a_child_far_to_the_east_settles_a_day_that_has_not_begun_for_its_parent(engine: MemoryDynamoDB) -> None:
    """The 22nd is over in Kiritimati (UTC+14) at 10:00 UTC of that day: an hour before it begins in Pago Pago (-11)."""
    parent = tenant("alpha", None, SINCE, "Pacific/Pago_Pago")
    posting = Posting([("alpha", "child-beta")], [None, None], datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC))
    settled = date(2026, 11, 22)
    posting.add("alpha", "child-beta", a_draft(sale(5_00), kind="settlement", effective_on=settled, service_on=settled))
    write(*posting.operations())
    assert figures(trial_balance(parent, on=date(2026, 11, 21))) == {}
    assert figures(trial_balance(parent, on=settled)) == {"1000": 5_00, "4000": -5_00}


def test_an_entry_recorded_while_the_balance_is_read_is_left_out_whole(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(SINCE)
    record(world.alpha, sale(5_00), on=DAYS[1])

    def fault(phase: str, number: int, operation: str, params: Any) -> None:
        if phase == "after" and operation == "Query":
            engine.faults = None
            record(world.alpha, sale(7_00), on=DAYS[3])

    engine.faults = fault
    assert figures(trial_balance(world.alpha, on=DAYS[1])) == {CASH: 5_00, INTERNET_REVENUE: -5_00}
    assert figures(trial_balance(world.alpha)) == {CASH: 12_00, INTERNET_REVENUE: -12_00}


def test_today_costs_two_requests_and_a_closed_month_five_however_long_the_journal_is(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(SINCE)
    for number in range(30):
        record_entry(world.alpha, date(2026, 11, 3), "x" * 400, sale(number + 1), "u", "", NOW)
    with engine.measured() as now:
        trial_balance(world.alpha)
    with engine.measured() as then:
        trial_balance(world.alpha, on=date(2026, 11, 3))
    with engine.measured() as since:
        trial_balance(world.alpha, on=date(2026, 11, 22))
    assert (now.requests, since.requests, then.requests) == (2, 2, 5)
    assert now.read_units == 2


def test_a_tenant_sees_its_own_book_alone(world: World) -> None:
    def cash_of(one: Tenant) -> int:
        return figures(trial_balance(one)).get(CASH, 0)

    record(world.alpha, sale(1_00))
    record(world.gamma, sale(2_00))
    assert [cash_of(one) for one in (world.operator, world.alpha, world.beta, world.gamma)] == [0, 1_00, 0, 2_00]
