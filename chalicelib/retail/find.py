"""Finding what a biller billed: a subscriber that it bills, a subscriber's account, and the documents issued to it."""

import re
from collections.abc import Collection

from chalicelib.aws import keys
from chalicelib.aws.tables import read, read_all, read_many, read_page
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_store import AccountRow, to_account
from chalicelib.retail.document_model import Credited, Document
from chalicelib.retail.document_store import BatchRow, DocumentRow, to_batch, to_document
from chalicelib.retail.model import KIND_OF_LETTER, DocumentKind, Terms
from chalicelib.retail.store import CreditedRow, TermsRow, to_credited, to_terms
from chalicelib.tenants.model import Tenant

_LOCAL_ID = re.compile(r"([a-z])([1-9][0-9]{0,9})", re.ASCII)


def read_terms(biller: Tenant) -> Terms:
    """How a biller bills; the default terms, of revision 0, where nobody has set any."""
    row = read(TermsRow, keys.retail_terms(biller.tenant_id))
    return terms_of(biller, row)


def terms_of(biller: Tenant, row: TermsRow | None) -> Terms:
    """The terms of a row, or the default ones."""
    return Terms(biller.tenant_id, biller.settles_from) if row is None else to_terms(biller.tenant_id, row)


def find_account(biller_id: str, tenant_id: str, number: int) -> Account:
    """The account of a subscriber; one of revision 0 where nothing was billed or paid yet."""
    row = read(AccountRow, keys.retail_account(biller_id, tenant_id, number))
    return to_account(biller_id, tenant_id, number, row)


def local_id_of(biller_id: str, text: str, kinds: Collection[DocumentKind]) -> str:
    """The local id in a document's id, of one of these kinds; `NotFound` for another's, and for what is no id."""
    local_id = text.removeprefix(f"{biller_id}.")
    match = _LOCAL_ID.fullmatch(local_id)
    kind = None if match is None else KIND_OF_LETTER.get(match[1])
    if local_id == text or kind not in kinds:
        raise NotFound("document" if len(kinds) > 1 else next(iter(kinds)).value.replace("_", " "))
    return local_id


def find_document(biller_id: str, text: str, kinds: Collection[DocumentKind]) -> Document:
    """The document with that id, of one of these kinds; `NotFound`. Two requests."""
    local_id = local_id_of(biller_id, text, kinds)
    kind, serial = KIND_OF_LETTER[local_id[0]], int(local_id[1:])
    last = keys.retail_batch(biller_id, kind.value, serial).sk
    page = read_page(BatchRow, keys.retail_batches(biller_id, kind.value), last=last, limit=1, newest_first=True)
    for row in page.rows:
        batch = to_batch(biller_id, kind, row)
        place = serial - batch.first_serial
        if place < len(batch.issued):
            tenant_id, number, _ = batch.issued[place]
            key = keys.retail_document(biller_id, tenant_id, number, batch.recorded_micros, local_id)
            found = read(DocumentRow, key)
            if found is not None:
                return to_document(found)
    raise NotFound(kind.value.replace("_", " "))


def place_of(serial: int | None) -> str | None:
    """Where a list of documents goes on: behind that serial; None at its end."""
    return None if serial is None else f"{serial:010d}"


def serial_in(place: str | None) -> int | None:
    """The serial behind which a list of documents goes on, None for its beginning; 422 for a place that it never told."""
    if place is None:
        return None
    if len(place) != 10 or not (place.isascii() and place.isdigit()):
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return int(place)


def documents_of(biller_id: str, tenant_id: str, number: int) -> list[Document]:
    """Everything that was issued to a subscriber, in order: a request for each megabyte, some thousand documents."""
    rows = read_all(DocumentRow, keys.retail_documents(biller_id, tenant_id, number))
    return [to_document(row) for row in rows]


def read_credited(biller_id: str, local_ids: Collection[str]) -> dict[str, Credited]:
    """What became of these documents beside what was paid, by local id."""
    rows = read_many([(CreditedRow, keys.retail_credited(biller_id, one)) for one in local_ids])
    return {one: to_credited(biller_id, one, row) for one, row in zip(local_ids, rows, strict=True)}
