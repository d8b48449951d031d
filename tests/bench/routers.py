"""What delivering to routers and comparing them takes, against simulated routers over real sockets.

The routers are in this process and take their share of its CPU. Time as the product sees it goes on as the machine's does;
the clock begins at noon of a day of the test world. Counts are exact; times depend on the machine, and where one of them is
to say something about another, both were measured in turn.
"""

import gc
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Condition, Thread
from typing import Any
from unittest.mock import patch

from chalicelib.aws import clock, keys, sealed
from chalicelib.aws.tables import Put, put_many, write
from chalicelib.core.dates import to_micros
from chalicelib.crm import outbox
from chalicelib.crm.model import Plan
from chalicelib.crm.outbox import due_changes, wake
from chalicelib.crm.plans import find_plan
from chalicelib.crm.service import new_service
from chalicelib.crm.store import subscriber_row
from chalicelib.crm.subscriber import Subscriber
from chalicelib.crm.suspension import mark_resumed, mark_suspended
from chalicelib.network.credentials import seal_router_password, seal_service_password
from chalicelib.network.deliver import deliver
from chalicelib.network.look import Look
from chalicelib.network.model import Access, Method, NetworkTerms, Place, Router
from chalicelib.network.plan import plan_of
from chalicelib.network.reach import reach, reach_to_work
from chalicelib.network.reading import read_everything, read_sessions
from chalicelib.network.reconcile import reconcile
from chalicelib.network.reports import Report
from chalicelib.network.state import end_pause, read_state
from chalicelib.network.store import DirectoryRow, access_row, router_row
from chalicelib.network.wanted import Setting, Wanted, wanted_of
from chalicelib.network.worker import carry_out
from local.routeros.router import Router as Simulated
from local.routeros.server import RouterServer
from tests.bench.report import Figure
from tests.sealing import KeyInProcess
from tests.simulation import MemoryDynamoDB
from tests.world import World

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
FIRST = date(2026, 11, 1)
TODAY = date(2026, 11, 22)
MICROS = 1_793_000_000_000_000
PASSWORD = "router-secret"
MAC = "9C:53:00:07:00:01"
WORKERS = 16
"""How many run side by side, each router's messages one after the other."""
ROUNDS = 3
CURSORS = iter(range(1, 1 << 30))


@contextmanager
def running() -> Iterator[None]:
    """The clock begins at noon and goes on; what is sealed is sealed in this process."""
    began = time.monotonic()
    restore = clock.replace(now=lambda: NOON + timedelta(seconds=time.monotonic() - began), sleep=time.sleep)
    with TemporaryDirectory() as folder, patch.object(sealed, "_client", _same(KeyInProcess(Path(folder, "key")))):
        try:
            yield
        finally:
            restore()


def _same(key: KeyInProcess) -> Callable[[], KeyInProcess]:
    return lambda: key


@dataclass
class Installation:
    """Alpha with some routers, each simulated, and subscribers on them by the router's number."""

    routers: list[Router] = field(default_factory=list)
    simulated: list[Simulated] = field(default_factory=list)
    people: list[list[Subscriber]] = field(default_factory=list)

    @classmethod
    def build(cls, stack: ExitStack, routers: int, services: int) -> "Installation":
        """So many routers with so many services each: all on, with an open session each, nothing due."""
        World.build(FIRST)
        made = cls()
        # Opening a password is another service's work, of some milliseconds of waiting; one is like the other here.
        password = seal_service_password("alpha", 1, "secret")
        for number in range(routers):
            simulated = Simulated(f"core-{number}", password=PASSWORD)
            simulated.add("/ip/pool", {"name": "home", "ranges": "10.20.0.2-10.20.250.254"})
            server = stack.enter_context(RouterServer(simulated))
            router = _router(number, server.port)
            made.routers.append(router)
            made.simulated.append(simulated)
            made.people.append(_load(router, services, 1 + number * services, password))
            _fill(simulated, list(Look(router).wanted([("alpha", one.number) for one in made.people[-1]], NOON)))
        return made

    def numbers(self, router: int) -> list[tuple[int, int]]:
        return [(one.services[0].number, one.number) for one in self.people[router]]

    def suspend(self, routers: Sequence[int]) -> None:
        """All services of these routers at once, as a settlement does."""
        mark_suspended(
            "alpha", [one for at in routers for one in self.numbers(at)], TODAY, "alpha", MICROS + next(CURSORS)
        )

    def bring_back(self, routers: Sequence[int]) -> None:
        mark_resumed("alpha", [one for at in routers for one in self.numbers(at)], TODAY, MICROS + next(CURSORS))

    def are_all_in(self, profile: str, routers: Sequence[int]) -> bool:
        """Looked at in the routers themselves."""
        return all(
            row["profile"] == profile
            for at in routers
            for row in self.simulated[at].tables["/ppp/secret"].rows.values()
        )


