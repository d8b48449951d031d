"""A paper printed: in a brand, by a tenant's template, or by the built-in one where that fails."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from hashlib import sha256

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.json import compact_json
from chalicelib.documents.brand import Brand, picture_as_text
from chalicelib.documents.draw import draw, logo_name
from chalicelib.documents.paper import MAX_PAPER_BYTES, Language, Paper
from chalicelib.documents.printing import A_SAMPLE, A_TENANTS, OURS, Limits, TemplateFault, print_files
from chalicelib.documents.templates import built_in

LOST_LOGO = "The logo could not be read: the document was printed without it."


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that goes into a document, but for who wrote the template; equal sheets give equal bytes."""

    paper: Paper
    brand: Brand
    language: Language
    picture: bytes | None = None
    source: str | None = None

    @property
    def content(self) -> str:
        """The SHA-256 over everything that is printed, and how."""
        names = self._files(self.source or built_in(self.paper.kind.value))
        return sha256(compact_json([self.source is None, names]).encode()).hexdigest()

    def _files(self, template: str) -> dict[str, str]:
        shown = self.brand if self.picture is not None else replace(self.brand, logo=None)
        data = draw(self.paper, shown, self.language)
        if len(data.encode()) > MAX_PAPER_BYTES:
            raise Invalid("too-large", "At most 1.5 MB of text are printed on one paper.")
        files = {"main.typ": template, "house.typ": built_in("house"), "paper.json": data}
        if shown.logo is not None and self.picture is not None:
            files[logo_name(shown)] = picture_as_text(self.picture, shown.logo.media_type)
        return files

    def printed(self, library_path: str, theirs: Limits = A_TENANTS) -> bytes:
        """By its own template: `TemplateFault` when that cannot be printed, `Unavailable` when the press is away."""
        limits = OURS if self.source is None else theirs
        files = self._files(self.source or built_in(self.paper.kind.value))
        return print_files(files, self._dated(), library_path, limits)

    def _dated(self) -> datetime:
        """What the file says of its own making: the day of the paper, so that printing it again changes nothing."""
        return datetime.combine(self.paper.issued_on, time(), UTC)


def print_safely(sheet: Sheet, library_path: str) -> tuple[bytes, str]:
    """The PDF, and a warning for people ("" when all is well): a template that fails gives way to the built-in one.

    `TemplateFault` when the built-in one fails as well.
    """
    lost = LOST_LOGO if sheet.brand.logo is not None and sheet.picture is None else ""
    try:
        return sheet.printed(library_path), lost
    except TemplateFault as fault:
        if sheet.source is None:
            raise
        warning = f"The template could not be used ({describe_fault(fault)}): the built-in one was printed."
        return replace(sheet, source=None).printed(library_path), " ".join(filter(None, [warning, lost]))


def describe_fault(fault: TemplateFault) -> str:
    """What is wrong with a template, in one line, beginning with the line it is in."""
    return f"line {fault.line}: {fault}" if fault.line else str(fault)


def template_refused(fault: TemplateFault) -> Invalid:
    """422 `template-fails`: the field, what is wrong, and `line` beside it where there is one."""
    told = FieldError("source", describe_fault(fault))
    also = {"line": fault.line} if fault.line else None
    return Invalid("template-fails", f"The template cannot be printed: {describe_fault(fault)}", (told,), also)


def check_picture(picture: bytes, now: datetime, library_path: str) -> None:
    """`TemplateFault` for a picture that begins like one and cannot be unpacked: in an SVG it would merely be missing."""
    data = compact_json(list(picture))
    print_files({"main.typ": '#image(bytes(json("picture.json")))', "picture.json": data}, now, library_path, A_SAMPLE)
