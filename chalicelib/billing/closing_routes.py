"""Periods over HTTP: the months of a book, what a closing waits for, closing and reopening."""

from datetime import date
from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.billing.closing import (
    Month,
    close_month,
    month_named,
    months_until,
    reopen_month,
    status_of,
    unsettled,
)
from chalicelib.billing.closing_shapes import (
    PeriodAnswer,
    PeriodDetailAnswer,
    PeriodEventAnswer,
    PeriodQuery,
    ReopeningBody,
    WaitingAnswer,
)
from chalicelib.billing.state import read_states
from chalicelib.core.dates import ONE_DAY, from_micros
from chalicelib.ledger.doubts import doubts_in
from chalicelib.ledger.hand.kept_draft import open_drafts
from chalicelib.ledger.periods import PeriodEvent, Periods, read_events, read_periods

bp = Blueprint(__name__, tag="Periods")


def _event(event: PeriodEvent) -> PeriodEventAnswer:
    return PeriodEventAnswer(
        action="close" if event.action == "close" else "reopen",
        month=event.month,
        closed_through=event.through,
        at=from_micros(event.at_micros),
        by=event.by,
        acting_by=event.acting_by or None,
        reason=event.reason or None,
        book_hash=event.book_hash,
        entries=list(event.entries),
    )


def _fields(month: Month, periods: Periods, today: date) -> dict[str, Any]:
    return {
        "month": month.name,
        "first_day": month.first,
        "last_day": month.last,
        "status": status_of(month, periods, today),
    }


@bp.api(
    "GET",
    "/v1/ledger/periods",
    may="ledger:read",
    module="ledger",
    query=PeriodQuery,
    answer=page_of(PeriodAnswer),
)
def list_periods(call: Call) -> Answer:
    """The months of this book, newest first, and which are closed."""
    before = decode_cursor(call.query.cursor)
    periods = read_periods(call.tenant.tenant_id)
    months = [month for month in months_until(call.tenant, call.now) if before is None or month.name < before]
    shown, more = months[: call.query.limit], len(months) > call.query.limit
    page: Answer = page_of(PeriodAnswer)(
        items=[PeriodAnswer(**_fields(month, periods, call.today)) for month in shown],
        next_cursor=encode_cursor(shown[-1].name) if more else None,
    )
    return page


@bp.api("GET", "/v1/ledger/periods/{month}", may="ledger:read", module="ledger", answer=PeriodDetailAnswer)
def read_period(call: Call, month: str) -> PeriodDetailAnswer:
    """One month: what its closing waits for, and who closed it and opened it again."""
    wanted = month_named(month)
    waiting = unsettled(call.tenant, wanted.last)
    states = read_states([node.tenant_id for node in waiting])
    events = read_events(call.tenant.tenant_id)
    return PeriodDetailAnswer(
        **_fields(wanted, read_periods(call.tenant.tenant_id), call.today),
        waits_for=[
            WaitingAnswer(
                tenant=node.tenant_id,
                code=node.code,
                name=node.name,
                settled_through=states[node.tenant_id].last_day,
            )
            for node in waiting
        ],
        drafts_waiting=open_drafts(call.tenant.tenant_id, wanted.last),
        doubted=[doubt.doubt_id for doubt in doubts_in(call.tenant.tenant_id, wanted.last, wanted.first - ONE_DAY)],
        history=[_event(event) for event in events if event.touches(wanted.name)],
    )


@bp.api(
    "POST",
    "/v1/ledger/periods/{month}/closing",
    may="periods:close",
    module="ledger",
    answer=PeriodEventAnswer,
    status=201,
    repeatable=True,
    also={
        409: "already-closed, close-in-order, month-not-over, not-settled, drafts-waiting, doubted, changed-meanwhile"
    },
)
def close_period(call: Call, month: str) -> PeriodEventAnswer:
    """Close a month. What is found out about it later is posted to the first open day and says so."""
    event = close_month(call.tenant, month_named(month), call.author, call.now, call.remember(_event))
    return _event(event)


@bp.api(
    "POST",
    "/v1/ledger/periods/{month}/reopening",
    may="periods:reopen",
    module="ledger",
    body=ReopeningBody,
    answer=PeriodEventAnswer,
    status=201,
    repeatable=True,
    also={409: "not-closed, changed-meanwhile"},
)
def reopen_period(call: Call, month: str) -> PeriodEventAnswer:
    """Open a month and all after it again: the owner in person, with a reason that is kept."""
    event = reopen_month(
        call.tenant, month_named(month), call.body.reason, call.author, call.now, call.remember(_event)
    )
    return _event(event)
