"""DynamoDB's Numbers: exact decimals of at most 38 significant digits, between 1E-130 and 9.99E+125."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

NUMBER_PATTERN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,18})?", re.ASCII)
MAX_DIGITS = 38
MAX_EXPONENT = 125
MIN_EXPONENT = -130

# Wide enough for 9.99E+125 + 1E-130 to be exact, so that too many digits are refused and never rounded away.
EXACT = Context(prec=300)


class NumberError(ValueError):
    """A text that is not a Number, or a Number that DynamoDB cannot hold."""


class Number(NamedTuple):
    """A Number as DynamoDB keeps it: canonical text, exact value and bytes it counts in an item's size."""

    text: str
    value: Decimal
    size_bytes: int


@lru_cache(maxsize=65536)
def read_number(text: str) -> Number:
    """The Number that `text` means; NumberError when it is none or out of range."""
    if not isinstance(text, str) or not NUMBER_PATTERN.fullmatch(text):
        raise NumberError(f"The parameter cannot be converted to a numeric value: {text}")
    sign, digits, exponent = Decimal(text).as_tuple()
    significant = "".join(map(str, digits)).lstrip("0")
    assert isinstance(exponent, int)
    if not significant:
        return Number("0", Decimal(0), 1)
    stripped = significant.rstrip("0")
    exponent += len(significant) - len(stripped)
    magnitude = exponent + len(stripped) - 1
    if magnitude > MAX_EXPONENT:
        raise NumberError("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if magnitude < MIN_EXPONENT:
        raise NumberError("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    if len(stripped) > MAX_DIGITS:
        raise NumberError("Attempting to store more than 38 significant digits in a Number")
    value = Decimal((sign, tuple(map(int, stripped)), exponent))
    return Number(format(value, "f"), value, _size_bytes(stripped, exponent, bool(sign)))


def _size_bytes(digits: str, exponent: int, negative: bool) -> int:
    """One byte, one for each pair of digits, one for a minus.

    The documentation says "approximately"; the pairs are aligned on the decimal point, so 100 takes one and 10 too.
    """
    length = len(digits) + exponent % 2
    return 1 + (length + 1) // 2 + negative


def add_numbers(left: str, right: str) -> str:
    """The canonical text of the exact sum; NumberError when DynamoDB cannot hold it."""
    return read_number(str(EXACT.add(read_number(left).value, read_number(right).value))).text


def subtract_numbers(left: str, right: str) -> str:
    """The canonical text of the exact difference; NumberError when DynamoDB cannot hold it."""
    return read_number(str(EXACT.subtract(read_number(left).value, read_number(right).value))).text
