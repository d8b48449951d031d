"""Reading a router: all entries of the menus we keep, or those of some services."""

from collections.abc import Iterable, Sequence

from chalicelib.network.connection import Connection
from chalicelib.network.difference import Read
from chalicelib.network.entries import KEPT, PROFILE_MENUS, SERVICE_MENUS, Menu, Observed
from chalicelib.network.failure import Reason, RouterFailure, RouterTrap

PROPERTIES = {menu: (".id", *names, "dynamic", "default") for menu, names in KEPT.items()}
SESSIONS = {Menu.SECRET: ("/ppp/active", "name"), Menu.HOTSPOT_USER: ("/ip/hotspot/active", "user")}
"""Where sessions are of those who signed in with an entry of a menu, and which property has the name."""
SignIn = tuple[Menu, str]
"""The menu and the name of an entry that is signed in with."""
ALL_SECONDS = 35.0
"""For all that is on a router: 100,000 secrets take a few seconds, and a slow line longer."""
_BY_COMMENT = (Menu.ADDRESS, Menu.ARP)
"""Menus whose entries have no name."""


def read_everything(connection: Connection) -> Read:
    """All entries of all menus that we keep anything in: each menu is read once."""
    return {menu: _rows(connection, menu) for menu in (*SERVICE_MENUS, *PROFILE_MENUS)}


def read_named(
    connection: Connection,
    names: Iterable[str],
    marks: Iterable[str],
    addresses: Iterable[str],
    profiles: Iterable[str],
) -> Read:
    """The entries that have these names, those without names that have these marks or addresses, and these profiles."""
    found: dict[Menu, Sequence[Observed]] = {}
    for menu in SERVICE_MENUS:
        if menu in _BY_COMMENT:
            rows = [*_either(connection, menu, "comment", marks)]
            # Also what others have of the addresses that it has and should not have.
            beside = {*addresses, *(row["address"] for row in rows if "address" in row)}
            rows += _either(connection, menu, "address", sorted(beside))
            found[menu] = list({row[".id"]: row for row in rows}.values())
        else:
            found[menu] = _either(connection, menu, "name", names)
    for menu in PROFILE_MENUS:
        found[menu] = _either(connection, menu, "name", profiles)
    return found


def read_sessions(connection: Connection) -> set[SignIn]:
    """All who have a session by an entry of the router."""
    found: set[SignIn] = set()
    for menu, (path, attribute) in SESSIONS.items():
        rows: Sequence[Observed]
        try:
            rows = connection.rows(path, props=(attribute, "radius"))
        except RouterTrap as trap:
            rows = _without(trap)
        found |= {(menu, row.get(attribute, "")) for row in rows if is_by_entry(row)}
    return found


def is_by_entry(session: Observed) -> bool:
    """Whether it was the router itself that let somebody in, and no RADIUS server, which has names of its own."""
    return session.get("radius") != "true"


def _rows(connection: Connection, menu: Menu) -> Sequence[Observed]:
    try:
        # Lists of addresses can be very long, and what a router puts there by itself is nothing of ours.
        queries = ("?dynamic=false",) if menu in _BY_COMMENT else ()
        return _spoken_of(connection.rows(menu.value, *queries, props=PROPERTIES[menu]))
    except RouterTrap as trap:
        return _without(trap)


def _either(connection: Connection, menu: Menu, attribute: str, values: Iterable[str]) -> Sequence[Observed]:
    try:
        return _spoken_of(connection.either(menu.value, attribute, values, props=PROPERTIES[menu]))
    except RouterTrap as trap:
        return _without(trap)


def _spoken_of(rows: Sequence[Observed]) -> Sequence[Observed]:
    """The rows, each of which has to say how it is spoken of."""
    if any(".id" not in row for row in rows):
        raise RouterFailure(Reason.NONSENSE, "The router printed an entry without an id.")
    return rows


def _without(trap: RouterTrap) -> Sequence[Observed]:
    """A router that has not the package of a menu has no entries there."""
    if "no such command" in trap.message:
        return ()
    raise trap
