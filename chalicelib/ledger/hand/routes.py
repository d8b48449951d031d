"""Drafts that wait for a second person, and recurring entries, over HTTP."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.ledger.entry_shapes import (
    OPENING_MEMO,
    EntryAnswer,
    EntryBody,
    OpeningBalancesBody,
    lines_of,
    show_entry,
    voucher_of,
)
from chalicelib.ledger.hand.drafts import amend_voucher, approve_draft, change_draft, keep_draft, reject_draft
from chalicelib.ledger.hand.kept_draft import find_draft, list_drafts
from chalicelib.ledger.hand.manual import reversal_of
from chalicelib.ledger.hand.recurrence import Every
from chalicelib.ledger.hand.recurring import (
    Recurring,
    add_recurring,
    change_recurring,
    find_recurring,
    new_id,
    page_of_recurring,
)
from chalicelib.ledger.hand.shapes import (
    ApprovalQuery,
    DraftAnswer,
    DraftBody,
    DraftChangeBody,
    DraftQuery,
    RecurringAnswer,
    RecurringBody,
    RecurringChangeBody,
    RecurringQuery,
    RejectionBody,
    show_draft,
    show_recurring,
)
from chalicelib.ledger.hand.vouchers import OPENING, REVERSAL, Voucher, opening_of

bp = Blueprint(__name__, tag="Drafts")

_REFUSALS = "not-waiting, draft-changed"


@bp.api(
    "POST",
    "/v1/ledger/drafts",
    may="ledger:write",
    module="ledger",
    body=DraftBody,
    answer=DraftAnswer,
    status=201,
    repeatable=True,
    also={
        404: "not-found",
        409: "already-reversed, not-reversible, account-closed",
        422: "unbalanced-entry, period-closed",
    },
)
def create_draft(call: Call) -> DraftAnswer:
    """Draft an entry, opening balances or a reversal; another person approves it, and only then it is posted."""
    voucher = _voucher(call, call.body)
    return show_draft(keep_draft(call.tenant, voucher, call.author, call.now, call.remember(show_draft)))


def _voucher(call: Call, body: DraftBody) -> Voucher:
    if body.reverses is not None:
        _only(body, {"reverses", "reason"}, {"reason"})
        return reversal_of(call.tenant, body.reverses, body.reason or "", call.now)
    if body.kind == OPENING:
        _only(body, {"kind", "effective_on", "memo", "lines"}, {"effective_on", "lines"})
        asked = OpeningBalancesBody.model_construct(**{"memo": OPENING_MEMO, **_named(body)})
        return opening_of(asked.effective_on, asked.memo, lines_of(asked.lines))
    _only(body, set(DraftBody.model_fields) - {"reverses", "reason"}, {"effective_on", "memo", "lines"})
    return voucher_of(EntryBody.model_construct(**_named(body)))


def _named(body: Any) -> dict[str, Any]:
    """What a body names, by field; a null is as good as nothing."""
    return {name: value for name in body.model_fields_set if (value := getattr(body, name)) is not None}


def _only(body: Any, taken: AbstractSet[str], required: AbstractSet[str] = frozenset()) -> None:
    """422 naming what is missing, and what does not belong to a draft of this kind."""
    named = _named(body).keys()
    errors = [FieldError(name, "is required") for name in sorted(required - named)]
    errors += [FieldError(name, "does not belong to a draft of this kind") for name in sorted(named - taken)]
    if errors:
        raise Invalid("invalid", "Some fields are missing, or do not belong there.", tuple(errors))


@bp.api("GET", "/v1/ledger/drafts", may="ledger:read", module="ledger", query=DraftQuery, answer=page_of(DraftAnswer))
def read_drafts(call: Call) -> Answer:
    """The drafts of this book, newest first. Of one status only, a page may be short and has a cursor."""
    found, after = list_drafts(
        call.tenant.tenant_id,
        status=call.query.status,
        limit=call.query.limit,
        after=decode_cursor(call.query.cursor),
    )
    page: Answer = page_of(DraftAnswer)(items=[show_draft(one) for one in found], next_cursor=encode_cursor(after))
    return page


@bp.api("GET", "/v1/ledger/drafts/{draft_id}", may="ledger:read", module="ledger", answer=DraftAnswer)
def read_draft(call: Call, draft_id: str) -> DraftAnswer:
    """One draft, and what became of it."""
    return show_draft(find_draft(call.tenant.tenant_id, draft_id))


@bp.api(
    "PATCH",
    "/v1/ledger/drafts/{draft_id}",
    may="ledger:write",
    module="ledger",
    body=DraftChangeBody,
    answer=DraftAnswer,
    also={409: _REFUSALS, 422: "unbalanced-entry, period-closed"},
)
def edit_draft(call: Call, draft_id: str) -> DraftAnswer:
    """Change a draft that waits. Whoever changes it has drafted it, and does not approve it above the amount."""
    draft = find_draft(call.tenant.tenant_id, draft_id)
    voucher = amend_voucher(call.tenant, draft, _changed(draft.voucher, call.body), call.now)
    return show_draft(change_draft(call.tenant, draft, voucher, call.author, call.now))


def _changed(voucher: Voucher, body: DraftChangeBody) -> Voucher:
    if voucher.kind == REVERSAL:
        _only(body, {"reason"})
        return replace(voucher, memo=body.reason or voucher.memo)
    _only(
        body, {"effective_on", "memo", "lines"} if voucher.kind == OPENING else set(body.model_fields_set) - {"reason"}
    )
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    if "lines" in changes:
        changes["lines"] = lines_of(body.lines)
    if "attachments" in changes:
        changes["attachments"] = tuple(body.attachments)
    if "reference" in changes:
        changes["reference"] = body.reference or ""
    after = replace(voucher, **changes)
    if voucher.kind == OPENING and "lines" in changes:
        return opening_of(after.effective_on, after.memo, after.lines)
    return after


@bp.api(
    "POST",
    "/v1/ledger/drafts/{draft_id}/approval",
    may="ledger:approve",
    module="ledger",
    query=ApprovalQuery,
    answer=EntryAnswer,
    status=201,
    repeatable=True,
    also={409: f"same-person, {_REFUSALS}, draft-not-valid, period-closed, unbalanced-entry, already-reversed"},
)
def create_approval(call: Call, draft_id: str) -> EntryAnswer:
    """Approve a draft, which posts it. Above the amount of this book's settings it takes another person than its author."""
    entry = approve_draft(
        call.tenant,
        draft_id,
        call.author,
        call.now,
        revision=call.query.revision or None,
        remember=call.remember(show_entry),
    )
    return show_entry(entry)


