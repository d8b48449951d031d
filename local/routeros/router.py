"""A router: its menus, its clock, its users and subscribers, and the ways to change them that RouterOS has.

What a test or the demo does with it is here too: `add`, `rows`, `dial`, `restart`, `faults`, `counts`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from local.routeros import neighbours
from local.routeros.disk import Change, Disk
from local.routeros.faults import Counts, Faults
from local.routeros.menu import Property, Row
from local.routeros.menus import MENUS
from local.routeros.sessions import HOTSPOT, PPP, Caller, Outcome, Sessions
from local.routeros.table import Table
from local.routeros.users import Users
from local.routeros.values import Trap, unmatched

_USED_BY: Final = {"/ppp/profile": "/ppp/secret", "/ip/hotspot/user/profile": "/ip/hotspot/user"}
_MOST_LOG: Final = 200
_PORTS: Final = 5


class Router:
    """A simulated MikroTik. `path` keeps its configuration on disk; `version` before 6.43 has the login of old.

    It comes with one user, `admin`, of the group `full` and with `password`.
    """

    def __init__(
        self,
        name: str = "MikroTik",
        *,
        password: str = "",
        version: str = "7.16.2",
        board: str = "CCR2004-16G-2S+",
        path: Path | None = None,
    ) -> None:
        self.version = version
        self.board = board
        self.lock = threading.RLock()
        self.tables = {menu_path: Table(menu) for menu_path, menu in MENUS.items()}
        self.users = Users()
        self.users.add("admin", password)
        self.counts = Counts()
        self.down_until = 0.0
        self.on_restart: list[Callable[[], None]] = []
        self.on_reach: list[Callable[[], None]] = []
        self.faults = Faults(self._tell_reach)
        self._booted = time.monotonic()
        self._ahead = 0.0
        self._changes: list[Change] = []
        self._disk: Disk | None = None
        self.sessions = Sessions(self)
        if not (path and self._remember(path)):
            self._furnish(name)
        if path:
            self._disk = Disk(path)
            self._disk.start_over(self._everything())

    # What a test or the demo does

    def add(self, path: str, properties: Mapping[str, str]) -> str:
        """Adds an item as the API does; returns its id `*1A`. Raises Trap."""
        with self.command():
            return f"*{self.insert(path, properties):X}"

    def rows(self, path: str, **wanted: str) -> list[Row]:
        """The items of a menu as a print shows them, those that have these properties (`_` for `-`)."""
        asked = {name.replace("_", "-"): value for name, value in wanted.items()}
        with self.command():
            table = self.tables[path]
            shown = [table.shown(number, row, self.now()) for number, row in table.rows.items()]
        return [row for row in shown if all(row.get(name) == value for name, value in asked.items())]

    def dial(self, name: str, password: str, mac: str, redial_seconds: float | None = None) -> Outcome:
        """A subscriber's PPPoE client calls; with `redial_seconds` it calls again so long after it is hung up."""
        with self.command():
            return self.sessions.call(Caller(PPP, name, password, mac, redial_seconds))

    def sign_in(self, name: str, password: str, mac: str, redial_seconds: float | None = None) -> Outcome:
        """A subscriber signs in at the hotspot's page."""
        with self.command():
            return self.sessions.call(Caller(HOTSPOT, name, password, mac, redial_seconds))

    def hang_up(self, name: str, reason: str = "hung-up") -> None:
        """The sessions of a name end, as when a line drops."""
        with self.command():
            for menu in (PPP, HOTSPOT):
                for number in self.sessions.of(menu, name):
                    self.sessions.end(menu, number, reason)

    def switch_off(self, name: str) -> None:
        """A subscriber's equipment is switched off: no session, and no more calls."""
        with self.command():
            self.sessions.give_up(name)

    def hear(self, address: str, mac: str, interface: str, status: str = "reachable") -> None:
        """What the router's ARP finds of an address on an interface, unless it was given an entry for it."""
        with self.command():
            neighbours.hear(self, {"address": address, "mac-address": mac, "interface": interface}, status)

    def pass_time(self, seconds: float) -> None:
        """Lets the router's clocks go ahead, and what is due in that time happen."""
        with self.command():
            self._ahead += seconds

    def restart(self, down_seconds: float = 0.0) -> None:
        """Closes all connections, forgets the sessions, keeps the configuration; refuses connections for so long."""
        with self.command():
            self.down_until = time.monotonic() + down_seconds
            self._booted = time.monotonic()
            self._ahead = 0.0
            self.sessions.lose_all(down_seconds)
            neighbours.forget(self)
            self.note("system,info", "router rebooted")
        self._tell_reach()
        for tell in self.on_restart:
            tell()

    def close(self) -> None:
        """Lets go of the file on disk."""
        with self.lock:
            if self._disk:
                self._disk.close()

    # What the commands are made of; all within `command`

    @contextmanager
    def command(self) -> Iterator[None]:
        """One command: nobody else's is between, what was due before it has happened, what it changed is on disk."""
        with self.lock:
            self.sessions.redial()
            try:
                yield
            finally:
                if self._disk and self._changes:
                    self._disk.write(self._changes)
                self._changes.clear()

    def now(self) -> float:
        """Seconds since the router started."""
        return time.monotonic() - self._booted + self._ahead

    def date(self) -> str:
        """The date and time as this version prints them."""
        at = datetime.now(UTC) + timedelta(seconds=self._ahead)
        return at.strftime("%Y-%m-%d %H:%M:%S" if self.at_least(7, 10) else "%b/%d/%Y %H:%M:%S").lower()

    def at_least(self, *version: int) -> bool:
        """Whether the router's version is this one or a later one."""
        own = tuple(int(part) for part in self.version.split(".") if part.isdecimal())
        return own >= version

    def insert(self, path: str, properties: Mapping[str, str]) -> int:
        """Adds an item; returns its number. Raises Trap, and nothing has changed."""
        table = self.tables[path]
        row = self._parsed(path, properties)
        missing = [one.name for one in table.menu.properties if one.needed and one.name not in row]
        if missing:
            raise Trap(f"missing value(s) of argument(s) {' '.join(missing)}", 1)
        if path == "/queue/simple" and "name" not in row:
            row["name"] = f"queue{table.next_id}"
        if path == "/ppp/secret":
            row["last-logged-out"] = "1970-01-01 00:00:00" if self.at_least(7, 10) else "jan/01/1970 00:00:00"
        if path == "/ip/firewall/address-list":
            row["creation-time"] = self.date()
        if path == neighbours.ARP:
            row |= neighbours.status_told(self, neighbours.GIVEN)
        number = table.next_id
        self.store(path, number, row)
        return number

    def alter(self, path: str, number: int, properties: Mapping[str, str]) -> None:
        """Changes an item. Raises Trap, and nothing has changed."""
        table = self.tables[path]
        before = table.rows[number]
        if before.get("dynamic") == "true":
            raise Trap("failure: can not change dynamic entry")
        row = before | self._parsed(path, properties)
        for name, value in list(row.items()):
            if name == "comment" and not value:
                del row[name]
        self.store(path, number, row)
        if path in _USED_BY and row.get("name") != before.get("name"):
            self._point(_USED_BY[path], before["name"], row["name"])

    def unset(self, path: str, number: int, name: str) -> None:
        """Takes a property from an item, or gives it its default again. Raises Trap."""
        table = self.tables[path]
        one = table.menu.by_name.get(name)
        if one is None or not one.unset:
            raise unmatched("value-name")
        row = {key: value for key, value in table.rows[number].items() if key != name}
        self.store(path, number, row)

    def delete(self, path: str, number: int) -> None:
        """Removes an item; a session is hung up. Raises Trap."""
        table = self.tables[path]
        row = table.rows[number]
        if path in ("/ppp/active", "/ip/hotspot/active"):
            self.sessions.end(path, number, "nas-request")
            return
        if row.get("name") in table.menu.built_in:
            raise Trap("failure: can not remove default profile")
        if row.get("dynamic") == "true" and path != "/ip/firewall/address-list":
            raise Trap("failure: can not remove dynamic entry")
        self.discard(path, number)
        if path in _USED_BY:
            self._point(_USED_BY[path], row["name"], f"*{number:X}")

    def store(self, path: str, number: int, row: Row) -> None:
        """Puts an item into its menu and in line for the disk. Raises Trap for a duplicate."""
        if path == neighbours.ARP and row.get("dynamic") != "true":
            neighbours.give_way(self, row)
        self.tables[path].put(number, row)
        if self.tables[path].menu.kept and row.get("dynamic") != "true":
            self._changes.append((path, number, {k: v for k, v in row.items() if k[0] != "_"}))

    def discard(self, path: str, number: int) -> None:
        """Takes an item out of its menu and off the disk."""
        row = self.tables[path].drop(number)
        if self.tables[path].menu.kept and row.get("dynamic") != "true":
            self._changes.append((path, number, None))

    def known(self, path: str) -> set[str]:
        """The names of the items of a menu."""
        return self.tables[path].values("name")

    def note(self, topics: str, message: str) -> None:
        """Writes into the log, which forgets what is old."""
        log = self.tables["/log"]
        log.put(log.next_id, {"time": self.date(), "topics": topics, "message": message})
        while len(log) > _MOST_LOG:
            log.drop(next(iter(log.rows)))

    def _tell_reach(self) -> None:
        for tell in self.on_reach:
            tell()

    def _parsed(self, path: str, properties: Mapping[str, str]) -> Row:
        menu = self.tables[path].menu
        row: Row = {}
        for name, value in properties.items():
            one: Property | None = menu.by_name.get(name)
            if one is None or one.told:
                raise Trap("unknown parameter")
            row[name] = one.kind(name, value, self.known)
        return row

    def _point(self, path: str, before: str, after: str) -> None:
        table = self.tables[path]
        for number, row in list(table.rows.items()):
            if row.get("profile") == before:
                self.store(path, number, row | {"profile": after})

    def _furnish(self, name: str) -> None:
        for at in range(1, _PORTS + 1):
            mac = f"48:A9:8A:00:00:{at:02X}"
            port = {"name": f"ether{at}", "default-name": f"ether{at}", "type": "ether", "mac-address": mac}
            self.store("/interface", at, port)
        for profile in ("default", "default-encryption"):
            more = {"use-encryption": "yes"} if profile == "default-encryption" else {}
            number = self.tables["/ppp/profile"].next_id
            self.store("/ppp/profile", number, {"name": profile, "default": "true", "change-tcp-mss": "yes"} | more)
        self.store("/ip/hotspot/user/profile", 1, {"name": "default", "default": "true"})
        self.store("/system/identity", 1, {"name": name})

    def _remember(self, path: Path) -> bool:
        found = False
        for command in Disk.read(path):
            for menu, number, row in command:
                found = True
                if menu == "callers":
                    self.sessions.remember(row or {})
                elif row is not None:
                    self.tables[menu].put(number, row)
                elif number in self.tables[menu].rows:
                    self.tables[menu].drop(number)
                else:
                    self.tables[menu].next_id = max(self.tables[menu].next_id, number + 1)
        return found

    def _everything(self) -> Iterator[Change]:
        for path, table in self.tables.items():
            if table.menu.kept:
                yield path, table.next_id - 1, None
                yield from ((path, number, row) for number, row in table.rows.items() if row.get("dynamic") != "true")
        yield from (("callers", 0, row) for row in self.sessions.callers_as_rows())

    def keep_caller(self, row: Row) -> None:
        """Puts a subscriber who dials by itself in line for the disk."""
        self._changes.append(("callers", 0, row))
