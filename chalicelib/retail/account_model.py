"""The account of a subscriber as the rules see it: what it owes, how far it is billed, and what is settled with it alone.

What is made for every invoice is a named tuple, which costs less than half of a frozen dataclass.
"""

from datetime import date
from typing import NamedTuple

from chalicelib.crm.subscriber import subscriber_id
from chalicelib.retail.dues import MonthFigures
from chalicelib.retail.model import UNTAXED, Taxed

KEPT_PERIODS = 3
"""Billed periods of a service that its account keeps, and so adjusts at the next invoice; what lies before stays."""


class OpenItem(NamedTuple):
    """What is not paid yet of a document that is owed (an invoice, a late fee), by its local id (`i12`).

    `fee_charged`: its late fee is charged, or it takes none.
    """

    local_id: str
    due_on: date
    remaining_minor: int
    fee_charged: bool = False


class PriceUsed(NamedTuple):
    """The price of a plan as a period was billed with it; it stays when the plan's price changes later."""

    plan: str
    price_minor: int
    fixed_30: bool


class BilledPeriod(NamedTuple):
    """Days of one service that were billed, both included: what they were billed in all, and with which prices.

    `starts_on` is the day of month on which the billing period begins that they lie in. The discount they were billed
    with is taken off already: a rate, or what an amount for the whole account came to here. `taxed` is the tax that they
    were billed with, and so are adjusted with.
    """

    first: date
    last: date
    starts_on: int
    amount_minor: int
    prices: tuple[PriceUsed, ...]
    discount_bps: int = 0
    discount_minor: int = 0
    taxed: Taxed = UNTAXED


class BilledService(NamedTuple):
    """How far a service is billed: its newest periods, oldest first, at most `KEPT_PERIODS`."""

    number: int
    through: date
    periods: tuple[BilledPeriod, ...]


class WaitingCharge(NamedTuple):
    """A one-time charge that waits for the next invoice."""

    text: str
    amount_minor: int
    charged_on: date


class Discount(NamedTuple):
    """What the recurring charges of a period are lowered by: a rate, or an amount for all services together; never more
    than they are. `until` is the last day on which a period that has it may begin."""

    bps: int = 0
    amount_minor: int = 0
    until: date | None = None


class OwnTerms(NamedTuple):
    """Where a subscriber's terms differ from its biller's. `prices_minor` are by service number."""

    billing_day: int | None = None
    discount: Discount | None = None
    prices_minor: tuple[tuple[int, int], ...] = ()
    commission_bps: int | None = None


NO_OWN_TERMS = OwnTerms()


class Account(NamedTuple):
    """What a subscriber owes its biller, and how far it is billed.

    `balance_minor` is what it owes (negative: paid ahead) = what is open less `advance_minor`, money that is allocated to
    nothing yet. `open_items` are in order of issue. `seen` is (revision of the subscriber, revision of the terms) at the
    last invoice: while both stand, nothing is due before `next_invoice_on`. `suspended_for` is the local id of the document
    whose being overdue suspended it, `disabled_services` what billing disabled for it and enables again when that is paid.
    `undelivered` are days of services (number, day) that are not charged because they were not delivered, as far back as
    billed periods are kept. `month` is what was billed, credited and received in the newest month. `revision` is 0 for an
    account that is not there.
    """

    biller_id: str
    tenant_id: str
    number: int
    balance_minor: int = 0
    advance_minor: int = 0
    open_items: tuple[OpenItem, ...] = ()
    services: tuple[BilledService, ...] = ()
    next_invoice_on: date | None = None
    seen: tuple[int, int] = (0, 0)
    own: OwnTerms = NO_OWN_TERMS
    charges: tuple[WaitingCharge, ...] = ()
    suspended_for: str | None = None
    disabled_services: tuple[int, ...] = ()
    undelivered: tuple[tuple[int, date], ...] = ()
    month: MonthFigures | None = None
    last_recorded_micros: int = 0
    revision: int = 0

    @property
    def subscriber_id(self) -> str:
        return subscriber_id(self.tenant_id, self.number)

    def written(self) -> "Account":
        """The account as it lies there once it was written."""
        return self._replace(revision=self.revision + 1)


class Returns(NamedTuple):
    """Accounts (tenant id, subscriber number) that are paid again, and whose services billing has still to enable."""

    waiting: tuple[tuple[str, int], ...] = ()
    revision: int = 0
