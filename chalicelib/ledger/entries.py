"""Finding entries of a book: one by its id, a page of them, all of them."""

from chalicelib.aws import keys
from chalicelib.aws.tables import read, read_page
from chalicelib.core.errors import NotFound
from chalicelib.ledger.journal import Entry, parse_entry_id
from chalicelib.ledger.store import EntryRow, to_entry

PARTS = ("fund", "other")


def find_entry(tenant_id: str, entry_id: str) -> Entry:
    """The entry with that id in that tenant's book; `NotFound`, also for another tenant's."""
    place = parse_entry_id(entry_id)
    if place is None or place.tenant_id != tenant_id:
        raise NotFound("entry")
    row = read(EntryRow, keys.entry(tenant_id, place.part, place.recorded_micros, place.journal, place.sequence))
    if row is None:
        raise NotFound("entry")
    return to_entry(tenant_id, row)


def list_entries(tenant_id: str, part: str, *, limit: int, after: str | None) -> tuple[list[Entry], str | None]:
    """A page of one part of the book, newest first, and the sort key to go on after."""
    page = read_page(EntryRow, keys.entries(tenant_id, part), limit=limit, after=after, newest_first=True)
    return [to_entry(tenant_id, row) for row in page.rows], page.after


def list_book(tenant_id: str, *, limit: int, before: str | None) -> tuple[list[Entry], str | None]:
    """A page of the whole book, newest first: both parts merged by instant. `before` is where an earlier page ended."""
    rows: list[EntryRow] = []
    more = False
    for part in PARTS:
        page = read_page(EntryRow, keys.entries(tenant_id, part), after=before, limit=limit, newest_first=True)
        rows += page.rows
        more = more or page.after is not None
    rows.sort(key=lambda row: row.sk, reverse=True)
    taken = rows[:limit]
    ended = not more and len(rows) <= limit
    return [to_entry(tenant_id, row) for row in taken], None if ended or not taken else taken[-1].sk
