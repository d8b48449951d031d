"""Documents as they are kept: asked for, found, listed, and told what became of them.

A document is named by what it is of, so that asking is safe to repeat. The message to the worker says all that the row
does and is sent before it: whichever of the two is lost, asking again brings it, and printing needs only the message.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.queue import send_document
from chalicelib.aws.tables import ConditionFailed, Put, Remember, forget, read, read_page, write
from chalicelib.core.errors import Conflict, NotFound, invalid_field
from chalicelib.documents.document import (
    MAX_NUMBER,
    Document,
    DocumentStatus,
    File,
    Order,
    documents_prefix,
    is_document_id,
)
from chalicelib.documents.paper import Language, PaperKind
from chalicelib.documents.store import DocumentRow

MOST_OF_ONE_THING = 200


def ask_for_document(order: Order, remember: Remember = forget) -> Document:
    """Have a document printed, or find the one that was asked for before: what is ready stays as it is."""
    kept = look_up_document(order.tenant_id, order.document_id)
    if kept is None or kept.status is not DocumentStatus.READY:
        send_document(as_message(order))
    if kept is not None and kept.status is not DocumentStatus.FAILED:
        return _remembered(kept, remember)
    queued = Document(order, DocumentStatus.QUEUED)
    condition = DocumentRow.pk.does_not_exist() | (DocumentRow.status == DocumentStatus.FAILED.value)
    put = Put(_row(queued), condition)
    try:
        write(put, *remember(queued))
    except ConditionFailed:
        # The worker, or somebody who asked for the same, was faster.
        return _remembered(find_document(order.tenant_id, order.document_id), remember)
    return queued


def order_anew(order: Order, instead_of: str) -> Order:
    """The order that prints once more what is there: 422 `instead_of` unless that is a printed document of the same.

    409 `being-printed` while it is not printed yet.
    """
    earlier = look_up_document(order.tenant_id, instead_of) if is_document_id(instead_of) else None
    same = earlier and replace(order, number=earlier.order.number).document_id == instead_of
    if earlier is None or not same:
        raise invalid_field("instead_of", "must be a document of the same kind, thing and language")
    if earlier.status is DocumentStatus.QUEUED:
        raise Conflict("being-printed", "That document is still being printed.")
    if earlier.order.number >= MAX_NUMBER:
        raise Conflict("too-many-prints", f"A document is printed at most {MAX_NUMBER:,} times.")
    return replace(order, number=earlier.order.number + 1)


def find_document(tenant_id: str, document_id: str) -> Document:
    """A document of this tenant; 404."""
    found = look_up_document(tenant_id, document_id) if is_document_id(document_id) else None
    if found is None:
        raise NotFound("document")
    return found


def look_up_document(tenant_id: str, document_id: str) -> Document | None:
    """A document of this tenant, or None."""
    row = read(DocumentRow, keys.document(tenant_id, document_id))
    return _document(tenant_id, row) if row is not None else None


def documents_of(tenant_id: str, of: str) -> list[Document]:
    """The documents of one thing, by kind, language and number; 200 at most."""
    prefix = documents_prefix(of)
    page = read_page(
        DocumentRow, keys.documents(tenant_id), first=prefix, last=prefix + keys.LAST, limit=MOST_OF_ONE_THING
    )
    return [_document(tenant_id, row) for row in page.rows]


def finish_document(document: Document) -> Document:
    """Write down what became of an order; what is ready already stays, and is what comes back."""
    condition = DocumentRow.pk.does_not_exist() | (DocumentRow.status != DocumentStatus.READY.value)
    try:
        write(Put(_row(document), condition))
    except ConditionFailed:
        return find_document(document.order.tenant_id, document.order.document_id)
    return document


def as_message(order: Order) -> dict[str, Any]:
    """An order as the queue carries it."""
    return {
        "tenant_id": order.tenant_id,
        "kind": order.kind.value,
        "of": order.of,
        "language": order.language.value,
        "number": order.number,
        "asked_micros": order.asked_micros,
        "asked_by": order.asked_by,
    }


def from_message(message: Mapping[str, Any]) -> Order:
    """The order of a message."""
    return Order(**{**message, "kind": PaperKind(message["kind"]), "language": Language(message["language"])})


def _remembered(document: Document, remember: Remember) -> Document:
    if operations := remember(document):
        write(*operations)
    return document


def _row(document: Document) -> DocumentRow:
    order, file = document.order, document.file
    printed = (
        {
            "printed_micros": file.printed_micros,
            "sha256": file.sha256,
            "size_bytes": file.size_bytes,
            "file_name": file.file_name,
            "content": file.content,
            "brand_version": file.brand_version,
            "template_version": file.template_version,
        }
        if file is not None
        else {}
    )
    return DocumentRow.at(
        keys.document(order.tenant_id, order.document_id),
        kind=order.kind.value,
        of=order.of,
        language=order.language.value,
        number=order.number,
        status=document.status.value,
        asked_micros=order.asked_micros,
        asked_by=order.asked_by,
        failure=document.failure or None,
        warning=document.warning or None,
        **printed,
    )


def _document(tenant_id: str, row: DocumentRow) -> Document:
    order = Order(
        tenant_id, PaperKind(row.kind), row.of, Language(row.language), row.number, row.asked_micros, row.asked_by
    )
    file = None
    if row.sha256 is not None:
        file = File(
            row.sha256,
            row.size_bytes,
            row.file_name,
            row.content,
            row.brand_version,
            row.template_version,
            row.printed_micros,
        )
    return Document(order, DocumentStatus(row.status), file, row.warning or "", row.failure or "")
