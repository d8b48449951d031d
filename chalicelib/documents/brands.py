"""A tenant's brand: saved in versions, with a logo that was declared, sent and looked at."""

from dataclasses import replace
from datetime import datetime

from chalicelib.aws import clock, files, keys
from chalicelib.aws.tables import ConditionFailed, Put, Remember, forget, read, read_page, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import invalid_field
from chalicelib.documents.brand import Brand, Logo, is_logo_id, picture_size
from chalicelib.documents.paper import Language
from chalicelib.documents.store import BrandRow, LogoRow

_LOOKS = ("name", "phone", "email", "tax_number", "footer", "main_colour", "accent_colour")


def read_brand(tenant_id: str, tenant_name: str) -> Brand:
    """The brand as it was saved last; for a tenant without one its name, in plain colours."""
    newest = read_page(BrandRow, keys.brands(tenant_id), limit=1, newest_first=True).rows
    return _brand(newest[0]) if newest else Brand(tenant_name)


def save_brand(tenant_id: str, brand: Brand, author: str, now: datetime) -> Brand:
    """Save a new version. Of two that are saved at once both are kept, and the later one holds."""
    while True:
        saved = replace(
            brand,
            version=read_brand(tenant_id, brand.name).version + 1,
            saved_micros=to_micros(now),
            saved_by=author,
        )
        try:
            write(Put(_brand_row(tenant_id, saved), BrandRow.pk.does_not_exist()))
        except ConditionFailed:
            continue
        return saved


def declare_logo(
    tenant_id: str, declared: files.Declared, author: str, now: datetime, remember: Remember = forget
) -> Logo:
    """Write down which picture is going to be sent. It is nobody's logo until a brand names it."""
    logo = Logo(clock.new_id("l", 16), declared.media_type, declared.size_bytes, declared.sha256)
    row = LogoRow.at(
        keys.logo(tenant_id, logo.logo_id),
        media_type=logo.media_type,
        size_bytes=logo.size_bytes,
        sha256=logo.sha256,
        created_micros=to_micros(now),
        created_by=author,
    )
    write(Put(row), *remember(logo))
    return logo


def logo_link(tenant_id: str, logo: Logo, now: datetime) -> files.Link:
    """Where its file is to be sent."""
    return files.upload_link(files.logo_file(tenant_id, logo.logo_id), _declared(logo), now)


def find_logo(tenant_id: str, logo_id: str) -> tuple[Logo, bytes]:
    """A logo of this tenant and its picture. 422 `logo` for one that is not its own, has not come, or is no picture."""
    row = read(LogoRow, keys.logo(tenant_id, logo_id)) if is_logo_id(logo_id) else None
    if row is None:
        raise invalid_field("logo", "is not a logo of this tenant")
    logo = Logo(row.sk, row.media_type, row.size_bytes, row.sha256)
    content = files.fetch(files.logo_file(tenant_id, logo.logo_id), _declared(logo))
    if content is None:
        raise invalid_field("logo", "has not been uploaded yet")
    try:
        picture_size(content, logo.media_type)
    except ValueError as error:
        raise invalid_field("logo", str(error)) from None
    return logo, content


def read_picture(tenant_id: str, brand: Brand) -> bytes | None:
    """The picture of a brand's logo; None when it has no logo or its file is not what was declared any more."""
    if brand.logo is None:
        return None
    return files.fetch(files.logo_file(tenant_id, brand.logo.logo_id), _declared(brand.logo))


def _declared(logo: Logo) -> files.Declared:
    return files.Declared(logo.media_type, logo.size_bytes, logo.sha256)


def _brand_row(tenant_id: str, brand: Brand) -> BrandRow:
    logo = brand.logo
    return BrandRow.at(
        keys.brand(tenant_id, brand.version),
        looks={
            **{name: getattr(brand, name) for name in _LOOKS},
            "address": list(brand.address),
            "language": brand.language.value,
        },
        logo=[logo.logo_id, logo.media_type, logo.size_bytes, logo.sha256] if logo else None,
        saved_micros=brand.saved_micros,
        saved_by=brand.saved_by,
    )


def _brand(row: BrandRow) -> Brand:
    looks = dict(row.looks)
    return Brand(
        **{name: looks[name] for name in _LOOKS},
        address=tuple(looks["address"]),
        language=Language(looks["language"]),
        version=int(row.sk),
        logo=Logo(*row.logo) if row.logo else None,
        saved_micros=row.saved_micros,
        saved_by=row.saved_by,
    )
