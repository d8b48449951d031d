"""Posting: entries of one or several books that happen together, as operations of one write.

    journals = [(parent_id, child_journal(child_id)), (child_id, GENERAL)]
    posting = Posting(journals, read_many(head_reads(journals)), now)
    posting.add(parent_id, child_journal(child_id), draft)
    write(*posting.operations())

If a journal moved on, or a period was closed or opened meanwhile, the write fails as a whole; read again and post again.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import Operation
from chalicelib.core.dates import to_micros
from chalicelib.ledger.journal import YEAR_END, Draft, Entry, append
from chalicelib.ledger.store import (
    HeadRow,
    PeriodsRow,
    periods_unmoved,
    put_entry,
    put_head,
    put_new_head,
    to_head,
)

Journal = tuple[str, str]
"""A tenant id and the name of a journal of its book."""


def head_reads(journals: Sequence[Journal]) -> list[tuple[type[Row], Key]]:
    """What to read to know where these journals stand, and what is closed in the books they belong to."""
    heads: list[tuple[type[Row], Key]] = [(HeadRow, keys.journal(tenant_id, name)) for tenant_id, name in journals]
    return [*heads, *((PeriodsRow, keys.periods(tenant_id)) for tenant_id in _tenants(journals))]


def _tenants(journals: Sequence[Journal]) -> list[str]:
    return list(dict.fromkeys(tenant_id for tenant_id, _ in journals))


class Posting:
    """Entries to be written together, each at the end of its journal, all recorded at one instant.

    That instant is now, or a microsecond behind whatever these journals (and `not_before_micros`, for funds) already
    saw, so that order of recording and order of sequence never disagree, whatever the clocks of two workers say. An
    entry whose day lies in a closed period is dated on the first open day and says so (`late_for`). `rows` are those
    that `head_reads` asked for.
    """

    def __init__(
        self, journals: Sequence[Journal], rows: Sequence[Any], now: datetime, not_before_micros: int = 0
    ) -> None:
        tenants = _tenants(journals)
        heads, periods = rows[: len(journals)], dict(zip(tenants, rows[len(journals) :], strict=True))
        read = [to_head(*name, row, periods[name[0]]) for name, row in zip(journals, heads, strict=True)]
        self._before = {(head.tenant_id, head.journal): head for head in read}
        self._new = {name for name, row in zip(journals, heads, strict=True) if row is None}
        self._periods = periods
        self._heads = dict(self._before)
        self.recorded_micros = max(to_micros(now), not_before_micros + 1, *(h.recorded_micros + 1 for h in read))
        self.entries: list[Entry] = []

    def add(self, tenant_id: str, journal: str, draft: Draft, fund_after_minor: int | None = None) -> Entry:
        """Append an entry; `UnbalancedEntryError` when its lines do not balance."""
        return self._append(
            tenant_id, journal, self._heads[(tenant_id, journal)].in_open_period(draft), fund_after_minor
        )

    def add_closing(self, tenant_id: str, journal: str, draft: Draft) -> Entry:
        """Append an entry that belongs to the closing of a period itself, on whatever day that is."""
        return self._append(tenant_id, journal, draft, None)

    def _append(self, tenant_id: str, journal: str, draft: Draft, fund_after_minor: int | None) -> Entry:
        head, entry = append(self._heads[(tenant_id, journal)], draft, self.recorded_micros, fund_after_minor)
        self._heads[(tenant_id, journal)] = head
        self.entries.append(entry)
        return entry

    def closed_through(self, tenant_id: str, journal: str) -> date | None:
        """The last closed day as that journal knows it."""
        return self._before[(tenant_id, journal)].closed_through

    def operations(self) -> list[Operation]:
        """The entries and the heads of the journals that moved."""
        moved = {name: head for name, head in self._heads.items() if head is not self._before[name]}
        begun = [name for name in moved if name in self._new]
        # The closing that posts to the journal of year ends moves the row of the periods itself, in the same write.
        unfenced = [name for name in begun if name[1] != YEAR_END]
        return [
            *(put_entry(entry) for entry in self.entries),
            *(put_head(self._before[name], head) for name, head in moved.items() if name not in self._new),
            *(put_new_head(moved[name]) for name in begun),
            *(periods_unmoved(tenant_id, self._periods[tenant_id]) for tenant_id in _tenants(unfenced)),
        ]
