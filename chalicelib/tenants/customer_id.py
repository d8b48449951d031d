"""Customer ids: prefix + infix + running number + postfix, where the texts may hold tokens. Pure.

`{zone}` and `{plan}` become slugs (ASCII letters, digits and single hyphens, at most 16 characters), `{yyyymm}` the
year and month. A format is refused when the longest id it can make has more than 64 characters: numbering never fails.
"""

import re
import unicodedata
from datetime import date

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.tenants.model import CustomerIdFormat

LONGEST_ID = 64
LONGEST_SLUG = 16
LONGEST_NUMBER = 10
MAX_DIGITS = 12
LONGEST_TEXT = 40

_TOKENS = {"{zone}": LONGEST_SLUG, "{plan}": LONGEST_SLUG, "{yyyymm}": 6}
_TOKEN = re.compile(r"\{(?:zone|plan|yyyymm)\}")
_LITERAL = re.compile(r"[A-Za-z0-9._-]*", re.ASCII)
_NOT_SLUG = re.compile(r"[^A-Za-z0-9]+")


def check_format(form: CustomerIdFormat) -> None:
    """422 naming every part of the format that will not do, as `customer_id.prefix` and so on."""
    errors = []
    for name in ("prefix", "infix", "postfix"):
        message = _fault_of(getattr(form, name))
        if message:
            errors.append(FieldError(f"customer_id.{name}", message))
    if not 1 <= form.digits <= MAX_DIGITS:
        errors.append(FieldError("customer_id.digits", f"must be 1 to {MAX_DIGITS}"))
    if not errors and _longest(form) > LONGEST_ID:
        errors.append(FieldError("customer_id", f"makes ids of more than {LONGEST_ID} characters"))
    if errors:
        raise Invalid("invalid", "The customer id format is not valid.", tuple(errors))


def format_customer_id(form: CustomerIdFormat, number: int, *, zone: str, plan: str, month: date) -> str:
    """The customer id of that running number, for a customer of that zone and plan who came in that month.

    A number with more digits than the format asks for is written in full.
    """
    values = {"{zone}": slug(zone), "{plan}": slug(plan), "{yyyymm}": f"{month:%Y%m}"}

    def fill(text: str) -> str:
        return _TOKEN.sub(lambda match: values[match.group()], text)

    return f"{fill(form.prefix)}{fill(form.infix)}{number:0{form.digits}d}{fill(form.postfix)}"


def slug(text: str) -> str:
    """What an id can hold of a name: `Mirpur 10` is `Mirpur-10`; what has no ASCII spelling is left out."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_SLUG.sub("-", ascii_text).strip("-")[:LONGEST_SLUG].rstrip("-")


def _fault_of(text: str) -> str | None:
    if len(text) > LONGEST_TEXT:
        return f"must be at most {LONGEST_TEXT} characters long"
    if _LITERAL.fullmatch(_TOKEN.sub("", text)) is None:
        return "must hold only letters, digits, . _ - and the tokens {zone}, {plan} and {yyyymm}"
    return None


def _longest(form: CustomerIdFormat) -> int:
    text = form.prefix + form.infix + form.postfix
    tokens = sum(_TOKENS[token] for token in _TOKEN.findall(text))
    return len(_TOKEN.sub("", text)) + tokens + max(form.digits, LONGEST_NUMBER)
