"""Issuing an aggregate invoice: what accrued in both books becomes billed, in one write with number and record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.log import measure
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember, forget, write
from chalicelib.core.dates import last_ended_day
from chalicelib.core.errors import Conflict, Unavailable, invalid_field
from chalicelib.partners.allocation import put_on
from chalicelib.partners.annex import keep_annex
from chalicelib.partners.bill import Bill, Weight, draw_up, weigh
from chalicelib.partners.books import Standing, Words, invoice_lines, post_both, read_standing
from chalicelib.partners.credit import issue_credits
from chalicelib.partners.model import CREDIT_NOTE, INVOICE, PAYMENT, Account, Allocation, Issued, OpenItem, Service
from chalicelib.partners.store import CoveredRow, change_account, change_numbers, put_document
from chalicelib.partners.terms import check_aggregate
from chalicelib.partners.unbilled import MovedError, SeenDays, Unbilled, differs, read_unbilled
from chalicelib.partners.usage import read_services
from chalicelib.tenants.model import Tenant

TRIES = 16
MAX_SERVICE_DAYS = 400_000
"""Of an invoice that is made within a request; a longer one is left to a worker."""


class TooLongError(Exception):
    """The invoice takes longer than a request may; nothing was done."""


class NothingToInvoice(Conflict):
    """The days came to nothing."""


@dataclass(frozen=True)
class Order:
    """What is asked for: an invoice through a day, by whom, and over how many service days at most."""

    through: date
    author: Author
    most_service_days: int | None = None


def issue_invoice(parent: Tenant, child: Tenant, order: Order, now: datetime, remember: Remember = forget) -> Issued:
    """Invoice a child everything that is not invoiced yet up to and including a day.

    Credits of days that were invoiced before become a credit note first. 409 `not-aggregate`, `no-terms`,
    `already-invoiced`, `not-settled`, `nothing-to-invoice`, `unbilled-differs`; 422 naming `through`; `TooLongError`. One
    write, after the annex.
    """
    check_aggregate(child)
    if order.through > last_ended_day(now, child.timezone):
        raise invalid_field("through", "has not ended yet", "day-not-ended")
    seen: SeenDays = {}
    services: dict[tuple[date | None, frozenset[str]], Sequence[Service]] = {}
    for attempt in range(TRIES):
        clock.back_off(attempt)
        standing = read_standing(parent, child, now)
        _check_may(standing.account, child, order.through)
        try:
            unbilled = read_unbilled(standing, seen)
        except MovedError:
            continue
        check_settled(unbilled, order.through)
        if unbilled.pending.credits:
            issue_credits(parent, child, order.author, now)
            continue
        weight = weigh(unbilled, order.through)
        if order.most_service_days is not None and weight.service_days > order.most_service_days:
            raise TooLongError
        if not weight.total_minor:
            raise NothingToInvoice(
                "nothing-to-invoice", f"Nothing was used through {order.through} that is not invoiced."
            )
        known = (standing.account.invoiced_through, standing.covered)
        if known not in services:
            services[known] = read_services(weight.days, unbilled.nodes, unbilled.levels)
        check_use(standing, weight, services[known])
        issued = _issue(standing, unbilled, draw_up(weight, services[known]), order, remember)
        if issued is not None:
            measure("AggregateInvoicedMinor", issued.total_minor)
            return issued
    raise Unavailable("busy", "Days are being settled all the time; please send the request again.")


def _check_may(account: Account, child: Tenant, through: date) -> None:
    if account.terms is None:
        raise Conflict("no-terms", "The terms of this reseller's invoices have not been set.")
    if account.invoiced_through is not None and through <= account.invoiced_through:
        raise Conflict("already-invoiced", f"This reseller is invoiced through {account.invoiced_through}.")
    if through < child.settles_from:
        raise invalid_field("through", f"must not be before the reseller's first day, {child.settles_from}")


def check_settled(unbilled: Unbilled, through: date) -> None:
    """409 `not-settled` while somebody has still to settle that day."""
    waiting = unbilled.unsettled(through)
    if waiting:
        names = ", ".join(node.code for node in waiting[:5])
        raise Conflict("not-settled", f"{through} is not settled yet for {len(waiting)} tenants: {names}.")


def check_use(standing: Standing, weight: Weight, services: Sequence[Service]) -> None:
    """An alarm and 409 `unbilled-differs` where the sheets do not come to what the days posted."""
    used = sum(one.amount_minor for one in services)
    if used != weight.use_minor or weight.total_minor < 0:
        raise differs(standing, weight.use_minor, used)


def _issue(standing: Standing, unbilled: Unbilled, bill: Bill, order: Order, remember: Remember) -> Issued | None:
    """Write the invoice; None when something moved meanwhile."""
    account, terms = standing.account, standing.account.terms
    assert terms is not None, "an invoice is issued by terms"
    serial, due_on = account.serial(INVOICE) + 1, standing.today + timedelta(days=terms.due_days)
    numbers, number = standing.numbers[INVOICE].take(standing.today)
    content_hash, parts = keep_annex(account.child_id, bill.services)
    ids = (standing.parent.tenant_id, standing.child.tenant_id)
    words = Words(f"Aggregate invoice {number} through {bill.through}", number, order.author, bill.through)
    entry_id, child_entry_id = post_both(standing, INVOICE, invoice_lines(bill.total_minor, *ids), words)
    opened, paid = put_on(account, OpenItem(serial, due_on, bill.total_minor))
    issued = Issued(
        *ids,
        INVOICE,
        serial,
        number,
        standing.today,
        standing.posting.recorded_micros,
        bill.net_minor,
        bill.tax_minor,
        entry_id,
        child_entry_id,
        first_on=bill.first_on,
        through=bill.through,
        due_on=due_on,
        lines=bill.lines,
        allocated=(Allocation(serial, paid),) if paid else (),
        payments_before=account.serial(PAYMENT),
        credits_before=account.serial(CREDIT_NOTE),
        annex_hash=content_hash,
        annex_parts=parts,
        services=len(bill.services),
        terms_revision=terms.revision,
        recorded_by=order.author.user_id,
        acting_by=order.author.acting_id,
    )
    after = replace(opened, serials={**(account.serials or {}), INVOICE: serial})
    operations: list[Operation] = [
        *_move_on(standing, unbilled, after, bill.through),
        change_numbers(standing.numbers[INVOICE], numbers),
        put_document(issued),
        *standing.posting.operations(),
        *remember(issued),
    ]
    try:
        write(*operations)
    except ConditionFailed:
        return None
    return issued


def _move_on(standing: Standing, unbilled: Unbilled, after: Account, through: date) -> list[Operation]:
    """The account, invoiced through that day, and whom that covers where somebody is new."""
    moved = replace(after, invoiced_through=through, invoiced_micros=standing.posted_micros)
    there = sorted(node.tenant_id for node in unbilled.nodes if node.settles_from <= through)
    operations: list[Operation] = [change_account(standing.account, moved)]
    if frozenset(there) != standing.covered:
        covered = CoveredRow.at(keys.aggregate_covered(standing.child.tenant_id), tenants=there)
        operations.append(Put(covered))
    return operations


def skip_days(parent: Tenant, child: Tenant, through: date, now: datetime) -> None:
    """Count days that came to nothing as invoiced, so that the next cycle begins behind them. Done again it does nothing."""
    standing = read_standing(parent, child, now)
    try:
        unbilled = read_unbilled(standing, {})
    except MovedError:
        return
    invoiced = standing.account.invoiced_through
    if (invoiced is not None and through <= invoiced) or unbilled.unsettled(through) or unbilled.pending.credits:
        return
    if weigh(unbilled, through).total_minor:
        return
    try:
        write(*_move_on(standing, unbilled, standing.account, through))
    except ConditionFailed:
        return  # Somebody invoiced meanwhile; the next run looks again.
