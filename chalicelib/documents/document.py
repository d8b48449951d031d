"""A document that somebody asked for: of which thing, in which language, and what became of it. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from chalicelib.documents.paper import Language, PaperKind

MAX_NUMBER = 9_999
MAX_OF = 128
_KINDS = "|".join(PaperKind)
_ID = re.compile(rf"d([0-9a-f]{{20}})-({_KINDS})-(en|bn)-([0-9]{{4}})", re.ASCII)
OF_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}"
_OF = re.compile(OF_PATTERN, re.ASCII)
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class DocumentStatus(StrEnum):
    """`queued` until a worker has printed it; `failed` for one that cannot be, which may be asked for again."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `number` is 1 for what is printed first, and one more each time it is printed anew."""

    tenant_id: str
    kind: PaperKind
    of: str
    language: Language
    number: int
    asked_micros: int
    asked_by: str

    @property
    def document_id(self) -> str:
        """The same for whoever asks for the same: asking twice makes one document."""
        return f"{documents_prefix(self.of)}{self.kind.value}-{self.language.value}-{self.number:04d}"


@dataclass(frozen=True, slots=True)
class File:
    """The file that a document became. `content` is the hash of all that went into it (`printer.Sheet`)."""

    sha256: str
    size_bytes: int
    file_name: str
    content: str
    brand_version: int
    template_version: int
    printed_micros: int


@dataclass(frozen=True, slots=True)
class Document:
    """An order and how far it is. A warning is for people: it was printed, but not as it should have been."""

    order: Order
    status: DocumentStatus
    file: File | None = None
    warning: str = ""
    failure: str = ""


def documents_prefix(of: str) -> str:
    """How the ids of all documents of one thing begin."""
    return f"d{sha256(of.encode()).hexdigest()[:20]}-"


def is_document_id(text: str) -> bool:
    """Whether a text could be the id of a document: one that could not is never looked for."""
    return _ID.fullmatch(text) is not None


def parse_of(text: str) -> str:
    """The id of a thing as somebody sent it; `ValueError`."""
    if _OF.fullmatch(text) is None:
        raise ValueError("must be the id of what is to be printed")
    return text


def name_file(tenant_code: str, order: Order, number: str) -> str:
    """Under which name a document is saved: `BETA-INV-2026-000142-bn.pdf`."""
    what = _NOT_IN_A_NAME.sub("-", number).strip("-.") or order.kind.value
    return f"{tenant_code}-{what}-{order.language.value}.pdf"
