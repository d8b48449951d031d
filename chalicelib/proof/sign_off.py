"""Signing off a day of the whole installation: once every book is proven, or a day later without those that are not."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.log import alarm, measure
from chalicelib.aws.tables import ConditionFailed, Put, read, read_many, read_page, write
from chalicelib.core.dates import ONE_DAY, last_ended_day, start_of
from chalicelib.core.errors import NotFound
from chalicelib.proof.prove import here_on
from chalicelib.proof.report import BookLine, Report, sign, write_report
from chalicelib.proof.store import (
    InstallationProofPartRow,
    InstallationProofRow,
    first_proven_day,
    from_parts,
    in_parts,
    read_proofs,
)
from chalicelib.tenants.hierarchy import find_tenant

WAITS_FOR_BOOKS = timedelta(days=1)
"""How long after its end a day waits for the proofs of all books."""

DAYS_A_RUN = 7
"""Days signed off by one run, after a time in which nothing ran; the next run goes on."""


@dataclass(frozen=True)
class SignedReport:
    """A report that was signed off: its hash, the one before it, what it came to in figures."""

    day: date
    status: str
    content_hash: str
    previous_day: date | None
    previous_hash: str
    summary: dict[str, Any]
    parts: int


def sign_off_due(operator_id: str, now: datetime) -> list[SignedReport]:
    """Sign off every day that is due, in order; an alarm for each that is not sound, or not complete."""
    operator = find_tenant(operator_id)
    last = last_ended_day(now, operator.timezone)
    newest = newest_report(operator_id)
    day = newest.day + ONE_DAY if newest is not None else first_proven_day(operator_id)
    signed: list[SignedReport] = []
    while day is not None and day <= last and len(signed) < DAYS_A_RUN:
        is_late = now >= start_of(day + ONE_DAY, operator.timezone) + WAITS_FOR_BOOKS
        report = _gather(operator_id, day, newest)
        if not report.books or (report.unproven and not is_late):
            break
        newest = _keep(report)
        signed.append(newest)
        day += ONE_DAY
    return signed


def _gather(operator_id: str, day: date, newest: SignedReport | None) -> Report:
    nodes = here_on([operator_id], day)
    proofs = read_proofs([(node.tenant_id, day) for node in nodes])
    books = tuple(BookLine(node.tenant_id, node.code, proof) for node, proof in zip(nodes, proofs, strict=True))
    previous = (newest.day, newest.content_hash) if newest is not None else (None, "")
    return Report(operator_id, day, books, *previous)


def _keep(report: Report) -> SignedReport:
    """Write the report once; one that another run wrote meanwhile is the one that holds."""
    text, digest = sign(write_report(report))
    parts = in_parts(text)
    previous = report.previous_day.isoformat() if report.previous_day else None
    row = InstallationProofRow.at(
        keys.installation_proof(report.operator_id, report.day),
        content_hash=digest,
        previous_day=previous,
        previous_hash=report.previous_hash or None,
        status=report.status,
        summary=_summary(report),
        parts=len(parts),
    )
    kept = [
        Put(
            InstallationProofPartRow.at(keys.installation_proof_part(report.operator_id, report.day, number), data=part)
        )
        for number, part in enumerate(parts)
    ]
    try:
        write(Put(row, InstallationProofRow.pk.does_not_exist()), *kept)
    except ConditionFailed:
        return find_report(report.operator_id, report.day)
    if report.status != "sound":
        alarm(
            "The daily proof of the installation is not sound.",
            day=report.day.isoformat(),
            status=report.status,
            first=report.first_broken,
            unproven=report.unproven[:20],
        )
    measure("BooksUnproven", len(report.unproven))
    return _to_report(row)


def _summary(report: Report) -> dict[str, Any]:
    return {
        "books": len(report.books),
        "proven": len(report.proofs),
        "entries": sum(proof.entries for proof in report.proofs),
        "broken": [proof.tenant_id for proof in report.broken][:100],
        "unproven": report.unproven[:100],
        "first_broken": report.first_broken,
    }


def newest_report(operator_id: str) -> SignedReport | None:
    """The last day that was signed off."""
    found, _ = list_reports(operator_id, limit=1)
    return found[0] if found else None


def list_reports(operator_id: str, *, limit: int, after: str | None = None) -> tuple[list[SignedReport], str | None]:
    """A page of the reports, newest first, and the key to go on after."""
    partition = keys.installation_proofs(operator_id)
    page = read_page(InstallationProofRow, partition, limit=limit, after=after, newest_first=True)
    return [_to_report(row) for row in page.rows], page.after


def find_report(operator_id: str, day: date) -> SignedReport:
    """The report of that day; `NotFound` until it is signed off."""
    row = read(InstallationProofRow, keys.installation_proof(operator_id, day))
    if row is None:
        raise NotFound("report")
    return _to_report(row)


def read_text(operator_id: str, report: SignedReport) -> str:
    """The text of a report, signed."""
    wanted = [keys.installation_proof_part(operator_id, report.day, number) for number in range(report.parts)]
    rows = read_many([(InstallationProofPartRow, key) for key in wanted])
    return from_parts([row.data for row in rows])


def _to_report(row: InstallationProofRow) -> SignedReport:
    return SignedReport(
        day=date.fromisoformat(row.sk),
        status=row.status,
        content_hash=row.content_hash,
        previous_day=date.fromisoformat(row.previous_day) if row.previous_day else None,
        previous_hash=row.previous_hash or "",
        summary=row.summary,
        parts=row.parts,
    )
