"""Drafts as they are kept: a voucher that waits for a second person, what became of it, and how drafts are found."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.tables import Put, read, read_all, read_page
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import NotFound
from chalicelib.ledger.hand.store import DraftRow
from chalicelib.ledger.hand.vouchers import REVERSAL, Voucher, person_of
from chalicelib.ledger.journal import Line

WAITING = "waiting"
APPROVED = "approved"
REJECTED = "rejected"
ROWS_A_LOOK = 200
LOOKS_A_PAGE = 5


@dataclass(frozen=True)
class KeptDraft:
    """A voucher that waits for a second person, or waited. `revision` grows with every change and with the decision.

    `recurring` is the recurring entry it comes from. `decided_by` is the person who approved or rejected it.
    """

    tenant_id: str
    draft_id: str
    voucher: Voucher
    author: Author
    created_micros: int
    status: str = WAITING
    revision: int = 1
    recurring: str = ""
    decided_micros: int = 0
    decided_by: str = ""
    reason: str = ""
    entry_id: str = ""

    @property
    def person(self) -> str:
        """Who drafted it: the person who is not to approve it."""
        return person_of(self.tenant_id, self.author)


def new_draft(tenant_id: str, voucher: Voucher, author: Author, now: datetime, recurring: str = "") -> KeptDraft:
    """A draft that is not kept yet."""
    micros = to_micros(now)
    return KeptDraft(tenant_id, f"{micros:016d}-{clock.new_id('', 8)}", voucher, author, micros, recurring=recurring)


def find_draft(tenant_id: str, draft_id: str) -> KeptDraft:
    """The draft of that id; `NotFound`, also for another tenant's."""
    row = read(DraftRow, keys.draft(tenant_id, draft_id)) if 0 < len(draft_id) <= 64 else None
    if row is None:
        raise NotFound("draft")
    return _to_draft(tenant_id, row)


def list_drafts(
    tenant_id: str, *, status: str | None, limit: int, after: str | None
) -> tuple[list[KeptDraft], str | None]:
    """A page of drafts, newest first: at most five requests, after which a page may be short and is gone on with."""
    found: list[KeptDraft] = []
    wanted = None if status is None else DraftRow.status == status
    for _ in range(LOOKS_A_PAGE):
        look = limit - len(found) if status is None else ROWS_A_LOOK
        page = read_page(DraftRow, keys.drafts(tenant_id), limit=look, after=after, newest_first=True, filter_on=wanted)
        found += [_to_draft(tenant_id, row) for row in page.rows]
        after = page.after
        if len(found) > limit:
            return found[:limit], found[limit - 1].draft_id
        if after is None or len(found) == limit:
            break
    return found, after


def open_drafts(tenant_id: str, through: date) -> int:
    """How many drafts wait that are dated on that day or before: a month does not close while there are any in it.

    A waiting reversal is dated when it is approved, and keeps no month open.
    """
    rows = read_all(DraftRow, keys.drafts(tenant_id), filter_on=DraftRow.status == WAITING)
    vouchers = [_to_draft(tenant_id, row).voucher for row in rows]
    return sum(voucher.kind != REVERSAL and voucher.effective_on <= through for voucher in vouchers)


def put_draft(draft: KeptDraft) -> Put:
    """Keep a new draft. Its id is nobody else's, and a write that the transport sends again is the same one."""
    return Put(_row(draft))


def move_draft(before: KeptDraft, after: KeptDraft) -> Put:
    """Put the draft as it is now in its place, while it is still the one that was read."""
    return Put(_row(after), DraftRow.revision == before.revision)


def _row(draft: KeptDraft) -> DraftRow:
    return DraftRow.at(
        keys.draft(draft.tenant_id, draft.draft_id),
        status=draft.status,
        revision=draft.revision,
        voucher=list(_fields(draft.voucher)),
        recorded_by=draft.author.user_id,
        acting_by=draft.author.acting_id or None,
        recurring=draft.recurring or None,
        created_micros=draft.created_micros,
        decided_micros=draft.decided_micros or None,
        decided_by=draft.decided_by or None,
        reason=draft.reason or None,
        entry_id=draft.entry_id or None,
    )


def _fields(voucher: Voucher) -> Iterator[object]:
    """A voucher as plain data, in the order of its fields."""
    yield from (voucher.kind, voucher.journal, voucher.effective_on.isoformat(), voucher.memo)
    yield [line.as_list for line in voucher.lines]
    yield from (voucher.reference, list(voucher.attachments), voucher.corrects)
    yield voucher.about.isoformat() if voucher.about else None


def _to_draft(tenant_id: str, row: DraftRow) -> KeptDraft:
    kind, journal, effective_on, memo, lines, reference, attachments, corrects, about = row.voucher
    voucher = Voucher(
        kind,
        journal,
        date.fromisoformat(effective_on),
        memo,
        tuple(Line(*line) for line in lines),
        reference,
        tuple(attachments),
        corrects,
        date.fromisoformat(about) if about else None,
    )
    return KeptDraft(
        tenant_id,
        row.sk,
        voucher,
        Author(row.recorded_by, row.acting_by or ""),
        row.created_micros,
        row.status,
        row.revision,
        row.recurring or "",
        row.decided_micros or 0,
        row.decided_by or "",
        row.reason or "",
        row.entry_id or "",
    )
