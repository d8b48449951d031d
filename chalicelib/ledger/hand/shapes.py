"""What the routes of drafts and recurring entries take and answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Day, DayOut, InstantOut, Instead, MoneyOut, Name, Note, Reason
from chalicelib.api.paging import PageQuery
from chalicelib.core.dates import from_micros
from chalicelib.ledger.entry_shapes import (
    SOME_LINES,
    Attachments,
    EntryLineBody,
    JournalName,
    LineAnswer,
    Lines,
    VoucherReference,
    show_line,
)
from chalicelib.ledger.hand.kept_draft import KeptDraft
from chalicelib.ledger.hand.recurring import Recurring

DraftStatus = Literal["waiting", "approved", "rejected"]
RecurringStatus = Literal["active", "paused", "ended"]
EveryName = Literal["week", "month", "quarter", "year"]
DraftLines = Annotated[list[EntryLineBody], Field(min_length=1, max_length=100, examples=[SOME_LINES])]
SHOWN_AHEAD = 3


class DraftBody(Body):
    """An entry, opening balances, or a reversal for a second person to approve.

    An entry and opening balances take what their own routes take. A reversal takes `reverses`, the entry's id, and a
    `reason`, and nothing else.
    """

    kind: Literal["manual", "opening"] = "manual"
    journal: JournalName = "general"
    effective_on: Day | None = None
    memo: Note | None = Field(default=None, examples=["Rent of November"])
    reference: VoucherReference | None = None
    lines: DraftLines | None = None
    attachments: Attachments = []
    reverses: Annotated[str, Field(max_length=200, examples=["op.o1795329000000000-general-7"])] | None = None
    reason: Reason | None = None


class DraftChangeBody(Body):
    """What to change of a draft that waits; of a reversal only the reason. Whoever changes it is its author."""

    journal: JournalName = Instead
    effective_on: Day = Instead
    memo: Note = Instead
    reference: VoucherReference | None = None
    lines: DraftLines = Instead
    attachments: Attachments = Instead
    reason: Reason = Instead


class ApprovalQuery(Body):
    """Which revision was looked at: another one is not approved. 0 stands for whichever there is."""

    revision: Annotated[int, Field(ge=0, le=1_000_000, examples=[1])] = 0


class RejectionBody(Body):
    """Why a draft is refused."""

    reason: Reason


class DraftQuery(PageQuery):
    """A page of drafts, newest first, perhaps of one status only."""

    status: DraftStatus | None = None


class DraftAnswer(Answer):
    """A draft and what became of it.

    `decided_by` is the person (`tenant/user`) who approved or rejected it, `reason` why it was rejected, `entry` what was
    posted. `recurring` is the recurring entry that it comes from.
    """

    id: str = Field(examples=["1795329000000000-k7m2p9qx"])
    status: DraftStatus = Field(examples=["waiting"])
    revision: int = Field(examples=[1])
    kind: str = Field(examples=["manual"])
    journal: str = Field(examples=["general"])
    effective_on: DayOut
    memo: str = Field(examples=["Rent of November"])
    total: MoneyOut
    lines: list[LineAnswer]
    reference: str | None = Field(examples=[None])
    attachments: list[str] = Field(examples=[[]])
    reverses: str | None = Field(examples=[None])
    recurring: str | None = Field(examples=[None])
    recorded_by: str = Field(examples=["u4mw2k8rt6vyx"])
    acting_by: str | None = Field(examples=[None])
    created_at: InstantOut
    decided_at: InstantOut | None
    decided_by: str | None = Field(examples=[None])
    reason: str | None = Field(examples=[None])
    entry: str | None = Field(examples=[None])


class RecurringBody(Body):
    """An entry that posts itself, from its first day on, which may lie a year back. Day 31 is a month's last day."""

    name: Name = Field(examples=["Office rent"])
    journal: JournalName = "general"
    memo: Note = Field(examples=["Rent"])
    reference: VoucherReference | None = None
    lines: Lines
    every: EveryName = Field(examples=["month"])
    starts_on: Day
    ends_on: Day | None = None


class RecurringChangeBody(Body):
    """What to change: its name, or whether it goes on. The days of a pause are left out; an end is for good."""

    name: Name = Instead
    status: RecurringStatus = Instead


class RecurringQuery(PageQuery):
    """A page of recurring entries."""


class RecurringAnswer(Answer):
    """A recurring entry, its next days, and why the next could not be posted, where it could not."""

    id: str = Field(examples=["rk7m2p9qx4abc"])
    name: str = Field(examples=["Office rent"])
    status: RecurringStatus = Field(examples=["active"])
    journal: str = Field(examples=["general"])
    memo: str = Field(examples=["Rent"])
    reference: str | None = Field(examples=[None])
    total: MoneyOut
    lines: list[LineAnswer]
    every: EveryName = Field(examples=["month"])
    starts_on: DayOut
    ends_on: DayOut | None
    next_on: DayOut | None
    upcoming: list[DayOut]
    parked: str | None = Field(examples=[None])
    recorded_by: str = Field(examples=["u4mw2k8rt6vyx"])
    acting_by: str | None = Field(examples=[None])


def show_draft(draft: KeptDraft) -> DraftAnswer:
    """A draft as the API writes it."""
    voucher = draft.voucher
    status: Any = draft.status
    return DraftAnswer(
        id=draft.draft_id,
        status=status,
        revision=draft.revision,
        kind=voucher.kind,
        journal=voucher.journal,
        effective_on=voucher.effective_on,
        memo=voucher.memo,
        total=voucher.total_minor,
        lines=[show_line(line) for line in voucher.lines],
        reference=voucher.reference or None,
        attachments=list(voucher.attachments),
        reverses=voucher.corrects or None,
        recurring=draft.recurring or None,
        recorded_by=draft.author.user_id,
        acting_by=draft.author.acting_id or None,
        created_at=from_micros(draft.created_micros),
        decided_at=from_micros(draft.decided_micros) if draft.decided_micros else None,
        decided_by=draft.decided_by or None,
        reason=draft.reason or None,
        entry=draft.entry_id or None,
    )


def show_recurring(one: Recurring) -> RecurringAnswer:
    """A recurring entry as the API writes it."""
    status: Any = one.status
    return RecurringAnswer(
        id=one.recurring_id,
        name=one.name,
        status=status,
        journal=one.journal,
        memo=one.memo,
        reference=one.reference or None,
        total=sum(line.debit_minor for line in one.lines),
        lines=[show_line(line) for line in one.lines],
        every=one.every.value,
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        next_on=one.next_on,
        upcoming=one.upcoming(SHOWN_AHEAD),
        parked=one.parked or None,
        recorded_by=one.author.user_id,
        acting_by=one.author.acting_id or None,
    )