@bp.api(
    "POST",
    "/v1/ledger/drafts/{draft_id}/rejection",
    may="ledger:approve",
    module="ledger",
    body=RejectionBody,
    answer=DraftAnswer,
    status=201,
    repeatable=True,
    also={409: _REFUSALS},
)
def create_rejection(call: Call, draft_id: str) -> DraftAnswer:
    """Refuse a draft for good, with a reason."""
    rejected = reject_draft(call.tenant, draft_id, call.body.reason, call.author, call.now, call.remember(show_draft))
    return show_draft(rejected)


@bp.api(
    "POST",
    "/v1/ledger/recurring",
    may="ledger:write",
    module="ledger",
    body=RecurringBody,
    answer=RecurringAnswer,
    status=201,
    repeatable=True,
    also={422: "unbalanced-entry"},
)
def create_recurring(call: Call) -> RecurringAnswer:
    """Take on an entry that posts itself on its days. Above the amount of the settings each becomes a draft instead."""
    body: RecurringBody = call.body
    asked = Recurring(
        call.tenant.tenant_id,
        new_id(),
        body.name,
        body.journal,
        body.memo,
        lines_of(body.lines),
        body.reference or "",
        Every(body.every),
        body.starts_on,
        body.ends_on,
        call.author,
    )
    return show_recurring(add_recurring(call.tenant, asked, call.now, call.remember(show_recurring)))


@bp.api(
    "GET",
    "/v1/ledger/recurring",
    may="ledger:read",
    module="ledger",
    query=RecurringQuery,
    answer=page_of(RecurringAnswer),
)
def list_recurring(call: Call) -> Answer:
    """The recurring entries of this book, with their next days and why the next could not be posted."""
    found, after = page_of_recurring(
        call.tenant.tenant_id, limit=call.query.limit, after=decode_cursor(call.query.cursor)
    )
    page: Answer = page_of(RecurringAnswer)(
        items=[show_recurring(one) for one in found], next_cursor=encode_cursor(after)
    )
    return page


@bp.api("GET", "/v1/ledger/recurring/{recurring_id}", may="ledger:read", module="ledger", answer=RecurringAnswer)
def read_recurring(call: Call, recurring_id: str) -> RecurringAnswer:
    """One recurring entry."""
    return show_recurring(find_recurring(call.tenant.tenant_id, recurring_id))


@bp.api(
    "PATCH",
    "/v1/ledger/recurring/{recurring_id}",
    may="ledger:write",
    module="ledger",
    body=RecurringChangeBody,
    answer=RecurringAnswer,
    also={409: "recurring-ended, changed-meanwhile"},
)
def edit_recurring(call: Call, recurring_id: str) -> RecurringAnswer:
    """Rename, pause, resume or end a recurring entry."""
    body: RecurringChangeBody = call.body
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return show_recurring(change_recurring(call.tenant, recurring_id, changes, call.now))
