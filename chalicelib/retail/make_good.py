"""Making good: days of a service that were not delivered are not charged.

What is charged already is taken back by a credit note about its invoice. What is not invoiced yet never is. Either way the
account remembers the days, so that whatever is computed again of a period leaves them out, once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from chalicelib.aws import clock
from chalicelib.aws.tables import Operation
from chalicelib.core.dates import ONE_DAY
from chalicelib.core.errors import Unavailable
from chalicelib.core.money import share_of
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.service import Service
from chalicelib.crm.subscriber import Subscriber
from chalicelib.retail.account_model import Account, BilledPeriod
from chalicelib.retail.accounts import TRIES, Keeper, change_account
from chalicelib.retail.charges import billable_runs
from chalicelib.retail.credit_notes import creditable_of, take_back
from chalicelib.retail.desk import issue
from chalicelib.retail.document_model import Document, DocumentLine, LineKind
from chalicelib.retail.find import documents_of, find_account, read_terms
from chalicelib.retail.invoice import known_facts, price_list
from chalicelib.retail.invoicing import PriceList, cost_of_billed
from chalicelib.retail.model import DocumentKind, TaxKind, Terms
from chalicelib.retail.ruling import Matter, Ruling, Visit

REASON = "Days that were not delivered"
DAYS_TOGETHER = 30
"""Of one credit note: whoever asks for them writes something of each in the same write."""

NO_TERMS = "Nothing is invoiced here: there are no billing terms."
NOT_BILLED = "The subscriber was not charged for this day."
TOO_OLD = "The day is too far back: its invoice is not adjusted any more."
TAKEN_BACK = "Nothing is left of the invoice of this day: it was credited, written off or void."


class NothingToCredit(Exception):
    """There is nothing to take back for these days, for the reason that it says."""


@dataclass(frozen=True)
class MadeGood:
    """What became of some days: credited by that document, not to be invoiced at all (neither), or nothing, and why."""

    days: tuple[date, ...]
    document_id: str | None = None
    refused: str | None = None


Told = Callable[[MadeGood], Sequence[Operation]]
"""What is to be written in the write that makes days good."""


def make_good(visit: Visit, number: int, days: Sequence[date], told: Told) -> list[MadeGood]:
    """Do not charge a subscriber for these days of its service of that number; what became of them.

    Days that became nothing are not told, and those that somebody else made good meanwhile are not among the answer.
    Repeating it credits nothing twice. `Unavailable` when others are at the same account all the time.
    """
    terms = read_terms(visit.biller)
    if not terms.revision:
        return [MadeGood(tuple(days), refused=NO_TERMS)]
    made: list[MadeGood] = []
    left = sorted(days)
    for attempt in range(TRIES):
        clock.back_off(attempt)
        account = find_account(visit.biller.tenant_id, visit.tenant_id, visit.number)
        over = {day for one in made for day in one.days} | {day for one, day in account.undelivered if one == number}
        left = [day for day in left if day not in over]
        if not left:
            return made
        made += _made_good(visit, account, terms, number, left, told)
    raise Unavailable("busy", "This account is moving all the time; please send the request again.")


def _made_good(
    visit: Visit, account: Account, terms: Terms, number: int, days: Sequence[date], told: Told
) -> list[MadeGood]:
    """What becomes of days by the account as it was read; of some of them nothing, when it moved meanwhile."""
    by_kind: dict[str, list[date]] = {}
    for day in days:
        by_kind.setdefault(_kind_of(account, terms, number, day), []).append(day)
    ahead, invoiced = by_kind.pop(_AHEAD, []), by_kind.pop(_INVOICED, [])
    found = [MadeGood(tuple(some), refused=reason) for reason, some in by_kind.items()]
    if ahead:
        found += _left_out(visit, account, number, ahead, told)
    if invoiced:
        found += _credited(visit, account, number, invoiced, told)
    return found


_AHEAD, _INVOICED = "ahead", "invoiced"


def _kind_of(account: Account, terms: Terms, number: int, day: date) -> str:
    """Whether the day is to be invoiced or was, or the reason why it is neither."""
    if day < terms.starts_on:
        return NOT_BILLED
    billed = next((one for one in account.services if one.number == number), None)
    if billed is None or day > billed.through:
        return _AHEAD
    if _period_of(account, number, day) is not None:
        return _INVOICED
    return TOO_OLD if billed.periods and day < billed.periods[0].first else NOT_BILLED


def _period_of(account: Account, number: int, day: date) -> BilledPeriod | None:
    periods = (period for one in account.services if one.number == number for period in one.periods)
    return next((period for period in periods if period.first <= day <= period.last), None)


def _left_out(visit: Visit, known: Account, number: int, days: Sequence[date], told: Told) -> list[MadeGood]:
    """Days that stand on no invoice never will. Nothing is written, or told, when the account moved meanwhile."""
    made = MadeGood(tuple(days[:DAYS_TOGETHER]))  # What is left over comes again.

    def change(account: Account, terms: Terms, subscriber: Subscriber) -> Account:
        return account if account.revision != known.revision else with_days(account, number, made.days)

    keeper = Keeper(visit.biller, visit.tenant_id, visit.number, visit.today)
    after, _ = change_account(keeper, change, lambda _: told(made))
    return [made] if {(number, day) for day in made.days} <= set(after.undelivered) else []


def _credited(visit: Visit, known: Account, number: int, days: Sequence[date], told: Told) -> list[MadeGood]:
    """Credit notes for days that were invoiced, one for each invoice that they stand on.

    A day within a billed period that stands on none waits, with what else has changed, for the next: it is left out of it.
    """
    documents = documents_of(visit.biller.tenant_id, visit.tenant_id, visit.number)
    by_invoice: dict[str, list[date]] = {}
    for day in days:
        charged = _invoice_of(documents, number, day)
        by_invoice.setdefault("" if charged is None else charged.local_id, []).append(day)
    found = _left_out(visit, known, number, by_invoice.pop(""), told) if "" in by_invoice else []
    by_id = {document.local_id: document for document in documents}
    found += [
        made
        for invoice, of_invoice in by_invoice.items()
        for some in _some(of_invoice)
        if (made := _credit(visit, by_id[invoice], number, some, told)) is not None
    ]
    return found


def _invoice_of(documents: Sequence[Document], number: int, day: date) -> Document | None:
    """The newest invoice that charges that day of the service."""
    return next(
        (
            document
            for document in reversed(documents)
            if document.kind is DocumentKind.INVOICE and any(_charges(line, number, day) for line in document.lines)
        ),
        None,
    )


def _charges(line: DocumentLine, number: int, day: date) -> bool:
    if line.kind not in (LineKind.SERVICE, LineKind.ADJUSTMENT) or line.amount_minor <= 0 or line.service != number:
        return False
    return _is_within(line, day)


def _credit(visit: Visit, charged: Document, number: int, days: Sequence[date], told: Told) -> MadeGood | None:
    """One credit note about one invoice; None where somebody else has made the days good meanwhile.

    Days of which it has no line come again, by themselves.
    """
    subscriber = find_subscriber(visit.tenant_id, visit.number)
    service = subscriber.service(number)
    prices = price_list(visit.tenant_id)
    made = MadeGood(tuple(days))

    def rule(matter: Matter) -> Ruling | None:
        assert service is not None, "a service that was billed is there"
        known = set(matter.account.undelivered)
        if any((number, day) in known or _period_of(matter.account, number, day) is None for day in days):
            return None
        left = creditable_of(matter, charged)
        if matter.credited[charged.local_id].is_void or left <= 0:
            raise NothingToCredit(TAKEN_BACK)
        nonlocal made
        some: Sequence[date] = days
        while True:
            account, lines = _taken_off(matter.account, subscriber, service, prices, some)
            lines = tuple(_no_more_than(lines, left))
            told_of = [day for day in some if any(_is_within(line, day) for line in lines)]
            if not told_of:
                raise NothingToCredit(NOT_BILLED)
            if len(told_of) == len(some):
                break
            some = told_of
        made = MadeGood(tuple(some))
        return take_back(replace(matter, account=account), charged, lines, REASON)

    noting = replace(visit, remember=lambda issued: told(replace(made, document_id=issued.document.document_id)))
    try:
        issued = issue(noting, DocumentKind.CREDIT_NOTE, rule, (charged.local_id,))
    except NothingToCredit as nothing:
        return replace(made, refused=str(nothing))
    return None if issued is None else replace(made, document_id=issued.document.document_id)


def _is_within(line: DocumentLine, day: date) -> bool:
    return line.first is not None and line.last is not None and line.first <= day <= line.last


def _taken_off(
    account: Account, subscriber: Subscriber, service: Service, prices: PriceList, days: Sequence[date]
) -> tuple[Account, tuple[DocumentLine, ...]]:
    """The account without these days of the service, and what each stretch of them was charged, with tax."""
    lines = []
    for stretch in _stretches(account, service.number, days):
        period = _period_of(account, service.number, stretch[0])
        assert period is not None, "days in a billed period"
        after = with_days(account, service.number, stretch)
        of_service = prices.for_service(account, service.number)
        runs, left = (
            billable_runs(known_facts(one, subscriber, service, period.first), period.first, period.last)
            for one in (account, after)
        )
        off = cost_of_billed(runs, period, of_service) - cost_of_billed(left, period, of_service)
        plan = next((run.plan for run in runs if run.first <= stretch[-1] <= run.last), "")
        total = off + _tax_on(period, period.amount_minor) - _tax_on(period, period.amount_minor - off)
        account = _with_period(after, service.number, period, period.amount_minor - off)
        first, last, name = stretch[0], stretch[-1], prices.names.get(plan, plan)
        lines.append(DocumentLine(LineKind.ADJUSTMENT, total, service.number, name, first, last, "", plan))
    return account, tuple(lines)


def _tax_on(period: BilledPeriod, amount_minor: int) -> int:
    """The tax that was added to an amount of that period; none where the prices held it."""
    bps, kind = period.taxed
    return share_of(amount_minor, bps) if bps and kind is TaxKind.EXCLUSIVE else 0


def _stretches(account: Account, number: int, days: Sequence[date]) -> list[list[date]]:
    """Days in a row that lie in one billed period."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and found[-1][-1] + ONE_DAY == day:
            period = _period_of(account, number, day)
            if period is not None and period.first <= found[-1][0]:
                found[-1].append(day)
                continue
        found.append([day])
    return found


