"""How papers look, over HTTP: the brand, its logo, and the templates, with a preview before they are saved."""

from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.api.papers import PaperAnswer
from chalicelib.aws import clock, files
from chalicelib.aws.config import config
from chalicelib.core.dates import from_micros
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.documents.brand import Brand, Logo
from chalicelib.documents.brands import declare_logo, find_logo, logo_link, read_brand, read_picture, save_brand
from chalicelib.documents.paper import Language, PaperKind
from chalicelib.documents.printer import Sheet, check_picture, template_refused
from chalicelib.documents.printing import A_SAMPLE, TemplateFault
from chalicelib.documents.render import MEDIA_TYPE
from chalicelib.documents.samples import sample_paper
from chalicelib.documents.shapes import (
    BrandAnswer,
    BrandBody,
    FileLinkAnswer,
    LogoAnswer,
    LogoBody,
    PreviewBody,
    TemplateAnswer,
    TemplateBody,
    TemplatesQuery,
    TemplateStateAnswer,
    TemplateStatesAnswer,
)
from chalicelib.documents.templates import (
    Template,
    built_in,
    current_template,
    find_template,
    list_templates,
    save_template,
)

bp = Blueprint(__name__, tag="Documents")


@bp.api("GET", "/v1/brand", may="documents:read", answer=BrandAnswer)
def show_brand(call: Call) -> BrandAnswer:
    """The brand that this tenant's papers are printed in. Without one they show its name alone."""
    return _show_brand(read_brand(call.tenant.tenant_id, call.tenant.name))


@bp.api("PUT", "/v1/brand", may="documents:settings", body=BrandBody, answer=BrandAnswer)
def put_brand(call: Call) -> BrandAnswer:
    """Save a new version of the brand. What was printed before stays as it is.

    The logo is looked at and printed once: 422 `logo` for one that has not been sent, is no picture, or cannot be
    printed.
    """
    body: BrandBody = call.body
    logo = None
    if body.logo is not None:
        logo, picture = find_logo(call.tenant.tenant_id, body.logo)
        _try_picture(call, picture)
    brand = Brand(
        body.name,
        address=tuple(body.address),
        phone=body.phone,
        email=body.email or "",
        tax_number=body.tax_number,
        footer=body.footer,
        main_colour=body.main_colour,
        accent_colour=body.accent_colour,
        language=Language(body.language),
        logo=logo,
    )
    return _show_brand(save_brand(call.tenant.tenant_id, brand, call.author.user_id, call.now))


@bp.api(
    "POST",
    "/v1/brand/logo",
    may="documents:settings",
    body=LogoBody,
    answer=LogoAnswer,
    status=201,
    repeatable=True,
)
def create_logo(call: Call) -> LogoAnswer:
    """Declare a picture and get a link to send it to, for fifteen minutes. Name it in the brand once it is there.

    A repeated request is answered with the same link; after it has run out, declare the picture again under another key.
    """
    body: LogoBody = call.body
    declared = files.Declared(body.media_type, body.size_bytes, body.sha256)

    def show(logo: Logo) -> LogoAnswer:
        link = logo_link(call.tenant.tenant_id, logo, call.now)
        upload = FileLinkAnswer(
            url=link.url, method=link.method, headers=dict(link.headers), expires_at=link.expires_at
        )
        return LogoAnswer(
            id=logo.logo_id,
            media_type=logo.media_type,
            size_bytes=logo.size_bytes,
            sha256=logo.sha256,
            upload=upload,
        )

    return show(declare_logo(call.tenant.tenant_id, declared, call.author.user_id, call.now, call.remember(show)))


@bp.api("GET", "/v1/templates", may="documents:read", answer=TemplateStatesAnswer)
def show_templates(call: Call) -> TemplateStatesAnswer:
    """Which template each kind of paper is printed with, and what templates are made of."""
    states = [_state(current_template(call.tenant.tenant_id, kind)) for kind in PaperKind]
    return TemplateStatesAnswer(items=states, house=built_in("house"))


@bp.api("GET", "/v1/templates/{kind}", may="documents:read", answer=TemplateAnswer)
def show_template(call: Call, kind: str) -> TemplateAnswer:
    """The template that papers of that kind are printed with."""
    return _show(current_template(call.tenant.tenant_id, _kind(kind)))


