"""What a router's values mean: RouterOS writes all of them as text. What is not there, or is none, is None."""

import re
from datetime import datetime

from chalicelib.network.failure import readable

MOST_SHOWN = 120
LONGEST_SPAN = 50 * 366 * 86_400
"""Fifty years: no router has been up for longer, and no calendar ends within."""

_SPAN = re.compile(
    "(?:([0-9]{1,6})w)?(?:([0-9]{1,6})d)? ?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m(?!s))?(?:([0-9]{1,9})s)?(?:[0-9]{1,6}ms)?"
)
_CLOCK_SPAN = re.compile("(?:([0-9]{1,6})w)?(?:([0-9]{1,6})d)? ?([0-9]{1,6}):([0-9]{2}):([0-9]{2})")
_SECONDS = (604_800, 86_400, 3600, 60, 1)
_NUMBER = re.compile("[0-9]{1,18}")
_SIZE = re.compile("([0-9]{1,12})(?:[.]([0-9]))?[0-9]*([KMG]i?B)?")
_FACTORS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_MAC = re.compile("(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")
_MOMENT = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})")
_OLD_MOMENT = re.compile("([a-z]{3})/([0-9]{2})/([0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2})")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def read_text(value: str | None) -> str | None:
    """Text to be shown, one line of at most 120 characters; None for an empty one."""
    return readable(value or "", MOST_SHOWN) or None


def read_number(value: str | None) -> int | None:
    """A whole number, not negative."""
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None


def read_pair(value: str | None) -> tuple[int, int] | None:
    """Two numbers with a stroke between them, as queues write what goes up and what goes down: `64000/512000`."""
    up, _, down = (value or "").partition("/")
    first, second = read_number(up), read_number(down)
    return None if first is None or second is None else (first, second)


def read_size(value: str | None) -> int | None:
    """Bytes: `1048576`, or as older versions write it `1.0MiB`."""
    match = _SIZE.fullmatch(value or "")
    if match is None:
        return None
    factor = _FACTORS.get((match[3] or " ")[0], 1)
    return int(match[1]) * factor + int(match[2] or 0) * factor // 10


def read_span(value: str | None) -> int | None:
    """Seconds of a span of time: `1w2d3h4m5s`, or as older versions write it `1d03:04:05`. None above fifty years."""
    match = _SPAN.fullmatch(value or "") or _CLOCK_SPAN.fullmatch(value or "")
    if match is None or not value or value == " ":
        return None
    total = sum(int(part or 0) * seconds for part, seconds in zip(match.groups(), _SECONDS, strict=True))
    return total if total <= LONGEST_SPAN else None


def read_mac(value: str | None) -> str | None:
    """A MAC address in capitals; None for what is none, as a caller's number or IP address."""
    capital = (value or "").upper()
    return capital if _MAC.fullmatch(capital) else None


def read_moment(value: str | None) -> str | None:
    """A date and time by the router's own clock, whose zone it does not say, as `2026-11-22T10:11:12`.

    It writes them `2026-11-22 10:11:12`, before 7.10 `nov/22/2026 10:11:12`, and the first day of 1970 for never.
    """
    text = (value or "").lower()
    if match := _MOMENT.fullmatch(text):
        year, month, day, clock = match.groups()
    elif (match := _OLD_MOMENT.fullmatch(text)) and match[1] in _MONTHS:
        year, month, day, clock = match[3], f"{_MONTHS.index(match[1]) + 1:02}", match[2], match[4]
    else:
        return None
    moment = f"{year}-{month}-{day}T{clock}"
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return None
    return None if year == "1970" else moment
