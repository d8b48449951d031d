"""Money: whole minor units of the installation's one currency, never a float.

In JSON an amount is a string with the currency's decimals (`"800.00"`); everywhere inside it is an `int` named `..._minor`.
"""

import re

MAX_AMOUNT_MINOR = 10**15
"""The largest amount one request may name; sums stay exact far beyond it."""

MAX_RATE_BPS = 10_000

_DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "UGX": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3, "JOD": 3}
_TEXT = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.([0-9]{1,3}))?", re.ASCII)


def decimals_of(currency: str) -> int:
    """How many decimals the ISO 4217 currency has (2 unless it is one of the few that differ)."""
    return _DECIMALS.get(currency, 2)


def parse_money(text: str, decimals: int) -> int:
    """The amount in minor units of a text like `800`, `800.5` or `-800.50`.

    Raises `ValueError` (a sentence for people) for anything else: signs other than a leading minus, spaces, exponents,
    thousands separators, more decimals than the currency has, or more than `MAX_AMOUNT_MINOR`.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError('must be a decimal number in a string, such as "800.00"')
    fraction = match.group(3) or ""
    if len(fraction) > decimals:
        raise ValueError(f"must not have more than {decimals} decimals")
    scale: int = 10**decimals
    minor = int(match.group(1)) * scale + int((fraction + "0" * decimals)[:decimals] or "0")
    if minor > MAX_AMOUNT_MINOR:
        raise ValueError("is too large")
    return -minor if text.startswith("-") else minor


def amount_pattern(decimals: int) -> str:
    """A regular expression for what `parse_money` takes, without the sign: for clients, who see it in OpenAPI."""
    digits = len(str(MAX_AMOUNT_MINOR)) - 1 - decimals
    fraction = rf"(\.[0-9]{{1,{decimals}}})?" if decimals else ""
    nothing = rf"(\.0{{1,{decimals}}})?" if decimals else ""
    return f"((0|[1-9][0-9]{{0,{digits - 1}}}){fraction}|10{{{digits}}}{nothing})"


def shown_pattern(decimals: int) -> str:
    """A regular expression for what `format_money` makes."""
    return rf"-?[0-9]+\.[0-9]{{{decimals}}}" if decimals else "-?[0-9]+"


def format_money(amount_minor: int, decimals: int) -> str:
    """The amount as text with all the currency's decimals: `-800.50`."""
    sign = "-" if amount_minor < 0 else ""
    if decimals == 0:
        return f"{amount_minor}"
    whole, fraction = divmod(abs(amount_minor), 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"


def round_half_up(numerator: int, denominator: int) -> int:
    """numerator/denominator to the nearest whole number, halves away from zero; the denominator is positive."""
    if numerator < 0:
        return -round_half_up(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def share_of(amount_minor: int, rate_bps: int) -> int:
    """rate_bps hundredths of a percent of an amount, rounded half up: the rule for tax."""
    return round_half_up(amount_minor * rate_bps, 10_000)
