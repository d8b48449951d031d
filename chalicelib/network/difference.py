"""The difference between what a router has and what it should have, as steps that bring it there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.network.entries import (
    KEPT,
    PROFILE_MARK,
    PROFILE_NAME,
    SERVICE_MENUS,
    TAKEN_AWAY,
    Entry,
    Menu,
    Observed,
    ServiceKey,
    entry_name,
    is_so,
    read_mark,
)
from chalicelib.network.model import Access
from chalicelib.network.wanted import Wanted

Read = Mapping[Menu, Sequence[Observed]]
"""What was read of a router, by menu."""


class Kind(StrEnum):
    """What a step does to an entry."""

    REMOVE = "remove"
    SET = "set"
    ADD = "add"


@dataclass(frozen=True)
class Step:
    """One thing to do to one entry. `sets` are the properties to give it, `unsets` those to take away.

    `row` is the entry as it was read. Where `with_password`, the access's password goes along.
    """

    kind: Kind
    menu: Menu
    name: str
    service: ServiceKey | None
    row: Observed = field(default_factory=dict)
    sets: Mapping[str, str] = field(default_factory=dict)
    unsets: tuple[str, ...] = ()
    with_password: bool = False


@dataclass(frozen=True)
class Obstacle:
    """Why a service cannot be as it should on this router. A person has to see to it."""

    service: ServiceKey
    name: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """The steps in the order in which they can be done, and what stands in the way of others."""

    steps: tuple[Step, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def services(self) -> set[ServiceKey]:
        """Whose entries a step is about."""
        return {step.service for step in self.steps if step.service is not None}


NAME_IS_ANOTHERS = "The router has an entry named {name} in {menu} that is not ours; rename one of them."
NAME_IS_OURS_TWICE = "Another service has the name {name} on this router; give one of them another username or prefix."
NO_PASSWORD = "The router has no entry for it any more and its password is not known here; give it a new one."
NO_PROFILE = "The router has no profile named {name}; add it there, or name another."


def difference_of(wanted: Iterable[Wanted], read: Read, scope: Iterable[ServiceKey]) -> Difference:
    """What to do so that each service of the scope has the entries wanted of it and no others.

    A service of the scope that nothing is wanted of loses its entries. What has no mark of ours, or that of a service
    out of the scope, is never touched. Removals come first, so that names are free; profiles before who is in them.
    """
    wanted = list(wanted)
    profiles = [] if Menu.PROFILE not in read and Menu.HOTSPOT_PROFILE not in read else _profile_steps(wanted, read)
    of_services, obstacles = _service_steps(wanted, read, set(scope))
    in_order = sorted(of_services, key=lambda step: list(Kind).index(step.kind))
    return Difference((*profiles, *in_order), (*obstacles,))


def _service_steps(wanted: Sequence[Wanted], read: Read, scope: set[ServiceKey]) -> tuple[list[Step], list[Obstacle]]:
    by_key = {one.key: one for one in wanted}
    steps: list[Step] = []
    obstacles = {one.key: it for one in wanted if (it := _missing_profile(one, read)) is not None}
    for menu in SERVICE_MENUS:
        own, by_name = _told_apart(menu, read.get(menu, ()))
        leaving = {
            entry_name(menu, row)
            for service in scope & own.keys()
            for row in own[service]
            if _entry(by_key.get(service), menu, row) is None
        }
        for service in sorted(scope):
            one = by_key.get(service)
            entry = None if one is None else _entry(one, menu)
            rows = own.get(service, [])
            if entry is None or one is None:
                steps += [Step(Kind.REMOVE, menu, entry_name(menu, row), service, row) for row in rows]
            elif service not in obstacles:
                found = _steps_of(one.access, service, entry, rows, by_name.get(entry.name), entry.name in leaving)
                if isinstance(found, Obstacle):
                    obstacles[service] = found
                else:
                    steps += found
    return [step for step in steps if step.kind is Kind.REMOVE or step.service not in obstacles], [*obstacles.values()]


def _told_apart(menu: Menu, rows: Sequence[Observed]) -> tuple[dict[ServiceKey, list[Observed]], dict[str, Observed]]:
    """The rows of each service by its mark, and all rows by name. What the router made by itself is left out."""
    own: dict[ServiceKey, list[Observed]] = {}
    by_name: dict[str, Observed] = {}
    for row in rows:
        if row.get("dynamic") == "true":
            continue
        by_name.setdefault(entry_name(menu, row), row)
        mark = read_mark(row.get("comment"))
        if mark is not None:
            own.setdefault(mark[0], []).append(row)
    return own, by_name


def _entry(wanted: Wanted | None, menu: Menu, row: Observed | None = None) -> Entry | None:
    """The entry wanted in the menu; with a row, only if it has the row's name."""
    entries = () if wanted is None else wanted.entries
    return next(
        (one for one in entries if one.menu is menu and (row is None or one.name == entry_name(menu, row))), None
    )


