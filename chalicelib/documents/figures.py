"""Amounts, numbers and days as the readers of a paper write them: English, and Bangla with its own digits. Pure."""

from datetime import date

from chalicelib.core.money import format_money
from chalicelib.documents.labels import month_in
from chalicelib.documents.paper import Language, Span

BENGALI_DIGITS = "০১২৩৪৫৬৭৮৯"
_TO_BENGALI = str.maketrans("0123456789", BENGALI_DIGITS)
_SIGNS = {"BDT": "৳"}


def show_amount(amount_minor: int, decimals: int, language: Language) -> str:
    """An amount with all its decimals: `-1,234,567.80`, in Bangla by lakh and crore: `-১২,৩৪,৫৬৭.৮০`."""
    sign = "-" if amount_minor < 0 else ""
    whole, point, fraction = format_money(abs(amount_minor), decimals).partition(".")
    return in_digits(f"{sign}{_grouped(whole, language)}{point}{fraction}", language)


def show_count(number: int, language: Language) -> str:
    """A whole number, grouped as an amount is."""
    sign = "-" if number < 0 else ""
    return in_digits(f"{sign}{_grouped(str(abs(number)), language)}", language)


def show_rate(rate_bps: int, language: Language) -> str:
    """Hundredths of a percent: `5%`, `12.5%`."""
    text = format_money(rate_bps, 2)
    return in_digits(text.rstrip("0").rstrip(".") + "%", language)


def show_day(day: date, language: Language) -> str:
    """A day: `22 November 2026`, `২২ নভেম্বর ২০২৬`."""
    return in_digits(f"{day.day} {month_in(language, day.month)} {day.year}", language)


def show_short_day(day: date, language: Language) -> str:
    """A day in a narrow column: `22 Nov 2026`, `২২-১১-২০২৬`."""
    if language is Language.ENGLISH:
        return f"{day.day:02d} {month_in(language, day.month)[:3]} {day.year}"
    return in_digits(f"{day:%d-%m-%Y}", language)


def show_span(span: Span, language: Language) -> str:
    """Days from first to last, without repeating their month or year: `1-30 November 2026`."""
    first, last = span.first_on, span.last_on
    if first == last:
        return show_day(first, language)
    if (first.year, first.month) == (last.year, last.month):
        begun = f"{first.day}"
    elif first.year == last.year:
        begun = f"{first.day} {month_in(language, first.month)} "
    else:
        begun = f"{first.day} {month_in(language, first.month)} {first.year} "
    dash = "\N{EN DASH} " if begun.endswith(" ") else "\N{EN DASH}"
    return in_digits(f"{begun}{dash}", language) + show_day(last, language)


def sign_of(currency: str, language: Language) -> str:
    """What stands before an amount that is not in a column: the taka's sign in Bangla, the currency's code elsewhere."""
    return _SIGNS.get(currency, currency) if language is Language.BANGLA else currency


def in_digits(text: str, language: Language) -> str:
    """A text of ours with the digits of the language."""
    return text.translate(_TO_BENGALI) if language is Language.BANGLA else text


def _grouped(digits: str, language: Language) -> str:
    """Separators by thousands; in Bangla by the last thousand and then by hundreds: lakh, crore."""
    if language is Language.ENGLISH:
        return f"{int(digits):,}"
    head, tail = digits[:-3], digits[-3:]
    parts = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(parts), tail])