@bp.api("PUT", "/v1/templates/{kind}", may="documents:settings", body=TemplateBody, answer=TemplateAnswer)
def put_template(call: Call, kind: str) -> TemplateAnswer:
    """Save a new version of a template, or with null the built-in one again; no version is ever written over.

    It is printed first, in both languages: 422 `template-fails` with the line and what is wrong in it.
    """
    body: TemplateBody = call.body
    asked = _kind(kind)
    if body.source is not None:
        for language in Language:
            _print_sample(call, asked, body.source, language)
    saved = save_template(call.tenant.tenant_id, asked, body.source, call.author.user_id, call.now)
    return _show(saved)


@bp.api(
    "GET",
    "/v1/templates/{kind}/versions",
    may="documents:read",
    query=TemplatesQuery,
    answer=page_of(TemplateStateAnswer),
)
def show_template_versions(call: Call, kind: str) -> Any:
    """Every version of a template that was saved, newest first."""
    query: TemplatesQuery = call.query
    found, after = list_templates(call.tenant.tenant_id, _kind(kind), query.limit, decode_cursor(query.cursor))
    return page_of(TemplateStateAnswer)(items=[_state(one) for one in found], next_cursor=encode_cursor(after))


@bp.api("GET", "/v1/templates/{kind}/versions/{version}", may="documents:read", answer=TemplateAnswer)
def show_template_version(call: Call, kind: str, version: str) -> TemplateAnswer:
    """One version of a template, with its text."""
    if not (version.isascii() and version.isdigit() and 1 <= len(version) <= 6):
        raise NotFound("version of this template")
    return _show(find_template(call.tenant.tenant_id, _kind(kind), int(version)))


@bp.api(
    "POST", "/v1/templates/{kind}/preview", may="documents:settings", body=PreviewBody, answer=PaperAnswer, status=200
)
def preview_template(call: Call, kind: str) -> PaperAnswer:
    """A sample of that kind in this tenant's brand, by a template that need not be saved: a link to it, for five minutes.

    422 `template-fails` with the line and what is wrong in it.
    """
    body: PreviewBody = call.body
    asked = _kind(kind)
    source = body.source or current_template(call.tenant.tenant_id, asked).source
    brand = read_brand(call.tenant.tenant_id, call.tenant.name)
    content = _print_sample(call, asked, source, Language(body.language or brand.language))
    path = files.report_file(call.tenant.tenant_id, clock.new_id("r", 16))
    files.store(path, content, MEDIA_TYPE)
    file_name = f"{call.tenant.code}-{asked.value}-sample.pdf"
    link = files.download_link(path, file_name, MEDIA_TYPE, call.now)
    return PaperAnswer(
        url=link.url,
        file_name=file_name,
        media_type=MEDIA_TYPE,
        size_bytes=len(content),
        expires_at=link.expires_at,
    )


def _print_sample(call: Call, kind: PaperKind, source: str | None, language: Language) -> bytes:
    brand = read_brand(call.tenant.tenant_id, call.tenant.name)
    paper = sample_paper(kind, config().currency, brand.name)
    sheet = Sheet(paper, brand, language, read_picture(call.tenant.tenant_id, brand), source)
    try:
        return sheet.printed(config().library_path, A_SAMPLE)
    except TemplateFault as fault:
        raise template_refused(fault) from None


def _try_picture(call: Call, picture: bytes) -> None:
    try:
        check_picture(picture, call.now, config().library_path)
    except TemplateFault as fault:
        raise invalid_field("logo", f"cannot be printed: {fault}") from None


def _kind(text: str) -> PaperKind:
    try:
        return PaperKind(text)
    except ValueError:
        raise NotFound("kind of paper") from None


def _show_brand(brand: Brand) -> BrandAnswer:
    return BrandAnswer(
        version=brand.version,
        name=brand.name,
        address=list(brand.address),
        phone=brand.phone,
        email=brand.email or None,
        tax_number=brand.tax_number,
        footer=brand.footer,
        main_colour=brand.main_colour,
        accent_colour=brand.accent_colour,
        language=brand.language.value,
        logo=brand.logo.logo_id if brand.logo else None,
        saved_at=from_micros(brand.saved_micros) if brand.version else None,
        saved_by=brand.saved_by or None,
    )


def _state(template: Template) -> TemplateStateAnswer:
    return TemplateStateAnswer(**_shown(template))


def _show(template: Template) -> TemplateAnswer:
    return TemplateAnswer(**_shown(template), source=template.source or built_in(template.kind.value))


def _shown(template: Template) -> dict[str, Any]:
    return {
        "kind": template.kind.value,
        "version": template.version,
        "built_in": template.source is None,
        "saved_at": from_micros(template.saved_micros) if template.version else None,
        "saved_by": template.saved_by or None,
    }
