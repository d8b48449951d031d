"""Steps: what is done to one entry of a router, and in which turn where entries take over names of each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from chalicelib.network.entries import KEPT, Menu, Observed, ServiceKey, entry_name, name_aside

WITH_PASSWORD = (Menu.SECRET, Menu.HOTSPOT_USER)
"""The menus whose entries are signed in with, by their name and a password."""


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


def in_turn(menu: Menu, steps: Sequence[Step]) -> list[Step]:
    """The same steps, so ordered that no entry gets a name that another one still has.

    Where names go round in a circle one entry is set aside first, under a name of its own; in the menus where nobody signs
    in it is removed and added again.
    """
    first: list[Step] = []
    later: list[Step] = []
    waiting: dict[str, Step] = {}
    for step in steps:
        held = entry_name(menu, step.row)
        if step.kind is Kind.SET and held != step.name and held not in waiting:
            waiting[held] = step
        else:
            (later if step.kind is Kind.ADD else first).append(step)
    while waiting:
        free = [held for held, step in waiting.items() if step.name not in waiting]
        first += [waiting.pop(held) for held in free]
        if not free:
            step = waiting.pop(next(iter(waiting)))
            if menu in WITH_PASSWORD and step.service is not None:
                aside = name_aside(step.service)
                first.append(replace(step, name=aside, sets={"name": aside}, unsets=(), with_password=False))
                waiting[aside] = step
            else:
                first.append(replace(step, kind=Kind.REMOVE, name=entry_name(menu, step.row), sets={}, unsets=()))
                later.append(replace(step, kind=Kind.ADD, row={}, sets={**_kept(step), **step.sets}, unsets=()))
    return [*first, *later]


def _kept(step: Step) -> Mapping[str, str]:
    """What an entry has that is as wanted."""
    return {name: step.row[name] for name in KEPT[step.menu] if name in step.row and name not in step.unsets}
