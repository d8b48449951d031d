"""What a router answers to a command: the sentences of the answer, without the tag.

A command is done when `answer` returns; the rows of a print are put into words as they are taken, from what was there then.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from local.routeros import traffic
from local.routeros.menu import Row
from local.routeros.menus import INTERFACE
from local.routeros.query import NotAQuery, succeeds
from local.routeros.router import Router
from local.routeros.table import Table
from local.routeros.values import Trap, as_span

DONE: Final = ["!done"]
_EMPTY: Final = ["!empty"]
_WRITES: Final = frozenset({"add", "set", "remove", "enable", "disable", "unset", "comment"})
_PRINT_WORDS: Final = frozenset(
    {".proplist", "count-only", "detail", "stats", "without-paging", "follow", "from", "terse"}
)
_MEMORY: Final = 4 * 1024**3
_DISK: Final = 128 * 1024**2

Words = Iterable[list[str]]


def trap_words(trap: Trap) -> list[str]:
    """The sentence of a refusal."""
    category = [] if trap.category is None else [f"=category={trap.category}"]
    return ["!trap", *category, f"=message={trap.message}"]


def answer(router: Router, policies: frozenset[str], sentence: list[str]) -> Words:
    """Does a command and gives its answer."""
    try:
        return _do(router, policies, sentence[0], sentence[1:])
    except Trap as trap:
        return [trap_words(trap), DONE]
    except NotAQuery as query:
        return [trap_words(Trap(f"invalid query: {query}", 1)), DONE]


def arguments(words: list[str]) -> dict[str, str]:
    """The `=name=value` words of a command."""
    found = (word[1:].partition("=") for word in words if word.startswith("="))
    return {name: value for name, _, value in found}


def _do(router: Router, policies: frozenset[str], command: str, words: list[str]) -> Words:
    path, _, verb = command.rpartition("/")
    if "read" not in policies or (verb in _WRITES and "write" not in policies):
        raise Trap(_fault(router, "no permission", command) or "not enough permissions (9)")
    for kind in ("no permission", "trap", *(["disk full"] if verb in _WRITES else [])):
        message = _fault(router, kind, command)
        if message:
            raise Trap(message)
    given = arguments(words)
    queries = [word for word in words if word.startswith("?")]
    sensitive = "sensitive" in policies
    with router.command():
        if path == "/interface" and verb == "monitor-traffic":
            return [*monitored(router, given), DONE]
        if path in _MADE_UP and verb in ("print", "getall"):
            return _printed(router, path, _MADE_UP[path](router), given, queries)
        table = router.tables.get(path)
        if table is None:
            raise Trap("no such command prefix", 0)
        if verb not in table.menu.verbs:
            raise Trap("no such command", 0)
        if verb in ("print", "getall"):
            return _print(router, table, given, queries, sensitive)
        return _change(router, table, verb, given)


def _fault(router: Router, kind: str, command: str) -> str:
    fault = router.faults.strike(kind, command)
    return fault.text if fault else ""


def _print(router: Router, table: Table, given: dict[str, str], queries: list[str], sensitive: bool) -> Words:
    path = table.menu.path
    if table.menu.single:
        rows = [{name: value for name, value in row.items() if name != ".id"} for row in table.chosen([], 0, True)]
        return _printed(router, path, rows, given, queries)
    rows = list(table.chosen(queries, router.now(), sensitive))
    if path == "/queue/simple":
        rows = [row | _queue_counters(row, router.now()) for row in rows]
    return _printed(router, path, rows, given, queries, chosen=True)


def _printed(
    router: Router, path: str, rows: list[Row], given: dict[str, str], queries: list[str], chosen: bool = False
) -> Words:
    unknown = given.keys() - _PRINT_WORDS
    if unknown:
        raise Trap("unknown parameter")
    if not chosen and queries:
        rows = [row for row in rows if succeeds(queries, row)]
    if "count-only" in given:
        return [["!done", f"=ret={len(rows)}"]]
    (router.counts.queried_prints if queries else router.counts.full_prints)[path] += 1
    if not rows:
        return [_EMPTY, DONE] if router.at_least(7, 18) else [DONE]
    return _in_words(rows, [name for name in given.get(".proplist", "").split(",") if name])


def _in_words(rows: list[Row], wanted: list[str]) -> Iterator[list[str]]:
    for row in rows:
        if wanted:
            yield ["!re", *(f"={name}={row[name]}" for name in wanted if name in row)]
        else:
            yield ["!re", *(f"={name}={value}" for name, value in row.items())]
    yield DONE


def _change(router: Router, table: Table, verb: str, given: dict[str, str]) -> Words:
    path = table.menu.path
    if verb == "add":
        given.pop("place-before", None)
        return [["!done", f"=ret=*{router.insert(path, given):X}"]]
    items = given.pop(".id", None)
    items = given.pop("numbers", items)
    if table.menu.single:
        numbers = list(table.rows)
    elif items is None:
        raise Trap("missing =.id=", 0)
    else:
        numbers = [table.number_of(item) for item in _split(table, items)]
    for number in numbers:
        if verb == "remove":
            router.delete(path, number)
        elif verb == "unset":
            router.unset(path, number, given.get("value-name", ""))
        elif verb in ("enable", "disable"):
            router.alter(path, number, {"disabled": "no" if verb == "enable" else "yes"})
        elif verb == "comment":
            router.alter(path, number, {"comment": given.get("comment", "")})
        else:
            if "unset" not in table.menu.verbs and any(name[:1] == "!" for name in given):
                raise Trap("unknown parameter")
            router.alter(path, number, {name: value for name, value in given.items() if name[:1] != "!"})
            for name in given:
                if name[:1] == "!":
                    router.unset(path, number, name[1:])
    return [DONE]


def _split(table: Table, items: str) -> list[str]:
    """Ids or names between commas; a name may have commas itself when it stands alone."""
    if not items.startswith("*") and "name" in table.menu.indexed and table.having("name", items):
        return [items]
    return list(dict.fromkeys(items.split(",")))


def monitored(router: Router, given: dict[str, str]) -> list[list[str]]:
    """One reading of the traffic of the interfaces that are asked for. Raises Trap."""
    if given.keys() - {"interface", "once", "duration", "interval"}:
        raise Trap("unknown parameter")
    asked = given.get("interface")
    if asked is None:
        raise Trap("missing =interface=", 0)
    table, now = router.tables[INTERFACE.path], router.now()
    sessions = {one.interface: one for one in router.sessions.live.values()}
    answers = []
    for item in _split(table, asked):
        try:
            number = table.number_of(item)
        except Trap:
            raise Trap("input does not match any value of interface", 1) from None
        row = table.rows[number]
        session = sessions.get(row["name"])
        if row.get("dynamic") == "true":
            up, down = (session.up_bps, session.down_bps) if session else (0, 0)
            rates = traffic.bps(number, up, now), traffic.bps(number + 3, down, now)
        else:
            live = router.sessions.live.values()
            rates = sum(one.up_bps for one in live) // 3, sum(one.down_bps for one in live) // 3
        reading = traffic.monitored(row["name"], *rates)
        answers.append(["!re", *(f"={name}={value}" for name, value in reading.items())])
    return answers


def _queue_counters(row: Row, now: float) -> Row:
    if row["disabled"] == "true":
        return {}
    up, down = (int(half) or traffic.UNLIMITED_BPS for half in row["max-limit"].split("/"))
    number = int(row[".id"][1:], 16)
    rates = traffic.bps(number, up, now), traffic.bps(number + 3, down, now)
    counted = traffic.count(up, now), traffic.count(down, now)
    return {"rate": f"{rates[0]}/{rates[1]}", "bytes": f"{counted[0]}/{counted[1]}"}


def _resource(router: Router) -> list[Row]:
    live = len(router.sessions.live)
    load = min(97, 4 + live // 40 + int(3 + traffic.bps(7, 6, router.now())))
    return [
        {
            "uptime": as_span(router.now()),
            "version": f"{router.version} (stable)",
            "build-time": "2024-11-26 12:09:40",
            "free-memory": str(_MEMORY * 7 // 8 - live * 40_960),
            "total-memory": str(_MEMORY),
            "cpu": "ARM64",
            "cpu-count": "4",
            "cpu-frequency": "1700",
            "cpu-load": str(load),
            "free-hdd-space": "0" if router.faults.active("disk full") else str(_DISK * 3 // 4),
            "total-hdd-space": str(_DISK),
            "architecture-name": "arm64",
            "board-name": router.board,
            "platform": "MikroTik",
        }
    ]


_MADE_UP: Final[dict[str, Callable[[Router], list[Row]]]] = {
    "/system/resource": _resource,
    "/user": lambda router: router.users.rows(),
    "/user/group": lambda router: router.users.group_rows(),
}
