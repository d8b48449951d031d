"""What reports cost of a book with a year of entries: requests, counted in the engine, and CPU."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

from chalicelib.aws.tables import put_many
from chalicelib.core.dates import to_micros
from chalicelib.ledger.chart import BANK, CASH, FUNDS_HELD, OTHER_EXPENSE, TAX_PAYABLE, WHOLESALE_REVENUE
from chalicelib.ledger.journal import GENERAL, Draft, Head, Line, append, child_journal
from chalicelib.ledger.reports.ageing import receivables_ageing
from chalicelib.ledger.reports.asked import Asked, Span, through
from chalicelib.ledger.reports.balances import balance_sheet, profit_and_loss
from chalicelib.ledger.reports.lines import account_ledger, cash_book
from chalicelib.ledger.reports.view import open_book
from chalicelib.ledger.statements import trial_balance
from chalicelib.ledger.store import head_row, put_entry
from chalicelib.ledger.totals import seal
from chalicelib.ledger.totals.seal import SEAL_FROM
from chalicelib.tenants.model import Tenant
from tests.bench.report import Figure
from tests.simulation import MemoryDynamoDB
from tests.world import store_tenant, tenant

ENTRIES = 100_000
CHILDREN = 40
MOST_REQUESTS = 10
SINCE = date(2025, 11, 22)
SECONDS_OF_A_YEAR = 365 * 86_400


def measure(engine: MemoryDynamoDB, entries: int = ENTRIES) -> list[Figure]:
    """The figures of a book with that many entries over a year.

    It is as dear as it gets: digests as small as they are ever written, and as many entries as may lie behind them.
    """
    book = tenant("op", None, date(2020, 1, 1))
    store_tenant(book)
    write_year(book, entries + SEAL_FROM - 1)
    with patch.object(seal, "MAX_ENTRIES", SEAL_FROM):
        seal.seal_book("op")
    found = [
        Figure(f"{name}, {entries:,} entries", requests, MOST_REQUESTS, "requests", f"{how}; {ms:.0f} ms of CPU here")
        for name, requests, how, ms in (_cost(engine, *question) for question in questions(book))
    ]
    size = _bytes_of(engine)
    found.append(
        Figure(
            "kept beside the book", size[0] + size[1], None, "bytes", f"digests {size[0]:,}, their lines {size[1]:,}"
        )
    )
    return found


def questions(book: Tenant) -> list[tuple[str, str, Callable[[], Any]]]:
    """What is asked: name, how it was counted, and the question itself."""
    spring = Span(date(2026, 3, 1), date(2026, 5, 31))
    winter = Span(date(2025, 12, 1), date(2026, 2, 28))
    then = datetime(2026, 4, 13, 7, 0, 0, 123, tzinfo=UTC)
    return [
        ("trial balance now", "heads and chart", lambda: trial_balance(book)),
        ("trial balance of a day in spring", "from digests", lambda: trial_balance(book, on=date(2026, 4, 12))),
        (
            "trial balance of that day by service date, as known a day later",
            "from digests, the lines of one, and heads",
            lambda: trial_balance(book, on=date(2026, 4, 12), by="service_on", known_at=then),
        ),
        (
            "profit and loss of a quarter, compared with the one before",
            "one reading of the digests for both",
            lambda: profit_and_loss(open_book(book, Asked(spring, winter))),
        ),
        ("balance sheet of a day", "as above", lambda: balance_sheet(open_book(book, Asked(through(spring.last))))),
        (
            "first page of an account ledger",
            "with the lines and the fifty entries shown",
            lambda: account_ledger(open_book(book, Asked(spring)), FUNDS_HELD, 50),
        ),
        (
            "a page of the account with a line a month, over the year",
            "its lines lie in as many digests",
            lambda: account_ledger(open_book(book, Asked(Span(SINCE, date(2026, 11, 22)))), OTHER_EXPENSE, 50),
        ),
        ("first page of the cash book", "as above", lambda: cash_book(open_book(book, Asked(spring)), None, 50)),
        ("receivables by age", "as above", lambda: receivables_ageing(open_book(book, Asked(through(spring.last))))),
    ]


def _cost(engine: MemoryDynamoDB, name: str, how: str, ask: Callable[[], Any]) -> tuple[str, int, str, float]:
    with engine.measured() as meter:
        started = time.process_time()
        ask()
        spent = (time.process_time() - started) * 1000
    return name, meter.requests, how, spent


def write_year(book: Tenant, entries: int) -> None:
    """A year of settled days, recharges and a rent each month, as rows: what posting would have written, without it."""
    heads: dict[str, Head] = {}
    begin = datetime(SINCE.year, SINCE.month, SINCE.day, 18, tzinfo=UTC)
    month = entries // 12 or 1
    waiting = []
    for number in range(entries):
        at = begin + timedelta(seconds=number * SECONDS_OF_A_YEAR // entries)
        journal, draft = _entry(number, number % month == 0, at)
        head = heads.get(journal) or Head(book.tenant_id, journal)
        heads[journal], entry = append(head, draft, to_micros(at))
        waiting.append(put_entry(entry).row)
        if len(waiting) == 25:
            put_many(waiting)
            waiting = []
    rows = [*waiting, *map(head_row, heads.values())]
    for start in range(0, len(rows), 25):
        put_many(rows[start : start + 25])


def _entry(number: int, is_rent: bool, at: datetime) -> tuple[str, Draft]:
    today = at.date()
    if is_rent:
        rent = (Line(OTHER_EXPENSE, 800_00, 0), Line(BANK, 0, 800_00))
        return GENERAL, Draft("manual", today, today, "Rent", rent)
    child = f"tk7m2p9qx4a{number % CHILDREN:02d}"
    if number % 9 == 0:
        lines = (Line(CASH, 500_00, 0), Line(FUNDS_HELD, 0, 500_00, child))
        return child_journal(child), Draft("recharge", today, today, "recharge by cash", lines)
    day = today - timedelta(days=1 + (number % 50 == 0))
    used = 10_00 + number % 997
    lines = (
        Line(FUNDS_HELD, used + 50, 0, child),
        Line(WHOLESALE_REVENUE, 0, used, child),
        Line(TAX_PAYABLE, 0, 50, child),
    )
    return child_journal(child), Draft("settlement", today, day, f"Use of {day}", lines, run=f"{child}/{day}")


def _bytes_of(engine: MemoryDynamoDB) -> tuple[int, int]:
    found = {"#digests#": 0, "#digest-legs#": 0}
    for pk, partition in engine.tables["books"].partitions.items():
        for kind in found:
            if kind in str(pk):
                for record in partition.records.values():
                    item = record.item
                    found[kind] += sum(len(typed.get("B", b"")) for typed in item.values())
    return found["#digests#"], found["#digest-legs#"]
