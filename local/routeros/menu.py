"""What a menu of a router is: its properties, what must be unique in it, what may be done in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from local.routeros import values
from local.routeros.values import Kind

Row = dict[str, str]
Computed = Callable[[Row, float], str | None]
"""A property that is worked out when it is printed, from the row and the seconds that the router has been counting."""

ALL_VERBS: Final = frozenset({"print", "getall", "add", "set", "remove", "enable", "disable", "unset", "comment"})
READ: Final = frozenset({"print", "getall"})
SIGNED_IN: Final = READ | {"remove"}


@dataclass(frozen=True, slots=True)
class Property:
    """A property: what it takes, what it prints when nothing was given, and who may give it.

    Without a default an item that was not given the property does not have it. `needed` refuses an add without it,
    `told` is the router's own and refuses everybody, `secret` is shown to the policy `sensitive` alone, `unset` may be
    taken away again by the command of that name, which refuses all others.
    """

    name: str
    kind: Kind = values.text
    default: str | None = None
    needed: bool = False
    told: bool = False
    secret: bool = False
    unset: bool = False
    computed: Computed | None = None


@dataclass(frozen=True)
class Menu:
    """A menu: `unique` are the properties that no two items share, `duplicate` what an add is told that would."""

    path: str
    properties: tuple[Property, ...]
    verbs: frozenset[str] = ALL_VERBS
    unique: tuple[str, ...] = ()
    duplicate: str = ""
    indexed: tuple[str, ...] = ("name",)
    single: bool = False
    kept: bool = True
    first_id: int = 1
    built_in: tuple[str, ...] = ()
    by_name: dict[str, Property] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.properties})


def uptime(row: Row, now: float) -> str:
    """How long a session has lasted."""
    return values.as_span(now - float(row["_since"]))
