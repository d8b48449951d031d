"""How a router is: what it says of itself, in numbers that can be kept."""

from collections.abc import Iterable

from chalicelib.network.connection import Connection, RouterTrap, Row
from chalicelib.network.model import Health
from chalicelib.network.values import read_number, read_size, read_span, read_text

SESSION_MENUS = ("/ppp/active", "/ip/hotspot/active")


def read_health(connection: Connection) -> Health:
    """How the router is now, by four short questions."""
    resource, identity = read_about(connection, "/system/resource"), read_about(connection, "/system/identity")
    return health_of(resource, identity, [_counted(connection, menu) for menu in SESSION_MENUS])


def read_about(connection: Connection, path: str) -> Row:
    """The one row of a menu that has only one; empty on a router that has no such menu."""
    try:
        rows = connection.rows(path)
    except RouterTrap:
        return {}
    return rows[0] if rows else {}


def health_of(resource: Row, identity: Row, counts: Iterable[int | None]) -> Health:
    """From the rows of `/system/resource` and `/system/identity`, and the sessions of each kind."""
    known = [count for count in counts if count is not None]
    return Health(
        read_number(resource.get("cpu-load", "").removesuffix("%")),
        _used_percent(read_size(resource.get("total-memory")), read_size(resource.get("free-memory"))),
        read_span(resource.get("uptime")),
        sum(known) if known else None,
        read_text(resource.get("version")),
        read_text(resource.get("board-name")),
        read_text(identity.get("name")),
    )


def _used_percent(total: int | None, free: int | None) -> int | None:
    if not total or free is None or free > total:
        return None
    return (total - free) * 100 // total


def _counted(connection: Connection, menu: str) -> int | None:
    try:
        return connection.count(menu)
    except RouterTrap:  # a router without that package
        return None
