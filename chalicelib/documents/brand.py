"""How a tenant's papers look and whose they are: name, address, colours, logo. Pure."""

import base64
import re
from dataclasses import dataclass

from chalicelib.documents.paper import Language

MAX_ADDRESS_LINES = 5
MAX_LOGO_BYTES = 500_000
MAX_LOGO_PIXELS = 4_000_000
MAX_LOGO_SIDE = 4_000
LOGO_TYPES = ("image/png", "image/jpeg")
"""What a logo may be: pictures that hold nothing but a picture. An SVG is a program's text, and may name other files."""
PLAIN_MAIN, PLAIN_ACCENT = "#1f3a5f", "#5b7083"

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LOGO_ID = re.compile(r"l[a-z0-9]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture as it was declared. `sha256` is that of its bytes."""

    logo_id: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Brand:
    """One version of a tenant's brand; version 0 is that of a tenant that has none: its name, and plain colours."""

    name: str
    version: int = 0
    address: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    tax_number: str = ""
    footer: str = ""
    main_colour: str = PLAIN_MAIN
    accent_colour: str = PLAIN_ACCENT
    language: Language = Language.ENGLISH
    logo: Logo | None = None
    saved_micros: int = 0
    saved_by: str = ""


def parse_colour(text: str) -> str:
    """A colour written #rrggbb, in small letters; `ValueError` for anything else."""
    if _COLOUR.fullmatch(text) is None:
        raise ValueError("must be a colour written like #1f3a5f")
    return text.lower()


def parse_digest(text: str) -> str:
    """A SHA-256 as it is written here; `ValueError` for any other text."""
    if _DIGEST.fullmatch(text) is None:
        raise ValueError("must be a SHA-256 as 64 small hexadecimal digits")
    return text


def is_logo_id(text: str) -> bool:
    """Whether a text could be the id of a logo."""
    return _LOGO_ID.fullmatch(text) is not None


def picture_size(content: bytes, media_type: str) -> tuple[int, int]:
    """Width and height. `ValueError` for bytes that are no picture of that type, or more than four million pixels.

    Only the beginning is looked at, so that a small file of a huge picture is never unpacked. That the rest is sound
    is found by printing it.
    """
    size = _png_size(content) if media_type == "image/png" else _jpeg_size(content)
    if size is None:
        raise ValueError(f"is not a {'PNG' if media_type == 'image/png' else 'JPEG'} picture")
    width, height = size
    if not (1 <= width <= MAX_LOGO_SIDE and 1 <= height <= MAX_LOGO_SIDE) or width * height > MAX_LOGO_PIXELS:
        raise ValueError(f"has {width} x {height} pixels: at most {MAX_LOGO_PIXELS:,} go, and {MAX_LOGO_SIDE:,} a side")
    return size


def picture_as_text(content: bytes, media_type: str) -> str:
    """A picture as the press takes it, which reads texts alone: an SVG of ours that holds nothing but that picture."""
    width, height = picture_size(content, media_type)
    data = base64.b64encode(content).decode()
    shape = f'width="{width}" height="{height}"'
    picture = f'<image {shape} href="data:{media_type};base64,{data}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {shape}>{picture}</svg>'


def _png_size(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR" or len(content) < 33:
        return None
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """The size that the first frame header names: segments are walked until it comes."""
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = content[place + 5 : place + 7], content[place + 7 : place + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        place += 2 + max(length, 2)
    return None
