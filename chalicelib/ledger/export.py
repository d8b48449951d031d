"""A book as text that other accounting programs accept: beancount, hledger, and one CSV line for each leg.

Every day in it is an accounting date (`effective_on`). An export that begins on a day starts with one more transaction,
dated the day before, that holds every balance of the book at its end: so the program's balances on the last day are
those of our trial balance, whatever the range. A beancount file goes on to assert them, and proves itself when loaded.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.config import config
from chalicelib.aws.tables import read_page
from chalicelib.core.dates import ONE_DAY, start_of, to_micros
from chalicelib.core.errors import FieldError, Invalid, invalid_field
from chalicelib.ledger.accounts import read_chart
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.export_formats import Extract, Format, render
from chalicelib.ledger.journal import Entry
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import EntryRow, to_entry
from chalicelib.tenants.model import Tenant

MAX_ANSWER_BYTES = 5_000_000
"""A Lambda answers with 6 MB at most, its text written as a JSON string; some of it is left for the headers."""

LEAST_ENTRY_BYTES = 150
"""No format writes an entry in less: a book that is too large is refused before all of it has been read."""


def export_book(tenant: Tenant, format_: Format, first: date | None, last: date | None) -> str:
    """The tenant's book from day `first` to day `last` (both included; all of it, if None) in that format.

    422 when `last` lies before `first`, and `too-large` when the text is more than one answer can carry.
    """
    if first is not None and last is not None and last < first:
        raise invalid_field("to", "must not lie before from")
    text = render(read_extract(tenant, first, last), format_)
    if len(json.dumps(text)) > MAX_ANSWER_BYTES:
        raise _too_large()
    return text


def read_extract(tenant: Tenant, first: date | None, last: date | None) -> Extract:
    """What is exported of a book: as its journal heads stood at one moment, however it moves on meanwhile.

    The opening balances are the totals kept with the heads less everything effective since, so that what was recorded
    before `first` is never read.
    """
    heads = read_heads(tenant.tenant_id)
    counted = {head.journal: head.sequence for head in heads}
    totals: Counter[str] = Counter()
    if first is not None:
        for head in heads:
            totals.update(head.totals)
    entries: list[Entry] = []
    for entry in _entries_since(tenant, first):
        day = entry.draft.effective_on
        if entry.sequence > counted.get(entry.journal, 0) or (first is not None and day < first):
            continue
        if first is not None:
            for line in entry.draft.lines:
                totals[line.account] -= line.debit_minor - line.credit_minor
        if last is None or day <= last:
            entries.append(entry)
        if len(entries) * LEAST_ENTRY_BYTES > MAX_ANSWER_BYTES:
            raise _too_large()
    entries.sort(key=lambda one: (one.draft.effective_on, one.recorded_micros, one.journal, one.sequence))
    opening = {code: net for code, net in sorted(totals.items()) if net}
    before = None if first is None else first - ONE_DAY
    return Extract(tenant.name, config().currency, read_chart(tenant), tuple(entries), opening, before, last)


def _entries_since(tenant: Tenant, first: date | None) -> Iterator[Entry]:
    """Every entry that can be effective on `first` or later, and some others: the rule of `statements.py`.

    Nothing is effective before that day has begun for its tenant, or is over for the child that it was settled with.
    """
    since = None
    if first is not None:
        first_over = start_of(first + ONE_DAY, "Pacific/Kiritimati")
        since = f"{to_micros(min(start_of(first, tenant.timezone), first_over)):016d}"
    for part in PARTS:
        page = read_page(EntryRow, keys.entries(tenant.tenant_id, part), first=since)
        yield from (to_entry(tenant.tenant_id, row) for row in page.rows)
        while page.after is not None:
            page = read_page(EntryRow, keys.entries(tenant.tenant_id, part), first=since, after=page.after)
            yield from (to_entry(tenant.tenant_id, row) for row in page.rows)


def _too_large() -> Invalid:
    sentence = "The export is larger than 5 MB: ask for fewer days at a time with from and to."
    wrong = (FieldError("from", "begins too early"), FieldError("to", "ends too late"))
    return Invalid("too-large", sentence, wrong)
