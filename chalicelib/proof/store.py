"""Rows of proofs: one of a book, where its journals stood at it, and the report of the installation."""

import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, BytesAttribute, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Put, read_all, read_many, read_page
from chalicelib.core.json import compact_json, read_json
from chalicelib.proof.model import BookProof, Finding, Mark, Result, Verdict

MAX_PART_BYTES = 300_000


class ProofRow(BooksRow):
    """The proof of a book, written once."""

    proven_micros = IntegerAttribute()
    entries = IntegerAttribute()
    head_hash = TextAttribute()
    results = JsonAttribute()
    settled_through = TextAttribute(null=True)
    dismissed = JsonAttribute(null=True)
    by = TextAttribute(null=True)
    mark_parts = IntegerAttribute()


class ProofMarkRow(BooksRow):
    """A part of the marks of a proof."""

    data = BytesAttribute()


class InstallationProofRow(BooksRow):
    """The signed report of a day, written once; its text lies in parts beside it."""

    content_hash = TextAttribute()
    previous_day = TextAttribute(null=True)
    previous_hash = TextAttribute(null=True)
    status = TextAttribute()
    summary = JsonAttribute()
    parts = IntegerAttribute()


class InstallationProofPartRow(BooksRow):
    """A part of the text of a report."""

    data = BytesAttribute()


def in_parts(text: str) -> list[bytes]:
    """A text as bytes that fit into rows."""
    packed = zlib.compress(text.encode(), 6)
    return [packed[start : start + MAX_PART_BYTES] for start in range(0, len(packed), MAX_PART_BYTES)]


def from_parts(parts: Sequence[bytes]) -> str:
    return zlib.decompress(b"".join(parts)).decode()


def proof_puts(proof: BookProof) -> list[Put]:
    """A proof and its marks, if there is none of that name yet: the first operation is the one that says so."""
    asked_at = int(proof.name.partition("#")[2]) if "#" in proof.name else None
    parts = in_parts(compact_json({name: list(mark) for name, mark in sorted(proof.marks.items())}))
    row = ProofRow.at(
        keys.proof(proof.tenant_id, proof.day, asked_at),
        proven_micros=proof.proven_micros,
        entries=proof.entries,
        head_hash=proof.head_hash,
        results=[_from_result(result) for result in proof.results],
        settled_through=proof.settled_through.isoformat() if proof.settled_through else None,
        dismissed=list(proof.dismissed) or None,
        by=proof.by or None,
        mark_parts=len(parts),
    )
    marks = [
        Put(ProofMarkRow.at(keys.proof_mark(proof.tenant_id, proof.name, number), data=part))
        for number, part in enumerate(parts)
    ]
    return [Put(row, ProofRow.pk.does_not_exist()), *marks]


def read_proofs(wanted: Sequence[tuple[str, date]]) -> list[BookProof | None]:
    """The daily proofs of (tenant, day) pairs, without their marks: one request for each hundred."""
    rows = read_many([(ProofRow, keys.proof(tenant_id, day)) for tenant_id, day in wanted])
    return [None if row is None else to_proof(row) for row in rows]


def list_proofs(
    tenant_id: str, *, limit: int | None = None, after: str | None = None, of: date | None = None
) -> tuple[list[BookProof], str | None]:
    """A page of a book's proofs, newest first (of that day alone, if told), and the key to go on after."""
    partition = keys.proofs(tenant_id)
    first, last = (None, None) if of is None else (of.isoformat(), of.isoformat() + keys.LAST)
    page = read_page(ProofRow, partition, limit=limit, after=after, newest_first=True, first=first, last=last)
    return [to_proof(row) for row in page.rows], page.after


def first_proven_day(tenant_id: str) -> date | None:
    """The day of the oldest proof of that book."""
    page = read_page(ProofRow, keys.proofs(tenant_id), limit=1)
    return to_proof(page.rows[0]).day if page.rows else None


def read_marks(proof: BookProof) -> dict[str, Mark]:
    """Where the journals stood at that proof."""
    parts = read_all(ProofMarkRow, keys.proof_mark(proof.tenant_id, proof.name, 0).pk)
    if not parts:
        return {}
    return {name: (mark[0], mark[1]) for name, mark in read_json(from_parts([row.data for row in parts])).items()}


def to_proof(row: ProofRow) -> BookProof:
    return BookProof(
        tenant_id=row.pk.partition("#")[0],
        name=row.sk,
        day=date.fromisoformat(row.sk[:10]),
        proven_micros=row.proven_micros,
        entries=row.entries,
        head_hash=row.head_hash,
        results=tuple(_to_result(stored) for stored in row.results),
        settled_through=date.fromisoformat(row.settled_through) if row.settled_through else None,
        dismissed=tuple(row.dismissed or ()),
        by=row.by or "",
    )


def _from_result(result: Result) -> list[Any]:
    findings = [
        [one.book, one.thing, one.what, one.on.isoformat() if one.on else None, one.order] for one in result.findings
    ]
    return [result.check, result.verdict.value, result.says, findings, result.broken]


def _to_result(stored: list[Any]) -> Result:
    check, verdict, says, findings, broken = stored
    found = (
        Finding(book, thing, what, date.fromisoformat(on) if on else None, order)
        for book, thing, what, on, order in findings
    )
    return Result(check, Verdict(verdict), says, tuple(found), broken)
