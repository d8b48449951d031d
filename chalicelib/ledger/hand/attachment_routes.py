"""Attachments over HTTP: declared here, sent to and fetched from the store of files over links."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer, Body, InstantOut, parsed, shown
from chalicelib.aws import files
from chalicelib.core.dates import from_micros
from chalicelib.ledger.hand.attachment import (
    MAX_ATTACHMENT_BYTES,
    MAX_SENT_NAME,
    Attachment,
    parse_digest,
    parse_file_name,
)
from chalicelib.ledger.hand.attachments import declare_attachment, download_link, find_attachment, is_kept, upload_link

bp = Blueprint(__name__, tag="Books")

MediaType = Literal[
    "application/pdf",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/plain",
]
FileName = Annotated[str, parsed(parse_file_name), shown("receipt-1047.pdf", minLength=1, maxLength=MAX_SENT_NAME)]
Sha256 = Annotated[str, parsed(parse_digest), shown("9f2c61b0" * 8, pattern="^[0-9a-f]{64}$")]
SizeBytes = Annotated[int, Field(ge=1, le=MAX_ATTACHMENT_BYTES, strict=True, examples=[48213])]


class AttachmentBody(Body):
    """A document that is going to be sent."""

    file_name: FileName
    media_type: MediaType = Field(examples=["application/pdf"])
    size_bytes: SizeBytes
    sha256: Sha256


class LinkAnswer(Answer):
    """An address that works until `expires_at`, with this method and exactly these headers. It needs no sign-in."""

    url: str = Field(examples=["https://files.example/attachments/tk7m2p9qx4abc/a4mw2k8rt6vyx3n5?X-Amz-Signature=9f"])
    method: str = Field(examples=["PUT"])
    headers: dict[str, str] = Field(examples=[{"Content-Type": "application/pdf"}])
    expires_at: InstantOut


class AttachmentAnswer(Answer):
    """A document: `awaiting` until its file has come, then `kept`, with a link to fetch it."""

    id: str = Field(examples=["a4mw2k8rt6vyx3n5"])
    file_name: str = Field(examples=["receipt-1047.pdf"])
    media_type: str = Field(examples=["application/pdf"])
    size_bytes: int = Field(examples=[48213])
    sha256: str = Field(examples=["9f2c61b0" * 8])
    created_at: InstantOut
    created_by: str = Field(examples=["u4mw2k8rt6vyx"])
    acting_by: str | None = Field(examples=[None])
    status: Literal["awaiting", "kept"] = Field(examples=["awaiting"])
    upload: LinkAnswer | None
    download: LinkAnswer | None


@bp.api(
    "POST",
    "/v1/ledger/attachments",
    may="ledger:write",
    module="ledger",
    body=AttachmentBody,
    answer=AttachmentAnswer,
    status=201,
    repeatable=True,
)
def create_attachment(call: Call) -> AttachmentAnswer:
    """Declare a document and get a link to send it to, for fifteen minutes.

    The file goes to that link and not to this API: only the very bytes that were declared are taken. Entries may name
    the document once it is `kept`. A repeated request is answered with the same link; after it has run out, declare the
    document again under another key.
    """
    body: AttachmentBody = call.body
    declared = files.Declared(body.media_type, body.size_bytes, body.sha256)

    def show_awaited(attachment: Attachment) -> AttachmentAnswer:
        return _show(attachment, upload=upload_link(attachment, call.now))

    made = declare_attachment(
        call.tenant.tenant_id, body.file_name, declared, call.author, call.now, call.remember(show_awaited)
    )
    return show_awaited(made)


@bp.api("GET", "/v1/ledger/attachments/{attachment_id}", may="ledger:read", module="ledger", answer=AttachmentAnswer)
def read_attachment(call: Call, attachment_id: str) -> AttachmentAnswer:
    """A document of this book and, where its file has come, a link to fetch it with, for five minutes."""
    attachment = find_attachment(call.tenant.tenant_id, attachment_id)
    return _show(attachment, download=download_link(attachment, call.now) if is_kept(attachment) else None)


def _show(
    attachment: Attachment, upload: files.Link | None = None, download: files.Link | None = None
) -> AttachmentAnswer:
    return AttachmentAnswer(
        id=attachment.attachment_id,
        file_name=attachment.file_name,
        media_type=attachment.media_type,
        size_bytes=attachment.size_bytes,
        sha256=attachment.sha256,
        created_at=from_micros(attachment.created_micros),
        created_by=attachment.created_by,
        acting_by=attachment.acting_by or None,
        status="kept" if download else "awaiting",
        upload=_link(upload),
        download=_link(download),
    )


def _link(link: files.Link | None) -> LinkAnswer | None:
    if link is None:
        return None
    return LinkAnswer(url=link.url, method=link.method, headers=dict(link.headers), expires_at=link.expires_at)
