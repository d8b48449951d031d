"""Addresses: of a router, as somebody writes it and we go there; and of a service.

Whoever registers a router makes us open a connection. So an address must lead to none of our own machines, nor to what a
cloud tells its machines at an address of the link.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

MOST_CHARACTERS = 253

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)*[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?", re.ASCII)
"""A name's last part begins with a letter: `127.1`, `2130706433` and `0x7f.1` are other ways to write 127.0.0.1."""
_LOCAL_NAMES = ("localhost", "local", "localdomain", "internal")
_CLOUD = (IPv6Network("fd00:ec2::/32"), IPv6Network("fe80::/10"))
_CARRY_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))


def parse_router_address(text: str, *, allows_local: bool) -> str:
    """A host name in small letters or an address as it is usually written; `ValueError` says what is wrong.

    A name is looked up when somebody goes there: what it leads to is held against `may_be_reached` then.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return _host_name(text, allows_local)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError("must not name an interface")
    if not may_be_reached(str(address), allows_local=allows_local):
        raise ValueError("must be the address of a router, not one of this machine, its link or a group")
    return str(address)


def _host_name(written: str, allows_local: bool) -> str:
    name = written.lower()
    if len(name) > MOST_CHARACTERS or _HOST.fullmatch(name) is None:
        raise ValueError("must be a host name or an IP address")
    if name.rpartition(".")[2] in _LOCAL_NAMES and not allows_local:
        raise ValueError("must not be a name of this machine or its own network")
    return name


def may_be_reached(address: str, *, allows_local: bool) -> bool:
    """Whether we may go to that IP address. Private ones are where routers are; this machine's own need `allows_local`."""
    found = ip_address(address.partition("%")[0])
    inside = _ipv4_inside(found) if isinstance(found, IPv6Address) else None
    if inside is not None:
        found = inside
    if allows_local and found.is_loopback:
        return True
    if found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved:
        return False
    if isinstance(found, IPv4Address):
        return found.packed[0] != 0
    return not any(found in network for network in _CLOUD)


def _ipv4_inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to, in any of the ways that there are."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.is_loopback or address.is_unspecified:
        return None
    if any(address in network for network in _CARRY_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def parse_service_network(text: str) -> str:
    """An IPv4 network that services have addresses of; `ValueError` says what is wrong."""
    if "/" not in text:
        raise ValueError("must be an IPv4 network, such as 10.20.0.0/16")
    try:
        return str(IPv4Network(text))
    except ValueError:
        raise ValueError("must be an IPv4 network, such as 10.20.0.0/16") from None


def lies_in(address: str, networks: Iterable[str]) -> bool:
    """Whether the IPv4 address is one of these networks."""
    return any(IPv4Address(address) in IPv4Network(network) for network in networks)


def parse_service_address(text: str) -> str:
    """The IPv4 address of one service; `ValueError` says what is wrong."""
    try:
        address = IPv4Address(text)
    except ValueError:
        raise ValueError("must be an IPv4 address, such as 10.20.0.7") from None
    if address.packed[0] == 0 or address.is_loopback or address.is_multicast or address.is_reserved:
        raise ValueError("must be an address that a host can have")
    if address.is_link_local:
        raise ValueError("must be an address that a host can have")
    return str(address)
