"""What the routes of imports take and answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, InstantOut
from chalicelib.core.dates import from_micros
from chalicelib.crm.csv_file import Fault
from chalicelib.crm.import_outcome import ImportResult
from chalicelib.crm.job import Job

Count = Annotated[int, Field(examples=[400])]


class ImportQuery(Body):
    """Whether to check the file only."""

    dry_run: Annotated[bool, Field(examples=[True])] = False


class LineErrorAnswer(Answer):
    """What is wrong with a field of a line; the header is line 1."""

    line: Annotated[int, Field(examples=[17])]
    field: Annotated[str, Field(examples=["mac"])]
    message: Annotated[str, Field(examples=["must be a MAC address, such as AA:BB:CC:DD:EE:FF"])]


class JobResultAnswer(Answer):
    """What a job came to: lines written, and lines that were not, because somebody took their names meanwhile."""

    written: Count
    refused: Annotated[int, Field(examples=[0])]


class JobAnswer(Answer):
    """An import under way or ended: `done` of `lines` are written. `errors` are the first 100 for lines it could not
    write any more. One that `failed` was stopped as a whole, and goes on when its file is sent again."""

    id: Annotated[str, Field(examples=["s5f1c0a9be27d44e8a1b2c3d4e5f60718"])]
    kind: Annotated[
        Literal["subscribers-import", "service-events-import", "router-import"], Field(examples=["subscribers-import"])
    ]
    status: Annotated[Literal["queued", "running", "done", "failed"], Field(examples=["running"])]
    lines: Annotated[int, Field(examples=[5000])]
    done: Annotated[int, Field(examples=[1200])]
    errors: list[LineErrorAnswer]
    started_at: InstantOut | None
    finished_at: InstantOut | None
    result: JobResultAnswer | None


class _ImportAnswer(Answer):
    """What became of a file."""

    dry_run: Annotated[bool, Field(examples=[False])]
    lines: Count
    unchanged: Annotated[int, Field(examples=[0])]
    errors: list[LineErrorAnswer]
    error_count: Annotated[int, Field(examples=[0])]
    job: JobAnswer | None


class SubscriberImportAnswer(_ImportAnswer):
    """What became of a roster: `created` now (or would be, in a dry run), `unchanged` were there from the same file;
    `errors` are the first of `error_count`, at most 1,000: of lines that were refused. `job` is there when
    the file goes on being written."""

    created: Count


class EventImportAnswer(_ImportAnswer):
    """What became of a file of events: `recorded` now (or would be), `unchanged` were there from the same file;
    `errors` are of lines that were refused."""

    recorded: Count


def show_roster_import(result: ImportResult) -> SubscriberImportAnswer:
    return SubscriberImportAnswer(created=result.written, **_import_fields(result))


def show_event_import(result: ImportResult) -> EventImportAnswer:
    return EventImportAnswer(recorded=result.written, **_import_fields(result))


def _import_fields(result: ImportResult) -> dict[str, Any]:
    return {
        "dry_run": result.dry_run,
        "lines": result.lines,
        "unchanged": result.unchanged,
        "errors": [_show_fault(fault) for fault in result.faults],
        "error_count": result.fault_count,
        "job": None if result.job is None else show_job(result.job),
    }


def _show_fault(fault: Fault) -> LineErrorAnswer:
    return LineErrorAnswer(line=fault.line, field=fault.field, message=fault.message)


def show_job(job: Job) -> JobAnswer:
    is_over = job.finished_micros is not None and job.status.value in ("done", "failed")
    return JobAnswer(
        id=job.job_id,
        kind=job.kind.value,
        status=job.status.value,
        lines=job.lines,
        done=job.done,
        errors=[_show_fault(fault) for fault in job.faults],
        started_at=None if job.started_micros is None else from_micros(job.started_micros),
        finished_at=from_micros(job.finished_micros) if is_over and job.finished_micros else None,
        result=JobResultAnswer(written=job.done, refused=job.lines - job.done) if is_over else None,
    )
