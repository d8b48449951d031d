"""The two routers as a table, what people have put on them by hand, and whose equipment dials in at them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from local.demo_isp import BY_CODE, PASSWORD
from local.demo_people import DemoSubscriber, roster_of

ADMIN: Final = "admin"
ADMIN_PASSWORD: Final = PASSWORD
PROGRAM: Final = "tributary"
"""What the product signs in as: it may look and change, and make no users."""

PROGRAM_PASSWORD: Final = "demo-router-1"
REDIAL_SECONDS: Final = 3.0
_ANY_DAY: Final = date(2020, 1, 1)
"""The day on which a roster begins has no part in who is on it."""


@dataclass(frozen=True)
class Box:
    """A router. `port` is where it listens if nobody else does on the first start; with `tls` it shows a certificate.

    `entries` are what people have put on it, by menu: not the product's, and so never touched by it.
    """

    name: str
    identity: str
    version: str
    board: str
    tls: bool
    port: int
    entries: tuple[tuple[str, dict[str, str]], ...]


POOL: Final = "subscribers"
LOCAL_ADDRESS: Final = "10.20.0.1"
HAND_MADE_PROFILE: Final = "home-10"
STRANGER: Final = "tower-camera"
_STRANGERS_LINE: Final = ("look-at-the-sky", "02:1A:FF:00:00:01")

CORE: Final = Box(
    "core",
    "Dhaka core",
    "7.16.2",
    "CCR2004-16G-2S+",
    tls=False,
    port=18728,
    entries=(
        ("/ip/pool", {"name": POOL, "ranges": "10.20.0.2-10.20.3.254"}),
        (
            "/ppp/profile",
            {
                "name": HAND_MADE_PROFILE,
                "rate-limit": "10M/10M",
                "local-address": LOCAL_ADDRESS,
                "remote-address": POOL,
                "comment": "burst is being tried out, ask Rubel",
            },
        ),
        ("/ip/hotspot/user/profile", {"name": HAND_MADE_PROFILE, "rate-limit": "10M/10M"}),
    ),
)
MIRPUR: Final = Box(
    "mirpur",
    "Mirpur-10 tower",
    "6.42.7",
    "RB1100AHx4",
    tls=True,
    port=18729,
    entries=(
        ("/ip/pool", {"name": POOL, "ranges": "10.30.0.2-10.30.3.254"}),
        ("/ppp/profile", {"name": "staff", "remote-address": POOL}),
        (
            "/ppp/secret",
            {"name": STRANGER, "password": _STRANGERS_LINE[0], "profile": "staff", "comment": "টাওয়ারের ক্যামেরা"},
        ),
    ),
)
BOXES: Final = (CORE, MIRPUR)


@dataclass(frozen=True)
class Lines:
    """The first subscribers of a reseller, who are on a router under names that begin with `prefix`."""

    reseller: str
    box: Box
    prefix: str
    count: int


LINES: Final = (
    Lines("DHAKA", CORE, "dh-", 24),
    Lines("MIRPUR", MIRPUR, "", 30),
    Lines("KAZIPARA", MIRPUR, "kz-", 75),
)
STATIC_NUMBERS: Final = frozenset({4, 14, 22})
HOTSPOT_NUMBERS: Final = frozenset({7, 17, 23})
SWITCHED_OFF: Final = frozenset({9, 19})


def method_of(number: int) -> str:
    """How a reseller's subscriber of that number gets on: dialling in, but for a few."""
    return "static" if number in STATIC_NUMBERS else "hotspot" if number in HOTSPOT_NUMBERS else "pppoe"


def locks_mac(number: int) -> bool:
    """Whether the subscriber gets on from its own equipment alone."""
    return number % 5 == 0


def static_network(lines: Lines) -> str:
    """Where the addresses lie that subscribers have for themselves."""
    return f"10.{40 + LINES.index(lines)}.0.0/24"


def static_address(lines: Lines, number: int) -> str:
    """The address that a subscriber has for itself."""
    return static_network(lines).replace("0/24", str(number))


def line_password(username: str) -> str:
    """What the subscriber's equipment was set up with."""
    return f"line-{username}"


def subscribers_on(lines: Lines) -> list[DemoSubscriber]:
    """Who they are, number 1 first."""
    return roster_of(BY_CODE[lines.reseller], _ANY_DAY)[: lines.count]


def callers_at(box: Box) -> Iterator[tuple[str, str, str, str]]:
    """The equipment that calls by itself: (method, name, password, MAC address). Some of it is switched off."""
    if any(entry.get("name") == STRANGER for _, entry in box.entries):
        yield "pppoe", STRANGER, *_STRANGERS_LINE
    for lines in LINES:
        if lines.box is box:
            for number, one in enumerate(subscribers_on(lines), start=1):
                if method_of(number) != "static" and number not in SWITCHED_OFF:
                    yield method_of(number), lines.prefix + one.username, line_password(one.username), one.mac
