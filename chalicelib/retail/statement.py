"""The statement of a subscriber: everything issued to it, by day, with the balance behind each; and its dues. Pure.

A payment stands on the day it was received, everything else on the day it was issued; on one day in the order of recording.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from chalicelib.retail.account_model import Account
from chalicelib.retail.document_model import Document
from chalicelib.retail.dues import DuesKind, MonthDues, dues_by_month, month_of
from chalicelib.retail.late_fees import is_late
from chalicelib.retail.model import Terms
from chalicelib.retail.moves import counted, day_of


class StatementLine(NamedTuple):
    """A document on its day, and what the subscriber owed behind it (negative: paid ahead)."""

    document: Document
    on: date
    balance_minor: int

    @property
    def place(self) -> str:
        """Where it stands among all lines."""
        return f"{self.on} {self.document.recorded_micros:016d} {self.document.local_id}"


class Statement(NamedTuple):
    """The lines of some days: what was owed before the first, what made it more, what less, and what is owed at the end."""

    opening_minor: int
    lines: tuple[StatementLine, ...]
    charged_minor: int
    settled_minor: int
    closing_minor: int

    def page(self, limit: int | None, after: str | None) -> tuple[tuple[StatementLine, ...], str | None]:
        """The lines behind a place, at most so many, and the place to go on behind."""
        rest = tuple(line for line in self.lines if after is None or line.place > after)
        if limit is None or len(rest) <= limit:
            return rest, None
        return rest[:limit], rest[limit - 1].place


def statement_of(documents: Sequence[Document], first: date | None, last: date | None) -> Statement:
    """The statement of the days from first to last, both included; of all days where they are not told."""
    balance = opening = charged = settled = 0
    lines: list[StatementLine] = []
    for document in sorted(documents, key=lambda one: (day_of(one), one.recorded_micros, one.local_id)):
        on = day_of(document)
        if last is not None and on > last:
            break
        balance += document.change_minor
        if first is not None and on < first:
            opening = balance
            continue
        charged += max(0, document.change_minor)
        settled += max(0, -document.change_minor)
        lines.append(StatementLine(document, on, balance))
    return Statement(opening, tuple(lines), charged, settled, balance)


class Dues(NamedTuple):
    """What a subscriber owes today in both ways, what of it is past its due day, and what is paid ahead."""

    kind: DuesKind
    cumulative_minor: int
    monthly_minor: int
    overdue_minor: int
    advance_minor: int

    @property
    def due_minor(self) -> int:
        """What it is told to owe."""
        return self.cumulative_minor if self.kind is DuesKind.CUMULATIVE else self.monthly_minor


def dues_of(account: Account, terms: Terms, today: date) -> Dues:
    """What an account owes on that day, without reading its documents."""
    month = account.month
    return Dues(
        kind=terms.dues,
        cumulative_minor=max(0, account.balance_minor),
        monthly_minor=month.due_minor if month is not None and month.month == month_of(today) else 0,
        overdue_minor=sum(item.remaining_minor for item in account.open_items if is_late(item, 0, today)),
        advance_minor=account.advance_minor,
    )


def months_of(documents: Sequence[Document], today: date) -> list[MonthDues]:
    """The dues at the end of each month from the first document to today."""
    return dues_by_month([counted(one.kind, day_of(one), one.total_minor) for one in documents], today)
