"""An account, its services and a day: the invoice that is due, or nothing. Pure.

Prepaid, the whole period of the day is invoiced when it begins, and the rest of it when a service is activated in it;
postpaid, what was used up to the end of the period before. What was billed with an earlier invoice and has become
something else since (a disable, a plan, a suspension) is computed again, and the difference is a line of this invoice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chalicelib.core.dates import ONE_DAY
from chalicelib.core.money import share_of
from chalicelib.core.proration import Period
from chalicelib.crm.service import Service
from chalicelib.crm.subscriber import Subscriber
from chalicelib.retail.account_model import KEPT_PERIODS, Account, BilledPeriod, BilledService, PriceUsed
from chalicelib.retail.charges import (
    Facts,
    Run,
    billable_runs,
    billing_period,
    priced_with,
    run_cost,
    runs_within,
)
from chalicelib.retail.document_model import DocumentLine, LineKind
from chalicelib.retail.model import Cycle, DocumentKind, Terms, Timing
from chalicelib.retail.totals import Totals, totals_of

Prices = Mapping[str, PriceUsed]
"""What each plan costs today, by its code."""


@dataclass(frozen=True)
class PriceList:
    """The plans of a tenant as its subscribers are billed: today's price, and the name that stands on the invoice."""

    prices: Prices
    names: Mapping[str, str]

    def for_service(self, account: Account, number: int) -> Prices:
        """Today's prices for that service: its own price is the same on whatever plan it is."""
        own = dict(account.own.prices_minor).get(number) if account.own.prices_minor else None
        if own is None:
            return self.prices
        return {code: price._replace(price_minor=own) for code, price in self.prices.items()}


class Due(NamedTuple):
    """What is to be issued: lines and totals (negative ones make a credit note), and the account as it is billed then."""

    lines: tuple[DocumentLine, ...]
    totals: Totals
    account: Account

    @property
    def kind(self) -> DocumentKind:
        return DocumentKind.CREDIT_NOTE if self.totals.total_minor < 0 else DocumentKind.INVOICE


FactsOf = Callable[[Service, date], Facts]
"""The facts of a service from that day on."""


def starts_on(account: Account, subscriber: Subscriber, terms: Terms) -> int:
    """The day of month (1 to 31) on which the billing periods of that subscriber begin."""
    if account.own.billing_day is not None:
        return account.own.billing_day
    if terms.cycle is Cycle.START_OF_MONTH:
        return 1
    return terms.billing_day if terms.cycle is Cycle.CUSTOM_DAY else subscriber.services[0].start_on.day


def may_be_due(account: Account, subscriber_revision: int, terms: Terms, day: date) -> bool:
    """Whether it is worth a look: the day has come, or something has changed since the last invoice."""
    if account.next_invoice_on is None or account.next_invoice_on <= day:
        return True
    return account.seen != (subscriber_revision, terms.revision)


def due_invoice(
    account: Account,
    subscriber: Subscriber,
    terms: Terms,
    prices: PriceList,
    day: date,
    facts_of: FactsOf,
    *,
    now: bool = False,
) -> Due | None:
    """What is to be invoiced on that day, or None.

    By itself an invoice is due when a period is (or a new service in the midst of one). `now` invoices what waits as
    well (adjustments, one-time charges), and postpaid what was used until yesterday.
    """
    period = billing_period(day, own_day := starts_on(account, subscriber, terms))
    used_through = day - ONE_DAY if now else period.first - ONE_DAY
    through = period.last if terms.timing is Timing.PREPAID else used_through
    billing = _Billing(account, terms, prices, own_day)
    is_asked = now or account.next_invoice_on is None or account.next_invoice_on <= day
    # In the midst of a period only a new service is looked at: what it takes to adjust may be a history to read.
    if not is_asked and not any(billing.has_new(service, day, through, facts_of) for service in subscriber.services):
        return None
    is_changed = account.seen[0] != subscriber.revision
    for service in subscriber.services:
        billing.bill(service, day, through, facts_of, is_changed=is_changed)
    charges = [DocumentLine(LineKind.ONE_TIME, one.amount_minor, text=one.text) for one in account.charges]
    lines = (*billing.lines, *charges)
    if not lines:
        return None
    after = account._replace(
        services=tuple(billing.services[number] for number in sorted(billing.services)),
        next_invoice_on=period.last + ONE_DAY,
        seen=(subscriber.revision, terms.revision),
        charges=(),
    )
    return Due(lines, totals_of(lines, terms.tax_bps, terms.tax), after)


