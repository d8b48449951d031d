"""Entries made by people: recording one by hand, and reversing it, once."""

from datetime import date, datetime

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember, forget, read_many, write
from chalicelib.core.dates import FIRST_DAY, day_at
from chalicelib.core.errors import Conflict, FieldError, Invalid, Unavailable, invalid_field
from chalicelib.ledger.accounts import read_chart
from chalicelib.ledger.entries import find_entry
from chalicelib.ledger.journal import GENERAL, Draft, Entry, Line, UnbalancedEntryError, check_balanced
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.ledger.store import ReversalRow
from chalicelib.tenants.model import Tenant

MANUAL = "manual"
REVERSAL = "reversal"
TRIES = 16


def record_entry(
    tenant: Tenant,
    effective_on: date,
    memo: str,
    lines: tuple[Line, ...],
    recorded_by: str,
    acting_by: str,
    now: datetime,
    remember: Remember = forget,
) -> Entry:
    """Post an entry to the general journal of the tenant's book.

    422 for an account that is not there or that only the system posts to, for a day that has not come, and
    `unbalanced-entry` when the lines do not balance.
    """
    if effective_on > day_at(now, tenant.timezone):
        raise invalid_field("effective_on", "must not lie in the future")
    if effective_on < FIRST_DAY:
        raise invalid_field("effective_on", "lies too far back")
    _check_accounts(tenant, lines)
    try:
        check_balanced(lines)
    except UnbalancedEntryError as error:
        raise Invalid("unbalanced-entry", str(error), (FieldError("lines", str(error)),)) from None
    draft = Draft(MANUAL, effective_on, effective_on, memo, lines, recorded_by=recorded_by, acting_by=acting_by)
    return _post(tenant, draft, now, remember, ())


def reverse_entry(
    tenant: Tenant,
    entry_id: str,
    reason: str,
    recorded_by: str,
    acting_by: str,
    now: datetime,
    remember: Remember = forget,
) -> Entry:
    """Post the mirror image of a manual entry, today; 409 `already-reversed`, `not-reversible` for the system's own."""
    entry = find_entry(tenant.tenant_id, entry_id)
    if entry.draft.kind != MANUAL:
        raise Conflict("not-reversible", "Only an entry made by hand is reversed; money is moved back by its own way.")
    mirrored = tuple(line.mirrored for line in entry.draft.lines)
    draft = Draft(
        REVERSAL,
        day_at(now, tenant.timezone),
        entry.draft.service_on,
        reason,
        mirrored,
        corrects=entry_id,
        recorded_by=recorded_by,
        acting_by=acting_by,
    )
    return _post(tenant, draft, now, remember, (entry_id,))


def _post(tenant: Tenant, draft: Draft, now: datetime, remember: Remember, reverses: tuple[str, ...]) -> Entry:
    journal = (tenant.tenant_id, GENERAL)
    for attempt in range(TRIES):
        clock.back_off(attempt)
        posting = Posting([journal], read_many(head_reads([journal])), now)
        entry = posting.add(*journal, draft)
        marks: list[Operation] = [
            Put(
                ReversalRow.at(keys.reversal(tenant.tenant_id, name), reversed_by=entry.entry_id),
                ReversalRow.pk.does_not_exist(),
            )
            for name in reverses
        ]
        try:
            write(*posting.operations(), *marks, *remember(entry))
        except ConditionFailed as failure:
            if any(failure.failed(mark) for mark in marks):
                raise Conflict("already-reversed", "This entry was reversed before.") from None
            continue
        return entry
    raise Unavailable("busy", "This journal is moving all the time; please send the request again.")


def _check_accounts(tenant: Tenant, lines: tuple[Line, ...]) -> None:
    chart = read_chart(tenant)
    errors = []
    for number, line in enumerate(lines):
        account = chart.get(line.account)
        if account is None:
            errors.append(FieldError(f"lines.{number}.account", "is not an account of this book"))
        elif account.control:
            errors.append(FieldError(f"lines.{number}.account", "is a control account: only the system posts to it"))
    if errors:
        raise Invalid("invalid", "Some accounts cannot be used.", tuple(errors))
