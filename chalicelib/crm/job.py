"""Import jobs: a file that was taken on, the numbers reserved for it, and how far its lines are written."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.aws import clock, keys
from chalicelib.aws.queue import send_job
from chalicelib.aws.rows import BytesAttribute, CrmRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import (
    ConditionFailed,
    Delete,
    Operation,
    Put,
    Update,
    put_many,
    read,
    read_all,
    read_many,
    read_page,
    write,
)
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import NotFound
from chalicelib.core.json import compact_json, read_json
from chalicelib.crm.csv_file import Fault
from chalicelib.crm.numbers import Numbers
from chalicelib.tenants.model import CustomerIdFormat

PART_BYTES = 300_000
FAULTS_KEPT = 100


class JobKind(StrEnum):
    SUBSCRIBERS = "subscribers-import"
    EVENTS = "service-events-import"
    ROUTER = "router-import"


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """The import of a file, or of a router's secrets. Its lines take its `numbers` in their order; its events are all
    recorded at `recorded_micros`; customer ids are made by the `form` in force when it was taken on. It is about days from
    `earliest` on."""

    tenant_id: str
    job_id: str
    kind: JobKind
    status: JobStatus
    lines: int
    parts: int
    numbers: tuple[Numbers, ...]
    earliest: date
    recorded_micros: int
    form: CustomerIdFormat
    timezone: str
    done: int = 0
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0
    started_micros: int | None = None
    finished_micros: int | None = None


class JobRow(CrmRow):
    kind = TextAttribute()
    status = TextAttribute()
    lines = IntegerAttribute()
    parts = IntegerAttribute()
    numbers = JsonAttribute()
    earliest = TextAttribute()
    recorded_micros = IntegerAttribute()
    form = JsonAttribute()
    timezone = TextAttribute()
    done = IntegerAttribute()
    faults = JsonAttribute()
    fault_count = IntegerAttribute()
    started_micros = IntegerAttribute(null=True)
    finished_micros = IntegerAttribute(null=True)


class JobByTimeRow(CrmRow):
    """A job in its tenant's list; its id is in the key."""


class JobPartRow(CrmRow):
    """A piece of a file's compressed lines."""

    data = BytesAttribute()


class OpenJobRow(CrmRow):
    """A job that is not over, for the planner; `asked_micros` is when a worker was last sent for it."""

    tenant_id = TextAttribute()
    job_id = TextAttribute()
    asked_micros = IntegerAttribute()


def job_id_of(kind: JobKind, content: bytes) -> str:
    """The id of a file's import: the same file is the same job."""
    return kind.value[:1] + sha256(kind.value.encode() + b"\n" + content).hexdigest()[:31]


def find_job(tenant_id: str, job_id: str) -> Job:
    """The tenant's job of that id; `NotFound`."""
    job = look_up_job(tenant_id, job_id) if len(job_id) <= 64 else None
    if job is None:
        raise NotFound("job")
    return job


def look_up_job(tenant_id: str, job_id: str) -> Job | None:
    row = read(JobRow, keys.job(tenant_id, job_id))
    return None if row is None else _to_job(tenant_id, row)


def open_jobs_of(operator_id: str, tenant_id: str, kind: JobKind) -> list[Job]:
    """The tenant's jobs of that kind that are not over, or have not let go of their days yet."""
    first, last = keys.open_jobs_of(tenant_id)
    rows = read_all(OpenJobRow, keys.open_jobs(operator_id), first=first, last=last)
    found = [look_up_job(tenant_id, row.job_id) for row in rows]
    return [job for job in found if job is not None and job.kind is kind]


def list_jobs(tenant_id: str, *, limit: int, after: str | None) -> tuple[list[Job], str | None]:
    """A page of the jobs, newest first: two requests."""
    page = read_page(JobByTimeRow, keys.jobs_by_time(tenant_id), limit=min(limit, 100), after=after, newest_first=True)
    ids = [row.sk.partition("#")[2] for row in page.rows]
    rows = read_many([(JobRow, keys.job(tenant_id, job_id)) for job_id in ids])
    return [_to_job(tenant_id, row) for row in rows if row is not None], page.after


def keep_lines(tenant_id: str, job_id: str, lines: Sequence[list[Any]]) -> int:
    """Keep a file's lines, compressed, in rows of at most 300 KB; how many rows. Keeping them again is the same."""
    packed = zlib.compress(compact_json(lines).encode(), 6)
    pieces = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
    for number, piece in enumerate(pieces):
        put_many([JobPartRow.at(keys.job_part(tenant_id, job_id, number), data=piece)])
    return len(pieces)


