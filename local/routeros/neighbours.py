"""Who has which address, as the router heard it: the entries of `/ip/arp` that it makes by itself, beside those given."""

from typing import TYPE_CHECKING, Final

from local.routeros.menu import Row

if TYPE_CHECKING:
    from local.routeros.router import Router

ARP: Final = "/ip/arp"
GIVEN: Final = "permanent"
_COMPLETE: Final = frozenset({"reachable", "stale", "delay", "probe"})
_HEARD: Final = _COMPLETE | {"failed", "incomplete"}


def hear(router: "Router", row: Row, status: str) -> None:
    """An address was looked for, with this outcome. Nothing is learnt over an entry that was given."""
    if status not in _HEARD:
        raise ValueError(f"no status of an entry that is heard: {status}")
    told = {"dynamic": "true", "complete": "true" if status in _COMPLETE else "false"}
    holders = _of(router, row)
    if all(_is_heard(router, at) for at in holders):
        number = holders[0] if holders else router.tables[ARP].next_id
        router.store(ARP, number, row | told | status_told(router, status))


def status_told(router: "Router", status: str) -> Row:
    """The property that the status is told by; routers before version 7 have none."""
    return {"status": status} if router.at_least(7) else {}


def give_way(router: "Router", row: Row) -> None:
    """What was heard of an address goes when an entry is given for it."""
    for at in _of(router, row):
        if _is_heard(router, at):
            router.discard(ARP, at)


def forget(router: "Router") -> None:
    """The router restarts: it has heard nothing yet."""
    for at in list(router.tables[ARP].rows):
        if _is_heard(router, at):
            router.discard(ARP, at)


def _of(router: "Router", row: Row) -> list[int]:
    table = router.tables[ARP]
    return [at for at in table.having("address", row["address"]) if table.rows[at]["interface"] == row["interface"]]


def _is_heard(router: "Router", number: int) -> bool:
    return router.tables[ARP].rows[number].get("dynamic") == "true"
