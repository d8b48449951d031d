"""Papers, pictures and brands to test with."""

import hashlib
import re
import struct
import zlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import requests
from pypdf import PdfReader
from pypdf.generic import ContentStream, FloatObject, NumberObject

from chalicelib.documents.brand import Brand, Logo
from chalicelib.documents.paper import Language, Paper, PaperKind
from chalicelib.documents.samples import sample_paper
from tests.journeys.client import Client

MADE_AT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
BENGALI_NAME = "রহিমা বেগম"


def picture(width: int = 24, height: int = 8) -> bytes:
    """A PNG of that size, all of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + b"\x0b\x5d\x4e" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


BRAND = Brand(
    "Beta Net Ltd.",
    3,
    ("House 7, Road 12", "Banani, Dhaka 1213"),
    "+880 9610-000000",
    "billing@beta.test",
    "BIN 001234567-0101",
    "Helpline 16000, every day",
    "#0b5d4e",
    "#c77700",
    Language.BANGLA,
    Logo("l" + "a" * 16, "image/png", len(picture()), "0" * 64),
)


def pages_of(content: bytes) -> list[str]:
    """The text of each page as a reader copies it out: what a span says of itself goes before what its glyphs stand for."""
    reader = PdfReader(BytesIO(content))
    return [" ".join(_text_of(page, reader).split()) for page in reader.pages]


def _text_of(page: Any, reader: PdfReader) -> str:
    fonts = {name: _letters_of(font.get_object()) for name, font in page["/Resources"].get("/Font", {}).items()}
    text, letters, spans = [], {}, []
    for operands, operator in ContentStream(page.get_contents(), reader).operations:
        if operator == b"BDC":
            told = operands[1].get("/ActualText") if isinstance(operands[1], dict) else None
            text += [str(told)] if told is not None and True not in spans else []
            spans.append(told is not None)
        elif operator == b"BMC":
            spans.append(False)
        elif operator == b"EMC":
            spans.pop()
        elif operator == b"Tf":
            letters = fonts[operands[0]]
        elif operator in (b"Tm", b"Td"):
            text.append(" " if True not in spans else "")
        elif operator in (b"Tj", b"TJ") and True not in spans:
            shown = operands[0] if operator == b"TJ" else operands[:1]
            text += [_decoded(part, letters) for part in shown if not isinstance(part, NumberObject | FloatObject)]
    return "".join(text)


def _decoded(shown: Any, letters: dict[int, str]) -> str:
    raw = shown.original_bytes
    return "".join(letters.get(int.from_bytes(raw[at : at + 2], "big"), "") for at in range(0, len(raw), 2))


def _letters_of(font: Any) -> dict[int, str]:
    """What each glyph of a font stands for by itself."""
    table = font["/ToUnicode"].get_data().decode("latin-1")
    pairs = re.findall(r"^<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>$", table, re.MULTILINE)
    return {int(code, 16): bytes.fromhex(text).decode("utf-16-be") for code, text in pairs}


def letters_of(text: str) -> str:
    """Without blanks: where a word of Bangla ends cannot be told from where its glyphs stand."""
    return "".join(text.split())


def an_invoice(currency: str = "BDT") -> Paper:
    """The sample of an invoice, issued by Beta."""
    return sample_paper(PaperKind.INVOICE, currency, "Beta")


def send_logo(client: Client, content: bytes, media_type: str = "image/png") -> str:
    """The id of a picture that has come."""
    digest = hashlib.sha256(content).hexdigest()
    body = {"media_type": media_type, "size_bytes": len(content), "sha256": digest}
    declared = client.post("/v1/brand/logo", body).ok(201)
    upload = declared["upload"]
    assert requests.put(upload["url"], data=content, headers=upload["headers"], timeout=5).status_code == 200
    return str(declared["id"])
