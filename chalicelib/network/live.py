"""A subscriber's line as its router sees it at this moment: the session, the traffic, the last sign-off.

Of what a router does not tell, None is known. Names are as on the router, with the prefix of who it is lent to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chalicelib.network.connection import Connection, RouterTrap, Row
from chalicelib.network.entries import Menu, ServiceKey, read_mark
from chalicelib.network.model import Method
from chalicelib.network.values import (
    read_mac,
    read_moment,
    read_number,
    read_pair,
    read_span,
    read_text,
)

_ENTRIES = {Method.PPPOE: Menu.SECRET, Method.HOTSPOT: Menu.HOTSPOT_USER, Method.STATIC: Menu.QUEUE}
_HEARD = ("reachable", "delay", "probe")
"""What the router's ARP says of an address that answers, or did a moment ago."""


@dataclass(frozen=True)
class Session:
    """A line that is on. Its traffic is told by its `interface`, or where it has none of its own by its `queue`.

    Both are names as the router has them, which is not always text that can be shown.
    """

    up_seconds: int | None
    address: str | None
    mac: str | None
    session_id: str | None = None
    interface: str | None = None
    queue: str | None = None


@dataclass(frozen=True)
class Traffic:
    """Bits a second at one moment, as the subscriber sees them."""

    download_bps: int
    upload_bps: int


@dataclass(frozen=True)
class SignOff:
    """The end of the last session: when by the router's own clock (`2026-11-22T10:11:12`), and why in its words."""

    at_router_time: str | None
    reason: str | None
    mac: str | None


def has_entry(connection: Connection, method: Method, name: str, service: ServiceKey) -> bool:
    """Whether what a line of that name gets on by is there and has the mark of the service, and of no other."""
    rows = connection.rows(_ENTRIES[method].value, f"?name={name}", props=("name", "comment"))
    marks = [read_mark(row.get("comment")) for row in rows]
    return bool(marks) and all(mark is not None and mark[0] == service for mark in marks)


def read_session(connection: Connection, method: Method, name: str) -> Session | None:
    """The session of that name, the newest of several; None when there is none.

    A static line has no session: it is told by its queue of that name, and is there when its address was heard of just
    now (ARP) or something flows. Then nobody knows since when. Our lock to a MAC stands in ARP whether or not it is on.
    """
    if method is Method.STATIC:
        return _static_session(connection, name)
    path, key = ("/ppp/active", "name") if method is Method.PPPOE else ("/ip/hotspot/active", "user")
    return newest_session(connection.rows(path, f"?{key}={name}"), ppp_session if key == "name" else hotspot_session)


def read_traffic(connection: Connection, session: Session) -> Traffic | None:
    """What flows now; None when the session has gone meanwhile, or its router does not count it by itself."""
    if session.queue is not None:
        rows = connection.rows("/queue/simple", f"?name={session.queue}", props=("name", "rate"))
        return queue_traffic(rows[0]) if rows else None
    if session.interface is None:
        return None
    try:
        rows = connection.call("/interface/monitor-traffic", {"interface": session.interface, "once": ""})
    except RouterTrap:  # no such interface (any more)
        return None
    return next(
        (interface_traffic(row) for row in rows if row.get("name", session.interface) == session.interface), None
    )


def read_last_sign_off(connection: Connection, name: str) -> SignOff | None:
    """How the last session of a secret ended; None for one that is not there or never was on."""
    told = ("last-logged-out", "last-disconnect-reason", "last-caller-id")
    rows = connection.rows("/ppp/secret", f"?name={name}", props=told)
    return sign_off(rows[0]) if rows else None


def newest_session(rows: Iterable[Row], of: Callable[[Row], Session]) -> Session | None:
    """The session that has been up for the shortest time; one that does not say since when is older than all others."""
    sessions = [of(row) for row in rows]
    return min(sessions, key=lambda one: 1 << 60 if one.up_seconds is None else one.up_seconds, default=None)


def ppp_session(row: Row) -> Session:
    """A row of `/ppp/active`. Its interface lives as long as the session, and is named after it by the router."""
    return Session(
        read_span(row.get("uptime")),
        read_text(row.get("address")),
        read_mac(row.get("caller-id")),
        read_text(row.get("session-id")),
        interface=f"<{row.get('service') or 'pppoe'}-{row.get('name', '')}>",
    )


def hotspot_session(row: Row) -> Session:
    """A row of `/ip/hotspot/active`. All share the server's interface; one with a rate limit has a queue of its own."""
    return Session(
        read_span(row.get("uptime")),
        read_text(row.get("address")),
        read_mac(row.get("mac-address")),
        read_text(row.get(".id")),
        queue=f"<hotspot-{row.get('user', '')}>",
    )


def interface_traffic(row: Row) -> Traffic | None:
    """A row of `monitor-traffic`. What the router receives is what the subscriber sends."""
    received, sent = read_number(row.get("rx-bits-per-second")), read_number(row.get("tx-bits-per-second"))
    return None if received is None or sent is None else Traffic(download_bps=sent, upload_bps=received)


def queue_traffic(row: Row) -> Traffic | None:
    """A row of `/queue/simple`, whose rate is written up first."""
    rate = read_pair(row.get("rate"))
    return None if rate is None else Traffic(download_bps=rate[1], upload_bps=rate[0])


def sign_off(row: Row) -> SignOff | None:
    """A row of `/ppp/secret`."""
    reason = read_text(row.get("last-disconnect-reason"))
    told = SignOff(read_moment(row.get("last-logged-out")), reason, read_mac(row.get("last-caller-id")))
    return None if told.at_router_time is None and told.reason is None else told


def _static_session(connection: Connection, name: str) -> Session | None:
    queues = connection.rows("/queue/simple", f"?name={name}", props=("name", "target", "rate"))
    if not queues:
        return None
    address = queues[0].get("target", "").partition(",")[0].removesuffix("/32")
    props = ("address", "mac-address", "interface", "complete", "disabled", "dynamic", "status")
    seen = connection.rows("/ip/arp", f"?address={address}", props=props)
    return static_session(queues[0], address, seen)


def static_session(queue: Row, address: str, seen: Iterable[Row]) -> Session | None:
    """The line of a queue, by its address and what is told of that in `/ip/arp`."""
    known = [row for row in seen if _names_who_has_it(row)]
    traffic = queue_traffic(queue)
    flows = traffic is not None and traffic != Traffic(0, 0)
    row = next((row for row in known if _is_heard(row)), known[0] if flows and known else None)
    if row is None and not flows:
        return None
    mac = None if row is None else read_mac(row.get("mac-address"))
    interface = None if row is None else row.get("interface")
    return Session(None, read_text(address), mac, interface=interface, queue=queue.get("name", ""))


def _names_who_has_it(row: Row) -> bool:
    is_known = row.get("complete") == "true" and row.get("status") not in ("failed", "incomplete")
    return is_known and row.get("disabled") != "true" and read_mac(row.get("mac-address")) is not None


def _is_heard(row: Row) -> bool:
    """Version 6 tells no status, and drops what it hears no more of."""
    return row.get("dynamic") == "true" and (row.get("status") or "reachable") in _HEARD
