"""Taking on a file: check it whole, reserve its numbers once, then write its lines at once or leave them to a worker.

A file is known by its content. Sent again it is not done again but finished, if a crash or a lost message left it
half-way; and a file with any bad line writes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chalicelib.aws.guards import Guard
from chalicelib.aws.log import log
from chalicelib.aws.tables import ConditionFailed, Operation, Remember, forget, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, FieldError, Invalid
from chalicelib.crm import job as jobs
from chalicelib.crm.csv_file import MAX_FAULTS_TOLD, Fault
from chalicelib.crm.job import Job, JobKind, JobStatus
from chalicelib.crm.numbers import Counters, write_numbered
from chalicelib.tenants.model import Tenant

LINES_WITHIN_REQUEST = 400
"""A file of so many lines is written before the answer; a longer one becomes a job to follow."""
PROGRESS_EVERY_LINES = 200


@dataclass(frozen=True)
class Checked:
    """What checking a file found: its lines, the good ones as they are kept, and the numbers that these take."""

    lines: int
    faults: list[Fault]
    kept: list[list[Any]]
    guard: Guard
    subscribers: int = 0
    services: int = 0
    not_before_micros: int = 0


@dataclass(frozen=True)
class ImportResult:
    """What became of a file. `written` counts what this request wrote; `job` is there when a worker goes on with it."""

    dry_run: bool
    lines: int
    written: int
    unchanged: int
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0
    job: Job | None = None


@dataclass(frozen=True)
class Outcome:
    """What a piece of a job came to: lines written now, lines that were there before, and what stood against others."""

    written: int
    there: int = 0
    faults: tuple[Fault, ...] = ()


@dataclass
class Progress:
    """How many lines of a job are written (`there`: were before), and what stood against others.

    The job's row is told now and then.
    """

    job: Job
    done: int = 0
    there: int = 0
    faults: list[Fault] = field(default_factory=list)
    _told: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count what one piece of the work came to."""
        self.done += outcome.written + outcome.there
        self.there += outcome.there
        self.faults += outcome.faults
        if self.job.lines > LINES_WITHIN_REQUEST and self.done - self._told >= PROGRESS_EVERY_LINES:
            jobs.tell_progress(self.job, self.done)
            self._told = self.done

    def result(self) -> ImportResult:
        """What became of the whole file."""
        return ImportResult(False, self.job.lines, self.job.lines - self.there, self.there)


DayGuard = Callable[[date], Guard]
"""What facts from that day on need: that it is not pinned."""

Run = Callable[[Job, Progress], None]
"""Writes those lines of a job that are not written yet, and adds them (with those that are) to the progress."""


def import_file(
    kind: JobKind,
    tenant: Tenant,
    data: bytes,
    *,
    dry_run: bool,
    check: Callable[[bytes], Checked],
    run: Run,
    now: datetime,
    remember: Remember,
) -> ImportResult:
    """Take the file on, or go on with it when it is one that was taken on before.

    `Invalid` `import-has-errors` with every fault (the first 1,000 of them) unless it is a dry run, which tells them.
    """
    job_id = jobs.job_id_of(kind, data)
    job = jobs.look_up_job(tenant.tenant_id, job_id)
    if job is not None and job.status is JobStatus.DONE:
        return _again(job, dry_run, remember)
    if job is None:
        checked = check(data)
        if dry_run:
            good = len(checked.kept) if not checked.faults else 0
            told = tuple(checked.faults[:MAX_FAULTS_TOLD])
            return ImportResult(True, checked.lines, good, 0, told, len(checked.faults))
        if checked.faults:
            raise import_has_errors(checked.lines, checked.faults)
        job = _take_on(kind, tenant, job_id, checked, now, remember)
    elif dry_run:
        return ImportResult(True, job.lines, job.lines - job.done, job.done)
    else:
        write(jobs.opening(job, tenant.chain[0], now))
    if job.lines > LINES_WITHIN_REQUEST:
        jobs.send_worker(job)
        return ImportResult(False, job.lines, 0, job.done, job=job)
    return _within_request(job, tenant, run, now, remember)


