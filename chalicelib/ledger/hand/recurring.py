"""Recurring entries: posted by themselves on their days, once each.

Every occurrence is posted in the one write that moves the recurring entry on to its next day, while it is still the one
that was read: a crash or a second worker neither posts it twice nor leaves it out (decision 0022).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.guards import Guard
from chalicelib.aws.log import log
from chalicelib.aws.tables import ConditionFailed, Put, Remember, forget, read, read_all, read_page, write
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, Invalid, NotFound, invalid_field
from chalicelib.ledger.hand.kept_draft import new_draft, put_draft
from chalicelib.ledger.hand.posting import post_by_hand, read_rules
from chalicelib.ledger.hand.recurrence import Every, day_of, days_from, number_from
from chalicelib.ledger.hand.store import RecurringRow
from chalicelib.ledger.hand.vouchers import NEEDS_APPROVAL, RECURRING, Voucher, check_lines
from chalicelib.ledger.journal import Line
from chalicelib.ledger.store import to_day
from chalicelib.tenants.model import Tenant

ACTIVE = "active"
PAUSED = "paused"
ENDED = "ended"
MAX_BACK_DAYS = 366
MAX_AT_ONCE = 200
"""What one run posts for a tenant; the next run goes on."""


@dataclass(frozen=True)
class Recurring:
    """An entry that recurs. `number` is the next occurrence (the first is 0), `parked` why it could not be posted.

    `revision` grows with every change and every occurrence.
    """

    tenant_id: str
    recurring_id: str
    name: str
    journal: str
    memo: str
    lines: tuple[Line, ...]
    reference: str
    every: Every
    starts_on: date
    ends_on: date | None
    author: Author
    status: str = ACTIVE
    number: int = 0
    parked: str = ""
    revision: int = 1

    @property
    def next_on(self) -> date | None:
        """The day of the next occurrence; None when it is over."""
        return next(iter(self.upcoming(1)), None)

    def upcoming(self, count: int) -> list[date]:
        """The next days, oldest first; none when it has ended."""
        if self.status == ENDED:
            return []
        return list(islice(days_from(self.starts_on, self.every, self.ends_on, self.number), count))

    def voucher_of(self, day: date) -> Voucher:
        """What is posted on one of its days."""
        return Voucher(RECURRING, self.journal, day, self.memo, self.lines, self.reference)

    def moved_on(self) -> "Recurring":
        """As it is once its next occurrence is dealt with."""
        after = replace(self, number=self.number + 1, parked="", revision=self.revision + 1)
        return after if after.upcoming(1) else replace(after, status=ENDED)


class _MovedMeanwhile(Conflict):
    """Another worker, or a person, was at this recurring entry."""


def add_recurring(tenant: Tenant, asked: Recurring, now: datetime, remember: Remember = forget) -> Recurring:
    """Take on a recurring entry; it is posted from its first day on, which may lie a year back at most.

    422 as for an entry by hand, `starts_on`, and `ends_on` before it.
    """
    if (day_at(now, tenant.timezone) - asked.starts_on).days > MAX_BACK_DAYS:
        raise invalid_field("starts_on", f"must not lie more than {MAX_BACK_DAYS} days back")
    if asked.ends_on is not None and asked.ends_on < asked.starts_on:
        raise invalid_field("ends_on", "must not lie before starts_on")
    voucher = asked.voucher_of(asked.starts_on)
    check_lines(voucher, read_rules(tenant, voucher))
    write(Put(_row(asked)), *remember(asked))
    return asked


def new_id() -> str:
    """A fresh id for a recurring entry."""
    return clock.new_id("r")


def find_recurring(tenant_id: str, recurring_id: str) -> Recurring:
    """The recurring entry of that id; `NotFound`, also for another tenant's."""
    row = read(RecurringRow, keys.recurring_entry(tenant_id, recurring_id)) if 0 < len(recurring_id) <= 64 else None
    if row is None:
        raise NotFound("recurring entry")
    return _to_recurring(tenant_id, row)


def page_of_recurring(tenant_id: str, *, limit: int, after: str | None) -> tuple[list[Recurring], str | None]:
    """A page of a tenant's recurring entries."""
    page = read_page(RecurringRow, keys.recurring_entries(tenant_id), limit=limit, after=after)
    return [_to_recurring(tenant_id, row) for row in page.rows], page.after


