"""What is due on which router: changes to deliver, health to ask for, a night's comparison; and who lags behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.dates import day_at, from_micros, start_of, to_micros
from chalicelib.crm.lanes import in_lanes
from chalicelib.crm.outbox import due_changes
from chalicelib.network.ask_reconciliation import asked_again
from chalicelib.network.find import all_router_ids, read_routers
from chalicelib.network.model import Router
from chalicelib.network.samples import EVERY
from chalicelib.network.state import RouterState, read_states
from chalicelib.tenants.hierarchy import read_tree

LAGS_AFTER = timedelta(minutes=5)
COMPARES_FROM = timedelta(hours=3)
"""After the midnight of a router's owner: when few people are on."""
COMPARES_AGAIN_AFTER = timedelta(hours=1)
"""Where it failed: the router is read as a whole."""
NAME_LASTS = timedelta(minutes=5)
"""What was asked for is not asked for again sooner: the queue takes the same name once in that time."""

Message = tuple[str, str, dict[str, Any]]
"""(router, name of the piece of work, what to do)"""


@dataclass(frozen=True)
class Due:
    """What to queue, and the routers with a change that has waited for long."""

    messages: tuple[Message, ...]
    lagging: tuple[str, ...]


def find_due(operator_id: str, now: datetime) -> Due:
    """Look at every router of the installation: two requests for each hundred, and one for the outbox of each."""
    routers = [one for one in read_routers(all_router_ids(operator_id)) if one is not None and one.enabled]
    states = read_states([router.router_id for router in routers])
    oldest = dict(
        zip([one.router_id for one in routers], in_lanes(lambda one: _oldest(one, now), routers), strict=True)
    )
    timezones = {node.tenant_id: node.timezone for node in read_tree((operator_id,))} if routers else {}
    messages: list[Message] = []
    for router in routers:
        state, timezone = states[router.router_id], timezones[router.tenant_id]
        messages += _messages(router, state, oldest[router.router_id], timezone, now)
    late = to_micros(now - LAGS_AFTER)
    lagging = [one for one, micros in oldest.items() if micros is not None and micros < late]
    return Due(tuple(messages), tuple(lagging))


def _oldest(router: Router, now: datetime) -> int | None:
    """Since when the oldest change of the router waits; None where none does."""
    changes, _ = due_changes(router.router_id, now, limit=1)
    return changes[0].due_micros if changes else None


def _messages(
    router: Router, state: RouterState, oldest: int | None, timezone: str, now: datetime
) -> Sequence[Message]:
    router_id, now_micros = router.router_id, to_micros(now)
    slot = int(now.timestamp() // NAME_LASTS.total_seconds())
    found: list[Message] = []
    again = asked_again(state, now)
    if again is not None:
        # Somebody waits for it, so that a router that is left alone for a while is tried all the same.
        found.append(again)
    if state.pauses_until_micros > now_micros:
        return found
    if oldest is not None and state.leased_until_micros <= now_micros:
        # Asked for every minute until it is done: each time is work of its own.
        found.append((router_id, f"deliver-{now_micros}", {"do": "deliver", "router": router_id}))
    if state.sampled_micros <= to_micros(now - EVERY):
        found.append((router_id, f"sample-{slot}", {"do": "sample", "router": router_id}))
    if state.is_behind and state.leased_until_micros <= now_micros:
        found.append((router_id, f"behind-{slot}", {"do": "reconcile", "router": router_id}))
    today = day_at(now, timezone)
    may_compare = now >= max(
        start_of(today, timezone) + COMPARES_FROM, from_micros(state.night_failed_micros) + COMPARES_AGAIN_AFTER
    )
    is_new = from_micros(router.created_at_micros) > start_of(today, timezone) + COMPARES_FROM
    if state.compared_on != today and may_compare and not is_new:
        night = {"do": "night", "router": router_id, "day": today.isoformat()}
        found.append((router_id, f"night-{today}-{slot}", night))
    return found
