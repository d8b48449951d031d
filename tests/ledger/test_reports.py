"""Reports: each is what the entries add up to, on any days, by either date, as known at any instant; and can be traced."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Invalid, NotFound
from chalicelib.funds.model import Method
from chalicelib.funds.transfer import Order, recharge_fund
from chalicelib.ledger.chart import RESELLER_CHART, Account, AccountType
from chalicelib.ledger.entries import find_entry
from chalicelib.ledger.journal import Entry, Line
from chalicelib.ledger.reports import lines as statements
from chalicelib.ledger.reports.ageing import age, receivables_ageing
from chalicelib.ledger.reports.asked import Asked, Span, through
from chalicelib.ledger.reports.balances import balance_sheet, profit_and_loss, trial_balance_report
from chalicelib.ledger.reports.groups import section
from chalicelib.ledger.reports.lines import Statement, account_ledger, cash_book, fund_statement
from chalicelib.ledger.reports.tables import (
    ageing_table,
    balance_sheet_table,
    profit_and_loss_table,
    statement_table,
    tie_out_table,
    trial_balance_table,
)
from chalicelib.ledger.reports.tie_out import tie_out_report
from chalicelib.ledger.reports.view import BookView, Movement, open_book
from chalicelib.ledger.statements import trial_balance
from chalicelib.ledger.totals import kept, seal
from chalicelib.ledger.totals.seal import seal_book
from tests.bench.statements import measure
from tests.ledger.entries import record, reverse, sale
from tests.ledger.random_books import BEGIN, DAYS, Post, Seal, all_entries, fresh, instants, play, post, steps
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW, World, tenant

OPERATOR = tenant("op", None, date(2026, 1, 1))
ALPHA = tenant("alpha", OPERATOR, date(2026, 1, 1))
GAMMA = tenant("gamma", OPERATOR, date(2026, 1, 1))

days = st.sampled_from(DAYS)
spans = st.tuples(days, days).map(lambda both: Span(min(both), max(both)))
questions = st.builds(
    Asked,
    spans,
    st.none() | spans,
    st.sampled_from(("effective_on", "service_on")),
    instants,
    st.sampled_from((None, None, "north")),
)


class Scratch:
    """The lines of a book that a question is about, from its entries and nothing else."""

    def __init__(self, tenant_id: str, asked: Asked) -> None:
        self.asked = asked
        self.entries = [
            entry
            for entry in all_entries(tenant_id)
            if asked.known_at is None or entry.recorded_micros <= to_micros(asked.known_at)
        ]

    def day(self, entry: Entry) -> date:
        found: date = getattr(entry.draft, self.asked.by)
        return found

    def lines(self, first: date, last: date, *, closings: bool = True) -> Iterator[tuple[Entry, Line]]:
        for entry in self.entries:
            if first <= self.day(entry) <= last and (closings or entry.draft.kind != "year-end"):
                for line in entry.draft.lines:
                    if self.asked.cost_centre in (None, line.cost_centre):
                        yield entry, line

    def net(self, accounts: set[str], first: date, last: date, *, closings: bool = True) -> int:
        found = self.lines(first, last, closings=closings)
        return sum(line.debit_minor - line.credit_minor for _, line in found if line.account in accounts)

    def movement(self, accounts: set[str], span: Span) -> Movement:
        inside = [line for _, line in self.lines(span.first, span.last) if line.account in accounts]
        return Movement(
            self.net(accounts, date.min, span.first - timedelta(days=1)),
            sum(line.debit_minor for line in inside),
            sum(line.credit_minor for line in inside),
        )


def fail_on_alarm(*_: Any, **__: Any) -> None:
    raise AssertionError("an alarm was raised")


@settings(max_examples=40)
@given(steps, st.lists(questions, min_size=1, max_size=3), st.integers(1, 4))
def test_every_report_is_what_the_entries_add_up_to(todo: list[Post | Seal], asked: list[Asked], limit: int) -> None:
    with fresh() as memory, pytest.MonkeyPatch.context() as patched:
        for module in (kept, seal, statements):
            patched.setattr(module, "alarm", fail_on_alarm)
        play(memory, todo)
        for question in asked:
            for book in (ALPHA, GAMMA):
                view, scratch = open_book(book, question), Scratch(book.tenant_id, question)
                check_balances(view, scratch)
                check_statements(view, scratch, limit)
                check_ageing(view, scratch)


def check_balances(view: BookView, scratch: Scratch) -> None:
    span, compared = view.asked.span, view.asked.compared
    report = trial_balance_report(view)
    codes = {line.account for entry in scratch.entries for line in entry.draft.lines}
    now = {code: scratch.movement({code}, span) for code in sorted(codes)}
    assert {line.account.code: line.movement for line in report.lines if not line.movement.is_nothing} == {
        code: moved for code, moved in now.items() if not moved.is_nothing
    }
    for line in report.lines:
        assert line.compared == (scratch.movement({line.account.code}, compared) if compared else None)
    if view.asked.cost_centre is None:
        assert report.total.debit_minor == report.total.credit_minor
        assert report.closing_debit_minor == report.closing_credit_minor
    profit = profit_and_loss(view)
    ranges = [span] if compared is None else [span, compared]
    income = tuple(-scratch.net({"4000"}, one.first, one.last, closings=False) for one in ranges)
    spent = tuple(scratch.net({"5900"}, one.first, one.last, closings=False) for one in ranges)
    assert (profit.income.total_minor, profit.expenses.total_minor) == (income, spent)
    assert profit.result_minor == tuple(a - b for a, b in zip(income, spent, strict=True))
    sheet = balance_sheet(view)
    for section_, codes in ((sheet.assets, {"1000", "1150", "1200"}), (sheet.liabilities, {"2100"})):
        sign = 1 if section_ is sheet.assets else -1
        assert section_.total_minor == tuple(sign * scratch.net(codes, date.min, one.last) for one in ranges)
    if view.asked.cost_centre is None:
        both = tuple(a + b for a, b in zip(sheet.liabilities.total_minor, sheet.own_minor, strict=True))
        assert sheet.assets.total_minor == both
    tables = (trial_balance_table(view, report, "BDT"), profit_and_loss_table(view, profit, "BDT"))
    for table in (*tables, balance_sheet_table(view, sheet, "BDT")):
        assert {len(row.cells) for row in table.rows} == {len(table.columns)}


def pages(report: Any, limit: int) -> list[Statement]:
    found = [report(limit, None)]
    while found[-1].after is not None:
        assert len(found) < 200, "the pages never end"
        found.append(report(limit, found[-1].after))
    return found


def check_statements(view: BookView, scratch: Scratch, limit: int) -> None:
    whole = account_ledger(view, "1000")
    check_statement(view, scratch, {"1000"}, pages(lambda *page: account_ledger(view, "1000", *page), limit), limit)
    money = cash_book(view, None)
    assert (money.movement, money.compared, money.lines) == (whole.movement, whole.compared, whole.lines)
    funds = pages(lambda *page: fund_statement(view, *page), limit)
    check_statement(view, scratch, {"1200", "2100"}, funds, limit)
    table = statement_table(view, whole, "BDT", "account-ledger", "Ledger")
    assert {len(row.cells) for row in table.rows} == {len(table.columns)}
    assert table.rows[-1].cells[-1] == whole.movement.closing_minor


def check_statement(view: BookView, scratch: Scratch, accounts: set[str], found: list[Statement], limit: int) -> None:
    span, by_entry = view.asked.span, len(accounts) > 1
    expected: dict[tuple[Any, ...], int] = defaultdict(int)
    for entry in scratch.entries:
        for number, line in enumerate(entry.draft.lines):
            inside = span.first <= scratch.day(entry) <= span.last
            if inside and line.account in accounts and view.asked.cost_centre in (None, line.cost_centre):
                at = (scratch.day(entry), entry.recorded_micros, entry.journal, entry.sequence, number * (not by_entry))
                expected[(*at, entry.entry_id)] += line.debit_minor - line.credit_minor
    balance = scratch.net(accounts, date.min, span.first - timedelta(days=1))
    running = []
    for key in sorted(expected):
        balance += expected[key]
        running.append((key[-1], expected[key], balance))
    lines = [line for page in found for line in page.lines]
    assert [(one.entry_id, one.debit_minor - one.credit_minor, one.balance_minor) for one in lines] == running
    assert all(one.entry is not None and one.entry.entry_id == one.entry_id for one in lines)
    assert all(len(page.lines) == limit for page in found[:-1])
    before = found[0].movement.opening_minor
    for page in found:
        assert page.brought_forward_minor == before
        before = page.lines[-1].balance_minor if page.lines else before
        assert page.movement == scratch.movement(accounts, span)
        assert page.compared == (scratch.movement(accounts, view.asked.compared) if view.asked.compared else None)
    assert before == found[0].movement.closing_minor


def check_ageing(view: BookView, scratch: Scratch) -> None:
    found = receivables_ageing(view)
    span = view.asked.span
    assert sum(one.total_minor for one in found) == scratch.net({"1100", "1150"}, span.first, span.last)
    for one in found:
        owed = sum(
            line.debit_minor - line.credit_minor
            for _, line in scratch.lines(span.first, span.last)
            if (line.account, line.counterparty) == (one.account, one.counterparty)
        )
        assert one.total_minor == owed
        assert one.ahead_minor == 0 or not any(one.by_age_minor)
    table = ageing_table(view, found, {}, "BDT")
    assert {len(row.cells) for row in table.rows} == {len(table.columns)}


def test_what_was_paid_has_paid_the_oldest_debts_first() -> None:
    debts = {"2026-08-01": 100_00, "2026-09-10": 50_00, "2026-10-20": 30_00, "2026-11-20": 7_00}
    on = date(2026, 11, 30)
    assert age(debts, 0, on) == ((7_00, 30_00, 50_00, 100_00), 0)
    assert age(debts, 120_00, on) == ((7_00, 30_00, 30_00, 0), 0)
    assert age(debts, 200_00, on) == ((0, 0, 0, 0), 13_00)


@pytest.mark.parametrize(
    ("days_old", "bucket"), [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (900, 3)]
)
def test_a_debt_moves_on_at_31_61_and_91_days(days_old: int, bucket: int) -> None:
    on = date(2026, 11, 30)
    ages, ahead = age({(on - timedelta(days=days_old)).isoformat(): 5_00}, 0, on)
    assert (ages[bucket], sum(ages), ahead) == (5_00, 5_00, 0)


def chart_with_groups() -> dict[str, Account]:
    rent = Account("5910", "Rent", AccountType.EXPENSE, "5900")
    shop = Account("5911", "Rent of the shop", AccountType.EXPENSE, "5910")
    return {**RESELLER_CHART, "5910": rent, "5911": shop}


def test_accounts_stand_under_those_that_group_them_with_subtotals() -> None:
    chart = chart_with_groups()
    amounts = {"5900": (1_00,), "5910": (20_00,), "5911": (300_00,), "5200": (4_000_00,)}
    made = section(chart, AccountType.EXPENSE, amounts, 1)
    assert [(one.account.code, one.level, one.own_minor, one.total_minor) for one in made.lines] == [
        ("5200", 0, (4_000_00,), (4_000_00,)),
        ("5900", 0, (1_00,), (321_00,)),
        ("5910", 1, (20_00,), (320_00,)),
        ("5911", 2, (300_00,), (300_00,)),
    ]
    assert made.total_minor == (4_321_00,)


def test_a_subtotal_follows_the_last_account_of_its_group(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    view = open_book(world.alpha, Asked(through(DAYS[-1])))
    amounts = {"5910": (20_00,), "5911": (300_00,), "5200": (4_000_00,), "5300": (9_00,)}
    made = section(chart_with_groups(), AccountType.EXPENSE, amounts, 1)
    report = profit_and_loss(view)
    table = profit_and_loss_table(view, type(report)(report.income, made), "BDT")
    assert [(row.style.value, row.level, *row.cells) for row in table.rows[3:]] == [
        ("line", 1, "5200", "Promotion", 4_000_00),
        ("line", 1, "5300", "Fee expense", 9_00),
        ("line", 1, "5900", "Other expenses", 0),
        ("line", 2, "5910", "Rent", 20_00),
        ("line", 3, "5911", "Rent of the shop", 300_00),
        ("total", 2, "5910", "Total Rent", 320_00),
        ("total", 1, "5900", "Total Other expenses", 320_00),
        ("total", 0, None, "Total expenses", 4_329_00),
        ("total", 0, None, "Result", -4_329_00),
    ]


def test_a_figure_of_the_profit_and_loss_leads_to_lines_and_these_to_entries(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    made = [record(world.alpha, sale(5_00 + number), on=date(2026, 11, 3 + number % 9)) for number in range(12)]
    reverse(world.alpha, made[4])
    record(world.gamma, sale(999_00))
    asked = Asked(Span(date(2026, 11, 1), date(2026, 11, 30)))
    view = open_book(world.alpha, asked)
    (income,) = profit_and_loss(view).income.lines
    assert (income.account.code, income.total_minor) == ("4000", (60_66 - 5_04,))
    ledger = account_ledger(view, income.account.code)
    assert ledger.movement.credit_minor - ledger.movement.debit_minor == income.total_minor[0]
    assert len(ledger.lines) == 13
    for line in ledger.lines:
        entry = find_entry("alpha", line.entry_id)
        (own,) = [one for one in entry.draft.lines if one.account == "4000"]
        assert (own.debit_minor, own.credit_minor) == (line.debit_minor, line.credit_minor)
    assert [line.entry.draft.corrects for line in ledger.lines if line.entry and line.debit_minor] == [made[4].entry_id]


def test_the_closing_of_a_year_leaves_its_profit_and_loss_and_empties_the_result_of_the_balance_sheet() -> None:
    with fresh():
        post(
            Post(
                "general", 1, 1, 1, (("1000", "4000", "", "", 90_00), ("5900", "1000", "", "", 20_00)), "manual", False
            )
        )
        closing = (("4000", "3900", "", "", 90_00), ("3900", "5900", "", "", 20_00))
        post(Post("receipts", 2, 2, 2, closing, "year-end", False))
        view = open_book(ALPHA, Asked(Span(DAYS[0], DAYS[4]), Span(DAYS[0], DAYS[1])))
        assert profit_and_loss(view).result_minor == (70_00, 70_00)
        sheet = balance_sheet(view)
        assert (sheet.equity.total_minor, sheet.result_minor) == ((70_00, 0), (0, 70_00))
        assert sheet.assets.total_minor == sheet.own_minor == (70_00, 70_00)
        assert [line.account.code for line in trial_balance_report(view).lines] == ["1000", "3900", "4000", "5900"]


def test_the_fund_statement_ends_with_the_fund_and_the_operator_has_none(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    world.fund(1_000_00, 400_00)
    world.refund(world.alpha, world.beta, 50_00)
    asked = Asked(Span(date(2026, 11, 1), date(2026, 11, 30)))
    report = fund_statement(open_book(world.alpha, asked))
    assert [line.balance_minor for line in report.lines] == [1_000_00, 600_00, 650_00]
    assert all(line.entry and line.entry.fund_after_minor == line.balance_minor for line in report.lines)
    with pytest.raises(NotFound):
        fund_statement(open_book(world.operator, asked))


def test_both_books_agree_as_known_at_any_instant_and_say_what_is_dated_otherwise(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    world.fund(1_000_00, 400_00)
    world.recharge(world.operator, world.gamma, 70_00)
    today = Asked(through(date(2026, 11, 22)))
    alpha, gamma = tie_out_report(world.operator, [world.alpha, world.gamma], today)
    assert (alpha.fund.parent_minor, alpha.fund.child_minor, alpha.fund.difference_minor) == (1_000_00, 1_000_00, 0)
    assert (gamma.fund.parent_minor, gamma.fund.child_minor, gamma.agrees) == (70_00, 70_00, True)
    before = Asked(through(date(2026, 11, 22)), known_at=NOW - timedelta(microseconds=1))
    assert [one.fund.parent_minor for one in tie_out_report(world.operator, [world.alpha], before)] == [0]
    assert tie_out_table("Op", today, [alpha, gamma], "BDT").rows[0].cells[2:] == (1_000_00, 1_000_00, 0, 0, 0, 0, 0)


def test_a_tie_out_is_held_against_an_earlier_day(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    world.recharge(world.operator, world.alpha, 1_000_00)
    credit = Order(30_00, Method.CREDIT, "", "", BOSS)
    recharge_fund(world.operator, world.alpha, credit, NOW - timedelta(days=3))
    asked = Asked(through(date(2026, 11, 22)), through(date(2026, 11, 20)))
    (alpha,) = tie_out_report(world.operator, [world.alpha], asked)
    assert (alpha.fund.parent_minor, alpha.fund.compared_parent_minor, alpha.fund.compared_child_minor) == (
        1_030_00,
        30_00,
        30_00,
    )
    assert (alpha.credit.compared_parent_minor, alpha.credit.compared_child_minor) == (30_00, 30_00)
    row = tie_out_table("Op", asked, [alpha], "BDT").rows[0]
    assert row.cells[2:] == (1_030_00, 1_030_00, 0, 30_00, 30_00, 0, 0, 30_00, 30_00, 30_00, 30_00)


def test_money_that_moves_while_two_books_are_read_is_no_difference(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    world.fund(1_000_00, 0)
    queries = 0

    def fault(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal queries
        if phase != "before" or operation != "Query":
            return
        queries += 1
        if queries == 3:
            engine.faults = None
            world.recharge(world.operator, world.alpha, 30_00)

    engine.faults = fault
    (alpha,) = tie_out_report(world.operator, [world.alpha], Asked(through(date(2026, 11, 22))))
    assert (alpha.fund.parent_minor, alpha.fund.child_minor) == (1_030_00, 1_030_00)


def test_a_whole_statement_of_too_many_lines_is_refused_with_the_field_that_narrows_it(
    engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "MAX_LINES", 3)
    world = World.of_tenants(date(2026, 11, 1))
    for _ in range(4):
        record(world.alpha, sale(), on=date(2026, 11, 3))
    view = open_book(world.alpha, Asked(Span(date(2026, 11, 1), date(2026, 11, 30))))
    with pytest.raises(Invalid) as refused:
        account_ledger(view, "1000")
    assert (refused.value.code, refused.value.errors[0].field) == ("too-large", "from")
    assert len(account_ledger(view, "1000", 200).lines) == 4


def test_a_sealed_book_and_an_open_one_have_the_same_trial_balance(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    for number in range(600):
        record(world.alpha, sale(1_00 + number), on=date(2026, 11, 1 + number % 20), now=NOW)
    known: list[tuple[date, datetime | None]] = [(date(2026, 11, 9), None), (date(2026, 11, 9), BEGIN), (DAYS[2], NOW)]
    before = [trial_balance(world.alpha, on=on, known_at=at) for on, at in known]
    assert seal_book("alpha") == 1
    assert [trial_balance(world.alpha, on=on, known_at=at) for on, at in known] == before


def test_a_question_about_a_long_book_takes_at_most_ten_requests(engine: MemoryDynamoDB) -> None:
    """A tenth of the book that `make bench` asks: it prints the requests of each question there."""
    figures = measure(engine, 10_000)
    asked = [figure for figure in figures if figure.unit == "requests"]
    assert len(asked) == 9
    assert all(figure.holds for figure in asked), asked