def carry_out(job: Job, operator_id: str, run: Run, now: datetime, remember: Remember = forget) -> Progress:
    """Write the lines that are not written yet and end the job; one that is done is left as it is.

    A `Conflict` (a day pinned meanwhile) ends the job as failed and is raised; the file may be sent again later.
    """
    progress = Progress(job)
    if not jobs.begin(job, now):
        write(*jobs.closing(job, operator_id))
        progress.done = progress.there = job.lines
        return progress
    try:
        run(job, progress)
    except Conflict as conflict:
        fault = Fault(0, "file", conflict.detail)
        write(*jobs.finishing(job, operator_id, progress.done, [fault], now))
        raise
    progress.faults.sort(key=lambda fault: fault.line)
    operations = jobs.finishing(job, operator_id, progress.done, progress.faults, now)
    if not progress.faults:
        operations += remember(progress.result())
    write(*operations)
    log("import ended", tenant=job.tenant_id, job=job.job_id, lines=job.lines, refused=len(progress.faults))
    return progress


def import_has_errors(lines: int, faults: Sequence[Fault]) -> Invalid:
    """The refusal that tells every fault of a file."""
    told = tuple(FieldError(f"line {fault.line}: {fault.field}", fault.message) for fault in faults[:MAX_FAULTS_TOLD])
    detail = f"{len(faults)} errors in {lines} lines; nothing was written."
    return Invalid("import-has-errors", detail, told, {"lines": lines, "error_count": len(faults)})


def _within_request(job: Job, tenant: Tenant, run: Run, now: datetime, remember: Remember) -> ImportResult:
    progress = carry_out(job, tenant.chain[0], run, now, remember)
    if progress.faults:
        raise import_has_errors(job.lines, progress.faults)
    return progress.result()


def _again(job: Job, dry_run: bool, remember: Remember) -> ImportResult:
    result = ImportResult(dry_run, job.lines, 0, job.lines)
    operations = [] if dry_run else remember(result)
    if operations:
        write(*operations)
    return result


def _take_on(kind: JobKind, tenant: Tenant, job_id: str, checked: Checked, now: datetime, remember: Remember) -> Job:
    """Reserve the file's numbers and make it a job, both in one write; the job of the other where two came at once."""
    parts = jobs.keep_lines(tenant.tenant_id, job_id, checked.kept)
    is_long = checked.lines > LINES_WITHIN_REQUEST

    def compose(counters: Counters) -> tuple[Counters, Sequence[Operation], Job]:
        micros = max(to_micros(now), counters.file_micros + 1, checked.not_before_micros)
        after = Counters(counters.subscribers + checked.subscribers, counters.services + checked.services, micros)
        job = Job(
            tenant_id=tenant.tenant_id,
            job_id=job_id,
            kind=kind,
            status=JobStatus.QUEUED,
            lines=checked.lines,
            parts=parts,
            before_subscriber=counters.subscribers,
            before_service=counters.services,
            recorded_micros=micros,
            form=tenant.customer_id,
            timezone=tenant.timezone,
        )
        operations = [*jobs.taking_on(job, tenant.chain[0], now), *checked.guard.operations]
        if is_long:
            operations += remember(ImportResult(False, job.lines, 0, 0, job=job))
        return after, operations, job

    def judge(failure: ConditionFailed) -> None:
        checked.guard.refuse(failure)
        if any(isinstance(operation.row, jobs.JobRow) for operation in failure.rows):
            raise _TakenOn

    try:
        return write_numbered(tenant.tenant_id, compose, judge)
    except _TakenOn:
        return jobs.find_job(tenant.tenant_id, job_id)


class _TakenOn(Exception):
    """The same file was taken on by another request at this moment."""
