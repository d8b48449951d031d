"""An attachment as the rules see it: which kinds of file there are, and how a file's name is made safe. Pure."""

import re
from dataclasses import dataclass

from chalicelib.core.text import clean_text

MAX_ATTACHMENT_BYTES = 10_000_000
MAX_SENT_NAME = 255
MAX_FILE_NAME = 120
MAX_OF_AN_ENTRY = 10

SUFFIXES = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "text/csv": (".csv",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "text/plain": (".txt",),
}
"""The kinds of file that may be attached, and how the names of each end. None of them is run by what opens it."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ID = re.compile(r"a[a-z0-9]{16}", re.ASCII)
_NOT_IN_A_NAME = frozenset('<>:"|?*')


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that an entry may name. `sha256` is that of its bytes, declared before they were sent."""

    tenant_id: str
    attachment_id: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    created_micros: int
    created_by: str
    acting_by: str = ""

    @property
    def mark(self) -> str:
        """What ties it into the hash of an entry."""
        return f"{self.attachment_id}:{self.sha256}"


def is_attachment_id(text: str) -> bool:
    """Whether a text could be the id of an attachment: one that could not is never looked for."""
    return _ID.fullmatch(text) is not None


def parse_digest(text: str) -> str:
    """A SHA-256 as it is written here; `ValueError` for any other text."""
    if _DIGEST.fullmatch(text) is None:
        raise ValueError("must be a SHA-256 as 64 small hexadecimal digits")
    return text


def parse_file_name(text: str) -> str:
    """A name as it was sent, with folders perhaps; `ValueError` when it is empty, too long or holds what is not seen."""
    name = clean_text(text)
    if not 1 <= len(name) <= MAX_SENT_NAME:
        raise ValueError(f"must be 1 to {MAX_SENT_NAME} characters long")
    return name


def clean_file_name(text: str, media_type: str) -> str:
    """The name under which a file of that type is kept and saved again: its last part, with an ending that fits.

    `ValueError` when nothing of a name is left, it is too long, or it holds what cannot be seen.
    """
    last = parse_file_name(text).replace("\\", "/").rpartition("/")[2]
    name = "".join("_" if letter in _NOT_IN_A_NAME else letter for letter in last).strip(" .")
    if not name:
        raise ValueError("must be the name of a file")
    suffixes = SUFFIXES.get(media_type, ("",))
    if not name.lower().endswith(suffixes):
        name += suffixes[0]
    if len(name) > MAX_FILE_NAME:
        raise ValueError(f"must be at most {MAX_FILE_NAME} characters long")
    return name