def change_recurring(tenant: Tenant, recurring_id: str, changes: Mapping[str, Any], now: datetime) -> Recurring:
    """Rename, pause, resume or end it: `changes` names what of `name` and `status`. The days of a pause are left out.

    `NotFound`; 409 `recurring-ended`, `changed-meanwhile`.
    """
    before = find_recurring(tenant.tenant_id, recurring_id)
    if before.status == ENDED:
        raise Conflict("recurring-ended", "This recurring entry is over; make a new one.")
    after = replace(before, **changes, revision=before.revision + 1)
    if before.status == PAUSED and after.status == ACTIVE:
        today = day_at(now, tenant.timezone)
        after = replace(after, number=number_from(after.starts_on, after.every, after.number, today), parked="")
        after = after if after.upcoming(1) else replace(after, status=ENDED)
    put = _put(before, after)
    try:
        write(put)
    except ConditionFailed:
        raise Conflict("changed-meanwhile", "It was posted or changed meanwhile; look at it again.") from None
    return after


def post_due(tenant: Tenant, now: datetime) -> int:
    """Post every occurrence that is due, oldest first for each recurring entry; how many were dealt with.

    One above the tenant's amount becomes a draft that waits for a second person. One that the book refuses (a closed
    account or cost centre) is parked with the reason, and tried again by the next run; the others go on.
    """
    today = day_at(now, tenant.timezone)
    done = 0
    for row in read_all(RecurringRow, keys.recurring_entries(tenant.tenant_id)):
        one = _to_recurring(tenant.tenant_id, row)
        while done < MAX_AT_ONCE and _is_due(one, today):
            try:
                _post_next(tenant, one, now)
            except _MovedMeanwhile:
                break
            except (Invalid, Conflict) as refusal:
                _park(one, refusal)
                break
            one = one.moved_on()
            done += 1
    return done


def _is_due(one: Recurring, today: date) -> bool:
    return one.status == ACTIVE and one.next_on is not None and one.next_on <= today


def _post_next(tenant: Tenant, one: Recurring, now: datetime) -> None:
    day = day_of(one.starts_on, one.every, one.number)
    assert day is not None, "it is due"
    voucher = one.voucher_of(day)
    moved = _put(one, one.moved_on())
    guard = Guard((moved,), lambda failure: _moved_meanwhile() if failure.failed(moved) else None)
    try:
        post_by_hand(
            tenant,
            voucher,
            one.author,
            now,
            may=lambda rules: rules.refuse_above(voucher),
            run=f"recurring/{one.recurring_id}/{day}",
            along=lambda _: guard,
        )
    except Conflict as refusal:
        if refusal.code != NEEDS_APPROVAL:
            raise
        draft = new_draft(tenant.tenant_id, voucher, one.author, now, one.recurring_id)
        try:
            write(put_draft(draft), moved)
        except ConditionFailed:
            raise _moved_meanwhile() from None


def _moved_meanwhile() -> _MovedMeanwhile:
    return _MovedMeanwhile("changed-meanwhile", "It was posted or changed meanwhile.")


def _park(one: Recurring, refusal: Invalid | Conflict) -> None:
    """Keep why it could not be posted, once."""
    said = "; ".join(f"{error.field} {error.message}" for error in refusal.errors) or refusal.detail
    if said == one.parked:
        return
    log("recurring entry parked", tenant=one.tenant_id, recurring=one.recurring_id, reason=said)
    try:
        write(_put(one, replace(one, parked=said, revision=one.revision + 1)))
    except ConditionFailed:
        return  # Somebody else was at it: the next run sees what became of it.


def _put(before: Recurring, after: Recurring) -> Put:
    return Put(_row(after), RecurringRow.revision == before.revision)


def _row(one: Recurring) -> RecurringRow:
    next_on = one.next_on
    return RecurringRow.at(
        keys.recurring_entry(one.tenant_id, one.recurring_id),
        name=one.name,
        journal=one.journal,
        memo=one.memo,
        lines=[line.as_list for line in one.lines],
        reference=one.reference or None,
        every=one.every.value,
        starts_on=one.starts_on.isoformat(),
        ends_on=one.ends_on.isoformat() if one.ends_on else None,
        status=one.status,
        number=one.number,
        next_on=next_on.isoformat() if next_on else None,
        parked=one.parked or None,
        recorded_by=one.author.user_id,
        acting_by=one.author.acting_id or None,
        revision=one.revision,
    )


def _to_recurring(tenant_id: str, row: RecurringRow) -> Recurring:
    return Recurring(
        tenant_id,
        row.sk,
        row.name,
        row.journal,
        row.memo,
        tuple(Line(*line) for line in row.lines),
        row.reference or "",
        Every(row.every),
        date.fromisoformat(row.starts_on),
        to_day(row.ends_on),
        Author(row.recorded_by, row.acting_by or ""),
        row.status,
        row.number,
        row.parked or "",
        row.revision,
    )
