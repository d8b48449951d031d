"""The plan of a router: everything on it that is not as wanted, told for people and by what it means to the subscriber."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.crm.service import ServiceStatus
from chalicelib.network.difference import Difference, Read, difference_of
from chalicelib.network.entries import (
    PROFILE_MENUS,
    SERVICE_MENUS,
    Menu,
    ServiceKey,
    entry_name,
    read_mark,
)
from chalicelib.network.failure import readable
from chalicelib.network.reading import SignIn
from chalicelib.network.steps import WITH_PASSWORD, Kind, Step
from chalicelib.network.wanted import Wanted

ELSEWHERE = "its service is on another router; if that is not this one under another address, remove the entry by hand"
SESSION = "session"
"""The menu of an item that is about a session and no entry."""


class Drift(StrEnum):
    """What a difference means: whom it leaves without what was paid for, and whom with what was not."""

    SHOULD_BE_ON = "should_be_on"
    SHOULD_BE_OFF = "should_be_off"
    WRONG_PROFILE = "wrong_profile"
    WRONG = "wrong"
    PROFILE = "profile"
    IN_THE_WAY = "in_the_way"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Item:
    """One thing that is not as wanted. `action` is what will be done: add, set, remove, hang_up, or nothing.

    `changes` are (property, as it is, as it should be); passwords are never among them. `service` is None where it is
    about a profile, or about what is not ours.
    """

    drift: Drift
    name: str
    menu: str
    action: str
    service: ServiceKey | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Plan:
    """All items of a router, and the difference they tell of. `differing` are the services that something is done about."""

    items: tuple[Item, ...]
    difference: Difference
    differing: frozenset[ServiceKey]
    entries: int

    @property
    def counts(self) -> dict[str, int]:
        """How many items there are of each drift."""
        counted = Counter(item.drift.value for item in self.items)
        return {drift.value: counted[drift.value] for drift in Drift}


def marked_in(read: Read) -> set[ServiceKey]:
    """The services that entries of the router are marked with."""
    return {
        mark[0]
        for menu in SERVICE_MENUS
        for row in read.get(menu, ())
        if row.get("dynamic") != "true" and (mark := read_mark(row.get("comment"))) is not None
    }


def plan_of(
    wanted: Sequence[Wanted],
    gone: Iterable[ServiceKey],
    read: Read,
    sessions: Iterable[SignIn],
    elsewhere: Collection[ServiceKey] = (),
) -> Plan:
    """Compare what is wanted of all services of a router with all that was read of it. Those that are `gone` have no
    entries to have. Of those that should be on another router and have entries here nothing is done, but it is told."""
    by_key = {one.key: one for one in wanted}
    difference = difference_of(wanted, read, by_key.keys() | set(gone))
    items = [_item(step, by_key.get(step.service) if step.service else None) for step in difference.steps]
    items += [
        Item(Drift.IN_THE_WAY, one.name, "", "nothing", one.service, reason=one.reason) for one in difference.obstacles
    ]
    told = {item.service for item in items}
    off = {one.sign_in: one for one in wanted if not one.is_on}
    lasting = [off[who] for who in sorted(set(sessions) & off.keys()) if off[who].key not in told]
    items += [Item(Drift.SHOULD_BE_OFF, one.sign_in_name, SESSION, "hang_up", one.key) for one in lasting]
    items += _unknown(read, {item.name for item in items if item.drift is Drift.IN_THE_WAY})
    items += _elsewhere(read, elsewhere)
    differing = frozenset(difference.services | {one.key for one in lasting})
    return Plan(tuple(items), difference, differing, sum(len(rows) for rows in read.values()))


def _item(step: Step, wanted: Wanted | None) -> Item:
    changes = tuple(
        (name, readable(step.row.get(name, "")), step.sets.get(name, ""))
        for name in (*step.sets, *step.unsets)
        if name != "comment"
    )
    return Item(_drift(step, wanted), readable(step.name), step.menu.value, step.kind.value, step.service, changes)


def _drift(step: Step, wanted: Wanted | None) -> Drift:
    if step.menu in PROFILE_MENUS:
        return Drift.PROFILE
    if step.kind is Kind.REMOVE:
        return Drift.WRONG if wanted is not None and _has_other(step, wanted) else Drift.SHOULD_BE_OFF
    assert wanted is not None, "what is added or set is wanted"
    is_on = wanted.status is ServiceStatus.ACTIVE
    if step.kind is Kind.ADD:
        return Drift.SHOULD_BE_ON if is_on else Drift.WRONG
    if is_on and "name" in step.sets and step.menu in WITH_PASSWORD:
        return Drift.SHOULD_BE_ON
    if "disabled" in step.sets:
        return Drift.SHOULD_BE_ON if step.sets["disabled"] == "false" else Drift.SHOULD_BE_OFF
    if step.menu is Menu.ADDRESS and "list" in step.sets:
        return Drift.SHOULD_BE_ON if is_on else Drift.SHOULD_BE_OFF
    if "profile" in step.sets:
        return Drift.WRONG_PROFILE if is_on else Drift.SHOULD_BE_OFF
    return Drift.WRONG


def _has_other(step: Step, wanted: Wanted) -> bool:
    """Whether the service is wanted under another name in the same menu: then it is the name that is wrong."""
    return any(entry.menu is step.menu for entry in wanted.entries)


def _unknown(read: Read, in_the_way: set[str]) -> list[Item]:
    """Who can sign in or has an address and is not ours: never touched, but worth a look."""
    return [
        Item(Drift.UNKNOWN, readable(entry_name(menu, row)), menu.value, "nothing", reason=_comment(row))
        for menu in (Menu.SECRET, Menu.HOTSPOT_USER, Menu.QUEUE)
        for row in read.get(menu, ())
        if row.get("dynamic") != "true"
        and read_mark(row.get("comment")) is None
        and not (menu is Menu.HOTSPOT_USER and row.get("default") == "true")
        and row.get("name") not in in_the_way
    ]


def _elsewhere(read: Read, services: Collection[ServiceKey]) -> list[Item]:
    """Entries of services that moved, or of the same machine under another address: then they are what is wanted there."""
    return [
        Item(Drift.UNKNOWN, readable(entry_name(menu, row)), menu.value, "nothing", mark[0], reason=ELSEWHERE)
        for menu in SERVICE_MENUS
        for row in read.get(menu, ())
        if row.get("dynamic") != "true" and (mark := read_mark(row.get("comment"))) is not None and mark[0] in services
    ]


def _comment(row: Mapping[str, str]) -> str | None:
    return readable(row["comment"]) if row.get("comment") else None