def _router(number: int, port: int) -> Router:
    router_id = f"alpha.rbench{number:03d}"
    place = Place(pool="home", local_address="10.20.0.1")
    password = seal_router_password(router_id, PASSWORD)
    router = Router(router_id, f"core-{number}", "127.0.0.1", port, False, None, "admin", password, place)
    write(Put(router_row(router)), Put(DirectoryRow.at(keys.one_of_all_routers("op", router_id), owner="alpha")))
    return router


def _load(router: Router, count: int, first: int, password: str) -> list[Subscriber]:
    made = []
    for number in range(first, first + count):
        service = new_service(number, FIRST, f"user{number}", None, "HOME", MICROS, 0)
        service = replace(service, router=router.router_id)
        made.append(
            Subscriber("alpha", number, f"C{number:06d}", f"User {number}", None, None, (service,), MICROS, MICROS)
        )
    rows: list[Any] = [subscriber_row(one) for one in made]
    rows += [access_row(_access(router, one.number, password)) for one in made]
    for at in range(0, len(rows), 25):
        put_many(rows[at : at + 25])
    return made


def _access(router: Router, number: int, password: str) -> Access:
    return Access(router.router_id, "alpha", number, number, Method.PPPOE, password_sealed=password, password_version=1)


def _fill(simulated: Simulated, wanted: Sequence[Wanted]) -> None:
    """As if all of it had been delivered."""
    for profile in {entry.name: entry for one in wanted for entry in one.profiles}.values():
        simulated.add(profile.menu.value, {name: value for name, value in profile.attributes.items() if value})
    for one in wanted:
        for entry in one.entries:
            given = {name: value for name, value in entry.attributes.items() if value} | {"password": "secret"}
            simulated.add(entry.menu.value, given)


class Queue:
    """A FIFO queue with a group for each router, and workers who take from it as Lambda's mapping does, or the local run:
    the next message of a group is taken when the one before it is done."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Mapping[str, Any]]] = {}
        self._busy: set[str] = set()
        self._changed = Condition()
        self._is_over = False
        self.threads = [Thread(target=self._work, daemon=True) for _ in range(WORKERS)]

    def send(self, messages: Sequence[tuple[str, str, Mapping[str, Any]]]) -> int:
        with self._changed:
            for group, _, body in messages:
                self._waiting.setdefault(group, deque()).append(body)
            self._changed.notify_all()
        return len(messages)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Messages that the product sends come here, and are carried out."""
        with patch.object(outbox, "send_to_routers", self.send):
            for thread in self.threads:
                thread.start()
            try:
                yield
            finally:
                with self._changed:
                    self._is_over = True
                    self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._is_over and self._next() is None:
                    self._changed.wait()
                group = self._next()
                if self._is_over or group is None:
                    return
                self._busy.add(group)
                body = self._waiting[group].popleft()
            try:
                carry_out(body)
            finally:
                with self._changed:
                    self._busy.discard(group)
                    self._changed.notify_all()

    def _next(self) -> str | None:
        return next((group for group, bodies in self._waiting.items() if bodies and group not in self._busy), None)


def _seconds_until(is_so: Callable[[], bool], most: float = 60.0) -> float:
    began = time.perf_counter()
    while not is_so():
        if time.perf_counter() - began > most:
            raise TimeoutError("it did not come about")
        time.sleep(0.002)
    return time.perf_counter() - began


