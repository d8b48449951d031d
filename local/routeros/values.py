"""The values that RouterOS takes for a property, and how it prints them."""

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final

Known = Callable[[str], set[str]]
"""The names that a menu has, for a value that must be one of them."""

Kind = Callable[[str, str, Known], str]
"""Turns what was given for a property into what is printed for it: name, value, what is known. Raises Trap."""

NO_MAC: Final = "00:00:00:00:00:00"
NO_ADDRESS: Final = "0.0.0.0"
"""What a hotspot's user is given where it should have none."""

_UNITS: Final = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_SPANS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_RATE = re.compile(r"(\d+)([kKMG]?)")
_RATES = re.compile(r"\d+[kKMG]?(/\d+[kKMG]?)?")
_MAC = re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}|[0-9a-fA-F]{12}")
_SPAN = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_CLOCK = re.compile(r"(?:(\d+)d)?(\d{1,2}):(\d{2}):(\d{2})")
_HOST = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")


class Trap(Exception):
    """A command that is refused, in the words of RouterOS, with its category where it has one."""

    def __init__(self, message: str, category: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.category = category


def invalid(name: str) -> Trap:
    """The refusal of a value that is not of the form of its property."""
    return Trap(f"invalid value for argument {name}", 1)


def unmatched(name: str) -> Trap:
    """The refusal of a value that is none of those there are."""
    return Trap(f"input does not match any value of {name}", 1)


def text(_name: str, value: str, _known: Known) -> str:
    """Any text."""
    return value


def filled(name: str, value: str, _known: Known) -> str:
    """Any text but none."""
    if not value:
        raise invalid(name)
    return value


def flag(name: str, value: str, _known: Known) -> str:
    """Yes or no, printed as true or false."""
    printed = {"yes": "true", "true": "true", "no": "false", "false": "false"}.get(value)
    if printed is None:
        raise invalid(name)
    return printed


def number(name: str, value: str, _known: Known) -> str:
    """A whole number, none below zero."""
    if not value.isascii() or not value.isdecimal():
        raise invalid(name)
    return str(int(value))


def one_of(*allowed: str) -> Kind:
    """One of a few words."""

    def parse(name: str, value: str, _known: Known) -> str:
        if value not in allowed:
            raise unmatched(name)
        return value

    return parse


def name_in(menu: str, *also: str) -> Kind:
    """The name of an item of another menu."""

    def parse(name: str, value: str, known: Known) -> str:
        if value not in also and value not in known(menu):
            raise unmatched(name)
        return value

    return parse


def ip_address(name: str, value: str, _known: Known) -> str:
    """One IPv4 address."""
    try:
        return str(IPv4Address(value))
    except AddressValueError:
        raise invalid(name) from None


def address_or_pool(name: str, value: str, known: Known) -> str:
    """One IPv4 address, or the name of a pool."""
    if value in known("/ip/pool"):
        return value
    return ip_address(name, value, known)


def listed_address(name: str, value: str, _known: Known) -> str:
    """What an address list holds: an address, a network, a range or a host name."""
    try:
        if "-" in value and "/" not in value and not _HOST.fullmatch(value):
            first, last = (IPv4Address(end) for end in value.split("-"))
            return f"{first}-{last}"
        if value[:1].isdigit() and not _HOST.fullmatch(value):
            return str(IPv4Network(value, strict=False)).removesuffix("/32")
    except ValueError:
        raise invalid(name) from None
    if not _HOST.fullmatch(value):
        raise invalid(name)
    return value


def targets(name: str, value: str, known: Known) -> str:
    """What a simple queue is for: networks, each with its length of prefix, and interfaces."""
    parts = []
    for part in value.split(","):
        if part in known("/interface"):
            parts.append(part)
            continue
        try:
            parts.append(str(IPv4Network(part, strict=False)))
        except ValueError:
            raise invalid(name) from None
    return ",".join(parts)


def ranges(name: str, value: str, _known: Known) -> str:
    """The addresses of a pool: `10.0.0.2-10.0.0.254,10.0.1.0/24`."""
    try:
        for part in value.split(","):
            if "/" in part:
                IPv4Network(part, strict=False)
            else:
                for end in part.split("-"):
                    IPv4Address(end)
    except ValueError:
        raise invalid(name) from None
    return value


def mac(name: str, value: str, _known: Known) -> str:
    """A hardware address, printed in capitals with colons."""
    if not _MAC.fullmatch(value):
        raise invalid(name)
    digits = re.sub("[:-]", "", value).upper()
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def rate_pair(name: str, value: str, _known: Known) -> str:
    """Bits a second up and down, `10M/10M` given, `10000000/10000000` printed."""
    halves = value.split("/")
    if len(halves) > 2:
        raise invalid(name)
    found = [_RATE.fullmatch("0" if half == "unlimited" else half) for half in halves]
    bits = [int(one[1]) * _UNITS[one[2]] for one in found if one]
    if len(bits) != len(halves):
        raise invalid(name)
    return f"{bits[0]}/{bits[-1]}"


def rate_limit(name: str, value: str, _known: Known) -> str:
    """The rates of a profile, kept as they are given; empty is none."""
    if value and not _RATES.fullmatch(value.split(" ")[0]):
        raise invalid(name)
    return value


def span(name: str, value: str, _known: Known) -> str:
    """A length of time: `1d2h3m4s`, `00:05:00`, a number of seconds, or `none`."""
    if value == "none":
        return value
    clock = _CLOCK.fullmatch(value)
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return as_span(days * 86_400 + hours * 3_600 + minutes * 60 + seconds)
    found = _SPAN.fullmatch(value)
    if not value or not found:
        raise invalid(name)
    amounts = zip(found.groups(), _SPANS.values(), strict=True)
    return as_span(sum(int(amount or 0) * unit for amount, unit in amounts))


def as_span(seconds: float) -> str:
    """How RouterOS prints a length of time: `1w2d3h4m5s`, `0s`."""
    left = int(seconds)
    printed = ""
    for unit, size in _SPANS.items():
        amount, left = divmod(left, size)
        printed += f"{amount}{unit}" if amount else ""
    return printed or "0s"


def bits(rate: str) -> int:
    """The bits a second of one half of a rate, `10M`; 0 is no limit."""
    found = _RATE.fullmatch(rate)
    return int(found[1]) * _UNITS[found[2]] if found else 0
