"""One machine as two routers of ours: a twin counts once it was signed in to, and a mark where its tenant exists."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.aws.tables import Put, write
from chalicelib.core.dates import to_micros
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.filing import filed_plainly
from chalicelib.crm.model import EventKind
from chalicelib.crm.subscriber import Subscriber
from chalicelib.network import find
from chalicelib.network.deliver import deliver
from chalicelib.network.find import twins_of
from chalicelib.network.give_access import AskedAccess, give_access
from chalicelib.network.model import Lending, Method, Place, Router
from chalicelib.network.questions import answer_question
from chalicelib.network.reconcile import reconcile
from chalicelib.network.reports import Report, keep_report
from chalicelib.network.state import read_state
from chalicelib.network.store import lending_rows, router_row
from chalicelib.network.worker import carry_out
from chalicelib.tenants.model import Tenant
from local.routeros.router import Router as Simulated
from local.routeros.server import RouterServer
from tests.conftest import SetClock
from tests.network.scene import LATER, MAC
from tests.network.site import FIRST, PASSWORD, Site, funded_world, put_on, register, site
from tests.simulation import MemoryDynamoDB
from tests.world import World


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    return funded_world()


@pytest.fixture
def place(world: World) -> Iterator[Site]:
    """Alpha's router, lent to Beta, with a line of Alpha's own on it."""
    with site(world) as made:
        lending = Lending(made.router_id, "beta", Place(prefix="b-", pool="home", local_address="10.20.0.1"))
        write(*(Put(row) for row in lending_rows(lending)))
        made.subscriber("munir")
        made.deliver()
        yield made


def compare(place: Site, *, mend: bool = True) -> Report:
    return reconcile(keep_report(Report(place.router_id, to_micros(clock.now()), mends=mend)), place.reach, mend=mend)


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def nadia_on(place: Site) -> Subscriber:
    """A subscriber of Beta, on line over the router that is lent to it."""
    nadia = place.world.connect(place.world.beta_chain, "nadia", "HOME", FIRST)
    put_on(place.router, nadia)
    place.deliver()
    assert place.simulated.dial("b-nadia", "nadia", MAC).accepted
    return nadia


def move(tenant: Tenant, subscriber: Subscriber, router: Router) -> None:
    asked = AskedAccess(router.router_id, method=Method.PPPOE, password="line-secret")
    give_access(tenant, subscriber.number, None, asked, clock.now())


def disconnect(tenant: Tenant, subscriber: Subscriber) -> None:
    now = clock.now()
    asked = AskedChange(EventKind.DISCONNECT, now.date(), None, None)
    record_event(tenant, subscriber.number, asked, filed_plainly, now.date(), now, lambda _: ())


def names(place: Site) -> list[str]:
    return [row["name"] for row in place.ask("/ppp/secret")]


def test_a_router_that_a_reseller_only_says_is_the_lenders_machine_keeps_no_line_of_its_on(
    place: Site, world: World, the_clock: SetClock
) -> None:
    nadia = nadia_on(place)
    said = register(world.beta, dead_port(), "rbeta0001")
    assert deliver(said.router_id, place.reach).status == "done", "nothing is due on it yet"
    move(world.beta, nadia, said)
    # A comparison before the delivery removes nothing on a guess, but it tells.
    told = [(item.name, item.action) for item in compare(place, mend=False).items if item.drift.value == "unknown"]
    assert told == [("b-nadia", "nothing")]
    disconnect(world.beta, nadia)
    assert deliver(said.router_id, place.reach).status == "failed"
    carry_out({"do": "sample", "router": said.router_id})
    assert answer_question({"ask": "test", "router": said.router_id})["ok"] is False
    assert (read_state(said.router_id).seen_at, twins_of(place.router)) == (None, [])
    place.deliver()
    assert names(place) == ["munir"]
    assert place.ask("/ppp/active") == []
    assert not place.simulated.dial("b-nadia", "nadia", MAC).accepted
    the_clock.at += LATER
    assert compare(place).counts["unknown"] == 0
    assert names(place) == ["munir"]


def test_nor_does_one_that_was_signed_in_to_elsewhere_and_has_said_the_lenders_address_since(
    place: Site, world: World
) -> None:
    nadia = nadia_on(place)
    with RouterServer(Simulated("beta-own", password=PASSWORD)) as server:
        said = replace(register(world.beta, server.port, "rbeta0001"), address="localhost")
        write(Put(router_row(said)))
        carry_out({"do": "sample", "router": said.router_id})
        assert read_state(said.router_id).seen_at == "localhost"
    said = replace(said, address="127.0.0.1", port=dead_port())
    write(Put(router_row(said)))
    carry_out({"do": "sample", "router": said.router_id})
    assert twins_of(place.router) == []
    move(world.beta, nadia, said)
    place.deliver()
    assert names(place) == ["munir"]
    # Once it has answered there, it is the machine that it says it is.
    said = replace(said, port=place.server.port)
    write(Put(router_row(said)))
    carry_out({"do": "sample", "router": said.router_id})
    assert twins_of(place.router) == [said]


SPEAKING: dict[str, Callable[[Site, Router], object]] = {
    "delivery": lambda place, twin: (put_on(twin, place.connect("selim")), deliver(twin.router_id, place.reach)),
    "sample": lambda place, twin: carry_out({"do": "sample", "router": twin.router_id}),
    "test": lambda place, twin: answer_question({"ask": "test", "router": twin.router_id}),
    "comparison": lambda place, twin: reconcile(Report(twin.router_id, 1, mends=False), place.reach, mend=False),
}


@pytest.mark.parametrize("way", SPEAKING)
def test_a_twin_that_was_signed_in_to_in_any_way_keeps_the_line_that_moves_to_it(place: Site, way: str) -> None:
    karim = place.subscriber("karim")
    place.deliver()
    assert place.simulated.dial("karim", "karim", MAC).accepted
    before = place.secret("karim")
    with RouterServer(place.simulated) as second:
        twin = register(place.world.alpha, second.port, "rtwin0001")
        assert twins_of(place.router) == []
        SPEAKING[way](place, twin)
        assert twins_of(place.router) == [twin]
        move(place.world.alpha, karim, twin)
        assert place.deliver().steps == 0
        assert place.secret("karim") == before
        assert [row["name"] for row in place.ask("/ppp/active")] == ["karim"]
        assert "karim" not in [item.name for item in compare(place).items]
        assert deliver(twin.router_id, place.reach).delivered == 1
        assert place.simulated.dial("karim", "line-secret", MAC).accepted


def test_two_machines_behind_one_address_are_two_and_a_line_that_moves_leaves_nothing_behind(place: Site) -> None:
    """Each on a port of its own, as the routers of the local run are; by their names they are told apart."""
    karim = place.subscriber("karim")
    place.deliver()
    other = Simulated("mirpur-2", password=PASSWORD)
    other.add("/ip/pool", {"name": "home", "ranges": "10.21.0.2-10.21.200.254"})
    with RouterServer(other) as second:
        beside = register(place.world.alpha, second.port, "rbeside01")
        for one in (place.router, beside):
            assert answer_question({"ask": "test", "router": one.router_id})["ok"] is True
        assert (twins_of(place.router), twins_of(beside)) == ([], [])
        move(place.world.alpha, karim, beside)
        place.deliver()
        deliver(beside.router_id, place.reach)
        assert names(place) == ["munir"]
        assert [row["name"] for row in other.rows("/ppp/secret")] == ["karim"]


# Marks of tenants that there are not


def made_up(place: Site, count: int) -> None:
    for number in range(1, count + 1):
        secret = {"name": f"x{number}", "password": "x", "comment": f"tributary a{number:04d}.v{number} k1"}
        place.simulated.add("/ppp/secret", secret)


def requests_of(engine: MemoryDynamoDB, act: Callable[[], Any]) -> int:
    before = engine.meter.snapshot()
    act()
    return (engine.meter - before).requests


def test_marks_of_forty_tenants_that_there_are_not_cost_one_request_and_their_entries_stay(
    place: Site, engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    compare(place)
    the_clock.at += LATER
    plain = requests_of(engine, lambda: compare(place))
    made_up(place, 40)
    the_clock.at += LATER
    assert requests_of(engine, lambda: compare(place)) == plain + 1
    the_clock.at += LATER
    report = compare(place)
    assert (report.status, report.differing, report.counts["unknown"]) == ("done", 0, 40)
    assert {item.service for item in report.items} == {None}
    assert {item.reason for item in report.items} == {"its comment names a tenant that is not known here"}
    assert sorted(names(place)) == sorted(["munir", *(f"x{number}" for number in range(1, 41))])


def test_of_very_many_tenants_some_are_not_looked_up_and_what_is_gone_of_the_owners_and_of_known_ones_goes_all_the_same(
    place: Site, engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up(place, 250)
    place.simulated.add("/ppp/secret", {"name": "old", "comment": "tributary alpha.v99 k1"})
    place.simulated.add("/ppp/secret", {"name": "gone", "comment": "tributary gamma.v99 k1"})
    monkeypatch.setattr(find, "MOST_TENANTS", 120)
    report = compare(place)
    # Gamma stands behind 250 others, and nobody looks so far; the owner of the router is known without a look.
    assert (report.differing, report.counts["unknown"]) == (1, 251)
    assert sorted(names(place)) == sorted(["munir", "gone", *(f"x{number}" for number in range(1, 251))])
    monkeypatch.setattr(find, "MOST_TENANTS", 251)
    report = compare(place)
    assert (report.differing, report.counts["unknown"]) == (1, 250)
    assert len(names(place)) == 251