def _no_more_than(lines: Sequence[DocumentLine], left_minor: int) -> Iterator[DocumentLine]:
    """The lines as far as that amount reaches; those of nothing are left out."""
    for line in lines:
        amount = min(line.amount_minor, left_minor)
        left_minor -= max(amount, 0)
        if amount > 0:
            yield line._replace(amount_minor=amount)


def with_days(account: Account, number: int, days: Sequence[date]) -> Account:
    """The account that does not charge these days of a service. What no billed period reaches any more is forgotten."""
    firsts = {one.number: one.periods[0].first for one in account.services if one.periods}
    known = {*account.undelivered, *((number, day) for day in days)}
    kept = sorted(one for one in known if one[1] >= firsts.get(one[0], date.min))
    return account._replace(undelivered=tuple(kept))


def _with_period(account: Account, number: int, period: BilledPeriod, amount_minor: int) -> Account:
    after = period._replace(amount_minor=amount_minor)
    services = tuple(
        one._replace(periods=tuple(after if it == period else it for it in one.periods))
        if one.number == number
        else one
        for one in account.services
    )
    return account._replace(services=services)


def _some(days: Sequence[date]) -> Iterator[Sequence[date]]:
    return (days[start : start + DAYS_TOGETHER] for start in range(0, len(days), DAYS_TOGETHER))
