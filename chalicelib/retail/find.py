"""Finding what a biller billed: a subscriber that it bills, a subscriber's account, and the documents issued to it."""

import re
from collections.abc import Collection

from chalicelib.aws import keys
from chalicelib.aws.tables import read, read_all, read_many, read_page
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.crm.subscriber import subscriber_number
from chalicelib.retail.model import KIND_OF_LETTER, Account, Credited, Document, DocumentKind, Terms
from chalicelib.retail.store import (
    AccountRow,
    BatchRow,
    CreditedRow,
    DocumentRow,
    TermsRow,
    to_account,
    to_batch,
    to_credited,
    to_document,
    to_terms,
)
from chalicelib.tenants.hierarchy import child_with_code, read_tree
from chalicelib.tenants.model import Mode, Tenant

LONGEST_ID = 64
_LOCAL_ID = re.compile(r"([a-z])([1-9][0-9]{0,9})", re.ASCII)


def billed_subscriber(biller: Tenant, subscriber_text: str) -> tuple[str, int]:
    """The tenant's id and the number of a subscriber that this tenant bills, by its id.

    It bills its own, and those of the `percentage` tenants below it up to the first that is not; whose account it keeps
    already it goes on billing. `NotFound` for everybody else's; 409 `not-a-biller` where the biller is itself `percentage`.
    """
    tenant_id = subscriber_text.rpartition(".")[0]
    number = subscriber_number(tenant_id, subscriber_text)
    if _is_billed_by(biller, tenant_id):
        return tenant_id, number
    if len(tenant_id) <= LONGEST_ID and find_account(biller.tenant_id, tenant_id, number).revision:
        return tenant_id, number
    if tenant_id == biller.tenant_id:
        raise Conflict("not-a-biller", "Your subscribers are billed by the tenant above you.")
    raise NotFound("subscriber")


def _is_billed_by(biller: Tenant, tenant_id: str) -> bool:
    """Whether that is the biller, or a tenant below it down to which everybody is `percentage`.

    Their modes are read from the lists of children: a tenant that is somebody else's business is not looked at.
    """
    if biller.mode is Mode.PERCENTAGE:
        return False
    if tenant_id == biller.tenant_id:
        return True
    nodes = {node.tenant_id: node for node in read_tree(biller.chain)}
    if tenant_id not in nodes:
        return False
    parent = biller.tenant_id
    for below in nodes[tenant_id].chain[len(biller.chain) :]:
        child = child_with_code(parent, nodes[below].code)
        if child is None or child.mode is not Mode.PERCENTAGE:
            return False
        parent = below
    return True


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


def documents_of(biller_id: str, tenant_id: str, number: int) -> list[Document]:
    """Everything that was issued to a subscriber, in order: a request for each megabyte, some thousand documents."""
    rows = read_all(DocumentRow, keys.retail_documents(biller_id, tenant_id, number))
    return [to_document(row) for row in rows]


def read_credited(biller_id: str, local_ids: Collection[str]) -> dict[str, Credited]:
    """What became of these documents beside what was paid, by local id."""
    rows = read_many([(CreditedRow, keys.retail_credited(biller_id, one)) for one in local_ids])
    return {one: to_credited(biller_id, one, row) for one, row in zip(local_ids, rows, strict=True)}
