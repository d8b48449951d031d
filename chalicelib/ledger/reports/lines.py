"""Lines in order of day and recording with a running balance: the account ledger, the cash book, the fund statement.

Which days a page needs is known from the kept totals; their lines are kept with the digests; only the entries that the
page shows are read.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.log import alarm
from chalicelib.aws.tables import read_many
from chalicelib.core.errors import Invalid, NotFound, invalid_field
from chalicelib.ledger.chart import BANK, CASH, FUND_ACCOUNTS, GATEWAY
from chalicelib.ledger.journal import Entry
from chalicelib.ledger.reports.asked import day_of
from chalicelib.ledger.reports.groups import at_or_below
from chalicelib.ledger.reports.view import BookView, Movement, together
from chalicelib.ledger.store import EntryRow, to_entry
from chalicelib.ledger.totals.digests import Leg, Sum
from chalicelib.ledger.totals.kept import read_legs

MONEY_ACCOUNTS = (CASH, BANK, GATEWAY)
MAX_LINES = 10_000
"""How many lines a whole statement may have; pages have no such end."""

_PLACE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9]{1,16})/([a-z0-9-]{1,64})/([0-9]{1,10})/([0-9]{1,3})", re.ASCII
)


class Place(NamedTuple):
    """Where a line stands in its statement: by day, then in order of recording."""

    day: str
    recorded_micros: int
    journal: str
    sequence: int
    number: int

    @property
    def text(self) -> str:
        return f"{self.day}/{self.recorded_micros}/{self.journal}/{self.sequence}/{self.number}"


Group = tuple[Place, list[Leg]]
"""What becomes one line of a statement: one leg of an entry, or several of it together (where it tells days apart, all
that one account has on the day that counts)."""


@dataclass(frozen=True)
class StatementLine:
    """One line: `debit_minor` less `credit_minor` is what it did to the balance, which stands behind it.

    `account` is empty where a line stands for several of them. `entry` is None when it cannot be read.
    """

    place: Place
    account: str
    counterparty: str
    cost_centre: str
    debit_minor: int
    credit_minor: int
    balance_minor: int
    entry_id: str
    entry: Entry | None


@dataclass(frozen=True)
class Statement:
    """The movement over all days asked for and compared with, and a page of its lines.

    `brought_forward_minor` is the balance before the first line of the page; `after` where the next page begins.
    """

    accounts: tuple[str, ...]
    movement: Movement
    compared: Movement | None
    brought_forward_minor: int
    lines: tuple[StatementLine, ...]
    after: str | None


def account_ledger(view: BookView, code: str, limit: int | None = None, after: str | None = None) -> Statement:
    """The lines of one account; 422 when the book has no such account."""
    if code not in view.chart:
        raise invalid_field("account", "is not an account of this book")
    return read_statement(view, [code], limit, after)


def cash_book(view: BookView, code: str | None, limit: int | None = None, after: str | None = None) -> Statement:
    """The lines of all accounts of money, or of one of them and those below it; 422 when it is none."""
    money = at_or_below(view.chart, MONEY_ACCOUNTS)
    if code is not None and code not in money:
        raise invalid_field("account", "is not an account of cash, bank or gateway of this book")
    return read_statement(view, money if code is None else at_or_below(view.chart, [code]), limit, after)


def fund_statement(view: BookView, limit: int | None = None, after: str | None = None) -> Statement:
    """The movements of the tenant's fund, a line for each entry; `NotFound` for the operator, who has none.

    F = (fund with parent) - (funds held for children): the net debit of both accounts together.
    """
    if view.tenant.is_operator:
        raise NotFound("fund")
    return read_statement(view, FUND_ACCOUNTS, limit, after, by_entry=True)


def read_statement(
    view: BookView, accounts: Collection[str], limit: int | None, after: str | None, *, by_entry: bool = False
) -> Statement:
    """A page of the lines of these accounts, or all of them if `limit` is None: 422 `too-large` beyond `MAX_LINES`.

    `after` is where an earlier page ended. Lines written meanwhile stand where they belong; balances are those of now.
    """
    wanted = frozenset(accounts)
    asked, day = view.asked, day_of(view.asked.by)
    counts: Counter[str] = Counter()
    net: Counter[str] = Counter()
    for one in view.in_span(asked.span):
        if one.account in wanted:
            counts[day(one)] += one.lines
            net[day(one)] += one.net_minor
    if limit is None and counts.total() > MAX_LINES:
        raise _too_large(counts.total())
    begin = parse_place(after)
    days, groups = _days_and_groups(view, wanted, counts, (limit, begin), by_entry)
    movement = _movement(view, wanted)
    balance = movement.opening_minor + sum(net[on] for on in net if days and on < min(days))
    if begin is not None and not days:
        balance = movement.closing_minor
    earlier = [legs for place, legs in groups if begin is not None and place <= begin]
    balance += sum(leg.net_minor for legs in earlier for leg in legs)
    page = groups[len(earlier) :][:limit]
    more = len(groups) - len(earlier) > len(page) or any(on > max(days) for on in counts if days)
    compared = together(_by_account(view, wanted, compared=True).values()) if asked.compared else None
    return Statement(
        tuple(sorted(wanted)),
        movement,
        compared,
        balance,
        tuple(_lines(view, page, balance)),
        page[-1][0].text if more and page else None,
    )


def parse_place(text: str | None) -> Place | None:
    """The place that a cursor holds; 422 when a client made it up."""
    if text is None:
        return None
    match = _PLACE.fullmatch(text)
    if match is None:
        raise invalid_field("cursor", "must be a next_cursor of this list")
    day, recorded, journal, sequence, number = match.groups()
    return Place(day, int(recorded), journal, int(sequence), int(number))


def _days_and_groups(
    view: BookView,
    accounts: frozenset[str],
    counts: Counter[str],
    page: tuple[int | None, Place | None],
    by_entry: bool,
) -> tuple[frozenset[str], list[Group]]:
    """The days of a page and their lines; of entries with many lines on these accounts it takes more days to fill it."""
    limit, begin = page
    wanted = limit
    while True:
        days = _days_of_page(counts, wanted, begin)
        groups = _groups(view, accounts, days, by_entry)
        behind = sum(1 for place, _ in groups if begin is None or place > begin)
        if wanted is None or limit is None or behind >= limit or not any(on > max(days) for on in counts if days):
            return days, groups
        wanted *= 2


def _days_of_page(counts: Counter[str], limit: int | None, begin: Place | None) -> frozenset[str]:
    """The days whose lines are needed: those of the page, and of the day it begins on also the earlier ones."""
    days: list[str] = []
    found = 0
    for on in sorted(counts):
        if begin is not None and on < begin.day:
            continue
        days.append(on)
        found += 0 if begin is not None and on == begin.day else counts[on]
        if limit is not None and found >= limit:
            break
    return frozenset(days)


def _groups(view: BookView, accounts: frozenset[str], days: frozenset[str], by_entry: bool) -> list[Group]:
    """The lines of these accounts on these days in their order, those of one entry together where asked for."""
    day, centre = day_of(view.asked.by), view.asked.cost_centre

    def wanted(one: Sum | Leg) -> bool:
        return one.account in accounts and day(one) in days and centre in (None, one.cost_centre)

    def place(leg: Leg) -> Place:
        return Place(day(leg), leg.recorded_micros, leg.journal, leg.sequence, 0 if by_entry else leg.number)

    legs = sorted(read_legs(view.kept, wanted), key=lambda leg: (place(leg), leg.number)) if days else []
    return [(at, list(together)) for at, together in groupby(legs, key=place)]


def _movement(view: BookView, accounts: frozenset[str]) -> Movement:
    return together(_by_account(view, accounts).values())


def _by_account(view: BookView, accounts: frozenset[str], *, compared: bool = False) -> dict[str, Movement]:
    span = view.asked.compared if compared else view.asked.span
    assert span is not None, "only what is asked for is compared"
    return view.movements(span, lambda one: one.account in accounts)


def _lines(view: BookView, page: list[Group], balance: int) -> Iterator[StatementLine]:
    tenant_id = view.tenant.tenant_id
    where = [keys.entry(tenant_id, legs[0].part, at.recorded_micros, at.journal, at.sequence) for at, legs in page]
    rows = read_many([(EntryRow, key) for key in where])
    for (at, legs), row in zip(page, rows, strict=True):
        if row is None:
            alarm("An entry that the kept totals of a book count is not there.", tenant=tenant_id)
        change = sum(leg.net_minor for leg in legs)
        balance += change
        one = legs[0] if len({leg.number for leg in legs}) == 1 else None
        yield StatementLine(
            at,
            one.account if one else "",
            _common({leg.counterparty for leg in legs}),
            _common({leg.cost_centre for leg in legs}),
            max(change, 0),
            max(-change, 0),
            balance,
            f"{tenant_id}.{legs[0].part[0]}{at.recorded_micros:016d}-{at.journal}-{at.sequence}",
            to_entry(tenant_id, row) if row else None,
        )


def _common(texts: set[str]) -> str:
    return texts.pop() if len(texts) == 1 else ""


def _too_large(lines: int) -> Invalid:
    return invalid_field(
        "from",
        f"leaves {lines} lines in the range, and a file holds {MAX_LINES}: ask for fewer days at a time",
        "too-large",
    )
