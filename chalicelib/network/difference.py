"""The difference between what a router has and what it should have, as steps that bring it there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.crm.service import ServiceStatus
from chalicelib.network.entries import (
    KEPT,
    NEUTRAL,
    PROFILE_MARK,
    PROFILE_NAME,
    SERVICE_MENUS,
    TAKEN_AWAY,
    Entry,
    Menu,
    Observed,
    ServiceKey,
    entry_name,
    flag,
    is_so,
    read_mark,
)
from chalicelib.network.model import Access
from chalicelib.network.steps import WITH_PASSWORD, Kind, Step, in_turn
from chalicelib.network.wanted import Wanted

Read = Mapping[Menu, Sequence[Observed]]
"""What was read of a router, by menu."""


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
    out of the scope, is never touched. Where something is in the way of a service it is at least off if it is to
    be. Removals come first, so that names are free; profiles before who is in them.
    """
    wanted = list(wanted)
    profiles = [] if Menu.PROFILE not in read and Menu.HOTSPOT_PROFILE not in read else _profile_steps(wanted, read)
    of_services, obstacles = _service_steps(wanted, read, set(scope))
    in_order = sorted(of_services, key=lambda step: list(Kind).index(step.kind))
    return Difference((*profiles, *in_order), (*obstacles,))


def _service_steps(wanted: Sequence[Wanted], read: Read, scope: set[ServiceKey]) -> tuple[list[Step], list[Obstacle]]:
    by_key = {one.key: one for one in wanted}
    menus = [_told_apart(menu, read.get(menu, ()), wanted, scope) for menu in SERVICE_MENUS]
    obstacles = {one.key: it for one in wanted if (it := _obstacle_of(one, read)) is not None}
    known = -1
    # A service that stays as it is keeps its names, and stands in the way of others by that.
    while known != len(obstacles):
        known = len(obstacles)
        steps = [step for rows in menus for step in _menu_steps(rows, by_key, obstacles)]
    return steps, [*obstacles.values()]


@dataclass(frozen=True)
class _Rows:
    """A menu's rows: those of each service of the scope by its mark, and all by name; and the entries wanted there. What
    the router made by itself is left out."""

    menu: Menu
    own: Mapping[ServiceKey, Sequence[Observed]]
    by_name: Mapping[str, Observed]
    wanted: Mapping[ServiceKey, Entry]


def _told_apart(menu: Menu, rows: Sequence[Observed], wanted: Sequence[Wanted], scope: set[ServiceKey]) -> _Rows:
    own: dict[ServiceKey, list[Observed]] = {}
    by_name: dict[str, Observed] = {}
    for row in rows:
        if row.get("dynamic") == "true":
            continue
        by_name.setdefault(entry_name(menu, row), row)
        mark = read_mark(row.get("comment"))
        if mark is not None and mark[0] in scope:
            own.setdefault(mark[0], []).append(row)
    entries = {one.key: entry for one in wanted if one.key in scope for entry in one.entries if entry.menu is menu}
    return _Rows(menu, own, by_name, entries)


def _menu_steps(rows: _Rows, by_key: Mapping[ServiceKey, Wanted], obstacles: dict[ServiceKey, Obstacle]) -> list[Step]:
    """The steps of one menu; what stands in the way of a service is added to the obstacles."""
    menu = rows.menu
    leaving = {
        name
        for service, own in rows.own.items()
        for name in (entry_name(menu, row) for row in own)
        if service not in obstacles and ((entry := rows.wanted.get(service)) is None or name != entry.name)
    }
    taken = {*rows.by_name, *(entry.name for service, entry in rows.wanted.items() if service not in obstacles)}
    steps: list[Step] = []
    for service in sorted(rows.own.keys() | rows.wanted.keys()):
        own = rows.own.get(service, ())
        entry = rows.wanted.get(service)
        if service in obstacles:
            steps += _on_or_off(menu, by_key[service], own, taken)
        elif entry is None:
            steps += [Step(Kind.REMOVE, menu, entry_name(menu, row), service, row) for row in own]
        else:
            holder = None if entry.name in leaving else rows.by_name.get(entry.name)
            found = _steps_of(by_key[service].access, entry, own, holder)
            if isinstance(found, Obstacle):
                obstacles[service] = found
            else:
                steps += found
    return in_turn(menu, steps)


