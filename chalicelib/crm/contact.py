"""The fields of a subscriber as they are written by people, brought to the one form that is stored.

Each `parse_` takes a text and returns what is stored; `ValueError` is a sentence for the person who wrote it.
"""

import re

from chalicelib.core.text import clean_text

NAME_LENGTH = 120
ZONE_LENGTH = 60

_PHONE_GAPS = re.compile(r"[\s().-]+")
_PHONE = re.compile(r"\+?[0-9]{5,15}", re.ASCII)
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}", re.ASCII)
_MAC = re.compile(
    r"[0-9A-F]{2}(?P<gap>[:-])(?:[0-9A-F]{2}(?P=gap)){4}[0-9A-F]{2}"  # 9C:53:00:07:00:00 and 9C-53-00-07-00-00
    r"|[0-9A-F]{4}(?P<dot>[.:-])[0-9A-F]{4}(?P=dot)[0-9A-F]{4}"  # 9c53.0007.0000
    r"|[0-9A-F]{6}[:.-]?[0-9A-F]{6}"  # 9c5300-070000 and 9c5300070000
    r"|[0-9A-F]{2}(?: [0-9A-F]{2}){5}",
    re.ASCII | re.IGNORECASE,
)


def parse_name(text: str) -> str:
    """A person's or company's name, 1 to 120 characters."""
    name = clean_text(text)
    if not 1 <= len(name) <= NAME_LENGTH:
        raise ValueError(f"must be 1 to {NAME_LENGTH} characters long")
    return name


def parse_zone(text: str) -> str:
    """The part of the area where the subscriber lives, at most 60 characters."""
    zone = clean_text(text)
    if len(zone) > ZONE_LENGTH:
        raise ValueError(f"must be at most {ZONE_LENGTH} characters long")
    return zone


def parse_phone(text: str) -> str:
    """A telephone number without its gaps: `+880 1711-234567` becomes `+8801711234567`."""
    phone = _PHONE_GAPS.sub("", text.strip())
    if _PHONE.fullmatch(phone) is None:
        raise ValueError("must be a telephone number of 5 to 15 digits, perhaps with + before it")
    return phone


def parse_username(text: str) -> str:
    """The name that the service signs in with at the router."""
    username = text.strip()
    if _USERNAME.fullmatch(username) is None:
        raise ValueError("must be 1 to 64 letters, digits and . _ @ + - and begin with a letter or digit")
    return username


def parse_mac(text: str) -> str:
    """A MAC address in any usual notation, as `AA:BB:CC:DD:EE:FF`."""
    written = text.strip()
    if _MAC.fullmatch(written) is None:
        raise ValueError("must be a MAC address, such as AA:BB:CC:DD:EE:FF")
    digits = re.sub(r"[^0-9A-Fa-f]", "", written).upper()
    return ":".join(digits[start : start + 2] for start in range(0, 12, 2))
