"""Routes of imports and of the jobs that long ones become."""

from functools import partial
from typing import Any

from chalicelib.api.blueprint import Blueprint, render_with
from chalicelib.api.call import Call
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor, page_of
from chalicelib.aws.tables import Operation
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.pins import guard_day, hold_days, pinned_through, release_days
from chalicelib.billing.tariffs import guard_priced
from chalicelib.crm.import_days import Days
from chalicelib.crm.import_events import import_events
from chalicelib.crm.import_outcome import ImportResult
from chalicelib.crm.import_roster import import_subscribers
from chalicelib.crm.import_shapes import (
    EventImportAnswer,
    ImportQuery,
    JobAnswer,
    SubscriberImportAnswer,
    show_event_import,
    show_job,
    show_roster_import,
)
from chalicelib.crm.job import find_job, list_jobs

bp = Blueprint(__name__, tag="Imports")

JobPage = page_of(JobAnswer)
REFUSED = "import-has-errors, bad-header, bad-csv, no-lines, too-many-lines, plan-not-priced"


@bp.api(
    "POST",
    "/v1/subscribers/import",
    may="subscribers:write",
    module="subscribers",
    body="csv",
    query=ImportQuery,
    answer=SubscriberImportAnswer,
    repeatable=True,
    also={202: "A long file: its job to follow.", 409: "fund-too-low, day-already-pinned", 422: REFUSED},
)
def import_roster(call: Call) -> Any:
    """Connect the subscribers of a CSV file: columns name,phone,plan,username,mac,zone,start_on in any order.

    At most 10,000 lines. A file with any bad line writes nothing; one cut off is finished by sending it again. A line
    whose username or MAC somebody took after the check is refused alone: the answer is 200 with it in `errors`, and
    nobody's number is left out. No day of the file is settled before the import is over.
    """
    result = import_subscribers(
        call.tenant,
        call.raw_body,
        dry_run=call.query.dry_run,
        connections=lambda starts: guard_new_connections(call.tenants, starts, call.now),
        days=_days(call),
        now=call.now,
        remember=_remembering(call, show_roster_import),
    )
    return render_with(_status(result), show_roster_import(result))


@bp.api(
    "POST",
    "/v1/service-events/import",
    may="subscribers:write",
    module="subscribers",
    body="csv",
    query=ImportQuery,
    answer=EventImportAnswer,
    repeatable=True,
    also={
        202: "A long file: its job to follow.",
        409: "day-already-pinned",
        422: REFUSED,
    },
)
def import_service_events(call: Call) -> Any:
    """Record the service events of a CSV file: columns username,type,effective_on,plan; judged in the file's order.

    As with a roster, a file with any bad line writes nothing. Lines that another change forbade after the check are
    refused alone, with all of that service: the answer is 200 with them in `errors`.
    """
    result = import_events(
        call.tenant,
        call.raw_body,
        dry_run=call.query.dry_run,
        check_price=lambda plan, on: guard_priced(call.tenants, plan, on),
        days=_days(call),
        today=call.today,
        now=call.now,
        remember=_remembering(call, show_event_import),
    )
    return render_with(_status(result), show_event_import(result))


@bp.api("GET", "/v1/jobs", may="jobs:read", query=PageQuery, answer=JobPage)
def list_all_jobs(call: Call) -> Any:
    """The tenant's import jobs, newest first."""
    jobs, after = list_jobs(call.tenant.tenant_id, limit=call.query.limit, after=decode_cursor(call.query.cursor))
    return JobPage(items=[show_job(job) for job in jobs], next_cursor=encode_cursor(after))


@bp.api("GET", "/v1/jobs/{job_id}", may="jobs:read", answer=JobAnswer)
def show_one_job(call: Call, job_id: str) -> JobAnswer:
    """How far an import is."""
    return show_job(find_job(call.tenant.tenant_id, job_id))


def _days(call: Call) -> Days:
    tenant_id = call.tenant.tenant_id
    return Days(
        pinned_through=partial(pinned_through, tenant_id),
        guard=partial(guard_day, tenant_id),
        hold=partial(hold_days, tenant_id),
        release=partial(release_days, tenant_id),
    )


def _status(result: ImportResult) -> int:
    return 200 if result.job is None else 202


def _remembering(call: Call, show: Any) -> Any:
    def operations(result: ImportResult) -> list[Operation]:
        return list(call.remember(show, _status(result))(result))

    return operations
