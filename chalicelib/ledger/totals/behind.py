"""The entries that no digest covers: found from the newest backwards, and counted, so that none is missed."""

from collections.abc import Mapping, Sequence

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all, read_page
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.journal import YEAR_END, Head
from chalicelib.ledger.store import EntryRow
from chalicelib.ledger.totals.digests import Leg, Reach

NOTHING = Reach(0, 0)
_BESIDE = 20
"""How many entries more are asked for than are wanted: those of the other part lie between."""


class EntriesMissing(Exception):
    """The heads count entries that are not there: one is being written just now, or is gone."""


def read_behind(tenant_id: str, reach: Mapping[str, Reach], heads: Sequence[Head]) -> list[Leg]:
    """The lines of every entry beyond `reach` that the heads count; `EntriesMissing` when one cannot be found.

    An entry is never recorded before the one it follows in its journal, so what is wanted are nearly always the newest
    of the book; the search ends with the last one, or where none can lie any more.
    """
    return _Search(tenant_id, reach, heads).run()


class _Search:
    """Both parts of a book from the newest entry backwards, always on where the later instants are."""

    def __init__(self, tenant_id: str, reach: Mapping[str, Reach], heads: Sequence[Head]) -> None:
        self.tenant_id, self.reach = tenant_id, reach
        self.heads = {head.journal: head.sequence for head in heads}
        self.missing = {
            name: sequence - covered
            for name, sequence in self.heads.items()
            if sequence > (covered := reach.get(name, NOTHING).sequence)
        }
        self.cursors: dict[str, str] = dict.fromkeys(PARTS, keys.LAST)
        self.legs: list[Leg] = []

    def run(self) -> list[Leg]:
        while self.missing:
            floor = f"{min(self.reach.get(name, NOTHING).recorded_micros for name in self.missing):016d}"
            open_parts = [part for part, cursor in self.cursors.items() if cursor >= floor]
            if not open_parts:
                raise EntriesMissing
            self._turn(max(open_parts, key=self.cursors.__getitem__), floor)
        return self.legs

    def _turn(self, part: str, floor: str) -> None:
        after = None if self.cursors[part] == keys.LAST else self.cursors[part]
        limit = sum(self.missing.values()) + _BESIDE
        partition = keys.entries(self.tenant_id, part)
        page = read_page(EntryRow, partition, first=floor, after=after, limit=limit, newest_first=True)
        self.cursors[part] = page.after or ""
        for row in page.rows:
            if self.reach.get(row.journal, NOTHING).sequence < row.sequence <= self.heads.get(row.journal, 0):
                self.legs += legs_of(part, row)
                left = self.missing.pop(row.journal, 0) - 1
                if left > 0:
                    self.missing[row.journal] = left


def legs_of(part: str, row: EntryRow) -> list[Leg]:
    """The lines of an entry as it is stored; of one about several days, what each of its accounts is on each day."""
    if row.by_day:
        return _legs_by_day(part, row)
    year_end = int(row.kind == YEAR_END)
    found = []
    for number, (account, debit_minor, credit_minor, counterparty, *more) in enumerate(row.lines):
        leg = Leg(
            row.effective_on,
            row.service_on,
            account,
            more[0] if more else "",
            counterparty,
            year_end,
            debit_minor - credit_minor,
            row.recorded_micros,
            row.journal,
            row.sequence,
            number,
            part,
        )
        found.append(leg)
    return found


def _legs_by_day(part: str, row: EntryRow) -> list[Leg]:
    """All legs of one account carry one number, so that they are one line where only the accounting date counts."""
    first: dict[str, tuple[int, str, str]] = {}
    for number, (account, _, _, counterparty, *more) in enumerate(row.lines):
        first.setdefault(account, (number, more[0] if more else "", counterparty))
    return [
        Leg(
            row.effective_on,
            day,
            account,
            first[account][1],
            first[account][2],
            0,
            net_minor,
            row.recorded_micros,
            row.journal,
            row.sequence,
            first[account][0],
            part,
        )
        for day, nets in row.by_day
        for account, net_minor in nets
    ]


def read_everything(tenant_id: str, heads: Sequence[Head]) -> list[Leg]:
    """The lines of every entry of a book that the heads count: a request for each megabyte of it."""
    counted = {head.journal: head.sequence for head in heads}
    return [
        leg
        for part in PARTS
        for row in read_all(EntryRow, keys.entries(tenant_id, part))
        if row.sequence <= counted.get(row.journal, 0)
        for leg in legs_of(part, row)
    ]


def read_from(tenant_id: str, reach: Mapping[str, Reach], since_micros: int, at_most: int) -> list[Leg]:
    """The lines of about `at_most` entries beyond `reach` that were recorded next after an instant, oldest first.

    Of each journal only what follows on its reach without a gap. It is the way through a book that has no digests yet.
    """
    rows: list[tuple[str, EntryRow]] = []
    ends = []
    for part in PARTS:
        partition, after, first = keys.entries(tenant_id, part), None, f"{since_micros:016d}"
        for _ in range(at_most):
            page = read_page(EntryRow, partition, first=first, after=after, limit=at_most)
            rows += [(part, row) for row in page.rows]
            after = page.after
            if after is None or sum(1 for other, _ in rows if other == part) >= at_most:
                break
        ends.append(after)
    end = min((after for after in ends if after is not None), default=keys.LAST)
    rows = sorted((one for one in rows if one[1].sk <= end), key=lambda one: one[1].sk)
    reached = {name: one.sequence for name, one in reach.items()}
    legs: list[Leg] = []
    for part, row in rows:
        if row.sequence == reached.get(row.journal, 0) + 1:
            reached[row.journal] = row.sequence
            legs += legs_of(part, row)
    return legs
