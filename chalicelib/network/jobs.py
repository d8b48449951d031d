"""The scheduled function of routers: queues what is due for each of them."""

from typing import Any

from chalice.app import Blueprint, Rate

from chalicelib.aws import clock
from chalicelib.aws.config import config
from chalicelib.aws.log import flush_metrics, log, measure
from chalicelib.aws.queue import send_to_routers
from chalicelib.network.due import find_due

bp = Blueprint(__name__)


@bp.schedule(Rate(1, unit=Rate.MINUTES), name="plan_routers")
def plan_routers(event: Any) -> dict[str, int]:
    """Every minute: changes that wait, routers whose health is asked for, and by night all of a router."""
    due = find_due(config().operator_id, clock.now())
    planned = send_to_routers(due.messages)
    if due.messages or due.lagging:
        log("routers planned", messages=planned, lagging=list(due.lagging)[:20])
    measure("RoutersLagging", len(due.lagging))
    flush_metrics()
    return {"planned": planned, "lagging": len(due.lagging)}
