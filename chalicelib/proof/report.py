"""The report of an installation for one day as text, and its sign-off: pure.

The last line is the SHA-256 of everything above it, which names the hash of the report before. Whoever kept one report
can tell whether any earlier one was exchanged.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.core.dates import format_instant, from_micros
from chalicelib.proof.model import TITLES, BookProof, Verdict

SIGNED_OFF = "signed off       "


@dataclass(frozen=True)
class BookLine:
    """One book of the installation: whose, and its proof, None where there is none."""

    tenant_id: str
    code: str
    proof: BookProof | None


@dataclass(frozen=True)
class Report:
    """All books of an installation on one day, and the report before this one."""

    operator_id: str
    day: date
    books: tuple[BookLine, ...]
    previous_day: date | None
    previous_hash: str

    @property
    def proofs(self) -> list[BookProof]:
        return [book.proof for book in self.books if book.proof is not None]

    @property
    def unproven(self) -> list[str]:
        return [book.tenant_id for book in self.books if book.proof is None]

    @property
    def broken(self) -> list[BookProof]:
        return [proof for proof in self.proofs if not proof.is_sound]

    @property
    def status(self) -> str:
        """`broken` when a book is, else `incomplete` when one has no proof, else `sound`."""
        return "broken" if self.broken else "incomplete" if self.unproven else "sound"

    @property
    def first_broken(self) -> str | None:
        """The first broken thing of all books, by when it happened."""
        found = [finding for proof in self.broken for finding in proof.broken_things[:1]]
        return min(found, key=lambda finding: finding.place).thing if found else None


def write_report(report: Report) -> str:
    """The report as text, without its last line."""
    entries = sum(proof.entries for proof in report.proofs)
    lines = [
        "Tributary: daily proof of an installation",
        "",
        f"installation     {report.operator_id}",
        f"date             {report.day}",
        f"status           {report.status}",
        f"books            {len(report.proofs)} proven of {len(report.books)}",
        f"entries          {entries}",
        f"first broken     {report.first_broken or '-'}",
        "",
        *_checks(report.proofs),
        "",
        *_books(report.books),
        "",
        *_broken(report.proofs),
        f"previous report  {report.previous_day or '-'} {report.previous_hash or '-'}",
    ]
    return "\n".join(lines) + "\n"


def _checks(proofs: Sequence[BookProof]) -> list[str]:
    lines = ["checks: sound / broken / not told"]
    for check, title in TITLES.items():
        verdicts = [result.verdict for proof in proofs for result in proof.results if result.check == check]
        counts = [verdicts.count(one) for one in (Verdict.SOUND, Verdict.BROKEN, Verdict.NOT_TOLD)]
        lines.append(f"  {check:<13} {' / '.join(map(str, counts)):<18} {title}")
    return lines


def _books(books: Sequence[BookLine]) -> list[str]:
    lines = ["books: id, code, status, entries, settled through, hash of the book, proven at"]
    for book in books:
        proof = book.proof
        if proof is None:
            lines.append(f"  {book.tenant_id} {book.code} not-proven")
            continue
        at = format_instant(from_micros(proof.proven_micros))
        through = proof.settled_through or "-"
        whose = f"{book.tenant_id} {book.code} {proof.status}"
        lines.append(f"  {whose} {proof.entries} {through} {proof.head_hash} {at}")
    return lines


def _broken(proofs: Sequence[BookProof]) -> list[str]:
    lines = []
    for proof in proofs:
        for result in proof.results:
            named = [f"    {one.thing} {_passed(proof, one.thing)}{one.what}" for one in result.findings]
            if result.verdict is Verdict.BROKEN:
                lines += [f"  {proof.tenant_id} {result.check}: {result.broken} broken; {result.says}", *named]
    return ["broken: book, check, then what is broken, the first first", *lines, ""] if lines else []


def _passed(proof: BookProof, thing: str) -> str:
    return "(dismissed by the owner) " if thing in proof.dismissed else ""


def sign(text: str) -> tuple[str, str]:
    """The text with its sign-off as the last line, and the hash that it carries."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text}{SIGNED_OFF}{digest}\n", digest


def is_signed(text: str) -> bool:
    """Whether the last line is the hash of all above it."""
    body, _, last = text.rstrip("\n").rpartition("\n")
    return last == SIGNED_OFF + hashlib.sha256(f"{body}\n".encode()).hexdigest()
