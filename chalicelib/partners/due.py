"""Invoices that are due by their cycle, issued by themselves: in the child's time zone, safe to repeat."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from chalicelib.auth.model import Author
from chalicelib.aws.log import log
from chalicelib.aws.queue import send_books
from chalicelib.core.dates import ONE_DAY, last_ended_day
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.partners.books import read_standing
from chalicelib.partners.credit import issue_credits
from chalicelib.partners.invoice import NothingToInvoice, Order, issue_invoice, skip_days
from chalicelib.partners.model import Issued
from chalicelib.partners.terms import read_account
from chalicelib.partners.unbilled import read_pending
from chalicelib.tenants.model import Mode, Tenant

MAX_A_RUN = 60
"""Cycles that one run catches up with; the next run goes on."""
NOBODY = Author("")
"""Who issues what is due by itself."""


def invoice_due(chain: Sequence[Tenant], now: datetime) -> list[Issued]:
    """Issue what is due of the last tenant of the chain: credit notes of invoiced days, then an invoice for each cycle
    that has ended and is settled by everybody. What is not due, or waits, is left to the next run."""
    child = chain[-1]
    if child.mode is not Mode.AGGREGATE:
        return []
    parent = chain[-2]
    issued: list[Issued] = []
    if _has_credits(parent, child, now) and (note := issue_credits(parent, child, NOBODY, now)) is not None:
        issued.append(note)
    for _ in range(MAX_A_RUN):
        account = read_account(child.tenant_id)
        if account.terms is None:
            break
        last = account.invoiced_through or child.settles_from - ONE_DAY
        end = account.terms.cycle.next_end(last, account.terms.since_on)
        if end > last_ended_day(now, child.timezone):
            break
        try:
            issued.append(issue_invoice(parent, child, Order(end, NOBODY), now))
        except NothingToInvoice:
            skip_days(parent, child, end, now)
        except Conflict as why:
            if why.code == "already-invoiced":
                continue  # Another worker did.
            log("aggregate invoice waits", tenant=child.tenant_id, through=str(end), why=why.code)
            break
    return issued


AGGREGATE_INVOICE = "aggregate-invoice"


def ask_invoice(child: Tenant, through: date, by: Author) -> int:
    """Queue an invoice that somebody asked for and that takes longer than a request."""
    body = {
        "do": AGGREGATE_INVOICE,
        "chain": child.chain,
        "day": str(through),
        "user": by.user_id,
        "acting": by.acting_id,
    }
    return send_books([body])


def carry_on(chain: Sequence[Tenant], message: Mapping[str, Any], now: datetime) -> None:
    """Issue the invoice that a message asks for; one that cannot be, or is there already, is left alone."""
    by = Author(str(message["user"]), str(message["acting"]))
    try:
        issue_invoice(chain[-2], chain[-1], Order(date.fromisoformat(str(message["day"])), by), now)
    except (Conflict, Invalid) as why:
        log("aggregate invoice not issued", tenant=chain[-1].tenant_id, through=message["day"], why=why.code)


def _has_credits(parent: Tenant, child: Tenant, now: datetime) -> bool:
    """Whether something came back of days that were invoiced: three requests, where none was corrected."""
    standing = read_standing(parent, child, now)
    return standing.account.invoiced_through is not None and bool(read_pending(standing).pending.credits)
