"""Drafts that wait for a second person: what is posted for more than the tenant's amount takes two.

A draft becomes an entry in the one write that says so of the draft, while it is still the one that was read: it is
approved once, as it was seen, or rejected. Whoever changes it is its author from then on, and the author of an entry
above the amount never approves it (decision 0022).
"""

from dataclasses import replace
from datetime import datetime

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed, Remember, forget, read, write
from chalicelib.core.dates import day_at, to_micros
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.ledger.hand.attachments import attachment_marks
from chalicelib.ledger.hand.kept_draft import (
    APPROVED,
    REJECTED,
    WAITING,
    KeptDraft,
    find_draft,
    move_draft,
    new_draft,
    put_draft,
)
from chalicelib.ledger.hand.manual import reversal_of
from chalicelib.ledger.hand.posting import already_reversed, post_by_hand, read_rules
from chalicelib.ledger.hand.vouchers import (
    RECURRING,
    REVERSAL,
    Rules,
    Voucher,
    approval_of,
    check_day,
    check_lines,
    check_open,
    person_of,
)
from chalicelib.ledger.journal import Entry
from chalicelib.ledger.periods import read_periods
from chalicelib.ledger.store import ReversalRow
from chalicelib.tenants.model import Tenant


def keep_draft(
    tenant: Tenant, voucher: Voucher, author: Author, now: datetime, remember: Remember = forget
) -> KeptDraft:
    """Keep a voucher for a second person to approve. It is held against the rules now, and again when it is approved."""
    _check(tenant, voucher, now)
    draft = new_draft(tenant.tenant_id, voucher, author, now)
    write(put_draft(draft), *remember(draft))
    return draft


def change_draft(tenant: Tenant, draft: KeptDraft, voucher: Voucher, author: Author, now: datetime) -> KeptDraft:
    """Put another voucher in a draft's place; whoever does is its author. 409 `not-waiting`, `draft-changed`."""
    _check(tenant, voucher, now)
    after = replace(draft, voucher=voucher, author=author, revision=draft.revision + 1)
    _decide(draft, after)
    return after


def reject_draft(
    tenant: Tenant, draft_id: str, reason: str, author: Author, now: datetime, remember: Remember = forget
) -> KeptDraft:
    """Refuse a draft for good, with a reason; its author may take it back so too. 409 `not-waiting`, `draft-changed`."""
    before = find_draft(tenant.tenant_id, draft_id)
    after = replace(_decided(tenant, before, REJECTED, author, now), reason=reason)
    _decide(before, after, remember)
    return after


def approve_draft(
    tenant: Tenant,
    draft_id: str,
    author: Author,
    now: datetime,
    *,
    revision: int | None = None,
    remember: Remember = forget,
) -> Entry:
    """Post what was drafted; the entry names who drafted it, and as its run who approved it.

    409 `same-person` when the tenant's amount takes two and it was drafted by the same; `not-waiting`; `draft-changed`
    when it is not the `revision` that was looked at; `draft-not-valid`, `period-closed`, `unbalanced-entry` for what
    cannot be posted any more as it stands, the fields named as in the draft.
    """
    draft = find_draft(tenant.tenant_id, draft_id)
    _must_wait(draft)
    if revision not in (None, draft.revision):
        raise _changed()
    person = person_of(tenant.tenant_id, author)
    voucher = draft.voucher
    if voucher.kind == REVERSAL:
        voucher = replace(voucher, effective_on=day_at(now, tenant.timezone))

    def may(rules: Rules) -> None:
        if rules.needs_approval(voucher) and person == draft.person:
            raise Conflict("same-person", "An entry of this amount is approved by somebody else than who drafted it.")

    def decision(entry: Entry) -> Guard:
        after = replace(_decided(tenant, draft, APPROVED, author, now), voucher=voucher, entry_id=entry.entry_id)
        moved = move_draft(draft, after)
        return Guard((moved,), lambda failure: _changed() if failure.failed(moved) else None)

    run = approval_of(draft_id, person)
    try:
        return post_by_hand(tenant, voucher, draft.author, now, may=may, run=run, along=decision, remember=remember)
    except Invalid as refused:
        code = "draft-not-valid" if refused.code == "invalid" else refused.code
        raise Conflict(code, refused.detail, refused.errors) from None


def amend_voucher(tenant: Tenant, draft: KeptDraft, voucher: Voucher, now: datetime) -> Voucher:
    """A changed reversal, made again from the entry it takes back with the changed reason; any other as it is."""
    if draft.voucher.kind != REVERSAL:
        return voucher
    return reversal_of(tenant, draft.voucher.corrects, voucher.memo, now)


def _check(tenant: Tenant, voucher: Voucher, now: datetime) -> None:
    """The refusals that posting it now would meet; that they still do not hold is asked again when it is approved."""
    check_day(voucher, day_at(now, tenant.timezone))
    check_lines(voucher, read_rules(tenant, voucher))
    attachment_marks(tenant.tenant_id, voucher.attachments)
    if voucher.kind == REVERSAL:
        if read(ReversalRow, keys.reversal(tenant.tenant_id, voucher.corrects)) is not None:
            raise already_reversed()
    elif voucher.kind != RECURRING:
        check_open(voucher, read_periods(tenant.tenant_id).closed_through)


def _decided(tenant: Tenant, draft: KeptDraft, status: str, author: Author, now: datetime) -> KeptDraft:
    return replace(
        draft,
        status=status,
        revision=draft.revision + 1,
        decided_micros=to_micros(now),
        decided_by=person_of(tenant.tenant_id, author),
    )


def _decide(before: KeptDraft, after: KeptDraft, remember: Remember = forget) -> None:
    _must_wait(before)
    moved = move_draft(before, after)
    try:
        write(moved, *remember(after))
    except ConditionFailed:
        raise _changed() from None


def _must_wait(draft: KeptDraft) -> None:
    if draft.status != WAITING:
        raise Conflict("not-waiting", f"This draft was {draft.status} before.")


def _changed() -> Conflict:
    return Conflict("draft-changed", "This draft was changed or decided meanwhile; look at it again.")