def reconciled(engine: MemoryDynamoDB, services: int) -> dict[str, float]:
    """Compare a router of so many services of which one in a hundred differs, and bring it in line."""
    with ExitStack() as stack:
        made = Installation.build(stack, 1, services)
        [simulated], differing = made.simulated, services // 100
        for one in made.people[0][:differing]:
            assert simulated.dial(one.services[0].username, "secret", MAC).accepted
        numbers = list(simulated.tables["/ppp/secret"].rows)[:differing]
        with simulated.command():
            for number in numbers:
                simulated.alter("/ppp/secret", number, {"profile": "default"})
        simulated.counts.reset()
        gc.collect()
        began = time.perf_counter()
        with engine.measured() as meter:
            report = reconcile(Report(made.routers[0].router_id, 1, mends=True), reach_to_work, mend=True)
        seconds = time.perf_counter() - began
        assert (report.status, report.differing, report.delivered_count) == ("done", differing, differing)
        assert made.are_all_in("tb-HOME", [0])
        commands = simulated.counts.commands
        asked = sum(count for path, count in commands.items() if path.endswith(("/print", "/login")))
        return {
            "seconds": seconds,
            "full reads": simulated.counts.full_prints["/ppp/secret"],
            "differing": differing,
            "writes": sum(commands.values()) - asked - commands["/ppp/active/remove"],
            "hung up": commands["/ppp/active/remove"],
            "asked": asked,
            "requests": meter.requests,
        }


def suspended_at_once(routers: int, services: int) -> dict[str, float]:
    """Seconds from the beginning of the marks to the last secret in the profile for the expired."""
    with ExitStack() as stack:
        made = Installation.build(stack, routers, services)
        everywhere = range(routers)
        stack.enter_context(Queue().at_work())
        began = time.perf_counter()
        made.suspend(everywhere)
        marked = time.perf_counter() - began
        _seconds_until(lambda: made.are_all_in("tb-expired", everywhere))
        arrived = time.perf_counter() - began
        _seconds_until(lambda: not any(due_changes(one.router_id, clock.now(), limit=1)[0] for one in made.routers))
    return {"marked": marked, "arrived": arrived}


def beside_a_dead_one(services: int, fault: Callable[[Simulated], None]) -> dict[str, float]:
    """Ten routers, and the time until the last service of nine is where it should be, without the tenth's fault and with
    it, in turn; the best of some rounds of each. The tenth is woken first."""
    well: list[float] = []
    ill: list[float] = []
    with ExitStack() as stack:
        made = Installation.build(stack, 10, services)
        nine, tenth = list(range(9)), made.simulated[9]
        for simulated in made.simulated:
            simulated.faults.slow(0.002)  # a router in another town
        stack.enter_context(Queue().at_work())
        for times in [well, ill] * ROUNDS:
            made.bring_back(range(10))
            _seconds_until(lambda: made.are_all_in("tb-HOME", range(10)))
            _seconds_until(lambda: not due_changes(made.routers[9].router_id, clock.now(), limit=1)[0])
            if times is ill:
                fault(tenth)
            made.suspend([9])
            began = time.perf_counter()
            made.suspend(nine)
            _seconds_until(lambda: made.are_all_in("tb-expired", nine))
            times.append(time.perf_counter() - began)
            tenth.faults.clear()
            tenth.faults.slow(0.002)
            tenth.restart()
            _end_pause(made.routers[9].router_id)
            _seconds_until(lambda: made.are_all_in("tb-expired", [9]))
    return {"well": min(well), "ill": min(ill)}


def _end_pause(router_id: str) -> None:
    """Somebody says that it is there again, as soon as the worker that waited for it has given it up."""

    def is_free() -> bool:
        state = read_state(router_id)
        return state.leased_until_micros <= to_micros(clock.now())

    _seconds_until(is_free)
    end_pause(router_id)
    wake([router_id])


def one_change(engine: MemoryDynamoDB) -> dict[str, float]:
    """What the delivery of one suspension asks of the router and of the database."""
    with ExitStack() as stack:
        made = Installation.build(stack, 1, 1)
        assert made.simulated[0].dial("user1", "secret", MAC).accepted
        made.suspend([0])
        made.simulated[0].counts.reset()
        with engine.measured() as meter:
            told = deliver(made.routers[0].router_id, reach_to_work)
        assert (told.delivered, told.ended_sessions) == (1, 1)
        return {
            "commands": sum(made.simulated[0].counts.commands.values()),
            "read units": meter.read_units,
            "write units": meter.write_units,
        }


