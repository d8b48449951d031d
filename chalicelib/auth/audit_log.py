"""The audit log as it is read: newest first, searched, page by page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pynamodb.expressions.condition import Condition

from chalicelib.auth.audit import line_id
from chalicelib.auth.store import AuditRow
from chalicelib.aws import keys
from chalicelib.aws.tables import read, read_page
from chalicelib.core.dates import from_micros, start_of, to_micros
from chalicelib.core.errors import NotFound, invalid_field

MAX_REQUESTS = 4
LINES_A_REQUEST = 1_000
"""A search goes through at most four times a thousand lines (of a megabyte); the next page goes on behind them."""

_ID = re.compile(r"([0-9]{16})-([a-z0-9]{1,32})", re.ASCII)


@dataclass(frozen=True)
class Behind:
    """Who is behind a line under login-as: a person of the parent, and why."""

    tenant_id: str
    tenant_name: str
    user_id: str
    user_name: str
    reason: str
    scope: str


@dataclass(frozen=True)
class AuditLine:
    """One line: who asked for what, and how it ended. `status` is None and `outcome` unknown while it has not ended."""

    line_id: str
    at: datetime
    user_id: str
    user_name: str
    user_email: str
    role: str
    acting: Behind | None
    method: str
    route: str
    path: str
    subject: str
    body: str
    amount_minor: int | None
    source_ip: str
    correlation_id: str
    outcome: str
    status: int | None
    code: str | None


@dataclass(frozen=True)
class Search:
    """Which lines are wanted; None does not ask. Days are those of the tenant's zone, both included.

    `user_id` finds what was done in that user's name and, under login-as, what that user did. `text` is found in path,
    subject and body, in upper or lower case.
    """

    user_id: str | None = None
    acting: bool | None = None
    method: str | None = None
    route: str | None = None
    outcome: str | None = None
    first_on: date | None = None
    last_on: date | None = None
    text: str | None = None


def find_line(tenant_id: str, asked_id: str) -> AuditLine:
    """The line with that id in that tenant's log; `NotFound`."""
    place = _ID.fullmatch(asked_id)
    row = read(AuditRow, keys.audit_line(tenant_id, int(place[1]), place[2])) if place else None
    if row is None:
        raise NotFound("line of the audit log")
    return _to_line(row)


def list_lines(
    tenant_id: str, timezone: str, search: Search, *, limit: int, after: str | None
) -> tuple[list[AuditLine], str | None]:
    """The newest `limit` lines that the search asks for, and the sort key to go on after, None at the end.

    A page holds fewer, and still goes on, when four requests have not filled it. 422 when the days are the wrong way
    round.
    """
    found: list[AuditRow] = []
    for rows, reached in _batches(tenant_id, timezone, search, limit, after):
        wanted = [row for row in rows if _holds_text(row, search.text)]
        found += wanted
        if len(found) > limit:
            return [_to_line(row) for row in found[:limit]], found[limit - 1].sk
        after = reached
        if len(found) == limit:
            break
    return [_to_line(row) for row in found], after


def _batches(
    tenant_id: str, timezone: str, search: Search, limit: int, after: str | None
) -> Iterator[tuple[list[AuditRow], str | None]]:
    """Lines newest first with where each request has come to; the text is not looked for yet."""
    first, last = _bounds(search, timezone)
    filter_on = _filter(search)
    is_searched = filter_on is not None or search.text is not None
    for _ in range(MAX_REQUESTS):
        page = read_page(
            AuditRow,
            keys.audit_log(tenant_id),
            first=first,
            last=last,
            after=after,
            limit=LINES_A_REQUEST if is_searched else limit,
            newest_first=True,
            filter_on=filter_on,
        )
        yield page.rows, page.after
        after = page.after
        if after is None:
            return


def _bounds(search: Search, timezone: str) -> tuple[str | None, str | None]:
    if search.first_on is not None and search.last_on is not None and search.last_on < search.first_on:
        raise invalid_field("to", "must not be before from")
    first = last = None
    if search.first_on is not None:
        first = f"{to_micros(start_of(search.first_on, timezone)):016d}"
    if search.last_on is not None:
        last = f"{to_micros(start_of(search.last_on + timedelta(days=1), timezone)):016d}"
    return first, last


def _filter(search: Search) -> Condition | None:
    conditions: list[Condition] = []
    if search.user_id is not None:
        conditions.append((AuditRow.user_id == search.user_id) | (AuditRow.acting_user_id == search.user_id))
    if search.acting is not None:
        is_acting = AuditRow.acting_user_id
        conditions.append(is_acting.exists() if search.acting else is_acting.does_not_exist())
    if search.method is not None:
        conditions.append(AuditRow.method == search.method)
    if search.route is not None:
        conditions.append(AuditRow.route == search.route)
    if search.outcome is not None:
        conditions.append(AuditRow.outcome == search.outcome)
    whole: Condition | None = None
    for condition in conditions:
        whole = condition if whole is None else whole & condition
    return whole


def _holds_text(row: AuditRow, text: str | None) -> bool:
    if text is None:
        return True
    wanted = text.casefold()
    return any(wanted in part.casefold() for part in (row.path, row.subject, row.body))


def _to_line(row: AuditRow) -> AuditLine:
    acting = None
    if row.acting_user_id is not None:
        acting = Behind(
            tenant_id=row.acting_tenant_id,
            tenant_name=row.acting_tenant_name,
            user_id=row.acting_user_id,
            user_name=row.acting_user_name,
            reason=row.acting_reason,
            scope=row.acting_scope,
        )
    return AuditLine(
        line_id=line_id(row.at_micros, row.sk.rpartition("#")[2]),
        at=from_micros(row.at_micros),
        user_id=row.user_id,
        user_name=row.user_name,
        user_email=row.user_email,
        role=row.role,
        acting=acting,
        method=row.method,
        route=row.route,
        path=row.path,
        subject=row.subject,
        body=row.body,
        amount_minor=row.amount_minor,
        source_ip=row.source_ip,
        correlation_id=row.correlation_id,
        outcome=row.outcome,
        status=row.status,
        code=row.code,
    )
