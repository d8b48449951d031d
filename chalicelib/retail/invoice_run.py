"""An invoice run: who it is of, how far it is, and what it issued."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Put, read, read_page
from chalicelib.core.errors import NotFound

NEWEST = 10


class RunStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True)
class InvoiceRun:
    """How far the run of a biller for a day is: all subscribers up to number `after` of that tenant are done.

    `refused` names subscribers whose invoice could not be made, and why, at most fifty of `refused_count`.
    """

    biller_id: str
    day: date
    status: RunStatus = RunStatus.RUNNING
    tenant_id: str = ""
    after: int = 0
    invoices: int = 0
    invoiced_minor: int = 0
    credit_notes: int = 0
    credited_minor: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    refused_count: int = 0
    started_micros: int = 0
    finished_micros: int | None = None
    revision: int = 0

    @property
    def run_id(self) -> str:
        """What clients know it by: its day."""
        return self.day.isoformat()


class RunRow(BooksRow):
    status = TextAttribute()
    place = JsonAttribute()
    figures = JsonAttribute()
    refused = JsonAttribute()
    started_micros = IntegerAttribute()
    finished_micros = IntegerAttribute(null=True)
    revision = IntegerAttribute()


def put_run(before: InvoiceRun, after: InvoiceRun) -> Put:
    """The run, while it is as `before` was read."""
    row = RunRow.at(
        keys.retail_run(after.biller_id, after.run_id),
        status=after.status.value,
        place=[after.tenant_id, after.after],
        figures=[after.invoices, after.invoiced_minor, after.credit_notes, after.credited_minor],
        refused=[after.refused_count, *map(list, after.refused)],
        started_micros=after.started_micros,
        finished_micros=after.finished_micros,
        revision=before.revision + 1,
    )
    return Put(row, RunRow.revision == before.revision if before.revision else RunRow.pk.does_not_exist())


def to_run(biller_id: str, row: RunRow) -> InvoiceRun:
    count, *refused = row.refused
    tenant_id, after = row.place
    invoices, invoiced, notes, credited = row.figures
    return InvoiceRun(
        biller_id,
        date.fromisoformat(row.sk),
        RunStatus(row.status),
        tenant_id,
        after,
        invoices,
        invoiced,
        notes,
        credited,
        refused=tuple((who, why) for who, why in refused),
        refused_count=count,
        started_micros=row.started_micros,
        finished_micros=row.finished_micros,
        revision=row.revision,
    )


def find_run(biller_id: str, run_id: str) -> InvoiceRun:
    """The run of that id; `NotFound`."""
    row = read(RunRow, keys.retail_run(biller_id, run_id)) if len(run_id) == 10 else None
    if row is None:
        raise NotFound("invoice run")
    return to_run(biller_id, row)


def list_runs(biller_id: str, *, limit: int, after: str | None) -> tuple[list[InvoiceRun], str | None]:
    """A page of the runs, the newest first: one request."""
    page = read_page(RunRow, keys.retail_runs(biller_id), limit=limit, after=after, newest_first=True)
    return [to_run(biller_id, row) for row in page.rows], page.after


def unfinished_runs(biller_id: str) -> list[InvoiceRun]:
    """Those of the newest runs that are not done, oldest first."""
    runs, _ = list_runs(biller_id, limit=NEWEST, after=None)
    return [run for run in reversed(runs) if run.status is not RunStatus.DONE]
