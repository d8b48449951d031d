"""Finding entries of a book: one by its id, a page of them, all of them."""

from dataclasses import dataclass
from datetime import date

from pynamodb.expressions.condition import Condition

from chalicelib.aws import keys
from chalicelib.aws.tables import read, read_all, read_page
from chalicelib.core.dates import start_of, to_micros
from chalicelib.core.errors import NotFound
from chalicelib.ledger.journal import Entry, parse_entry_id
from chalicelib.ledger.store import EntryRow, to_entry

PARTS = ("fund", "other")
ROWS_A_LOOK = 500
LOOKS_A_PAGE = 5


@dataclass(frozen=True)
class Wanted:
    """Which entries of a book are asked for, None for all: `first` and `last` bound the accounting date."""

    journal: str | None = None
    kind: str | None = None
    account: str | None = None
    first: date | None = None
    last: date | None = None

    @property
    def since(self) -> str | None:
        """Where the first day begins anywhere: no entry is recorded before its accounting date has begun."""
        return None if self.first is None else f"{to_micros(start_of(self.first, 'Pacific/Kiritimati')):016d}"

    @property
    def condition(self) -> Condition | None:
        """What the database may leave out; the account it cannot see."""
        condition: Condition | None = None
        for asked, met in (
            (self.journal, EntryRow.journal == self.journal),
            (self.kind, EntryRow.kind == self.kind),
            (self.first, EntryRow.effective_on >= str(self.first)),
            (self.last, EntryRow.effective_on <= str(self.last)),
        ):
            if asked is not None:
                condition = met if condition is None else condition & met
        return condition

    def names(self, row: EntryRow) -> bool:
        """Whether a line of the entry is on the account."""
        return self.account is None or any(line[0] == self.account for line in row.lines)


EVERYTHING = Wanted()


def find_entry(tenant_id: str, entry_id: str) -> Entry:
    """The entry with that id in that tenant's book; `NotFound`, also for another tenant's."""
    place = parse_entry_id(entry_id)
    if place is None or place.tenant_id != tenant_id:
        raise NotFound("entry")
    row = read(EntryRow, keys.entry(tenant_id, place.part, place.recorded_micros, place.journal, place.sequence))
    if row is None:
        raise NotFound("entry")
    return to_entry(tenant_id, row)


def entries_of_instant(tenant_id: str, part: str, journal: str, recorded_micros: int) -> list[Entry]:
    """The entries of one journal that were recorded at that instant, in their order: what one write posted there."""
    first = keys.entry(tenant_id, part, recorded_micros, journal, 0).sk
    last = keys.entry(tenant_id, part, recorded_micros, journal, 10**10 - 1).sk
    rows = read_all(EntryRow, keys.entries(tenant_id, part), first=first, last=last)
    return [to_entry(tenant_id, row) for row in rows if row.journal == journal]


def list_entries(tenant_id: str, part: str, *, limit: int, after: str | None) -> tuple[list[Entry], str | None]:
    """A page of one part of the book, newest first, and the sort key to go on after."""
    page = read_page(EntryRow, keys.entries(tenant_id, part), limit=limit, after=after, newest_first=True)
    return [to_entry(tenant_id, row) for row in page.rows], page.after


def list_book(
    tenant_id: str, *, limit: int, before: str | None, wanted: Wanted = EVERYTHING
) -> tuple[list[Entry], str | None]:
    """A page of the whole book, newest first: both parts merged by instant. `before` is where an earlier page ended.

    Two requests; ten at most where not everything is wanted, after which a page may be short, and is gone on with.
    """
    rows: list[EntryRow] = []
    look = limit if wanted == EVERYTHING else ROWS_A_LOOK
    for _ in range(LOOKS_A_PAGE):
        pages = [
            read_page(
                EntryRow,
                keys.entries(tenant_id, part),
                first=wanted.since,
                after=before,
                limit=look,
                newest_first=True,
                filter_on=wanted.condition,
            )
            for part in PARTS
        ]
        # What lies behind the end of either page may have something of the other part before it.
        seen_to = max((page.after for page in pages if page.after is not None), default="")
        found = [row for page in pages for row in page.rows if row.sk >= seen_to and wanted.names(row)]
        rows += sorted(found, key=lambda row: row.sk, reverse=True)
        before = seen_to or None
        if len(rows) > limit:
            rows, before = rows[:limit], rows[limit - 1].sk
        if before is None or len(rows) == limit:
            break
    return [to_entry(tenant_id, row) for row in rows], before


def first_entries(tenant_id: str) -> list[Entry]:
    """The first entry of each part of the book, by recording: two requests."""
    rows = [row for part in PARTS for row in read_page(EntryRow, keys.entries(tenant_id, part), limit=1).rows]
    return [to_entry(tenant_id, row) for row in rows]
