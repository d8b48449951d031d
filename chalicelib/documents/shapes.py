"""What is sent and answered about papers: brands, templates, documents."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Email, InstantOut, parsed, shown
from chalicelib.api.paging import PageQuery
from chalicelib.core.text import clean_text
from chalicelib.documents.brand import MAX_ADDRESS_LINES, MAX_LOGO_BYTES, parse_colour, parse_digest
from chalicelib.documents.document import MAX_OF, OF_PATTERN, parse_of
from chalicelib.documents.templates import MAX_SOURCE_BYTES, parse_source

LanguageName = Literal["en", "bn"]
KindName = Literal["invoice", "credit_note", "receipt", "statement", "commission_statement", "payslip"]
Colour = Annotated[str, parsed(parse_colour), shown("#0b5d4e", pattern="^#[0-9a-fA-F]{6}$")]
Sha256 = Annotated[str, parsed(parse_digest), shown("9f2c61b0" * 8, pattern="^[0-9a-f]{64}$")]


def _line(shortest: int, longest: int) -> Callable[[str], str]:
    """A line of text of that length, cleaned."""

    def parse(text: str) -> str:
        line = clean_text(text)
        if not shortest <= len(line) <= longest:
            raise ValueError(f"must be {shortest} to {longest} characters long")
        return line

    return parse


BrandName = Annotated[str, parsed(_line(1, 120)), shown("Beta Net Ltd.", minLength=1, maxLength=120)]
AddressLine = Annotated[str, parsed(_line(1, 120)), shown("House 7, Road 12", minLength=1, maxLength=120)]
Phone = Annotated[str, parsed(_line(0, 40)), shown("+880 9610-000000", maxLength=40)]
TaxNumber = Annotated[str, parsed(_line(0, 60)), shown("BIN 001234567-0101", maxLength=60)]
Footer = Annotated[str, parsed(_line(0, 300)), shown("Please pay within the due date.", maxLength=300)]
LogoId = Annotated[str, parsed(_line(1, 40)), shown("l4mw2k8rt6vyx3n5a", minLength=1, maxLength=40)]
DocumentId = Annotated[
    str, parsed(_line(1, 64)), shown("d3f9a1c07b2e4d5f6a7b8-invoice-en-0001", minLength=1, maxLength=64)
]
Source = Annotated[
    str,
    parsed(parse_source),
    shown('#import "house.typ": *', pattern="[^ \\t\\r\\n]", minLength=1, maxLength=MAX_SOURCE_BYTES),
]
ThingId = Annotated[
    str,
    parsed(parse_of),
    shown("INV-2026-000142", pattern=f"^{OF_PATTERN}$", minLength=1, maxLength=MAX_OF),
]


class FileLinkAnswer(Answer):
    """An address that works until `expires_at`, with this method and exactly these headers. It needs no sign-in."""

    url: str = Field(examples=["https://files.example/documents/tk7m2p9qx4abc/9f2c61b0?X-Amz-Signature=9f"])
    method: str = Field(examples=["GET"])
    headers: dict[str, str] = Field(examples=[{}])
    expires_at: InstantOut


class LogoBody(Body):
    """A picture that is going to be sent: PNG or JPEG, at most 500 KB and four million pixels."""

    media_type: Literal["image/png", "image/jpeg"] = Field(examples=["image/png"])
    size_bytes: Annotated[int, Field(ge=1, le=MAX_LOGO_BYTES, strict=True, examples=[48213])]
    sha256: Sha256


class LogoAnswer(Answer):
    """A picture that was declared, and where to send it. A brand may name it once it is there."""

    id: str = Field(examples=["l4mw2k8rt6vyx3n5a"])
    media_type: str = Field(examples=["image/png"])
    size_bytes: int = Field(examples=[48213])
    sha256: str = Field(examples=["9f2c61b0" * 8])
    upload: FileLinkAnswer


class BrandBody(Body):
    """A whole brand: what is left out is empty. `logo` is the id of a picture that has been sent."""

    name: BrandName
    address: Annotated[list[AddressLine], Field(max_length=MAX_ADDRESS_LINES)] = []
    phone: Phone = ""
    email: Email | None = None
    tax_number: TaxNumber = ""
    footer: Footer = ""
    main_colour: Colour = "#1f3a5f"
    accent_colour: Colour = "#5b7083"
    language: LanguageName = "en"
    logo: LogoId | None = None


class BrandAnswer(Answer):
    """The brand that papers are printed in; version 0 is the tenant's name alone."""

    version: int = Field(examples=[3])
    name: str = Field(examples=["Beta Net Ltd."])
    address: list[str] = Field(examples=[["House 7, Road 12", "Dhaka 1213"]])
    phone: str = Field(examples=["+880 9610-000000"])
    email: str | None = Field(examples=["billing@beta.test"])
    tax_number: str = Field(examples=["BIN 001234567-0101"])
    footer: str = Field(examples=["Please pay within the due date."])
    main_colour: str = Field(examples=["#0b5d4e"])
    accent_colour: str = Field(examples=["#c77700"])
    language: LanguageName
    logo: str | None = Field(examples=["l4mw2k8rt6vyx3n5a"])
    saved_at: InstantOut | None
    saved_by: str | None = Field(examples=["u4mw2k8rt6vyx"])


