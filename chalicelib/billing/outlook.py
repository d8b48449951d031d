"""Where a tenant and the funds above it stand, read at once for a preview. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from chalicelib.billing.ahead import is_due
from chalicelib.billing.ahead_kept import read_ahead
from chalicelib.billing.charging import Ahead
from chalicelib.billing.columns import Columns, empty_roster
from chalicelib.billing.levels import Levels, Standing
from chalicelib.billing.model import State
from chalicelib.billing.patch import read_known_roster
from chalicelib.billing.price_book import DayPrices, PriceBook, read_price_book
from chalicelib.billing.projection import PricesOn
from chalicelib.billing.state import read_state
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.crm.events import read_events
from chalicelib.crm.model import ServiceEvent
from chalicelib.funds.limits import read_limits
from chalicelib.ledger.post import Posting
from chalicelib.tenants.model import Tenant

MAX_DAYS = 1_200
"""From the first unsettled day to the last that a preview looks at."""


@dataclass(frozen=True)
class Outlook:
    """The last tenant of a chain on the first day that is not settled: its roster, what was charged of that day already,
    and the money of its chain."""

    chain: tuple[Tenant, ...]
    book: PriceBook
    state: State
    today: date
    roster: Columns
    ahead: Ahead
    standing: Standing

    @property
    def tenant(self) -> Tenant:
        return self.chain[-1]

    @cached_property
    def first(self) -> date:
        return self.state.next_day(self.tenant.settles_from)

    @cached_property
    def prices_on(self) -> PricesOn:
        return prices_by_day(self.book)

    @property
    def is_due(self) -> bool:
        """Whether what is owed in advance is charged as soon as it is known."""
        return self.book.charges_in_advance() and is_due(self.state, self.tenant, self.today)

    def read_events(self, last: date) -> list[ServiceEvent]:
        """What is recorded of the days from the first to that one."""
        if (last - self.first).days > MAX_DAYS:
            raise Conflict("too-far-away", f"The days until {last} are too many to look at: settle those before first.")
        since = None if self.state.last_day is None else self.first
        return read_events(self.tenant.tenant_id, since, last, self.state.late)


def read_outlook(chain: Sequence[Tenant], now: datetime, book: PriceBook | None = None) -> Outlook:
    """Read it; `book` prices it otherwise than its tariffs do. 503 while a day is being settled; 409 `settlement-parked`."""
    tenant = chain[-1]
    book = book or read_price_book(chain)
    state = read_state(tenant.tenant_id)
    if state.parked:
        raise Conflict("settlement-parked", "The days of this tenant wait for a person to look at them.")
    if state.pinned_through != state.last_day:
        raise Unavailable("busy", "A day of this tenant is being settled at this moment; please ask again.")
    first = state.next_day(tenant.settles_from)
    roster = empty_roster()
    if state.last_day is not None:
        roster = read_known_roster(tenant, book, state.last_day, state.late)
    ahead = read_ahead(tenant.tenant_id, first, state.ahead_of(first), len(book.buyers))
    return Outlook(tuple(chain), book, state, day_at(now, tenant.timezone), roster, ahead, _money(book, first, now))


def _money(book: PriceBook, first: date, now: datetime) -> Standing:
    """The funds of the chain. The journals above are nobody's business here: nothing is posted."""
    levels = Levels(book.buyers, book.terms_on(first).modes)
    limits = read_limits([buyer.tenant_id for buyer in book.buyers])
    funds = tuple(
        limits.get(buyer.tenant_id) if is_funded else None
        for buyer, is_funded in zip(book.buyers, levels.funded, strict=True)
    )
    return Standing(levels, funds, Posting((), (), now))


def prices_by_day(book: PriceBook) -> PricesOn:
    """What the book's plans cost on a day, worked out once for each."""
    known: dict[date, DayPrices] = {}

    def prices_on(day: date) -> DayPrices:
        if day not in known:
            known[day] = book.prices_on(day)
        return known[day]

    return prices_on
