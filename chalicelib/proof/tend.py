"""What is done for every book by itself: invoices, recurring entries, digests, its daily proof; one message a tenant."""

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from chalicelib.auth.model import Author
from chalicelib.aws.log import log
from chalicelib.billing.late import filing_of
from chalicelib.ledger.hand.recurring import post_due
from chalicelib.ledger.totals.seal import seal_book
from chalicelib.network.watch_days import watch_days
from chalicelib.partners.accrue import accrue_due
from chalicelib.partners.due import AGGREGATE_INVOICE, carry_on, invoice_due
from chalicelib.proof.asking import PROVE
from chalicelib.proof.prove import prove_book, prove_due
from chalicelib.proof.undelivered import decide_days
from chalicelib.retail.overdue import chase_due
from chalicelib.retail.run_invoices import INVOICE, carry_on_later, run_due
from chalicelib.tenants.hierarchy import read_chain
from chalicelib.tenants.model import Tenant

WATCHING_SECONDS = 30.0
"""How long is looked for days that were not delivered within one message; the next hour's goes on with it."""
DECIDING_SECONDS = 90.0
"""The same of deciding about them."""
INVOICING_SECONDS = 420.0
"""How long a run of invoices goes on within one message; the next hour's goes on with it."""
CHASING_SECONDS = 180.0
"""The same of the daily look for overdue accounts."""
COMMISSION_SECONDS = 120.0
"""The same of a commission statement."""

Step = Callable[[Sequence[Tenant], datetime], object]
"""One thing that is done for a book: it finds for itself whether it is due, and repeating it is harmless."""


def _watch_days(chain: Sequence[Tenant], now: datetime) -> None:
    until = time.monotonic() + WATCHING_SECONDS
    watch_days(chain[-1].tenant_id, now, lambda: time.monotonic() < until)


def _make_days_good(chain: Sequence[Tenant], now: datetime) -> None:
    until = time.monotonic() + DECIDING_SECONDS
    decide_days(chain, now, lambda: time.monotonic() < until)


def _invoice(chain: Sequence[Tenant], now: datetime) -> None:
    until = time.monotonic() + INVOICING_SECONDS
    for run in run_due(chain, now, lambda: time.monotonic() < until):
        log("invoice run", tenant=run.biller_id, day=run.run_id, status=run.status.value, invoices=run.invoices)


def _chase(chain: Sequence[Tenant], now: datetime) -> None:
    until = time.monotonic() + CHASING_SECONDS
    found = chase_due(chain, now, lambda tenant: filing_of(read_chain(tenant.chain)), lambda: time.monotonic() < until)
    if found is not None and any(found[1:4]):
        figures = {"fees": found.fees, "suspended": found.suspended, "returned": found.returned}
        log("overdue accounts looked after", tenant=chain[-1].tenant_id, **figures)


def _invoice_resellers(chain: Sequence[Tenant], now: datetime) -> None:
    for issued in invoice_due(chain, now):
        log("aggregate document issued", tenant=chain[-1].tenant_id, kind=issued.kind, number=issued.number)


def _accrue_commissions(chain: Sequence[Tenant], now: datetime) -> None:
    until = time.monotonic() + COMMISSION_SECONDS
    for made in accrue_due(chain, now, lambda: time.monotonic() < until):
        log("commission statement made", tenant=chain[-1].tenant_id, statement=made.statement_id, number=made.number)


def _post_recurring(chain: Sequence[Tenant], now: datetime) -> None:
    posted = post_due(chain[-1], now)
    if posted:
        log("recurring entries posted", tenant=chain[-1].tenant_id, count=posted)


def _seal(chain: Sequence[Tenant], now: datetime) -> None:
    seal_book(chain[-1].tenant_id)


def _prove(chain: Sequence[Tenant], now: datetime) -> None:
    proof = prove_due(chain, now)
    if proof is not None:
        log("book proven", tenant=proof.tenant_id, day=str(proof.day), status=proof.status)


STEPS: tuple[Step, ...] = (
    _watch_days,
    _make_days_good,
    _invoice,
    _chase,
    _invoice_resellers,
    _accrue_commissions,
    _post_recurring,
    _seal,
    _prove,
)
"""In this order; one that fails does not keep the others from being done."""


def carry_out(message: dict[str, Any], now: datetime, steps: Sequence[Step] = STEPS) -> None:
    """Do what one message asks. What failed is raised when everything else is done, so that the message comes again."""
    chain = read_chain([str(tenant_id) for tenant_id in message["chain"]])
    if message["do"] == PROVE:
        by = Author(str(message["user"]), str(message["acting"]))
        prove_book(chain, date.fromisoformat(str(message["day"])), now, by)
        return
    if message["do"] == AGGREGATE_INVOICE:
        carry_on(chain, message, now)
        return
    if message["do"] == INVOICE:
        carry_on_later(chain, str(message["day"]), now)
        return
    failed: Exception | None = None
    for step in steps:
        try:
            step(chain, now)
        except Exception as error:
            log("tending a book failed", tenant=chain[-1].tenant_id, error=type(error).__name__, why=str(error))
            failed = failed or error
    if failed is not None:
        raise failed
