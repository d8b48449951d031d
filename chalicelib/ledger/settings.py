"""What a tenant settles about its own book: from what amount a second person approves, and when its year begins."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Put, read, write
from chalicelib.core.dates import ONE_DAY
from chalicelib.core.errors import Conflict
from chalicelib.ledger.hand.store import rules_moved
from chalicelib.ledger.store import LedgerSettingsRow
from chalicelib.ledger.year_end import read_year_ends


@dataclass(frozen=True)
class LedgerSettings:
    """`approval_above_minor`: an entry made by hand for more than that takes a second person; None for no such rule.

    `year_starts_in` is the month (1 to 12) in which the financial year begins.
    """

    approval_above_minor: int | None = None
    year_starts_in: int = 1
    revision: int = 0

    def ends_year(self, day: date) -> bool:
        """Whether that day is the last one of a financial year."""
        following = day + ONE_DAY
        return (following.month, following.day) == (self.year_starts_in, 1)


def read_settings(tenant_id: str) -> LedgerSettings:
    """The settings of that tenant's book."""
    row = read(LedgerSettingsRow, keys.ledger_settings(tenant_id))
    return LedgerSettings() if row is None else LedgerSettings(row.approval_above, row.year_starts_in, row.revision)


def change_settings(tenant_id: str, changes: Mapping[str, Any]) -> LedgerSettings:
    """Change what is named; it holds for every entry that is posted by hand from now on.

    409 `year-closed` for another start of the year once a year's result was moved.
    """
    before = read_settings(tenant_id)
    after = replace(before, **changes, revision=before.revision + 1)
    if after.year_starts_in != before.year_starts_in and any(not one.undone for one in read_year_ends(tenant_id)):
        raise Conflict("year-closed", "The start of the year is fixed once the result of a year has been moved.")
    row = LedgerSettingsRow.at(
        keys.ledger_settings(tenant_id),
        approval_above=after.approval_above_minor,
        year_starts_in=after.year_starts_in,
        revision=after.revision,
    )
    unmoved = LedgerSettingsRow.revision == before.revision
    try:
        write(Put(row, unmoved if before.revision else LedgerSettingsRow.pk.does_not_exist()), rules_moved(tenant_id))
    except ConditionFailed:
        raise Conflict("changed-meanwhile", "Somebody else changed these settings; look again.") from None
    return after
