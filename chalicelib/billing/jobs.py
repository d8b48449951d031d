"""The scheduled function: plans the days that are due, and wakes import jobs whose message was lost."""

from typing import Any

from chalice.app import Blueprint, Rate

from chalicelib.aws import clock
from chalicelib.aws.config import config
from chalicelib.aws.log import flush_metrics, log, measure
from chalicelib.billing.run import plan_days
from chalicelib.crm.job import requeue_open_jobs

bp = Blueprint(__name__)
OPEN_JOB_AGE_SECONDS = 2_700
"""Longer than the jobs queue hides a message that somebody works on."""


@bp.schedule(Rate(5, unit=Rate.MINUTES), name="plan_settlements")
def plan_settlements(event: Any) -> dict[str, int]:
    """Every five minutes: each tenant is settled soon after midnight in its own time zone, missed days in order."""
    operator_id = config().operator_id
    planned = plan_days(operator_id, clock.now())
    woken = requeue_open_jobs(operator_id, OPEN_JOB_AGE_SECONDS)
    log("planned", messages=planned, jobs=woken)
    measure("DaysPlanned", planned)
    flush_metrics()
    return {"planned": planned, "jobs": woken}
