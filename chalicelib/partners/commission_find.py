"""Reading commissions: one statement, its lines, and lists of statements and payouts, the same for both sides."""

import re

from chalicelib.aws import keys
from chalicelib.aws.tables import read, read_many, read_page
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.partners.commission import CommissionLine, parse_month
from chalicelib.partners.commission_model import CommissionPayout, CommissionStatement
from chalicelib.partners.commission_store import (
    LinesRow,
    PayoutRow,
    StatementRow,
    to_lines,
    to_payout,
    to_statement,
)

_AFTER = re.compile(r"[0-9]{4}-[0-9]{2}|[0-9]{10}", re.ASCII)
_PLACE = re.compile(r"([0-9]{1,6})-([0-9]{1,6})", re.ASCII)


class DamagedLinesError(Exception):
    """A part of the lines of a statement is not there."""


def find_statement(child_id: str, text: str) -> CommissionStatement:
    """The statement of that id between a child and its parent; `NotFound`."""
    month = text.removeprefix(f"{child_id}.")
    try:
        if month == text:
            raise ValueError
        key = keys.commission_statement(child_id, parse_month(month))
    except ValueError:
        raise NotFound("commission statement") from None
    row = read(StatementRow, key)
    if row is None:
        raise NotFound("commission statement")
    return to_statement(row)


def list_statements(child_id: str, *, limit: int, after: str | None) -> tuple[list[CommissionStatement], str | None]:
    """A page of a child's statements, newest first, and where to go on."""
    page = read_page(
        StatementRow, keys.commission_statements(child_id), limit=limit, after=_check(after), newest_first=True
    )
    return [to_statement(row) for row in page.rows], page.after


def list_payouts(child_id: str, *, limit: int, after: str | None) -> tuple[list[CommissionPayout], str | None]:
    """A page of what a child was paid, newest first, and where to go on."""
    page = read_page(PayoutRow, keys.commission_payouts(child_id), limit=limit, after=_check(after), newest_first=True)
    return [to_payout(row) for row in page.rows], page.after


def _check(after: str | None) -> str | None:
    if after is not None and _AFTER.fullmatch(after) is None:
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return after


def read_lines(
    statement: CommissionStatement, *, limit: int, after: str | None = None
) -> tuple[list[CommissionLine], str | None]:
    """A page of a statement's lines, in the order of subscribers, and where to go on: one request for each part of them."""
    part, skipped = _place(after)
    found: list[CommissionLine] = []
    while part < statement.parts:
        (row,) = read_many([(LinesRow, keys.commission_lines(statement.child_id, statement.month, part))])
        if row is None:
            raise DamagedLinesError(statement.statement_id)
        lines = to_lines(row)
        taken = lines[skipped : skipped + limit - len(found)]
        found += taken
        if skipped + len(taken) < len(lines):
            return found, f"{part}-{skipped + len(taken)}"
        part, skipped = part + 1, 0
        if len(found) == limit:
            break
    return found, f"{part}-0" if part < statement.parts else None


def _place(after: str | None) -> tuple[int, int]:
    if after is None:
        return 0, 0
    match = _PLACE.fullmatch(after)
    if match is None:
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return int(match[1]), int(match[2])
