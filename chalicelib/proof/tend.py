"""What is done for every book by itself: entries that come again, its digests, its daily proof; one message a tenant."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from chalicelib.auth.model import Author
from chalicelib.aws.log import log
from chalicelib.aws.queue import send_books
from chalicelib.ledger.hand.recurring import post_due
from chalicelib.ledger.totals.seal import seal_book
from chalicelib.proof.prove import prove_book, prove_due
from chalicelib.tenants.hierarchy import read_chain, read_tree
from chalicelib.tenants.model import Tenant

TEND = "tend"
PROVE = "prove"

Step = Callable[[Sequence[Tenant], datetime], object]
"""One thing that is done for a book: it finds for itself whether it is due, and repeating it is harmless."""


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


STEPS: tuple[Step, ...] = (_post_recurring, _seal, _prove)
"""In this order; one that fails does not keep the others from being done."""


def plan_books(operator_id: str) -> int:
    """Queue every book of the installation, one message each. Returns the messages."""
    return send_books([{"do": TEND, "chain": node.chain} for node in read_tree([operator_id])])


def ask_proof(tenant: Tenant, day: date, by: Author) -> int:
    """Queue a proof that somebody asked for and that takes longer than a request."""
    body = {"do": PROVE, "chain": tenant.chain, "day": str(day), "user": by.user_id, "acting": by.acting_id}
    return send_books([body])


def carry_out(message: dict[str, Any], now: datetime, steps: Sequence[Step] = STEPS) -> None:
    """Do what one message asks. What failed is raised when everything else is done, so that the message comes again."""
    chain = read_chain([str(tenant_id) for tenant_id in message["chain"]])
    if message["do"] == PROVE:
        by = Author(str(message["user"]), str(message["acting"]))
        prove_book(chain, date.fromisoformat(str(message["day"])), now, by)
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