def long_list(count: int) -> dict[str, float]:
    """Read a router with so many secrets, all ours, and compare them: seconds, and the most memory that took."""
    place = Place(pool="home", local_address="10.20.0.1")
    setting = Setting(place, NetworkTerms(), "Asia/Dhaka")
    with ExitStack() as stack:
        World.build(FIRST)
        simulated = Simulated("large", password=PASSWORD)
        simulated.add("/ip/pool", {"name": "home", "ranges": "10.20.0.2-10.20.250.254"})
        router = _router(0, stack.enter_context(RouterServer(simulated)).port)
        plan = find_plan("alpha", "HOME")
        wanted = [_wanted(router, number, plan, setting) for number in range(1, count + 1)]
        _fill(simulated, wanted)
        with simulated.command():
            simulated.alter("/ppp/secret", next(iter(simulated.tables["/ppp/secret"].rows)), {"disabled": "yes"})
        gc.collect()
        with reach(router, 60.0) as connection:
            began = time.perf_counter()
            read = read_everything(connection)
            was_read = time.perf_counter() - began
            compared = plan_of(wanted, (), read, read_sessions(connection))
            seconds = time.perf_counter() - began
        assert [item.name for item in compared.items] == ["user1"]
        del read, compared
        return {"read": was_read, "seconds": seconds, "megabytes": _megabytes(router, wanted)}


def _wanted(router: Router, number: int, plan: Plan, setting: Setting) -> Wanted:
    service = new_service(number, FIRST, f"user{number}", None, "HOME", MICROS, 0)
    return wanted_of(_access(router, number, "sealed"), service, plan, setting, NOON)


def _megabytes(router: Router, wanted: Sequence[Wanted]) -> float:
    gc.collect()
    tracemalloc.start()
    try:
        with reach(router, 120.0) as connection:
            read = read_everything(connection)
            plan_of(wanted, (), read, read_sessions(connection))
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def never_answers(simulated: Simulated) -> None:
    """It takes connections and says nothing."""
    simulated.faults.never_answer()


def refuses(simulated: Simulated) -> None:
    """Nobody listens."""
    simulated.faults.refuse_connections()


def figures(in_memory: Callable[[Callable[[MemoryDynamoDB], dict[str, float]]], dict[str, float]]) -> list[Figure]:
    """All of them; `in_memory` runs each against empty tables."""
    with running():
        found = in_memory(lambda engine: reconciled(engine, 5_000))
        at_once = in_memory(lambda engine: suspended_at_once(5, 40))
        silent = in_memory(lambda engine: beside_a_dead_one(20, never_answers))
        refusing = in_memory(lambda engine: beside_a_dead_one(20, refuses))
        change = in_memory(one_change)
        large = in_memory(lambda engine: long_list(100_000))
    how = f"5,000 secrets of which {found['differing']:g} are in another profile; simulated router, over a socket"
    dead = "ten routers, 20 suspended on each, the tenth woken first; the other nine, best of 3 with it and without"
    return [
        Figure("reconciling a router", found["seconds"], 5, "s", how),
        Figure("full reads of its secrets", found["full reads"], 2, "reads", "prints without a query"),
        Figure(
            "commands beside reads, a difference",
            found["writes"] / found["differing"],
            1,
            "commands",
            f"beside them {found['hung up']:g} that ended sessions, {found['asked']:g} prints and sign-ins, "
            f"{found['requests']:g} requests to the database",
        ),
        Figure(
            "200 suspended at once, delivered to 5 routers",
            at_once["arrived"],
            10,
            "s",
            f"from the first mark ({at_once['marked']:.3g} s for all marks) to the last secret in the profile of the "
            f"expired; {WORKERS} workers, a FIFO group a router",
        ),
        Figure(
            "beside a router that never answers", silent["ill"] / silent["well"], 1.25, "x", f"{dead}: {_both(silent)}"
        ),
        Figure("beside one that refuses", refusing["ill"] / refusing["well"], 1.25, "x", f"{dead}: {_both(refusing)}"),
        Figure(
            "commands of one delivered change",
            change["commands"],
            None,
            "commands",
            "sign-in, prints, a set, a session",
        ),
        Figure(
            "its read units", change["read units"], None, "units", "simulated engine; a suspension alone in its outbox"
        ),
        Figure(
            "its write units",
            change["write units"],
            None,
            "units",
            "the lease taken and given back, the change removed",
        ),
        Figure(
            "100,000 secrets read and compared",
            large["seconds"],
            None,
            "s",
            f"{large['read']:.3g} s of it reading, the router's own CPU included",
        ),
        Figure(
            "and the memory that takes",
            large["megabytes"],
            None,
            "MB",
            "at its most, beside what is wanted; tracemalloc",
        ),
    ]


def _both(found: Mapping[str, float]) -> str:
    return f"{found['ill']:.3g} s and {found['well']:.3g} s"
