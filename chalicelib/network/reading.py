"""Reading a router: all entries of the menus we keep, or those of some services."""

from collections.abc import Iterable, Sequence

from chalicelib.network.connection import Connection
from chalicelib.network.difference import Read
from chalicelib.network.entries import KEPT, PROFILE_MENUS, SERVICE_MENUS, Menu, Observed
from chalicelib.network.failure import RouterTrap

PROPERTIES = {menu: (".id", *names, "dynamic") for menu, names in KEPT.items()}
SESSIONS = {"/ppp/active": "name", "/ip/hotspot/active": "user"}
"""Where sessions are, and which property has the name that was signed in with."""
_BY_COMMENT = (Menu.ADDRESS, Menu.ARP)
"""Menus whose entries have no name."""


def read_everything(connection: Connection) -> Read:
    """All entries of all menus that we keep anything in: each menu is read once."""
    return {menu: _rows(connection, menu) for menu in (*SERVICE_MENUS, *PROFILE_MENUS)}


def read_named(connection: Connection, names: Iterable[str], marks: Iterable[str], profiles: Iterable[str]) -> Read:
    """The entries that have these names, those with these marks, and the profiles of these names."""
    found: dict[Menu, Sequence[Observed]] = {}
    for menu in SERVICE_MENUS:
        attribute, values = ("comment", marks) if menu in _BY_COMMENT else ("name", names)
        found[menu] = _either(connection, menu, attribute, values)
    for menu in PROFILE_MENUS:
        found[menu] = _either(connection, menu, "name", profiles)
    return found


def read_sessions(connection: Connection) -> set[str]:
    """The names of all who have a session."""
    names: set[str] = set()
    for path, attribute in SESSIONS.items():
        try:
            names |= {row.get(attribute, "") for row in connection.rows(path, props=(attribute,))}
        except RouterTrap as trap:
            _without(trap)
    return names


def _rows(connection: Connection, menu: Menu) -> Sequence[Observed]:
    try:
        return connection.rows(menu.value, props=PROPERTIES[menu])
    except RouterTrap as trap:
        return _without(trap)


def _either(connection: Connection, menu: Menu, attribute: str, values: Iterable[str]) -> Sequence[Observed]:
    try:
        return connection.either(menu.value, attribute, values, props=PROPERTIES[menu])
    except RouterTrap as trap:
        return _without(trap)


def _without(trap: RouterTrap) -> Sequence[Observed]:
    """A router that has not the package of a menu has no entries there."""
    if "no such command" in trap.message:
        return ()
    raise trap