def _on_or_off(menu: Menu, wanted: Wanted, rows: Sequence[Observed], taken: set[str]) -> list[Step]:
    """What can be done all the same where something is in the way: who is not to be on is off, in whatever entry it has.

    None is removed: with an entry of its own a service takes over nobody else's. An address moves to the list that it
    belongs in; where it is there already (`taken` are the names there are), the other one is switched off.
    """
    if menu is Menu.QUEUE:  # It holds a speed and lets nobody on.
        return []
    is_off = wanted.status is not ServiceStatus.ACTIVE
    steps = []
    for row in rows:
        sets = {"disabled": flag(is_off)}
        if menu is Menu.ADDRESS and wanted.listed:
            moved = {**row, "list": wanted.listed}
            is_there = row.get("list") == wanted.listed
            is_in_the_way = not is_there and entry_name(menu, moved) in taken
            sets = {"disabled": flag(is_in_the_way)} | ({} if is_there or is_in_the_way else {"list": wanted.listed})
            taken.add(entry_name(menu, row if is_in_the_way else moved))
        wrong = {name: value for name, value in sets.items() if not is_so(Entry(menu, sets), name, row)}
        if wrong:
            steps.append(Step(Kind.SET, menu, entry_name(menu, {**row, **wrong}), wanted.key, row, wrong))
    return steps


def _steps_of(
    access: Access, entry: Entry, rows: Sequence[Observed], holder: Observed | None
) -> Sequence[Step] | Obstacle:
    """The steps for one entry of one service. `holder` is the row that has its name and keeps it.

    An entry under another name gets the new one: so it is never away, and keeps a password that only the router knows.
    """
    menu, service = entry.menu, (access.tenant_id, access.service)
    kept = next((row for row in rows if entry_name(menu, row) == entry.name), None)
    if kept is None and holder is not None:
        if read_mark(holder.get("comment")) is not None:
            return Obstacle(service, entry.name, NAME_IS_OURS_TWICE.format(name=entry.name))
        # With an entry of its own, the other one is somebody's whoever may be taken over.
        if rows or not access.adopts:
            return Obstacle(service, entry.name, NAME_IS_ANOTHERS.format(name=entry.name, menu=menu.value))
        kept = holder
    if kept is None and rows:
        kept = rows[0]
    steps = [Step(Kind.REMOVE, menu, entry_name(menu, row), service, row) for row in rows if row is not kept]
    if kept is not None:
        return [*steps, *_set_step(access, service, entry, kept)]
    has_password = menu in WITH_PASSWORD
    if has_password and access.password_sealed is None:
        return Obstacle(service, entry.name, NO_PASSWORD)
    sets = {name: value for name, value in entry.attributes.items() if value}
    return [Step(Kind.ADD, menu, entry.name, service, sets=sets, with_password=has_password)]


def _set_step(access: Access, service: ServiceKey, entry: Entry, row: Observed) -> list[Step]:
    sets, unsets = _changes(entry, row)
    if not sets and not unsets:
        return []
    with_password = entry.menu in WITH_PASSWORD and "comment" in sets and access.password_sealed is not None
    return [Step(Kind.SET, entry.menu, entry.name, service, row, sets, unsets, with_password)]


def _changes(entry: Entry, row: Observed) -> tuple[dict[str, str], tuple[str, ...]]:
    """The properties that are not as wanted: those to set, and those to take away."""
    wrong = [name for name in KEPT[entry.menu] if name in entry.attributes and not is_so(entry, name, row)]
    away = TAKEN_AWAY.get(entry.menu, frozenset())
    neutral = NEUTRAL.get(entry.menu, {})
    unsets = tuple(name for name in wrong if not entry.attributes[name] and name in away)
    sets = {name: entry.attributes[name] or neutral.get(name, "") for name in wrong if name not in unsets}
    return sets, unsets


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


def _obstacle_of(wanted: Wanted, read: Read) -> Obstacle | None:
    """What is in the way of a service as such, or a profile that others keep and that is not there."""
    if wanted.obstacle is not None:
        return Obstacle(wanted.key, wanted.sign_in_name, wanted.obstacle)
    for entry in wanted.entries:
        menu = {Menu.SECRET: Menu.PROFILE, Menu.HOTSPOT_USER: Menu.HOTSPOT_PROFILE}.get(entry.menu)
        name = entry.attributes.get("profile")
        if menu is None or name is None or menu not in read or any(name == one.name for one in wanted.profiles):
            continue
        if not any(row.get("name") == name for row in read[menu]):
            return Obstacle(wanted.key, wanted.sign_in_name, NO_PROFILE.format(name=name))
    return None
