"""An order carried out: brand, logo and template are read, the paper is printed and stored, and the document is ready.

Everything is found or made again by a second delivery: equal papers give equal bytes, the file is named by its bytes,
and the row that says `ready` is written once. What was printed before for the same content is not printed again.
"""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from chalicelib.aws import files
from chalicelib.core.dates import to_micros
from chalicelib.documents.asking import finish_document, look_up_document
from chalicelib.documents.brands import read_brand, read_picture
from chalicelib.documents.document import Document, DocumentStatus, File, Order, name_file
from chalicelib.documents.paper import Paper
from chalicelib.documents.printer import Sheet, print_safely
from chalicelib.documents.templates import current_template

MEDIA_TYPE = "application/pdf"


def render_document(order: Order, paper: Paper, tenant_code: str, now: datetime, library_path: str = "") -> Document:
    """Print what was ordered and store it. What is ready already stays as it was printed first."""
    brand = read_brand(order.tenant_id, paper.seller_name)
    template = current_template(order.tenant_id, order.kind)
    sheet = Sheet(paper, brand, order.language, read_picture(order.tenant_id, brand), template.source)
    earlier = _earlier(order)
    if earlier is not None and earlier.file is not None and earlier.file.content == sheet.content:
        return finish_document(replace(earlier, order=order))
    content, warning = print_safely(sheet, library_path)
    digest = sha256(content).hexdigest()
    files.store(files.document_file(order.tenant_id, digest), content, MEDIA_TYPE)
    file = File(
        digest,
        len(content),
        name_file(tenant_code, order, paper.number),
        sheet.content,
        brand.version,
        template.version,
        to_micros(now),
    )
    return finish_document(Document(order, DocumentStatus.READY, file, warning))


def download_link(document: Document, now: datetime) -> files.Link | None:
    """Where the file of a document can be fetched, for five minutes; None while there is none."""
    file = document.file
    if file is None:
        return None
    path = files.document_file(document.order.tenant_id, file.sha256)
    return files.download_link(path, file.file_name, MEDIA_TYPE, now)


def _earlier(order: Order) -> Document | None:
    """What was printed before in this one's place."""
    if order.number == 1:
        return None
    return look_up_document(order.tenant_id, replace(order, number=order.number - 1).document_id)
