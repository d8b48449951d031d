"""What the routes of entries take, and how an entry is shown."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import (
    Amount,
    Answer,
    Body,
    Code,
    Day,
    DayOut,
    InstantOut,
    MoneyOut,
    Note,
    Reason,
    Reference,
    parsed,
    shown,
)
from chalicelib.api.paging import PageQuery
from chalicelib.core.dates import from_micros
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.text import clean_text
from chalicelib.ledger.entries import Wanted
from chalicelib.ledger.hand.vouchers import MANUAL, Voucher, approver_of
from chalicelib.ledger.journal import ByDay, Entry, Line

JournalName = Literal["general", "receipts", "payments", "contra"]
MAX_REFERENCE = 64
OPENING_MEMO = "Opening balances"


def parse_reference(text: str) -> str:
    """The reference on a paper, cleaned; `ValueError` when it is none."""
    reference = clean_text(text)
    if not 1 <= len(reference) <= MAX_REFERENCE:
        raise ValueError(f"must be 1 to {MAX_REFERENCE} characters long")
    return reference


VoucherReference = Annotated[str, parsed(parse_reference), shown("MR-1042", minLength=1, maxLength=MAX_REFERENCE)]
Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", examples=["general"])]
SOME_LINES = [{"account": "5910", "debit": "800.00"}, {"account": "1010", "credit": "800.00"}]


class EntryLineBody(Body):
    """One leg of an entry: an account and either a debit or a credit, and a cost centre where it has one."""

    account: Code = Field(examples=["1010"])
    debit: Amount | None = None
    credit: Amount | None = None
    cost_centre: Code | None = Field(default=None, examples=["MIRPUR"])


Lines = Annotated[list[EntryLineBody], Field(min_length=2, max_length=100, examples=[SOME_LINES])]
OpeningLines = Annotated[
    list[EntryLineBody], Field(min_length=1, max_length=99, examples=[[{"account": "1010", "debit": "5000.00"}]])
]
Attachments = Annotated[list[Reference], Field(max_length=10, examples=[["a4mw2k8rt6vyx3hq9"]])]


class EntryBody(Body):
    """An entry made by hand.

    A receipt debits cash, bank or gateway and credits none of them, a payment the reverse; of a contra entry every line
    is one of them. `attachments` are ids of documents that were uploaded.
    """

    journal: JournalName = "general"
    effective_on: Day
    memo: Note = Field(examples=["Rent of November"])
    reference: VoucherReference | None = None
    lines: Lines
    attachments: Attachments = []


class OpeningBalancesBody(Body):
    """What a book begins with: the balances of its accounts, without those that only the system posts to."""

    effective_on: Day
    memo: Note = OPENING_MEMO
    lines: OpeningLines


class ReversalBody(Body):
    """Why an entry is reversed."""

    reason: Reason


class EntryQuery(PageQuery):
    """A page of the book, newest first: all of it, or of a journal, a kind, an account, or days by accounting date."""

    journal: Word | None = None
    kind: Word | None = None
    account: Annotated[str, Field(max_length=200, examples=["1010"])] | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.journal, self.kind, self.account, self.from_, self.to)


class LineAnswer(Answer):
    """One leg of an entry; one of debit and credit is zero."""

    account: str = Field(examples=["1010"])
    debit: MoneyOut
    credit: MoneyOut
    counterparty: str | None = Field(examples=["tk7m2p9qx4abc"])
    cost_centre: str | None = Field(examples=[None])


class AttachedAnswer(Answer):
    """A document that an entry names; its hash is part of the entry's."""

    id: str = Field(examples=["a4mw2k8rt6vyx3hq9"])
    sha256: str = Field(examples=["9f2c61b0" * 8])


class OfDayAnswer(Answer):
    """What of an entry is about one of its days: the net of one account; one of debit and credit is zero."""

    service_on: DayOut
    account: str = Field(examples=["5000"])
    debit: MoneyOut
    credit: MoneyOut


class EntryAnswer(Answer):
    """An entry of the book. It is never changed.

    `late_for` is the day it would be dated on if its period were not closed. An entry about several days says by
    `by_day` what each is of it. `approved_by` is the person (`tenant/user`)
    who approved what `recorded_by` drafted.
    """

    id: str = Field(examples=["op.o1795329000000000-general-7"])
    journal: str = Field(examples=["general"])
    sequence: int = Field(examples=[7])
    kind: str = Field(examples=["manual"])
    effective_on: DayOut
    service_on: DayOut
    late_for: DayOut | None
    recorded_at: InstantOut
    memo: str = Field(examples=["Rent of November"])
    lines: list[LineAnswer]
    corrects: str | None = Field(examples=[None])
    run: str | None = Field(examples=[None])
    reference: str | None = Field(examples=[None])
    recorded_by: str | None = Field(examples=["u4mw2k8rt6vyx"])
    acting_by: str | None = Field(examples=[None])
    approved_by: str | None = Field(examples=[None])
    attachments: list[AttachedAnswer]
    by_day: list[OfDayAnswer] = Field(examples=[[]])
    hash: str = Field(examples=["9f2c61b0" * 8])


def lines_of(body: Sequence[EntryLineBody]) -> tuple[Line, ...]:
    """The lines of a body; 422 naming each that is not either a debit or a credit."""
    errors = [
        FieldError(f"lines.{number}", "must have either a debit or a credit")
        for number, line in enumerate(body)
        if (line.debit is None) == (line.credit is None)
    ]
    if errors:
        raise Invalid("invalid", "Some lines are not valid.", tuple(errors))
    return tuple(
        Line(line.account, line.debit or 0, line.credit or 0, cost_centre=line.cost_centre or "") for line in body
    )


def voucher_of(body: EntryBody) -> Voucher:
    """What a body asks to be posted."""
    return Voucher(
        MANUAL,
        body.journal,
        body.effective_on,
        body.memo,
        lines_of(body.lines),
        body.reference or "",
        tuple(body.attachments),
    )


def show_line(line: Line) -> LineAnswer:
    """A line as the API writes it."""
    return LineAnswer(
        account=line.account,
        debit=line.debit_minor,
        credit=line.credit_minor,
        counterparty=line.counterparty or None,
        cost_centre=line.cost_centre or None,
    )


def show_entry(entry: Entry) -> EntryAnswer:
    """An entry as the API writes it."""
    draft = entry.draft
    marks = (mark.partition(":") for mark in draft.attachments) if draft.attachments else ()
    return EntryAnswer(
        id=entry.entry_id,
        journal=entry.journal,
        sequence=entry.sequence,
        kind=draft.kind,
        effective_on=draft.effective_on,
        service_on=draft.service_on,
        late_for=draft.late_for,
        recorded_at=from_micros(entry.recorded_micros),
        memo=draft.memo,
        lines=[show_line(line) for line in draft.lines],
        corrects=draft.corrects or None,
        run=draft.run or None,
        reference=draft.reference or None,
        recorded_by=draft.recorded_by or None,
        acting_by=draft.acting_by or None,
        approved_by=approver_of(draft.run),
        attachments=[AttachedAnswer(id=name, sha256=sha256) for name, _, sha256 in marks],
        by_day=_show_days(draft.by_day) if draft.by_day else [],
        hash=entry.hash,
    )


def _show_days(by_day: ByDay) -> list[OfDayAnswer]:
    return [
        OfDayAnswer(service_on=day, account=account, debit=max(net, 0), credit=max(-net, 0))
        for day, nets in by_day
        for account, net in nets
    ]
