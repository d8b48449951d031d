"""Taking on a file: check it whole, reserve its numbers once, then write its lines at once or leave them to a worker.

A file is known by its content. Sent again it is not done again but finished, if a crash or a lost message left it
half-way; and a file with any bad line writes nothing. From being taken on to its end it holds its days, so that no
settlement comes between its lines. A line whose names somebody else took meanwhile is refused alone: the others are
written, and its numbers are given back.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from chalicelib.aws.log import log
from chalicelib.aws.tables import ConditionFailed, Operation, Remember, forget, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, FieldError, Invalid, Unavailable
from chalicelib.crm import job as jobs
from chalicelib.crm.csv_file import MAX_FAULTS_TOLD, Fault
from chalicelib.crm.import_days import Days, beside
from chalicelib.crm.import_outcome import LINES_WITHIN_REQUEST, Checked, ImportResult, Progress, Run
from chalicelib.crm.job import Job, JobKind, JobStatus
from chalicelib.crm.numbers import Counters, write_numbered
from chalicelib.tenants.model import Tenant


def import_file(
    kind: JobKind,
    tenant: Tenant,
    data: bytes,
    *,
    dry_run: bool,
    check: Callable[[bytes], Checked],
    run: Run,
    days: Days,
    now: datetime,
    remember: Remember,
) -> ImportResult:
    """Take the file on, or go on with it when it is one that was taken on before.

    `Invalid` `import-has-errors` with every fault (the first 1,000 of them) unless it is a dry run, which tells them.
    """
    job_id = jobs.job_id_of(kind, data)
    job = jobs.look_up_job(tenant.tenant_id, job_id)
    if dry_run:
        return _try_out(check(data)) if job is None else _again(job, dry_run=True)
    if job is not None and job.status is JobStatus.DONE:
        return _done_before(job, tenant, days, remember)
    if job is None:
        checked = check(data)
        if checked.faults:
            raise import_has_errors(checked.lines, checked.faults)
        job = _take_on(kind, tenant, job_id, checked, days, now, remember)
        return _go_on(job, tenant, run, days, now, remember)
    return take_up(job, tenant, run, days, now, remember)


def take_up(job: Job, tenant: Tenant, run: Run, days: Days, now: datetime, remember: Remember) -> ImportResult:
    """Go on with an import that was taken on before and is not done. One that failed let go of its days: it holds them
    again, or is refused."""
    return _go_on(_held_again(job, tenant, days, now), tenant, run, days, now, remember)


def _go_on(job: Job, tenant: Tenant, run: Run, days: Days, now: datetime, remember: Remember) -> ImportResult:
    """Write it at once, or leave it to a worker where it is long."""
    if job.lines > LINES_WITHIN_REQUEST:
        jobs.send_worker(job)
        return ImportResult(False, job.lines, 0, job.done, job=job)
    return carry_out(job, days, tenant.chain[0], run, now, remember)


def carry_out(
    job: Job, days: Days, operator_id: str, run: Run, now: datetime, remember: Remember = forget
) -> ImportResult:
    """Write the lines that are not written yet, end the job and let go of its days; one that is over is left as it is.

    A `Conflict` (a day pinned although it is held) ends the job as failed and is raised; the file may be sent again.
    """
    progress = Progress(job)
    if not jobs.begin(job, now):
        return _ended_by_another(job, days, operator_id)
    try:
        run(job, progress)
    except Conflict as conflict:
        fault = Fault(0, "file", conflict.detail)
        try:
            write(jobs.finishing(job, JobStatus.FAILED, progress.done, [fault], now))
        except ConditionFailed:
            return _ended_by_another(job, days, operator_id)
        _let_go(job, days, operator_id)
        raise
    progress.faults.sort(key=lambda fault: fault.line)
    try:
        _finish(progress, now, remember)
    except _OverError:
        return _ended_by_another(job, days, operator_id)
    _let_go(job, days, operator_id)
    refused = job.lines - progress.done
    log("import ended", tenant=job.tenant_id, job=job.job_id, lines=job.lines, refused=refused)
    return progress.result()


def import_has_errors(lines: int, faults: Sequence[Fault]) -> Invalid:
    """The refusal that tells every fault of a file."""
    told = tuple(FieldError(f"line {fault.line}: {fault.field}", fault.message) for fault in faults[:MAX_FAULTS_TOLD])
    detail = f"{len(faults)} errors in {lines} lines; nothing was written."
    return Invalid("import-has-errors", detail, told, {"lines": lines, "error_count": len(faults)})


def _try_out(checked: Checked) -> ImportResult:
    """What taking the file on would come to: its faults, or the refusal of its guard, asked without writing."""
    if not checked.faults and checked.guard.operations:
        try:
            write(*checked.guard.operations)
        except ConditionFailed as failure:
            checked.guard.refuse(failure)
            raise Unavailable("busy", "Much is changing at this moment; please send the file again.") from None
    good = len(checked.kept) if not checked.faults else 0
    return ImportResult(True, checked.lines, good, 0, tuple(checked.faults[:MAX_FAULTS_TOLD]), len(checked.faults))


def _again(job: Job, *, dry_run: bool = False) -> ImportResult:
    """What a file comes to that was taken on before; of one that is done, what was refused stays refused."""
    if job.status is JobStatus.DONE:
        return ImportResult(dry_run, job.lines, 0, job.done, job.faults, job.fault_count)
    return ImportResult(dry_run, job.lines, job.lines - job.done, job.done)


def _done_before(job: Job, tenant: Tenant, days: Days, remember: Remember) -> ImportResult:
    result = _again(job)
    operations = remember(result)
    if operations:
        write(*operations)
    _let_go(job, days, tenant.chain[0])
    return result


def _ended_by_another(job: Job, days: Days, operator_id: str) -> ImportResult:
    """The end of a job that another delivery brought to it, perhaps without living to let go of the days."""
    _let_go(job, days, operator_id)
    ended = jobs.find_job(job.tenant_id, job.job_id)
    if ended.status is JobStatus.FAILED:
        raise Conflict("day-already-pinned", ended.faults[0].message)
    return _again(ended)


def _let_go(job: Job, days: Days, operator_id: str) -> None:
    """Let go of the days of a job that is over, and only then forget it: what a crash leaves, the planner sends for."""
    days.release(job.job_id)
    write(jobs.closing(job, operator_id))


def _finish(progress: Progress, now: datetime, remember: Remember) -> None:
    """Mark the job as done and give back the numbers of what was refused, both in one write: they come back once.

    `_OverError` when another delivery has ended it.
    """
    job = progress.job
    finishing = jobs.finishing(job, JobStatus.DONE, progress.done, progress.faults, now)
    operations = [finishing, *remember(progress.result())]

    def compose(counters: Counters) -> tuple[Counters, Sequence[Operation], None]:
        return counters.give_back(progress.left), operations, None

    def judge(failure: ConditionFailed) -> None:
        if failure.failed(finishing):
            raise _OverError

    if progress.left:
        return write_numbered(job.tenant_id, compose, judge)
    try:
        write(*operations)
    except ConditionFailed as failure:
        judge(failure)
        raise


def _held_again(job: Job, tenant: Tenant, days: Days, now: datetime) -> Job:
    """The job, open again and holding its days."""
    operator_id = tenant.chain[0]
    if job.status is not JobStatus.FAILED:
        write(jobs.opening(job, operator_id, now))
        return job
    # The condition fails where the same file was sent again by another request at this moment: it is under way.
    with suppress(ConditionFailed):
        days.hold_with(job.job_id, job.earliest, [jobs.reopening(job), jobs.opening(job, operator_id, now)])
    return jobs.find_job(tenant.tenant_id, job.job_id)


def _take_on(
    kind: JobKind, tenant: Tenant, job_id: str, checked: Checked, days: Days, now: datetime, remember: Remember
) -> Job:
    """Reserve the file's numbers, hold its days and make it a job, all in one write; the other's where two came."""
    parts = jobs.keep_lines(tenant.tenant_id, job_id, checked.kept)
    earliest = checked.earliest
    assert earliest is not None, "a file without faults has a line"

    def compose(counters: Counters) -> tuple[Counters, Sequence[Operation], Job]:
        after, numbers = counters.take(checked.subscribers)
        micros = max(to_micros(now), counters.file_micros + 1, checked.not_before_micros)
        job = Job(
            tenant_id=tenant.tenant_id,
            job_id=job_id,
            kind=kind,
            status=JobStatus.QUEUED,
            lines=checked.lines,
            parts=parts,
            numbers=numbers,
            earliest=earliest,
            recorded_micros=micros,
            form=tenant.customer_id,
            timezone=tenant.timezone,
        )
        # Made anew each time: where the tenant's days moved meanwhile, the write is composed again.
        hold = days.hold(job_id, earliest)
        operations = [*jobs.taking_on(job, tenant.chain[0], now), *hold.operations, *beside(hold, checked.guard)]
        if checked.lines > LINES_WITHIN_REQUEST:
            operations += remember(ImportResult(False, job.lines, 0, 0, job=job))
        return replace(after, file_micros=micros), operations, job

    def judge(failure: ConditionFailed) -> None:
        if any(isinstance(operation.row, jobs.JobRow) for operation in failure.rows):
            raise _TakenOnError
        checked.guard.refuse(failure)

    try:
        return write_numbered(tenant.tenant_id, compose, judge)
    except _TakenOnError:
        return jobs.find_job(tenant.tenant_id, job_id)


class _TakenOnError(Exception):
    """The same file was taken on by another request at this moment."""


class _OverError(Exception):
    """The job was ended by another delivery at this moment."""
