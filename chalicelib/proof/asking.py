"""Asking for work on books: what is queued for the worker that tends them (`tend.py`), who knows much more."""

from datetime import date

from chalicelib.auth.model import Author
from chalicelib.aws.queue import send_books
from chalicelib.tenants.hierarchy import read_tree
from chalicelib.tenants.model import Tenant

TEND = "tend"
PROVE = "prove"


def plan_books(operator_id: str) -> int:
    """Queue every book of the installation, one message each. Returns the messages."""
    return send_books([{"do": TEND, "chain": node.chain} for node in read_tree([operator_id])])


def ask_proof(tenant: Tenant, day: date, by: Author) -> int:
    """Queue a proof that somebody asked for and that takes longer than a request."""
    body = {"do": PROVE, "chain": tenant.chain, "day": str(day), "user": by.user_id, "acting": by.acting_id}
    return send_books([body])
