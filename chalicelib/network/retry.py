"""Retry: what a router refused goes into the outbox again, and a router that is left alone is tried at once."""

from datetime import datetime

from chalicelib.core.dates import to_micros
from chalicelib.crm.lanes import in_lanes
from chalicelib.crm.outbox import add_changes, due_changes, hurry, wake
from chalicelib.network.model import Router
from chalicelib.network.refused import as_changes, forget_refused, list_refused
from chalicelib.network.state import end_pause

MOST_AT_ONCE = 1_000


def retry_refused(tenant_id: str, router: Router, now: datetime) -> tuple[int, bool]:
    """Try what was refused again, at most a thousand changes, and say how many and whether there are more; with them
    what waits for its next try.

    The router's owner has all of them tried, and the router's pause ended; somebody that it is lent to only its own.
    Stopped in between, some are refused and tried again at once, and nothing is lost.
    """
    is_own = router.tenant_id == tenant_id
    refused, further = list_refused(router.router_id, MOST_AT_ONCE, of=None if is_own else tenant_id)
    add_changes(as_changes(refused, to_micros(now)))
    forget_refused(refused)
    waiting, more = due_changes(router.router_id, now, limit=MOST_AT_ONCE, of=None if is_own else tenant_id)
    put_off = [change for change in waiting if change.after_micros > to_micros(now)]
    in_lanes(hurry, put_off)
    if is_own:
        end_pause(router.router_id)
    wake([router.router_id])
    return len(refused) + len(put_off), further is not None or more
