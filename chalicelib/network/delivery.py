"""How far what the books want of one service has come: whether its router has heard of it, and if not, why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.crm.outbox import waiting_change
from chalicelib.network.give_access import GivenAccess
from chalicelib.network.lag import Lag
from chalicelib.network.refused import find_refused
from chalicelib.network.state import read_state


class DeliveryState(StrEnum):
    """What has become of the changes of a service."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True)
class Delivery:
    """`since_micros`: the change that waits was to hold from then on, or the router's last no. `tries` were made of it.
    `failing` is why the router cannot be spoken to, `failure` that in words for its owner, or why it said no."""

    state: DeliveryState
    since_micros: int | None = None
    tries: int = 0
    failing: str | None = None
    failure: str | None = None
    next_try_micros: int | None = None


def delivery_of(given: GivenAccess, now: datetime) -> Delivery:
    """How far the service's changes have come to the router that it is on. A newer one that waits goes before what was
    refused; what happens on the router afterwards is for comparisons to find."""
    tenant_id, number = given.access.tenant_id, given.access.service
    router_id = given.router.router_id
    waiting = waiting_change(router_id, tenant_id, number, now)
    if waiting is not None:
        lag = Lag(given.router, given.router.tenant_id == tenant_id, read_state(router_id), waiting)
        return Delivery(
            DeliveryState.WAITING,
            waiting.due_micros,
            waiting.tries,
            lag.state.failure_reason,
            lag.failure,
            lag.next_try_micros(now),
        )
    refused = find_refused(router_id, tenant_id, number)
    if refused is not None:
        return Delivery(DeliveryState.REFUSED, refused.refused_micros, refused.tries, None, refused.reason)
    return Delivery(DeliveryState.DELIVERED)
