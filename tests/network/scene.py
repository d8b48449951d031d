"""A router on which a lot has just changed, set up again for every fault: what was on it, who is signed in, what is due.

Alpha's services on it change in every way there is; Munir's does not, nor does Beta's, to whom it is lent, nor Gamma's, who
has the same machine as a router of its own; nor what its owner made by hand.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from chalicelib.aws.tables import Put, write
from chalicelib.crm.edit import SubscriberChange, edit_subscriber
from chalicelib.crm.subscriber import Subscriber
from chalicelib.crm.suspension import mark_resumed, mark_suspended
from chalicelib.network.connection import Connection
from chalicelib.network.deliver import Delivery, deliver
from chalicelib.network.model import Lending, Method, Place, Router
from chalicelib.network.reach import reach
from chalicelib.network.refused import all_refused
from chalicelib.network.store import lending_rows
from local.routeros.router import Router as Simulated
from local.routeros.server import RouterServer
from tests.conftest import SetClock
from tests.network.site import FIRST, PASSWORD, Site, put_on, register
from tests.simulation import MemoryDynamoDB

TODAY = date(2026, 11, 22)
MENUS = (
    "/ppp/profile",
    "/ppp/secret",
    "/ip/hotspot/user/profile",
    "/ip/hotspot/user",
    "/queue/simple",
    "/ip/firewall/address-list",
    "/ip/arp",
)
TOLD = (".id", "creation-time", "last-logged-out", "last-caller-id", "last-disconnect-reason", "bytes", "rate")
MAC = "9C:53:00:07:00:01"
CHANGED = ("karim", "rahim", "jamal", "nasir", "selim", "habib")
"""Who has to sign in anew, or cannot any more."""
UNTOUCHED = ("munir", "b-nadia", "gazi", "uncle")
LATER = timedelta(seconds=76)
"""After the lease of a worker that was killed."""


class PowerCut(BaseException):
    """The worker is gone: nobody catches this."""


def state_of(simulated: Simulated) -> dict[str, Any]:
    """What is configured on the router, without ids and counts."""
    return {
        menu: sorted(
            sorted((name, value) for name, value in row.items() if name not in TOLD)
            for row in simulated.rows(menu)
            if row.get("dynamic") != "true"
        )
        for menu in MENUS
    }


def plug_in(server: RouterServer, simulated: Simulated) -> None:
    """Another router at the same port, in the place of the one that was there."""
    server._drop_all()
    for callbacks, callback in (("on_reach", server._reach), ("on_restart", server._drop_all)):
        getattr(server.router, callbacks).remove(callback)
        getattr(simulated, callbacks).append(callback)
    server.router = simulated


@dataclass
class Scene:
    """Everything at the instant before the delivery; `again` is that instant once more."""

    engine: MemoryDynamoDB
    clock: SetClock
    place: Site
    people: dict[str, Subscriber]
    moment: int = 0
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    simulated: Simulated = field(init=False)

    def __post_init__(self) -> None:
        self.simulated = self.place.simulated
        self.began = self.clock.at

    @contextmanager
    def again(self) -> Iterator[Simulated]:
        """The router as it was, everybody signed in, the changes due, and the clock where it stood."""
        self.engine.faults = None
        self.engine.rewind(self.moment)
        self.clock.at = self.began
        self.simulated = Simulated("alpha-core", password=PASSWORD)
        with self.simulated.command():
            for menu, rows in self.rows.items():
                for row in rows:
                    self.simulated.store(menu, self.simulated.tables[menu].next_id, row)
        for name in ("karim", "rahim", "jamal", "nasir", "selim", "munir", "b-nadia", "gazi", "uncle"):
            assert self.simulated.dial(name, name.removeprefix("b-"), MAC).accepted, name
        assert self.simulated.sign_in("habib", "habib", MAC).accepted
        self.simulated.counts.reset()
        plug_in(self.place.server, self.simulated)
        yield self.simulated
        self.engine.faults = None

    def deliver(self, reached: Callable[[Router], Connection] | None = None) -> Delivery:
        return deliver(self.place.router_id, reached or self.reach)

    def reach(self, router: Router) -> Connection:
        return reach(router, 1.0)

    def numbers(self, name: str) -> tuple[int, int]:
        """(service, subscriber)"""
        subscriber = self.people[name]
        return subscriber.services[0].number, subscriber.number

    def signed_in(self) -> set[str]:
        names = {row["name"] for row in self.simulated.rows("/ppp/active")}
        return names | {row["user"] for row in self.simulated.rows("/ip/hotspot/active")}

    def recover(self, tries: int = 4) -> None:
        """The plan of the minutes that follow: it is tried again after each pause."""
        self.simulated.faults.clear()
        self.engine.faults = None
        for _ in range(tries):
            if not self.place.waiting():
                return
            self.clock.at += LATER
            self.deliver()
        assert self.place.waiting() == 0

    def check(self, *, sessions: bool = True) -> None:
        """It is all as wanted, nobody else's was touched, and who changed is not on any more."""
        assert self.place.waiting() == 0
        assert state_of(self.simulated) == self.expected
        assert all_refused(self.place.router_id) == []
        if sessions:
            assert self.signed_in() == set(UNTOUCHED)


