"""Documents over HTTP: asked for, looked at, fetched over a link."""

from datetime import datetime

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.aws import files
from chalicelib.core.dates import from_micros, to_micros
from chalicelib.core.errors import NotAllowed, invalid_field
from chalicelib.documents.asking import ask_for_document, documents_of, find_document, order_anew
from chalicelib.documents.brands import read_brand
from chalicelib.documents.document import Document, Order
from chalicelib.documents.paper import Language, PaperKind
from chalicelib.documents.render import download_link
from chalicelib.documents.shapes import DocumentAnswer, DocumentBody, DocumentsAnswer, DocumentsQuery, FileLinkAnswer
from chalicelib.documents.worker import source_of

bp = Blueprint(__name__, tag="Documents")


@bp.api(
    "POST",
    "/v1/documents",
    may="documents:write",
    body=DocumentBody,
    answer=DocumentAnswer,
    status=202,
    repeatable=True,
    also={404: "not-found", 409: "being-printed"},
)
def create_document(call: Call) -> DocumentAnswer:
    """Have a paper printed. What was printed before is not printed again: the answer is the document that is there.

    Without a language it is printed in that of its reader, or the brand's. A document stays as it was printed first,
    whatever becomes of brand and template; `instead_of` has it printed anew, as a further one.
    """
    body: DocumentBody = call.body
    kind = PaperKind(body.kind)
    source = source_of(call.tenant.tenant_id, kind, body.of)
    if source is None:
        raise invalid_field("kind", "is not printed yet: nothing of that kind is kept")
    _check_may(call, kind, body.of)
    paper = source.load(call.tenant, body.of)
    language = body.language or paper.language or read_brand(call.tenant.tenant_id, call.tenant.name).language
    order = Order(call.tenant.tenant_id, kind, body.of, Language(language), 1, to_micros(call.now), call.author.user_id)
    if body.instead_of is not None:
        order = order_anew(order, body.instead_of)
    asked = ask_for_document(order, call.remember(lambda document: show_document(document, call.now)))
    return show_document(asked, call.now)


@bp.api("GET", "/v1/documents", may="documents:read", query=DocumentsQuery, answer=DocumentsAnswer)
def list_documents(call: Call) -> DocumentsAnswer:
    """What was printed of one thing: each kind and language, and each time it was printed anew."""
    query: DocumentsQuery = call.query
    found = documents_of(call.tenant.tenant_id, query.of)
    return DocumentsAnswer(
        items=[show_document(one, call.now) for one in found if _may(call, one.order.kind, query.of)]
    )


@bp.api("GET", "/v1/documents/{document_id}", may="documents:read", answer=DocumentAnswer)
def read_document(call: Call, document_id: str) -> DocumentAnswer:
    """A document and, once it is ready, a link to fetch it with, for five minutes."""
    document = find_document(call.tenant.tenant_id, document_id)
    _check_may(call, document.order.kind, document.order.of)
    return show_document(document, call.now)


def show_document(document: Document, now: datetime) -> DocumentAnswer:
    """A document as the API shows it."""
    order, file = document.order, document.file
    return DocumentAnswer(
        id=order.document_id,
        kind=order.kind.value,
        of=order.of,
        language=order.language.value,
        number=order.number,
        status=document.status.value,
        warning=document.warning or None,
        failure=document.failure or None,
        asked_at=from_micros(order.asked_micros),
        asked_by=order.asked_by,
        printed_at=from_micros(file.printed_micros) if file else None,
        file_name=file.file_name if file else None,
        size_bytes=file.size_bytes if file else None,
        sha256=file.sha256 if file else None,
        brand_version=file.brand_version if file else None,
        template_version=file.template_version if file else None,
        link=show_link(download_link(document, now)),
    )


def show_link(link: files.Link | None) -> FileLinkAnswer | None:
    """A link as the API shows it."""
    if link is None:
        return None
    return FileLinkAnswer(url=link.url, method=link.method, headers=dict(link.headers), expires_at=link.expires_at)


def _may(call: Call, kind: PaperKind, of: str) -> bool:
    """Whether the caller may see what such a paper tells."""
    source = source_of(call.tenant.tenant_id, kind, of)
    return source is None or source.may in call.caller.permissions


def _check_may(call: Call, kind: PaperKind, of: str) -> None:
    if not _may(call, kind, of):
        raise NotAllowed("role-not-allowed", f"The role {call.caller.role.value} may not see papers of that kind.")