def kept_lines(job: Job) -> list[list[Any]]:
    """The lines that were kept."""
    wanted = [(JobPartRow, keys.job_part(job.tenant_id, job.job_id, number)) for number in range(job.parts)]
    packed = b"".join(row.data for row in read_many(wanted))
    lines: list[list[Any]] = read_json(zlib.decompress(packed).decode())
    return lines


def taking_on(job: Job, operator_id: str, now: datetime) -> list[Operation]:
    """The writes that make it a job, unless it is one already; the first of them is the job's row."""
    row = JobRow.at(
        keys.job(job.tenant_id, job.job_id),
        kind=job.kind.value,
        status=job.status.value,
        lines=job.lines,
        parts=job.parts,
        numbers=[list(run) for run in job.numbers],
        earliest=job.earliest.isoformat(),
        recorded_micros=job.recorded_micros,
        form=[job.form.prefix, job.form.infix, job.form.postfix, job.form.digits],
        timezone=job.timezone,
        done=0,
        faults=[],
        fault_count=0,
    )
    listed = JobByTimeRow.at(keys.job_by_time(job.tenant_id, job.recorded_micros, job.job_id))
    return [Put(row, JobRow.pk.does_not_exist()), opening(job, operator_id, now), Put(listed)]


def opening(job: Job, operator_id: str, now: datetime) -> Put:
    """The write by which the planner knows that the job is not over."""
    key = keys.open_job(operator_id, job.tenant_id, job.job_id)
    return Put(OpenJobRow.at(key, tenant_id=job.tenant_id, job_id=job.job_id, asked_micros=to_micros(now)))


def closing(job: Job, operator_id: str) -> Delete:
    """The write by which the planner forgets it."""
    return Delete(OpenJobRow.at(keys.open_job(operator_id, job.tenant_id, job.job_id)))


def begin(job: Job, now: datetime) -> bool:
    """Say that it is running; False when it is over already."""
    started = job.started_micros or to_micros(now)
    actions = [JobRow.status.set(JobStatus.RUNNING.value), JobRow.started_micros.set(started)]
    try:
        write(Update(_row(job), actions, _not_over()))
    except ConditionFailed:
        return False
    return True


def tell_progress(job: Job, done: int) -> None:
    """Say how many lines are written."""
    write(Update(_row(job), [JobRow.done.set(done)]))


def reopening(job: Job) -> Update:
    """The write that takes a job up again that failed."""
    return Update(_row(job), [JobRow.status.set(JobStatus.QUEUED.value)], JobRow.status == JobStatus.FAILED.value)


def finishing(job: Job, status: JobStatus, done: int, faults: Sequence[Fault], now: datetime) -> Update:
    """The write that ends it, unless it is over: done with what was refused of it, or failed with what stopped it."""
    actions = [
        JobRow.status.set(status.value),
        JobRow.done.set(done),
        JobRow.faults.set([[fault.line, fault.field, fault.message] for fault in faults[:FAULTS_KEPT]]),
        JobRow.fault_count.set(len(faults)),
        JobRow.finished_micros.set(to_micros(now)),
    ]
    return Update(_row(job), actions, _not_over())


def send_worker(job: Job) -> None:
    """Ask for a worker to carry the job out."""
    send_job({"tenant_id": job.tenant_id, "job_id": job.job_id})


def requeue_open_jobs(operator_id: str, older_than_seconds: int) -> int:
    """Send a worker again for every job that is not over and was last asked for that long ago; how many."""
    now_micros = to_micros(clock.now())
    due_micros = now_micros - older_than_seconds * 1_000_000
    rows = [row for row in read_all(OpenJobRow, keys.open_jobs(operator_id)) if row.asked_micros <= due_micros]
    for row in rows:
        send_job({"tenant_id": row.tenant_id, "job_id": row.job_id})
        put_many([OpenJobRow.at(row.key, tenant_id=row.tenant_id, job_id=row.job_id, asked_micros=now_micros)])
    return len(rows)


def _not_over() -> Condition:
    condition: Condition = ~JobRow.status.is_in(JobStatus.DONE.value, JobStatus.FAILED.value)
    return condition


def _row(job: Job) -> JobRow:
    return JobRow.at(keys.job(job.tenant_id, job.job_id))


def _to_job(tenant_id: str, row: JobRow) -> Job:
    return Job(
        tenant_id=tenant_id,
        job_id=row.sk,
        kind=JobKind(row.kind),
        status=JobStatus(row.status),
        lines=row.lines,
        parts=row.parts,
        numbers=tuple(Numbers(*run) for run in row.numbers),
        earliest=date.fromisoformat(row.earliest),
        recorded_micros=row.recorded_micros,
        form=CustomerIdFormat(*row.form),
        timezone=row.timezone,
        done=row.done,
        faults=tuple(Fault(*fault) for fault in row.faults),
        fault_count=row.fault_count,
        started_micros=row.started_micros,
        finished_micros=row.finished_micros,
    )
