"""Rows of papers: brands, logos and templates in versions, and the documents that were asked for."""

from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute, TenantsRow, TextAttribute


class BrandRow(TenantsRow):
    """A version of a tenant's brand, never written over; the newest holds."""

    looks = JsonAttribute()
    logo = JsonAttribute(null=True)
    saved_micros = IntegerAttribute()
    saved_by = TextAttribute()


class LogoRow(TenantsRow):
    """A picture as it was declared; the file is in the bucket."""

    media_type = TextAttribute()
    size_bytes = IntegerAttribute()
    sha256 = TextAttribute()
    created_micros = IntegerAttribute()
    created_by = TextAttribute()


class TemplateRow(TenantsRow):
    """A version of a tenant's template of one kind; without a source it is the built-in one again."""

    source = TextAttribute(null=True)
    saved_micros = IntegerAttribute()
    saved_by = TextAttribute()


class DocumentRow(BooksRow):
    """A document: what it is about, how far it is, and which file it became."""

    kind = TextAttribute()
    of = TextAttribute()
    language = TextAttribute()
    number = IntegerAttribute()
    status = TextAttribute()
    asked_micros = IntegerAttribute()
    asked_by = TextAttribute()
    failure = TextAttribute(null=True)
    warning = TextAttribute(null=True)
    printed_micros = IntegerAttribute(null=True)
    sha256 = TextAttribute(null=True)
    size_bytes = IntegerAttribute(null=True)
    file_name = TextAttribute(null=True)
    content = TextAttribute(null=True)
    brand_version = IntegerAttribute(null=True)
    template_version = IntegerAttribute(null=True)