def _steps_of(
    access: Access,
    service: ServiceKey,
    entry: Entry,
    rows: Sequence[Observed],
    holder: Observed | None,
    is_leaving: bool,
) -> list[Step] | Obstacle:
    """The steps for one entry of one service. `holder` is the row that has its name, `is_leaving` that it goes."""
    menu = entry.menu
    kept = next((row for row in rows if entry_name(menu, row) == entry.name), None)
    steps = [Step(Kind.REMOVE, menu, entry_name(menu, row), service, row) for row in rows if row is not kept]
    if kept is None and holder is not None and not is_leaving:
        if read_mark(holder.get("comment")) is not None:
            return Obstacle(service, entry.name, NAME_IS_OURS_TWICE.format(name=entry.name))
        if not access.adopts:
            return Obstacle(service, entry.name, NAME_IS_ANOTHERS.format(name=entry.name, menu=menu.value))
        kept = holder
    has_password = menu in (Menu.SECRET, Menu.HOTSPOT_USER)
    if kept is not None:
        return [*steps, *_set_step(access, service, entry, kept)]
    if has_password and access.password_sealed is None:
        if not rows:
            return Obstacle(service, entry.name, NO_PASSWORD)
        return _renamed(service, entry, rows)
    sets = {name: value for name, value in entry.attributes.items() if value}
    return [*steps, Step(Kind.ADD, menu, entry.name, service, sets=sets, with_password=has_password)]


def _renamed(service: ServiceKey, entry: Entry, rows: Sequence[Observed]) -> list[Step]:
    """An entry whose password only the router knows cannot be made anew: it gets the new name."""
    first, *others = rows
    removals = [Step(Kind.REMOVE, entry.menu, entry_name(entry.menu, row), service, row) for row in others]
    sets, unsets = _changes(entry, first)
    return [*removals, Step(Kind.SET, entry.menu, entry.name, service, first, sets, unsets)]


def _set_step(access: Access, service: ServiceKey, entry: Entry, row: Observed) -> list[Step]:
    sets, unsets = _changes(entry, row)
    if not sets and not unsets:
        return []
    has_password = entry.menu in (Menu.SECRET, Menu.HOTSPOT_USER)
    with_password = has_password and "comment" in sets and access.password_sealed is not None
    return [Step(Kind.SET, entry.menu, entry.name, service, row, sets, unsets, with_password)]


def _changes(entry: Entry, row: Observed) -> tuple[dict[str, str], tuple[str, ...]]:
    """The properties that are not as wanted: those to set, and those to take away."""
    wrong = [name for name in KEPT[entry.menu] if name in entry.attributes and not is_so(entry, name, row)]
    away = TAKEN_AWAY.get(entry.menu, frozenset())
    unsets = tuple(name for name in wrong if not entry.attributes[name] and name in away)
    return {name: entry.attributes[name] for name in wrong if name not in unsets}, unsets


def _profile_steps(wanted: Sequence[Wanted], read: Read) -> list[Step]:
    """Adding and mending the profiles that we keep. One that nobody is in any more stays: it harms nobody."""
    steps: dict[tuple[Menu, str], Step] = {}
    for entry in {(one.menu, one.name): one for each in wanted for one in each.profiles}.values():
        row = next((row for row in read.get(entry.menu, ()) if row.get("name") == entry.name), None)
        if row is None:
            sets = {name: value for name, value in entry.attributes.items() if value}
            steps[(entry.menu, entry.name)] = Step(Kind.ADD, entry.menu, entry.name, None, sets=sets)
        elif is_our_profile(entry.menu, row):
            changed, unsets = _changes(entry, row)
            if changed or unsets:
                steps[(entry.menu, entry.name)] = Step(Kind.SET, entry.menu, entry.name, None, row, changed, unsets)
    return list(steps.values())


def is_our_profile(menu: Menu, row: Observed) -> bool:
    """Whether we keep this profile."""
    if not row.get("name", "").startswith(PROFILE_NAME):
        return False
    return menu is Menu.HOTSPOT_PROFILE or row.get("comment") == PROFILE_MARK


def _missing_profile(wanted: Wanted, read: Read) -> Obstacle | None:
    """A profile that others keep and that is not there."""
    for entry in wanted.entries:
        menu = {Menu.SECRET: Menu.PROFILE, Menu.HOTSPOT_USER: Menu.HOTSPOT_PROFILE}.get(entry.menu)
        name = entry.attributes.get("profile")
        if menu is None or name is None or menu not in read or any(name == one.name for one in wanted.profiles):
            continue
        if not any(row.get("name") == name for row in read[menu]):
            return Obstacle(wanted.key, wanted.sign_in_name, NO_PROFILE.format(name=name))
    return None
