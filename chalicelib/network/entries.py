"""Entries: rows of a router's menus as we want them, and the mark that tells ours from all others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Observed = Mapping[str, str]
"""A row of a menu as the router tells it, by the names of its properties; `.id` is how it is spoken of."""

ServiceKey = tuple[str, int]
"""(tenant id, number) of a service."""

PROFILE_MARK = "tributary profile"
PROFILE_NAME = "tb-"
"""How the names of our profiles begin. A profile of a hotspot has no comment: its name alone tells that it is ours."""

_MARK = re.compile(r"tributary ([A-Za-z0-9_-]{1,64})\.v([1-9][0-9]{0,9}) k([0-9]{1,9})", re.ASCII)


class Menu(StrEnum):
    """Where entries lie on a router."""

    SECRET = "/ppp/secret"
    HOTSPOT_USER = "/ip/hotspot/user"
    QUEUE = "/queue/simple"
    ADDRESS = "/ip/firewall/address-list"
    ARP = "/ip/arp"
    PROFILE = "/ppp/profile"
    HOTSPOT_PROFILE = "/ip/hotspot/user/profile"


SERVICE_MENUS = (Menu.SECRET, Menu.HOTSPOT_USER, Menu.QUEUE, Menu.ADDRESS, Menu.ARP)
"""The menus in which a service has at most one entry each."""
PROFILE_MENUS = (Menu.PROFILE, Menu.HOTSPOT_PROFILE)

KEPT: Mapping[Menu, tuple[str, ...]] = {
    Menu.SECRET: ("name", "service", "profile", "caller-id", "remote-address", "disabled", "comment"),
    Menu.HOTSPOT_USER: ("name", "server", "profile", "mac-address", "address", "disabled", "comment"),
    Menu.QUEUE: ("name", "target", "max-limit", "disabled", "comment"),
    Menu.ADDRESS: ("list", "address", "disabled", "comment"),
    Menu.ARP: ("address", "mac-address", "interface", "disabled", "comment"),
    Menu.PROFILE: ("name", "rate-limit", "local-address", "remote-address", "address-list", "comment"),
    Menu.HOTSPOT_PROFILE: ("name", "rate-limit", "address-list"),
}
"""What we keep of an entry; whatever else it has is the router's own."""

TAKEN_AWAY: Mapping[Menu, frozenset[str]] = {
    Menu.SECRET: frozenset({"remote-address"}),
    Menu.PROFILE: frozenset({"local-address", "remote-address"}),
}
"""Properties that a router takes no empty text for: they are unset. Users of a hotspot cannot be; they have `NEUTRAL`."""

NEUTRAL: Mapping[Menu, Mapping[str, str]] = {
    Menu.HOTSPOT_USER: {"mac-address": "00:00:00:00:00:00", "address": "0.0.0.0", "server": "all"},
}
"""Properties that are set to this where they should have no value."""

_NOTHING = {
    "mac-address": ("00:00:00:00:00:00",),
    "address": ("0.0.0.0",),
    "remote-address": ("0.0.0.0",),
    "server": ("all",),
}
"""What a router says for a property that is not set."""


@dataclass(frozen=True)
class Entry:
    """A row as it should be. `attributes` has all that we keep of it, an empty text for what should not be set."""

    menu: Menu
    attributes: Mapping[str, str]

    @property
    def name(self) -> str:
        return entry_name(self.menu, self.attributes)


def entry_name(menu: Menu, attributes: Observed) -> str:
    """What a row is told by in its menu, of which there can be only one."""
    if menu is Menu.ADDRESS:
        return f"{attributes.get('list', '')} {_host(attributes.get('address', ''))}"
    return _host(attributes.get("address", "")) if menu is Menu.ARP else attributes.get("name", "")


def mark_of(service: ServiceKey, password_version: int) -> str:
    """The comment that an entry of the service has."""
    return f"tributary {service[0]}.v{service[1]} k{password_version}"


def name_aside(service: ServiceKey) -> str:
    """What an entry of the service is named while two entries exchange their names. No service signs in with a colon."""
    return f"{PROFILE_NAME[:-1]}:{service[0]}.v{service[1]}"


def read_mark(comment: str | None) -> tuple[ServiceKey, int] | None:
    """The service and the version of its password that a comment names; None for a comment that is not ours."""
    match = _MARK.fullmatch(comment or "")
    return None if match is None else ((match[1], int(match[2])), int(match[3]))


def flag(is_so: bool) -> str:
    """A property that is or is not, as we write it."""
    return "true" if is_so else "false"


def is_so(entry: Entry, attribute: str, row: Observed) -> bool:
    """Whether the row has that property as the entry wants it, however a router writes it."""
    wanted, found = entry.attributes[attribute], row.get(attribute, "")
    return wanted == found or _plain(attribute, wanted) == _plain(attribute, found)


def _plain(attribute: str, value: str) -> str:
    if attribute == "disabled":
        return flag(value in ("true", "yes"))
    if attribute in ("target", "address", "remote-address"):
        value = _host(value)
    if value in _NOTHING.get(attribute, ()):
        return ""
    return value.upper() if attribute == "mac-address" else value


def _host(address: str) -> str:
    return address.removesuffix("/32")
