"""Attachments: documents that are declared, sent straight to the store of files, and named by entries.

An entry names a document by its id and its hash, and is hashed with both: the document can be found wanting, but not
exchanged. An attachment that no entry names is never looked at again.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock, files, keys
from chalicelib.aws.tables import Put, Remember, forget, read, read_many, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import FieldError, Invalid, NotFound, invalid_field
from chalicelib.ledger.hand.attachment import MAX_OF_AN_ENTRY, Attachment, clean_file_name, is_attachment_id
from chalicelib.ledger.store import AttachmentRow


def declare_attachment(
    tenant_id: str,
    file_name: str,
    declared: files.Declared,
    author: Author,
    now: datetime,
    remember: Remember = forget,
) -> Attachment:
    """Write down what is going to be sent. 422 `file_name` for a name that will not do."""
    try:
        name = clean_file_name(file_name, declared.media_type)
    except ValueError as error:
        raise invalid_field("file_name", str(error)) from None
    attachment = Attachment(
        tenant_id,
        clock.new_id("a", 16),
        name,
        declared.media_type,
        declared.size_bytes,
        declared.sha256,
        to_micros(now),
        author.user_id,
        author.acting_id,
    )
    write(Put(_row(attachment)), *remember(attachment))
    return attachment


def find_attachment(tenant_id: str, attachment_id: str) -> Attachment:
    """An attachment of this tenant; 404 when it has none of that id."""
    row = read(AttachmentRow, keys.attachment(tenant_id, attachment_id)) if is_attachment_id(attachment_id) else None
    if row is None:
        raise NotFound("attachment")
    return _attachment(tenant_id, row)


def is_kept(attachment: Attachment) -> bool:
    """Whether the file has come, and is what was declared."""
    return files.is_stored(_path(attachment), declared_of(attachment))


def upload_link(attachment: Attachment, now: datetime) -> files.Link:
    """Where its file is to be sent."""
    return files.upload_link(_path(attachment), declared_of(attachment), now)


def download_link(attachment: Attachment, now: datetime) -> files.Link:
    """Where its file can be fetched."""
    return files.download_link(_path(attachment), attachment.file_name, attachment.media_type, now)


def attachment_marks(tenant_id: str, attachment_ids: Sequence[str]) -> tuple[str, ...]:
    """The texts `id:sha256` for the hash of an entry that names these attachments, in their order.

    422 `attachments.N` for one that is not the tenant's own, whose file has not come, or that is named twice. What is
    kept stays kept: nothing of ours can remove a file, so the entry may be written a moment later.
    """
    if len(attachment_ids) > MAX_OF_AN_ENTRY:
        raise invalid_field("attachments", f"must be at most {MAX_OF_AN_ENTRY}")
    rows = read_many(
        [(AttachmentRow, keys.attachment(tenant_id, one)) for one in attachment_ids if is_attachment_id(one)]
    )
    found = {row.sk: _attachment(tenant_id, row) for row in rows if row is not None}
    errors = []
    for number, one in enumerate(attachment_ids):
        attachment = found.get(one)
        if attachment is None:
            message = "is not an attachment of this book"
        elif one in attachment_ids[:number]:
            message = "is named twice"
        elif not is_kept(attachment):
            message = "has not been uploaded yet"
        else:
            continue
        errors.append(FieldError(f"attachments.{number}", message))
    if errors:
        raise Invalid("invalid", "Some attachments cannot be used.", tuple(errors))
    return tuple(found[one].mark for one in attachment_ids)


def declared_of(attachment: Attachment) -> files.Declared:
    """What the store of files holds the upload to."""
    return files.Declared(attachment.media_type, attachment.size_bytes, attachment.sha256)


def _path(attachment: Attachment) -> str:
    return files.attachment_file(attachment.tenant_id, attachment.attachment_id)


def _row(attachment: Attachment) -> AttachmentRow:
    return AttachmentRow.at(
        keys.attachment(attachment.tenant_id, attachment.attachment_id),
        file_name=attachment.file_name,
        media_type=attachment.media_type,
        size_bytes=attachment.size_bytes,
        sha256=attachment.sha256,
        created_micros=attachment.created_micros,
        created_by=attachment.created_by,
        acting_by=attachment.acting_by or None,
    )


def _attachment(tenant_id: str, row: AttachmentRow) -> Attachment:
    return Attachment(
        tenant_id,
        row.sk,
        row.file_name,
        row.media_type,
        row.size_bytes,
        row.sha256,
        row.created_micros,
        row.created_by,
        row.acting_by or "",
    )
