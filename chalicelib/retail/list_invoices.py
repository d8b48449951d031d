"""The invoices of a biller as a list: all of them, or one subscriber's, the newest first; and how each stands."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.aws import keys
from chalicelib.aws.tables import read_many, read_page
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_store import AccountRow, to_account
from chalicelib.retail.document_model import Batch, Credited, Document
from chalicelib.retail.document_store import BatchRow, DocumentRow, to_batch, to_document
from chalicelib.retail.find import place_of, read_credited, serial_in
from chalicelib.retail.model import DocumentKind

INVOICE = DocumentKind.INVOICE
LOOKS = 5
"""How many requests for batches, or documents, one page makes at most; then it is short and goes on."""
BATCHES_A_LOOK = 50
DOCUMENTS_A_LOOK = 200


class InvoiceStatus(StrEnum):
    """How an invoice stands: of void, paid, overdue and open the first that it is. What was credited counts as paid."""

    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    VOID = "void"


@dataclass(frozen=True)
class Listed:
    """An invoice in a list."""

    biller_id: str
    serial: int
    number: str
    tenant_id: str
    subscriber: int
    issued_on: date
    due_on: date
    total_minor: int

    @property
    def local_id(self) -> str:
        return f"{INVOICE.letter}{self.serial}"


@dataclass(frozen=True)
class Standing:
    """How an invoice stands: what is left to pay of it, and what was credited of it."""

    status: InvoiceStatus
    remaining_minor: int
    credited_minor: int


@dataclass(frozen=True)
class WantedInvoices:
    """Which invoices are asked for, None for all: of a subscriber (tenant id, number), of a status, issued between."""

    subscriber: tuple[str, int] | None = None
    status: InvoiceStatus | None = None
    first: date | None = None
    last: date | None = None

    def keeps(self, one: Listed) -> bool:
        return (self.first is None or self.first <= one.issued_on) and (self.last is None or one.issued_on <= self.last)


def list_invoices(
    biller_id: str, wanted: WantedInvoices, today: date, *, limit: int, after: str | None
) -> tuple[list[tuple[Listed, Standing]], str | None]:
    """A page of the invoices, the newest first, and where to go on. A page that leaves some out may be short."""
    kept: list[tuple[Listed, Standing]] = []
    below = serial_in(after)
    for _ in range(LOOKS):
        found, below = _look(biller_id, wanted, below)
        candidates = [one for one in found if wanted.keeps(one)]
        for chunk in _chunks(candidates):
            for one, standing in zip(chunk, standings(biller_id, chunk, today), strict=True):
                if wanted.status is None or standing.status is wanted.status:
                    kept.append((one, standing))
                    if len(kept) == limit:
                        is_last = below is None and one is found[-1]
                        return kept, None if is_last else place_of(one.serial)
        if below is None:
            return kept, None
    return kept, place_of(below)


def _look(biller_id: str, wanted: WantedInvoices, below: int | None) -> tuple[list[Listed], int | None]:
    """The next invoices below that serial, and below which to go on, None at the end: one request."""
    if wanted.subscriber is not None:
        return _look_at_subscriber(biller_id, *wanted.subscriber, below)
    last = None if below is None else keys.retail_batch(biller_id, INVOICE.value, below - 1).sk
    page = read_page(
        BatchRow,
        keys.retail_batches(biller_id, INVOICE.value),
        last=last,
        limit=BATCHES_A_LOOK,
        newest_first=True,
    )
    batches = [to_batch(biller_id, INVOICE, row) for row in page.rows]
    found = [one for batch in batches for one in _of_batch(batch) if below is None or one.serial < below]
    return found, None if page.after is None or not batches else batches[-1].first_serial


def _of_batch(batch: Batch) -> Iterator[Listed]:
    for place in reversed(range(len(batch.issued))):
        tenant_id, number, total_minor = batch.issued[place]
        due_on = batch.due_on or batch.issued_on
        yield Listed(
            batch.biller_id,
            batch.first_serial + place,
            batch.number(place),
            tenant_id,
            number,
            batch.issued_on,
            due_on,
            total_minor,
        )


def _look_at_subscriber(
    biller_id: str, tenant_id: str, number: int, below: int | None
) -> tuple[list[Listed], int | None]:
    """As `_look`, among the documents of one subscriber: of a few hundred documents all at once."""
    found: list[Listed] = []
    after: str | None = None
    while True:
        page = read_page(
            DocumentRow,
            keys.retail_documents(biller_id, tenant_id, number),
            after=after,
            limit=DOCUMENTS_A_LOOK,
            newest_first=True,
        )
        invoices = [to_document(row) for row in page.rows if row.sk.partition("#")[2].startswith(INVOICE.letter)]
        found += [listed(one) for one in invoices if below is None or one.serial < below]
        if page.after is None:
            return found, None
        if found:
            return found, found[-1].serial
        after = page.after


def listed(document: Document) -> Listed:
    """An invoice as it stands in a list."""
    return Listed(
        document.biller_id,
        document.serial,
        document.number,
        document.tenant_id,
        document.subscriber,
        document.issued_on,
        document.due_on or document.issued_on,
        document.total_minor,
    )


def standings(biller_id: str, invoices: Sequence[Listed], today: date) -> list[Standing]:
    """How these invoices stand, in their order: a request for each hundred accounts, and for what was credited."""
    places = list(dict.fromkeys((one.tenant_id, one.subscriber) for one in invoices))
    rows = read_many([(AccountRow, keys.retail_account(biller_id, *place)) for place in places])
    accounts = {place: to_account(biller_id, *place, row) for place, row in zip(places, rows, strict=True)}
    credited = read_credited(biller_id, [one.local_id for one in invoices])
    return [
        _standing(one, accounts[(one.tenant_id, one.subscriber)], credited[one.local_id], today) for one in invoices
    ]


def _standing(one: Listed, account: Account, credited: Credited, today: date) -> Standing:
    item = next((item for item in account.open_items if item.local_id == one.local_id), None)
    remaining = 0 if item is None else item.remaining_minor
    if credited.is_void:
        status = InvoiceStatus.VOID
    elif item is None:
        status = InvoiceStatus.PAID
    else:
        status = InvoiceStatus.OVERDUE if item.due_on < today else InvoiceStatus.OPEN
    return Standing(status, remaining, credited.amount_minor)


def _chunks(found: Sequence[Listed]) -> Iterable[Sequence[Listed]]:
    return (found[start : start + 100] for start in range(0, len(found), 100))