def make_scene(engine: MemoryDynamoDB, clock: SetClock, place: Site) -> Scene:
    """The world before, what happens in it, and what comes of that when nothing goes wrong."""
    alpha = ("karim", "rahim", "jamal", "nasir", "selim", "munir")
    people = {name: place.subscriber(name) for name in alpha}
    people["tanvir"] = place.subscriber("tanvir", method=Method.STATIC, address="10.30.0.7")
    people["habib"] = place.subscriber("habib", method=Method.HOTSPOT)
    lending = Lending(place.router_id, "beta", Place(prefix="b-", pool="home", local_address="10.20.0.1"))
    write(*(Put(row) for row in lending_rows(lending)))
    people["nadia"] = place.world.connect(place.world.beta_chain, "nadia", "HOME", FIRST)
    put_on(place.router, people["nadia"])
    twin = register(place.world.gamma, place.server.port, "rgamma001")
    people["gazi"] = place.world.connect(place.world.gamma_chain, "gazi", "HOME", FIRST)
    put_on(twin, people["gazi"])
    assert (place.deliver().delivered, deliver(twin.router_id, place.reach).delivered) == (9, 1)
    place.simulated.add("/ppp/secret", {"name": "uncle", "password": "uncle", "profile": "tb-HOME"})
    place.simulated.add("/queue/simple", {"name": "tower", "target": "10.9.9.9"})
    scene = Scene(engine, clock, place, people)
    scene.rows = {
        menu: [
            {name: value for name, value in row.items() if name[0] != "_"}
            for row in place.simulated.tables[menu].rows.values()
            if row.get("dynamic") != "true" and row.get("default") != "true"
        ]
        for menu in ("/ip/pool", *MENUS)
    }
    engine.remember()
    happen(scene)
    scene.moment = engine.remember()
    with scene.again():
        told = scene.deliver()
        assert (told.status, told.delivered, told.ended_sessions) == ("done", 8, len(CHANGED))
        assert scene.signed_in() == set(UNTOUCHED)
        scene.expected = state_of(scene.simulated)
    return scene


def happen(scene: Scene) -> None:
    """What changes: suspended twice, disabled twice, moved, disconnected, renamed, and one is new."""
    place, people = scene.place, scene.people
    suspended = [scene.numbers("karim"), scene.numbers("tanvir")]
    mark_suspended("alpha", suspended, TODAY, "alpha", 1_800_000_000_000_000)
    place.event(people["rahim"], "disable")
    place.event(people["habib"], "disable")
    place.event(people["jamal"], "change_plan", TODAY, "FAST")
    place.event(people["nasir"], "disconnect", TODAY)
    service = people["selim"].services[0].number
    now = scene.clock.at
    edit_subscriber("alpha", people["selim"].number, SubscriberChange(services={service: {"username": "salim"}}), now)
    people["farid"] = place.subscriber("farid")


def come_back(scene: Scene) -> None:
    """Karim pays."""
    mark_resumed("alpha", [scene.numbers("karim")], TODAY, 1_800_000_000_000_001)


class Moments:
    """Counts everything that a worker does outside itself, and lets it die at one of these moments, for good."""

    def __init__(self, scene: Scene, dies_at: int = 0) -> None:
        self.scene = scene
        self.dies_at = dies_at
        self.count = 0
        scene.engine.faults = lambda phase, number, operation, parameters: self.pass_by()

    def pass_by(self) -> None:
        """One moment; the worker that is dead does nothing any more."""
        self.count += 1
        if self.dies_at and self.count >= self.dies_at:
            raise PowerCut

    def reach(self, router: Router) -> Connection:
        """A connection with a moment before and after every command."""
        self.pass_by()
        connection = self.scene.reach(router)
        ask = connection._ask

        def asked(command: str, *words: str) -> list[dict[str, str]]:
            self.pass_by()
            rows = ask(command, *words)
            self.pass_by()
            return rows

        connection._ask = asked  # type: ignore[method-assign]
        return connection
