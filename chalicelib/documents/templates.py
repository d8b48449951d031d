"""Templates that tenants write: each saved as a new version, none ever written over; the built-in one comes back so too."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Page, Put, read, read_page, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.documents.paper import PaperKind
from chalicelib.documents.store import TemplateRow

MAX_SOURCE_BYTES = 100_000
MAX_VERSIONS = 1_000
_BLANKS = " \t\r\n"

_FOLDER = Path(__file__).parent / "layouts"


@dataclass(frozen=True, slots=True)
class Template:
    """A version of a tenant's template; version 0 is the built-in one that nothing was ever put in place of.

    `source` is None where the version is the built-in template.
    """

    kind: PaperKind
    version: int = 0
    source: str | None = None
    saved_micros: int = 0
    saved_by: str = ""


@cache
def built_in(name: str) -> str:
    """The text of a built-in template (by its kind), or of what all are made of (`house`)."""
    return (_FOLDER / f"{name}.typ").read_text()


def parse_source(text: str) -> str:
    """A template's text as it is kept; `ValueError` when it is empty, too long, or no text at all."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ValueError("holds half of a character") from None
    if not text.strip(_BLANKS):
        raise ValueError("must not be empty")
    if size > MAX_SOURCE_BYTES:
        raise ValueError(f"must be at most {MAX_SOURCE_BYTES:,} bytes long")
    return text


def current_template(tenant_id: str, kind: PaperKind) -> Template:
    """The template that a tenant's papers of that kind are printed with."""
    newest = read_page(TemplateRow, keys.templates(tenant_id, kind.value), limit=1, newest_first=True).rows
    return _template(kind, newest[0]) if newest else Template(kind)


def find_template(tenant_id: str, kind: PaperKind, version: int) -> Template:
    """One version; 404."""
    row = read(TemplateRow, keys.template(tenant_id, kind.value, version))
    if row is None:
        raise NotFound("version of this template")
    return _template(kind, row)


def list_templates(tenant_id: str, kind: PaperKind, limit: int, after: str | None) -> tuple[list[Template], str | None]:
    """The versions of a kind, newest first, and the sort key to go on after."""
    page: Page[TemplateRow] = read_page(
        TemplateRow, keys.templates(tenant_id, kind.value), after=after, limit=limit, newest_first=True
    )
    return [_template(kind, row) for row in page.rows], page.after


def save_template(tenant_id: str, kind: PaperKind, source: str | None, author: str, now: datetime) -> Template:
    """Save a new version, None for the built-in one. Of two at once both are kept, and the later one holds.

    409 `too-many-versions` beyond a thousand. That the text prints is for the caller to have tried.
    """
    while True:
        version = current_template(tenant_id, kind).version + 1
        if version > MAX_VERSIONS:
            raise Conflict("too-many-versions", f"A template has at most {MAX_VERSIONS:,} versions.")
        saved = Template(kind, version, source, to_micros(now), author)
        row = TemplateRow.at(
            keys.template(tenant_id, kind.value, version),
            source=source,
            saved_micros=saved.saved_micros,
            saved_by=author,
        )
        try:
            write(Put(row, TemplateRow.pk.does_not_exist()))
        except ConditionFailed:
            continue
        return saved


def _template(kind: PaperKind, row: TemplateRow) -> Template:
    return Template(kind, int(row.sk), row.source, row.saved_micros, row.saved_by)