class _Billing:
    """The services of one account as they are billed, one after the other."""

    def __init__(self, account: Account, terms: Terms, prices: PriceList, own_day: int) -> None:
        self.account, self.terms, self.prices, self.own_day = account, terms, prices, own_day
        self.services = {billed.number: billed for billed in account.services}
        self.lines: list[DocumentLine] = []

    def _new_from(self, service: Service) -> date:
        """The first day of a service that is not billed."""
        first = max(service.start_on, self.terms.starts_on)
        billed = self.services.get(service.number)
        return first if billed is None else max(first, billed.through + ONE_DAY)

    def has_new(self, service: Service, day: date, through: date, facts_of: FactsOf) -> bool:
        """Whether a service that has begun has days to bill through that day that were not billed."""
        first = self._new_from(service)
        if service.start_on > day or first > through:
            return False
        return bool(billable_runs(facts_of(service, first), first, through))

    def bill(self, service: Service, day: date, through: date, facts_of: FactsOf, *, is_changed: bool) -> None:
        """Lines for what is to be billed of a service through that day, and for what has become something else."""
        billed = self.services.get(service.number)
        first = self._new_from(service)
        is_new = service.start_on <= day and first <= through
        if not is_new and not (is_changed and billed is not None):
            return
        periods = [] if billed is None else list(billed.periods)
        if is_changed and periods:
            periods = [*self._before(service, periods), *periods]
        facts = facts_of(service, min(periods[0].first, first) if is_changed and periods else first)
        prices = self.prices.for_service(self.account, service.number)
        if is_changed:
            periods = [self._adjusted(service.number, facts, period, prices) for period in periods]
        if is_new:
            runs = billable_runs(facts, first, through)
            if runs:
                periods += self._new_periods(service.number, runs, first, through, prices, periods)
                self.services[service.number] = BilledService(service.number, through, tuple(periods[-KEPT_PERIODS:]))
                return
        if billed is not None:
            self.services[service.number] = billed._replace(periods=tuple(periods[-KEPT_PERIODS:]))

    def _before(self, service: Service, periods: Sequence[BilledPeriod]) -> list[BilledPeriod]:
        """Periods before the first that was billed, of a service whose start was corrected to lie in them."""
        first, earliest = max(service.start_on, self.terms.starts_on), periods[0].first
        found: list[BilledPeriod] = []
        while len(periods) < KEPT_PERIODS and first < earliest:
            last = min(billing_period(first, self.own_day).last, earliest - ONE_DAY)
            found.append(BilledPeriod(first, last, self.own_day, 0, (), taxed=self.terms.taxed))
            first = last + ONE_DAY
        return found

    def _adjusted(self, number: int, facts: Facts, billed: BilledPeriod, prices: Prices) -> BilledPeriod:
        """A period that was billed, as it costs by what is known now; the difference is a line."""
        runs = billable_runs(facts, billed.first, billed.last)
        used = priced_with(runs, billed.prices, prices)
        amount = cost_of_billed(runs, billed, prices)
        if amount == billed.amount_minor:
            return billed
        plan = runs[-1].plan if runs else billed.prices[-1].plan if billed.prices else ""
        difference = amount - billed.amount_minor
        other_tax = None if billed.taxed == self.terms.taxed else billed.taxed
        name = self.prices.names.get(plan, plan)
        self.lines.append(
            DocumentLine(LineKind.ADJUSTMENT, difference, number, name, billed.first, billed.last, "", plan, other_tax)
        )
        known = {price.plan: price for price in (*used.values(), *billed.prices)}
        return billed._replace(amount_minor=amount, prices=tuple(known.values()))

    def _new_periods(
        self,
        number: int,
        runs: Sequence[Run],
        first: date,
        through: date,
        prices: Prices,
        before: Sequence[BilledPeriod],
    ) -> list[BilledPeriod]:
        """The billing periods from first through that day as they are billed now, each with its lines."""
        found: list[BilledPeriod] = []
        while first <= through:
            period = billing_period(first, self.own_day)
            last = min(period.last, through)
            within = runs_within(runs, first, last)
            used = {run.plan: prices[run.plan] for run in within}
            cost = sum([self._charge(number, run, used[run.plan], period) for run in within])
            bps, off = (
                self._discount(number, period, first, cost, [*before, *found]) if self.account.own.discount else (0, 0)
            )
            taken = _discount_on(cost, bps, off)
            if taken:
                self.lines.append(DocumentLine(LineKind.DISCOUNT, -taken, number, "", first, last, "", within[-1].plan))
            # A start that is corrected later, to an earlier day of the first period, is found by that.
            begins = first if before or found else max(period.first, self.terms.starts_on)
            amount, taxed = cost - taken, self.terms.taxed
            found.append(BilledPeriod(begins, last, self.own_day, amount, tuple(used.values()), bps, off, taxed))
            first = last + ONE_DAY
        return found

    def _charge(self, number: int, run: Run, price: PriceUsed, period: Period) -> int:
        """Put a line for a run within a billing period; what it costs."""
        cost = run_cost(run, price, period)
        name = self.prices.names.get(run.plan, run.plan)
        self.lines.append(DocumentLine(LineKind.SERVICE, cost, number, name, run.first, run.last, "", run.plan))
        return cost

    def _discount(
        self, number: int, period: Period, first: date, cost: int, before: Sequence[BilledPeriod]
    ) -> tuple[int, int]:
        """The rate, and the amount, by which days from `first` on of a billing period are lowered.

        An amount is taken off once a period, over all services and all invoices of it.
        """
        discount = self.account.own.discount
        if discount is None or (discount.until is not None and first > discount.until):
            return 0, 0
        others = [one for billed in self.services.values() if billed.number != number for one in billed.periods]
        already = sum(one.discount_minor for one in (*others, *before) if period.first <= one.first <= period.last)
        left = max(0, discount.amount_minor - already)
        return discount.bps, min(left, cost - share_of(cost, discount.bps))


def cost_of_billed(runs: Sequence[Run], billed: BilledPeriod, prices: Prices) -> int:
    """What these days of a billed period cost: with its prices, and today's of plans it had not, less its discount."""
    used = priced_with(runs, billed.prices, prices)
    period = billing_period(billed.first, billed.starts_on)
    cost = sum([run_cost(run, used[run.plan], period) for run in runs])
    return cost - _discount_on(cost, billed.discount_bps, billed.discount_minor)


def _discount_on(cost_minor: int, bps: int, off_minor: int) -> int:
    """What a discount takes off a cost: the rate first, then the amount, and never more than the cost is."""
    by_rate = share_of(cost_minor, bps) if bps else 0
    return by_rate + min(off_minor, cost_minor - by_rate)