class TemplateBody(Body):
    """A template in Typst; null for the built-in one."""

    source: Source | None


class PreviewBody(Body):
    """What to look at: a template that is not saved yet (null for the one in use), in a language (null: the brand's)."""

    source: Source | None = None
    language: LanguageName | None = None


class TemplatesQuery(PageQuery):
    """Which versions of a template."""


class TemplateStateAnswer(Answer):
    """Which template a kind of paper is printed with. Version 0 was never changed."""

    kind: KindName
    version: int = Field(examples=[2])
    built_in: bool = Field(examples=[False])
    saved_at: InstantOut | None
    saved_by: str | None = Field(examples=["u4mw2k8rt6vyx"])


class TemplateAnswer(TemplateStateAnswer):
    """A template with its text; that of the built-in one where `built_in`."""

    source: str = Field(examples=['#import "house.typ": *\n#show: sheet\n#lines-part()\n'])


class TemplateStatesAnswer(Answer):
    """Every kind of paper; and `house`, the text that templates take their parts from."""

    items: list[TemplateStateAnswer]
    house: str = Field(examples=['#let paper = json("paper.json")'])


class DocumentBody(Body):
    """What to print. `instead_of` names the document that is printed anew: nothing else ever changes what was printed."""

    kind: KindName
    of: ThingId
    language: LanguageName | None = None
    instead_of: DocumentId | None = None


class DocumentsQuery(Body):
    """Of which thing."""

    of: ThingId


class DocumentAnswer(Answer):
    """A document: `queued` until it is printed, then `ready` with a link for five minutes, or `failed` with a reason.

    A `warning` tells that it was printed, but not as it should have been.
    """

    id: str = Field(examples=["d3f9a1c07b2e4d5f6a7b8-invoice-en-0001"])
    kind: KindName
    of: str = Field(examples=["INV-2026-000142"])
    language: LanguageName
    number: int = Field(examples=[1])
    status: Literal["queued", "ready", "failed"]
    warning: str | None = Field(examples=[None])
    failure: str | None = Field(examples=[None])
    asked_at: InstantOut
    asked_by: str = Field(examples=["u4mw2k8rt6vyx"])
    printed_at: InstantOut | None
    file_name: str | None = Field(examples=["BETA-INV-2026-000142-en.pdf"])
    size_bytes: int | None = Field(examples=[18213])
    sha256: str | None = Field(examples=["9f2c61b0" * 8])
    brand_version: int | None = Field(examples=[3])
    template_version: int | None = Field(examples=[0])
    link: FileLinkAnswer | None


class DocumentsAnswer(Answer):
    """The documents of one thing, by kind, language and number."""

    items: list[DocumentAnswer]
