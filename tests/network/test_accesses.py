"""Putting services on routers: what is written together, what is refused, and what the routers hear."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import keys
from chalicelib.aws.guards import no_guard
from chalicelib.aws.tables import forget, read
from chalicelib.core.errors import Conflict, Invalid, NotFound
from chalicelib.crm import outbox
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.connect import add_service
from chalicelib.crm.filing import filed_plainly
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind
from chalicelib.crm.subscriber import Line
from chalicelib.network import give_access as giving
from chalicelib.network.credentials import open_service_password
from chalicelib.network.find import accesses_on, find_access, find_router, lendings_to
from chalicelib.network.give_access import AskedAccess, give_access, given_access, take_access
from chalicelib.network.lend import end_lending
from chalicelib.network.model import Access, Method, Router
from chalicelib.network.register import remove_router
from chalicelib.network.store import AddressRow
from tests.network.routers import FIRST, a_lending, a_router, a_subscriber, give, told_to
from tests.sealing import KeyInProcess
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    world = World.build(FIRST)
    world.fund(1_000_000, 500_000)
    world.recharge(world.operator, world.gamma, 500_000)
    return world


def owner_of_address(router: Router, address: str) -> str | None:
    row = read(AddressRow, keys.router_address(router.router_id, address))
    return None if row is None else row.owner


def uses(router: Router) -> int:
    return find_router(router.tenant_id, router.router_id).uses


def refused_field(**asked: Any) -> Any:
    with pytest.raises(Invalid) as refused:
        asked.pop("do")()
    return refused.value.errors[0].field


def test_a_service_on_a_router_is_its_subscriber_its_access_the_count_and_what_the_router_hears(world: World) -> None:
    router, gammas = a_router(world.alpha), a_router(world.gamma)
    subscriber = a_subscriber(world, "Rahim")
    given = give(world.alpha, subscriber, router, address="10.20.0.7")
    assert given.sign_in_name == "rahim"
    access = find_access(router.router_id, "alpha", 1)
    assert access == given.access
    assert access == Access(
        router.router_id, "alpha", 1, 1, Method.PPPOE, "10.20.0.7", False, access.password_sealed, 1, False, 1
    )
    assert open_service_password(access) == "line-secret"
    assert "line-secret" not in str(access.password_sealed)
    after = find_subscriber("alpha", subscriber.number)
    assert (after.services[0].router, after.revision) == (router.router_id, 2)
    assert owner_of_address(router, "10.20.0.7") == "alpha.0000000001"
    assert uses(router) == 1
    assert told_to(router) == [("alpha", 1, ("rahim",))]
    assert (told_to(gammas), accesses_on(gammas.router_id), uses(gammas)) == ([], [], 0)


def test_it_is_one_transaction_of_few_units(world: World, engine: MemoryDynamoDB, sealing_key: KeyInProcess) -> None:
    router, other = a_router(world.alpha), a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")

    def cost(**asked: Any) -> tuple[int, int, int]:
        before = engine.meter.snapshot()
        sealing_key.asked.clear()
        give(world.alpha, subscriber, asked.pop("on", router), **asked)
        spent = engine.meter - before
        return spent.write_units, spent.requests, len(sealing_key.asked)

    assert cost() == (8, 3, 1)  # subscriber, outbox, access, count; two units each
    assert cost(address="10.20.0.7", password=None) == (8, 4, 0)  # no count, but an address
    assert cost(address="10.20.0.7", password=None) == (1, 4, 0)  # its router looks after it
    assert cost(on=other, address="10.20.0.7", password=None) == (18, 4, 0)  # all at both but the subscriber
    before = engine.meter.snapshot()
    take_access(world.alpha, subscriber.number, None, NOW)
    spent = engine.meter - before
    assert (spent.write_units, spent.requests) == (10, 3)


def test_only_how_it_gets_on_changes_and_its_router_hears_all_the_same(world: World) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    first = give(world.alpha, subscriber, router).access
    for asked, expected in (
        ({"password": None, "address": "10.20.0.7"}, {"address": "10.20.0.7", "revision": 2}),
        ({"password": None, "address": "10.20.0.8"}, {"address": "10.20.0.8", "revision": 3}),
        ({"password": None, "method": Method.HOTSPOT}, {"method": Method.HOTSPOT, "revision": 4}),
    ):
        told = len(told_to(router))
        after = give(world.alpha, subscriber, router, **asked).access
        assert after == replace(first, **expected)
        assert find_access(router.router_id, "alpha", 1) == after
        assert len(told_to(router)) == told + 1
    assert (owner_of_address(router, "10.20.0.7"), owner_of_address(router, "10.20.0.8")) == (None, None)
    assert uses(router) == 1


def test_a_new_password_is_a_new_version_and_the_same_one_is_too(world: World) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    versions = []
    for password in ("one", "two", None, "two"):
        access = give(world.alpha, subscriber, router, password=password).access
        versions.append((access.password_version, open_service_password(access)))
    assert versions == [(1, "one"), (2, "two"), (2, "two"), (3, "two")]


def test_what_is_asked_for_again_is_as_it_was_and_its_router_is_looked_after_for_it(world: World) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    first = give(world.alpha, subscriber, router)
    again = give(world.alpha, subscriber, router, password=None)
    assert again.access == first.access
    assert find_subscriber("alpha", subscriber.number).revision == 2
    assert told_to(router) == [("alpha", 1, ("rahim",))] * 2


def test_a_service_moves_and_both_routers_hear(world: World) -> None:
    old, new = a_router(world.alpha), a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    give(world.alpha, subscriber, old, address="10.20.0.7")
    moved = give(world.alpha, subscriber, new, address="10.20.0.7", password=None).access
    assert find_access(old.router_id, "alpha", 1) is None
    assert find_access(new.router_id, "alpha", 1) == moved
    assert (open_service_password(moved), moved.password_version) == ("line-secret", 1)
    assert (owner_of_address(old, "10.20.0.7"), owner_of_address(new, "10.20.0.7")) == (None, "alpha.0000000001")
    assert (uses(old), uses(new)) == (0, 1)
    assert (len(told_to(old)), len(told_to(new))) == (2, 1)


def test_a_service_that_is_taken_off_leaves_nothing_and_its_router_hears(world: World) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    give(world.alpha, subscriber, router, address="10.20.0.7")
    take_access(world.alpha, subscriber.number, None, NOW + timedelta(seconds=1))
    assert find_subscriber("alpha", subscriber.number).services[0].router is None
    assert (accesses_on(router.router_id), uses(router)) == ([], 0)
    assert owner_of_address(router, "10.20.0.7") is None
    changes, _ = outbox.due_changes(router.router_id, NOW + timedelta(seconds=1), limit=10)
    assert [(one.service, one.names) for one in changes] == [(1, ("rahim",)), (1, ("rahim",))]
    for gone in (given_access, lambda *who: take_access(*who, NOW)):
        with pytest.raises(NotFound):
            gone(world.alpha, subscriber.number, None)


def test_one_address_of_a_router_is_one_services(world: World) -> None:
    router, other = a_router(world.alpha), a_router(world.alpha)
    a_lending(world.alpha, router, world.beta)
    rahim, selim = a_subscriber(world, "Rahim"), a_subscriber(world, "Selim")
    karim = a_subscriber(world, "Karim", world.beta)
    give(world.alpha, rahim, router, address="10.20.0.7")
    give(world.alpha, selim, router, address="10.20.0.8")
    for tenant, subscriber in ((world.alpha, selim), (world.beta, karim)):
        with pytest.raises(Conflict) as refused:
            give(tenant, subscriber, router, address="10.20.0.7")
        assert refused.value.code == "address-taken"
    assert find_access(router.router_id, "alpha", 2).address == "10.20.0.8"  # type: ignore[union-attr]
    assert find_subscriber("beta", karim.number).services[0].router is None
    assert (uses(router), lendings_to("beta")[0].uses) == (2, 0)
    give(world.alpha, selim, other, address="10.20.0.7")
    give(world.alpha, rahim, router, password=None)
    give(world.beta, karim, router, address="10.20.0.7")
    assert owner_of_address(router, "10.20.0.7") == "beta.0000000001"


def test_on_a_lent_router_names_begin_with_the_prefix_and_the_lending_is_what_counts(world: World) -> None:
    router = a_router(world.alpha)
    a_lending(world.alpha, router, world.beta)
    karim = a_subscriber(world, "Karim", world.beta)
    given = give(world.beta, karim, router)
    assert (given.sign_in_name, given.router.router_id) == ("beta-karim", router.router_id)
    assert (uses(router), lendings_to("beta")[0].uses) == (0, 1)
    assert given_access(world.beta, karim.number, None).access == given.access
    give(world.alpha, a_subscriber(world, "Rahim"), router)
    assert [(one.tenant_id, one.service) for one in accesses_on(router.router_id)] == [("alpha", 1), ("beta", 1)]
    take_access(world.beta, karim.number, None, NOW)
    assert lendings_to("beta")[0].uses == 0


def test_on_a_lent_router_an_address_is_one_that_its_owner_lets_a_tenant_have(world: World) -> None:
    router, own = a_router(world.alpha), a_router(world.beta)
    a_lending(world.alpha, router, world.beta)
    karim = a_subscriber(world, "Karim", world.beta)
    for address in ("10.21.0.7", "192.168.88.1"):
        assert refused_field(do=lambda a=address: give(world.beta, karim, router, address=a)) == "address"
    assert (accesses_on(router.router_id), told_to(router)) == ([], [])
    assert give(world.beta, karim, router, address="10.20.255.254").access.address == "10.20.255.254"
    assert give(world.beta, karim, own, address="192.168.88.1").access.address == "192.168.88.1"
    rahim = a_subscriber(world, "Rahim")
    assert give(world.alpha, rahim, router, address="10.21.0.7").access.address == "10.21.0.7"


def test_an_entry_that_is_there_is_taken_over_with_its_password_where_that_is_asked_for(world: World) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    assert refused_field(do=lambda: give(world.alpha, subscriber, router, password=None)) == "password"
    given = give(world.alpha, subscriber, router, password=None, adopts=True).access
    assert (given.adopts, given.password_sealed, given.password_version) == (True, None, 0)
    again = give(world.alpha, subscriber, router, password=None, address="10.20.0.9").access
    assert (again.adopts, again.address) == (True, "10.20.0.9")


def test_a_router_of_others_cannot_be_used(world: World) -> None:
    subscriber = a_subscriber(world, "Rahim")
    theirs = a_router(world.gamma)
    parents = a_router(world.operator)
    childs = a_router(world.beta)
    for router in (theirs, parents, childs):
        assert refused_field(do=lambda router=router: give(world.alpha, subscriber, router)) == "router"
        assert (accesses_on(router.router_id), told_to(router)) == ([], [])
    with pytest.raises(NotFound):
        give(world.gamma, replace(subscriber, number=9), theirs)


def test_a_name_of_the_owners_does_not_begin_like_those_of_whom_the_router_is_lent_to(world: World) -> None:
    router, other = a_router(world.alpha), a_router(world.alpha)
    a_lending(world.alpha, router, world.beta)
    subscriber = a_subscriber(world, "Beta-karim")
    with pytest.raises(Conflict) as refused:
        give(world.alpha, subscriber, router)
    assert refused.value.code == "name-taken"
    give(world.alpha, subscriber, other)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"password": None}, "password"),
        ({"password": None, "method": Method.HOTSPOT}, "password"),
        ({"method": Method.STATIC, "address": "10.20.0.7"}, "password"),
        ({"method": Method.STATIC, "password": None}, "address"),
        ({"locks_mac": True}, "locks_mac"),
    ],
)
def test_what_does_not_fit_the_method_is_refused_and_changes_nothing(
    world: World, asked: dict[str, Any], field: str
) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    assert refused_field(do=lambda: give(world.alpha, subscriber, router, **asked)) == field
    assert (find_subscriber("alpha", 1), accesses_on(router.router_id), told_to(router)) == (subscriber, [], [])


def test_a_service_that_was_static_needs_a_password_to_sign_in_again(world: World) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    give(world.alpha, subscriber, router)
    static = give(world.alpha, subscriber, router, method=Method.STATIC, address="10.20.0.7", password=None).access
    assert (static.password_sealed, static.password_version) == (None, 1)
    assert refused_field(do=lambda: give(world.alpha, subscriber, router, password=None)) == "password"
    back = give(world.alpha, subscriber, router, password="new").access
    assert (back.password_version, open_service_password(back), back.address) == (2, "new", None)


def test_one_of_several_services_has_to_be_named_and_is_the_one_that_is_meant(world: World) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    add_service(world.alpha, 1, Line("HOME", "rahim-2", "9C:53:00:07:00:7B", FIRST), no_guard(), NOW, forget)
    asked = AskedAccess(router.router_id, Method.PPPOE, locks_mac=True, password="line-secret")
    for number in (None, 3):
        assert refused_field(do=lambda number=number: give_access(world.alpha, 1, number, asked, NOW)) == "service"
    given = give_access(world.alpha, subscriber.number, 2, asked, NOW)
    assert (given.sign_in_name, given.access.locks_mac) == ("rahim-2", True)
    assert [one.router for one in find_subscriber("alpha", 1).services] == [None, router.router_id]
    assert told_to(router) == [("alpha", 2, ("rahim-2",))]


def test_a_disconnected_service_is_put_on_no_router_and_may_be_taken_off(world: World) -> None:
    router, other = a_router(world.alpha), a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    give(world.alpha, subscriber, router)
    gone = AskedChange(EventKind.DISCONNECT, FIRST, None, None)
    record_event(world.alpha, 1, gone, filed_plainly, FIRST, NOW, forget)
    with pytest.raises(Conflict) as refused:
        give(world.alpha, subscriber, other)
    assert refused.value.code == "service-disconnected"
    take_access(world.alpha, 1, None, NOW)
    assert uses(router) == 0


def test_two_who_move_a_service_at_once_leave_it_on_one_router(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    routers = [a_router(world.alpha) for _ in range(3)]
    subscriber = a_subscriber(world, "Rahim")
    give(world.alpha, subscriber, routers[0], address="10.20.0.7")
    meanwhile: list[bool] = []
    look = giving.find_access

    def looked(*which: Any) -> Any:
        found = look(*which)
        if not meanwhile:
            meanwhile.append(True)
            give(world.alpha, subscriber, routers[1], address="10.20.0.7", password="other")
        return found

    monkeypatch.setattr(giving, "find_access", looked)
    after = give(world.alpha, subscriber, routers[2], address="10.20.0.7", password=None).access
    assert [len(accesses_on(one.router_id)) for one in routers] == [0, 0, 1]
    assert [uses(one) for one in routers] == [0, 0, 1]
    assert [owner_of_address(one, "10.20.0.7") for one in routers] == [None, None, "alpha.0000000001"]
    assert open_service_password(after) == "other"


def test_a_crash_at_any_call_leaves_all_or_nothing_and_the_same_request_cures_it(
    world: World, engine: MemoryDynamoDB
) -> None:
    router, other = a_router(world.alpha), a_router(world.alpha)

    class Crash(BaseException):
        pass

    moved = 0
    for at in range(1, 12):
        subscriber = a_subscriber(world, f"Rahim{at}")
        give(world.alpha, subscriber, router, address="10.20.0.7")
        calls = 0

        def crash(phase: str, number: int, operation: str, params: Any, at: int = at) -> None:
            nonlocal calls
            calls += 1
            if calls == at:
                raise Crash

        engine.faults = crash
        try:
            give(world.alpha, subscriber, other, address="10.20.0.7", password=None)
        except Crash:
            moved += 1
        finally:
            engine.faults = None
        where = find_subscriber("alpha", subscriber.number).services[0].router
        assert [uses(router), uses(other)] == ([1, 0] if where == router.router_id else [0, 1])
        assert (owner_of_address(router, "10.20.0.7") is None) == (where == other.router_id)
        give(world.alpha, subscriber, other, address="10.20.0.7", password=None)
        assert [uses(router), uses(other)] == [0, 1]
        assert [one.subscriber for one in accesses_on(other.router_id)] == [subscriber.number]
        take_access(world.alpha, subscriber.number, None, NOW)
    assert moved >= 7


def test_the_workers_of_the_routers_are_told_after_the_write(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(outbox, "send_to_routers", lambda messages: sent.extend(one[2] for one in messages))
    monkeypatch.setattr("chalicelib.aws.clock._Source.now", lambda: NOW)
    old, new = a_router(world.alpha), a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    give(world.alpha, subscriber, old)
    give(world.alpha, subscriber, new, password=None)
    take_access(world.alpha, subscriber.number, None, NOW)
    both = sorted([old.router_id, new.router_id])
    assert [one["router"] for one in sent] == [old.router_id, *both, new.router_id]
    assert {one["do"] for one in sent} == {"deliver"}


@pytest.mark.parametrize("owner", ["alpha", "beta"])
def test_a_router_that_goes_while_a_service_comes_takes_none(
    world: World, monkeypatch: pytest.MonkeyPatch, owner: str
) -> None:
    """Its own router is let go, or what it is lent is taken back, between the look at it and the write."""
    tenant = world.alpha if owner == "alpha" else world.beta
    router = a_router(world.alpha)
    if owner == "beta":
        a_lending(world.alpha, router, world.beta)
    subscriber = a_subscriber(world, "Rahim", tenant)
    look = giving.usable_router

    def looked(tenant_id: str, text: str) -> Any:
        found = look(tenant_id, text)
        if owner == "beta":
            end_lending(world.alpha, router.router_id, "beta")
        else:
            remove_router(world.alpha, router.router_id)
        return found

    monkeypatch.setattr(giving, "usable_router", looked)
    assert refused_field(do=lambda: give(tenant, subscriber, router)) == "router"
    assert find_subscriber(owner, subscriber.number) == subscriber
    assert (accesses_on(router.router_id), told_to(router)) == ([], [])
