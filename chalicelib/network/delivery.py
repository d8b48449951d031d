"""How far what the books want of one service has come: whether its router has heard of it, and if not, why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.aws import clock
from chalicelib.crm.outbox import waiting_change
from chalicelib.network.give_access import GivenAccess
from chalicelib.network.lag import failure_in_words, next_try_micros
from chalicelib.network.refused import find_refused
from chalicelib.network.state import read_state

SO_MUCH_WAITS = "So much waits for this router that not all of it was looked through for this service."


class ChangeState(StrEnum):
    """What has become of the changes of a service."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True)
class ChangeProgress:
    """`since_micros`: the change that waits was to hold from then on, or the router's last no. `tries` were made of it.
    `failing` is why the router cannot be spoken to, `failure` that in words for its owner, or why it said no.

    Where so much waits that the service's change was not found, and may not be there, `since_micros` is None and
    `failure` says so."""

    state: ChangeState
    since_micros: int | None = None
    tries: int = 0
    failing: str | None = None
    failure: str | None = None
    next_try_micros: int | None = None


def progress_of(given: GivenAccess, now: datetime) -> ChangeProgress:
    """How far the service's changes have come to the router that it is on. A newer one that waits goes before what was
    refused; what happens on the router afterwards is for comparisons to find."""
    waiting = _waiting(given, now)
    if waiting is not None:
        return waiting
    refused = find_refused(given.router.router_id, given.access.tenant_id, given.access.service)
    if refused is not None:
        return ChangeProgress(ChangeState.REFUSED, refused.refused_micros, refused.tries, None, refused.reason)
    # What was refused may have been tried again since the first look: then it waits, from an instant behind `now`.
    return _waiting(given, clock.now()) or ChangeProgress(ChangeState.DELIVERED)


def _waiting(given: GivenAccess, now: datetime) -> ChangeProgress | None:
    """The progress of a change that waits, or may: None where it is known that none does."""
    tenant_id, router = given.access.tenant_id, given.router
    change, has_more = waiting_change(router.router_id, tenant_id, given.access.service, now)
    if change is None and not has_more:
        return None
    state = read_state(router.router_id)
    failing, next_try = state.failure_reason, next_try_micros(router, state, change, now)
    if change is None:
        return ChangeProgress(ChangeState.WAITING, None, 0, failing, SO_MUCH_WAITS, next_try)
    failure = failure_in_words(state, change, is_own=router.tenant_id == tenant_id)
    return ChangeProgress(ChangeState.WAITING, change.due_micros, change.tries, failing, failure, next_try)
