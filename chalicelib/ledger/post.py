"""Posting: entries of one or several books that happen together, as operations of one write.

    posting = Posting.read([(parent_id, child_journal(child_id)), (child_id, GENERAL)], now)
    posting.add(parent_id, child_journal(child_id), draft)
    write(*posting.operations())

If a journal moved on meanwhile the write fails as a whole; read again and post again.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import Operation
from chalicelib.core.dates import to_micros
from chalicelib.ledger.journal import Draft, Entry, append
from chalicelib.ledger.store import HeadRow, put_entry, put_head, to_head

Journal = tuple[str, str]
"""A tenant id and the name of a journal of its book."""


def head_reads(journals: Sequence[Journal]) -> list[tuple[type[Row], Key]]:
    """What to read to know where these journals stand."""
    return [(HeadRow, keys.journal(tenant_id, name)) for tenant_id, name in journals]


class Posting:
    """Entries to be written together, each at the end of its journal, all recorded at one instant.

    That instant is now, or a microsecond behind whatever these journals (and `not_before_micros`, for funds) already
    saw, so that order of recording and order of sequence never disagree, whatever the clocks of two workers say.
    """

    def __init__(
        self, journals: Sequence[Journal], rows: Sequence[HeadRow | None], now: datetime, not_before_micros: int = 0
    ) -> None:
        read = [to_head(tenant_id, name, row) for (tenant_id, name), row in zip(journals, rows, strict=True)]
        self._before = {(head.tenant_id, head.journal): head for head in read}
        self._heads = dict(self._before)
        self.recorded_micros = max(to_micros(now), not_before_micros + 1, *(h.recorded_micros + 1 for h in read))
        self.entries: list[Entry] = []

    def add(self, tenant_id: str, journal: str, draft: Draft, fund_after_minor: int | None = None) -> Entry:
        """Append an entry; `UnbalancedEntryError` when its lines do not balance."""
        head, entry = append(self._heads[(tenant_id, journal)], draft, self.recorded_micros, fund_after_minor)
        self._heads[(tenant_id, journal)] = head
        self.entries.append(entry)
        return entry

    def operations(self) -> list[Operation]:
        """The entries and the heads of the journals that moved."""
        moved = [(self._before[name], head) for name, head in self._heads.items() if head is not self._before[name]]
        return [*(put_entry(entry) for entry in self.entries), *(put_head(before, after) for before, after in moved)]
