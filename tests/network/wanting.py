"""What is wanted of services, made without a database, and menus of a router as plain rows that steps can be done to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from chalicelib.core.proration import DayCount
from chalicelib.crm.model import Plan
from chalicelib.crm.service import Service, Suspension, new_service
from chalicelib.network.difference import Difference, Read, difference_of
from chalicelib.network.entries import SERVICE_MENUS, Menu, ServiceKey, entry_name
from chalicelib.network.model import Access, Method, NetworkTerms, Place
from chalicelib.network.steps import Kind, Step
from chalicelib.network.wanted import Setting, Wanted, wanted_of

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
FIRST = date(2026, 11, 1)
HOME = Plan("alpha", "HOME", "Home", 10_000, 5_000, 70_000, "op.HOME", DayCount.CALENDAR_MONTH)
ROUTER = "alpha.rmain0001"
SETTING = Setting(Place(pool="home", arp_interface="bridge"), NetworkTerms(), "Asia/Dhaka")
MAC = "9C:53:00:07:00:01"


def access(number: int, method: Method = Method.PPPOE, tenant_id: str = "alpha", **more: Any) -> Access:
    """How a service gets on, by a password that is known."""
    sealed = None if method is Method.STATIC else "sealed"
    known = {"password_sealed": sealed, "password_version": 0 if sealed is None else 1, **more}
    return Access(ROUTER, tenant_id, 100 + number, number, method, **known)


def service(number: int, username: str, *, suspended: bool = False, mac: str | None = MAC) -> Service:
    """A service since the first of the month."""
    made = new_service(number, FIRST, username, mac, "HOME", 1, 0)
    if not suspended:
        return made
    return Service(
        made.number, made.start_on, username, mac, made.base, made.based_at, (), Suspension(TODAY, 2, "alpha")
    )


def wanted(
    number: int,
    username: str,
    method: Method = Method.PPPOE,
    *,
    suspended: bool = False,
    setting: Setting = SETTING,
    plan: Plan | None = HOME,
    **more: Any,
) -> Wanted:
    """What is wanted at noon of a service with that username."""
    return wanted_of(
        access(number, method, **more), service(number, username, suspended=suspended), plan, setting, NOON
    )


class Refused(Exception):
    """The router would not do that."""


@dataclass
class Menus:
    """The rows of a router by menu, with the rules of RouterOS that matter here: ids are never given twice, names are
    there once, and a profile has to be there before anybody is in it."""

    rows: dict[Menu, dict[str, dict[str, str]]] = field(default_factory=lambda: {menu: {} for menu in Menu})
    ids: int = 0

    def add(self, menu: Menu, **properties: str) -> str:
        """A row, as people or we add it."""
        row = {name.replace("_", "-"): value for name, value in properties.items()}
        self._check(menu, row)
        self.ids += 1
        self.rows[menu][f"*{self.ids:X}"] = row
        return f"*{self.ids:X}"

    def read(self) -> Read:
        return {menu: [{".id": id, **row} for id, row in rows.items()] for menu, rows in self.rows.items()}

    def difference(self, wanted: Sequence[Wanted], scope: set[ServiceKey] | None = None) -> Difference:
        """What is left to do, of these services alone unless more are told."""
        return difference_of(wanted, self.read(), {one.key for one in wanted} if scope is None else scope)

    def bring(self, difference: Difference) -> None:
        """Do all steps."""
        for step in difference.steps:
            self.do(step)

    def do(self, step: Step) -> None:
        if step.kind is Kind.ADD:
            self.add(step.menu, **step.sets, **({"password": "secret"} if step.with_password else {}))
            return
        id = step.row[".id"]
        row = self.rows[step.menu].pop(id)
        if step.kind is Kind.SET:
            after = {name: value for name, value in row.items() if name not in step.unsets} | step.sets
            if step.with_password:
                after["password"] = "secret"
            self._check(step.menu, after)
            self.rows[step.menu][id] = after

    def named(self, menu: Menu) -> Mapping[str, dict[str, str]]:
        return {entry_name(menu, row): row for row in self.rows[menu].values()}

    def _check(self, menu: Menu, row: Mapping[str, str]) -> None:
        if entry_name(menu, row) in self.named(menu):
            raise Refused(f"{menu} has {entry_name(menu, row)} already")
        of = {Menu.SECRET: Menu.PROFILE, Menu.HOTSPOT_USER: Menu.HOTSPOT_PROFILE}.get(menu)
        if of is not None and row.get("profile", "default") not in {"default", *self.named(of)}:
            raise Refused(f"no profile {row['profile']}")


__all__ = ["SERVICE_MENUS", "Menus", "Refused", "access", "service", "wanted"]
