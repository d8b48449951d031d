"""The worker of the jobs queue: writes the lines of an import, from wherever the last attempt ended."""

from functools import partial
from typing import Any

from chalice.app import Blueprint

from chalicelib.aws import clock
from chalicelib.aws.config import config
from chalicelib.aws.log import alarm, flush_metrics
from chalicelib.billing.pins import guard_day, hold_days, pinned_through, release_days
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict
from chalicelib.core.json import read_json
from chalicelib.crm.import_days import Days
from chalicelib.crm.import_events import write_events
from chalicelib.crm.import_file import carry_out
from chalicelib.crm.import_outcome import Run
from chalicelib.crm.import_roster import write_roster
from chalicelib.crm.job import Job, JobKind, look_up_job
from chalicelib.network.take_over import write_taken_over

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="tributary-jobs", batch_size=1)
def run_import(event: Any) -> None:
    """Carry out the job that the message names. Delivered twice, or after a crash, it goes on where it was."""
    for record in event:
        message = read_json(record.body)
        job = look_up_job(message["tenant_id"], message["job_id"])
        if job is None:
            alarm("A message names a job that is not there.", tenant=message["tenant_id"], job=message["job_id"])
        else:
            run_job(job)
    flush_metrics()


def run_job(job: Job) -> None:
    """Carry out one job; what refuses it for good is told in the job itself."""
    now = clock.now()
    days = Days(
        pinned_through=partial(pinned_through, job.tenant_id),
        guard=partial(guard_day, job.tenant_id),
        hold=partial(hold_days, job.tenant_id),
        release=partial(release_days, job.tenant_id),
    )
    runs: dict[JobKind, Run] = {
        JobKind.SUBSCRIBERS: partial(write_roster, days),
        JobKind.EVENTS: partial(write_events, days, day_at(now, job.timezone)),
        JobKind.ROUTER: partial(write_taken_over, days),
    }
    try:
        carry_out(job, days, config().operator_id, runs[job.kind], now)
    except Conflict as conflict:
        alarm("An import was refused half-way.", tenant=job.tenant_id, job=job.job_id, code=conflict.code)
