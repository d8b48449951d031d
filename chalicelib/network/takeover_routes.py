"""The route that takes over what a router has: subscribers of its secrets, which nobody has to type in again."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from chalicelib.api.blueprint import Blueprint, render_with
from chalicelib.api.call import Call
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.pins import guard_day, hold_days, pinned_through, release_days
from chalicelib.core.errors import NotAllowed
from chalicelib.crm.import_days import Days
from chalicelib.network.asking import PLAN_SECONDS
from chalicelib.network.find import usable
from chalicelib.network.pace import alone_with
from chalicelib.network.take_over import TakenOver, take_over
from chalicelib.network.takeover_shapes import TakeOverAnswer, TakeOverBody, TakeOverQuery, shower, take_over_asked
from chalicelib.tenants.model import effective_modules

bp = Blueprint(__name__, tag="Network")


@bp.api(
    "POST",
    "/v1/routers/{router_id}/import",
    may="network:write",
    module="network",
    body=TakeOverBody,
    query=TakeOverQuery,
    answer=TakeOverAnswer,
    repeatable=True,
    also={
        202: "Many secrets: the job to follow.",
        409: "fund-too-low, day-already-pinned, router-disabled, router-gone, router-lent",
        422: "plan-not-priced",
        429: "router-being-read",
        503: "router-did-not-answer",
    },
)
def import_secrets(call: Call, router_id: str) -> Any:
    """Make a subscriber of each PPPoE secret of a router of one's own that is not ours, with one service on that router.

    Those whose names begin with the prefix of somebody whom it is lent to stay. The username is the secret's name, the
    subscriber's name its comment, the MAC its caller-id, the address its own one if it has one. Those that are
    disabled, have a name that no username can be, or share a username, MAC or address with a service are left alone, and
    told. The password stays as it is on the router and is not read. At most 5,000 at a time.
    Of dry runs and plans of a router a tenant has one made at a time.
    """
    if "subscribers" not in effective_modules(call.tenants):
        raise NotAllowed("module-not-granted", "The module subscribers is not granted to this tenant.")
    show = shower(call.query)
    asked = take_over_asked(call.body, call.today)
    with _alone(call, router_id):
        taken = take_over(
            call.tenant,
            router_id,
            asked,
            dry_run=call.query.dry_run,
            connections=lambda starts: guard_new_connections(call.tenants, starts, call.now),
            days=_days(call.tenant.tenant_id),
            now=call.now,
            remember=lambda taken: list(call.remember(show, _status(taken))(taken)),
        )
    return render_with(_status(taken), show(taken))


def _alone(call: Call, router_id: str) -> AbstractContextManager[None]:
    """One dry run of a tenant's at a time. An import itself is held up by nothing: after a crash it is repeated at once."""
    if not call.query.dry_run:
        return nullcontext()
    tenant_id = call.tenant.tenant_id
    router, _ = usable(tenant_id, router_id)
    return alone_with(tenant_id, router.router_id, PLAN_SECONDS)


def _days(tenant_id: str) -> Days:
    return Days(
        pinned_through=partial(pinned_through, tenant_id),
        guard=partial(guard_day, tenant_id),
        hold=partial(hold_days, tenant_id),
        release=partial(release_days, tenant_id),
    )


def _status(taken: TakenOver) -> int:
    return 200 if taken.result.job is None else 202
