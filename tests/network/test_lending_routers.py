"""Lending a router to a direct reseller, and taking it back."""

from typing import Any

import pytest

from chalicelib.core.errors import Conflict, NotFound, Unavailable
from chalicelib.network import in_line, lend
from chalicelib.network.find import find_router, lendings_of, lendings_to, usable_router
from chalicelib.network.give_access import take_access
from chalicelib.network.lend import end_lending
from chalicelib.network.model import Lending, Place
from tests.network.routers import FIRST, a_lending, a_router, a_subscriber, give
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World, store_tenant, tenant


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    world = World.build(FIRST)
    world.fund(1_000_000, 500_000)
    return world


def another_child(world: World, tenant_id: str) -> Any:
    child = tenant(tenant_id, world.alpha, FIRST)
    store_tenant(child)
    return child


def test_a_lent_router_may_be_used_by_whom_it_is_lent_to_and_by_nobody_else(world: World) -> None:
    router = a_router(world.alpha)
    lending = a_lending(world.alpha, router, world.beta)
    assert lending == Lending(router.router_id, "beta", Place("beta-", networks=("10.20.0.0/16",)))
    assert lendings_of(router.router_id) == lendings_to("beta") == [lending]
    assert usable_router("beta", router.router_id)[1] == Place("beta-", networks=("10.20.0.0/16",))
    assert usable_router("alpha", router.router_id)[1] == Place()
    for other in ("gamma", "op"):
        with pytest.raises(NotFound):
            usable_router(other, router.router_id)
    with pytest.raises(NotFound):
        find_router("beta", router.router_id)
    with pytest.raises(NotFound):
        a_lending(world.gamma, router, world.beta)


@pytest.mark.parametrize("prefix", ["beta-", "beta-2", "b", "beta"])
def test_no_prefix_begins_another(world: World, prefix: str) -> None:
    router, other = a_router(world.alpha), a_router(world.alpha)
    delta = another_child(world, "delta")
    a_lending(world.alpha, router, world.beta)
    with pytest.raises(Conflict) as refused:
        a_lending(world.alpha, router, delta, prefix)
    assert refused.value.code == "prefix-taken"
    assert find_router("alpha", router.router_id).lendings == 1
    a_lending(world.alpha, other, delta, prefix)
    a_lending(world.alpha, router, delta, "delta-")
    assert [one.tenant_id for one in lendings_of(router.router_id)] == ["beta", "delta"]


def test_no_prefix_begins_a_username_of_the_owners_on_the_router(world: World) -> None:
    router, other = a_router(world.alpha), a_router(world.alpha)
    give(world.alpha, a_subscriber(world, "Beta-karim"), router)
    give(world.alpha, a_subscriber(world, "betal"), router)
    world.recharge(world.operator, world.gamma, 500_000)
    give(world.gamma, a_subscriber(world, "delta-rahim", world.gamma), a_router(world.gamma))
    with pytest.raises(Conflict) as refused:
        a_lending(world.alpha, router, world.beta)
    assert refused.value.code == "prefix-taken"
    assert refused.value.detail == "Services of yours on the router have usernames that begin with beta-: 1."
    assert (lendings_of(router.router_id), find_router("alpha", router.router_id).lendings) == ([], 0)
    a_lending(world.alpha, other, world.beta)
    a_lending(world.alpha, router, world.beta, "delta-")


def test_a_router_is_lent_to_a_reseller_once(world: World) -> None:
    router = a_router(world.alpha)
    a_lending(world.alpha, router, world.beta)
    with pytest.raises(Conflict) as refused:
        a_lending(world.alpha, router, world.beta, "other-")
    assert refused.value.code == "already-lent"


def test_of_two_lendings_at_once_with_prefixes_that_overlap_one_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = a_router(world.alpha)
    delta = another_child(world, "delta")
    first: list[bool] = []

    def looked(router_id: str) -> list[Lending]:
        found = lendings_of(router_id)
        if not first:
            first.append(True)
            a_lending(world.alpha, router, delta, "beta-2")
        return found

    monkeypatch.setattr(lend, "lendings_of", looked)
    with pytest.raises(Conflict) as refused:
        a_lending(world.alpha, router, world.beta)
    assert refused.value.code == "prefix-taken"
    assert [one.tenant_id for one in lendings_of(router.router_id)] == ["delta"]


def test_a_lending_ends_once_no_service_of_the_reseller_is_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(in_line, "send_to_routers", sent.extend)
    router = a_router(world.alpha)
    a_lending(world.alpha, router, world.beta)
    give(world.alpha, a_subscriber(world, "Rahim"), router)
    subscriber = a_subscriber(world, "Karim", world.beta)
    give(world.beta, subscriber, router)
    assert lendings_to("beta")[0].uses == 1
    assert find_router("alpha", router.router_id).uses == 1
    with pytest.raises(Conflict) as refused:
        end_lending(world.alpha, router.router_id, "beta")
    assert refused.value.code == "router-in-use"
    assert refused.value.detail == "Services of this reseller on the router: 1, with those that are disconnected."
    assert sent == []
    take_access(world.beta, subscriber.number, None, NOW)
    end_lending(world.alpha, router.router_id, "beta")
    assert (lendings_of(router.router_id), lendings_to("beta")) == ([], [])
    assert [one[2]["do"] for one in sent] == ["reconcile"]
    with pytest.raises(NotFound):
        usable_router("beta", router.router_id)
    with pytest.raises(NotFound):
        end_lending(world.alpha, router.router_id, "beta")
    a_lending(world.alpha, router, world.beta)
    assert find_router("alpha", router.router_id).lendings == 1


def test_a_service_that_comes_while_a_lending_ends_keeps_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    router = a_router(world.alpha)
    a_lending(world.alpha, router, world.beta)
    subscriber = a_subscriber(world, "Karim", world.beta)

    def found_before(tenant_id: str, text: str) -> Any:
        found = find_router(tenant_id, text)
        give(world.beta, subscriber, router)
        return found

    monkeypatch.setattr(lend, "find_router", found_before)
    with pytest.raises(Conflict) as refused:
        end_lending(world.alpha, router.router_id, "beta")
    assert refused.value.code == "router-in-use"


def test_a_message_has_a_name_that_the_queue_takes_however_long_the_ids_are() -> None:
    router_id, child = f"{'a' * 64}.r00000000", "b" * 64
    name = in_line.bring_in_line(router_id, f"lending.{child}.1")[1]
    assert len(name) <= 128
    assert name == in_line.bring_in_line(router_id, f"lending.{child}.1")[1]
    assert name != in_line.bring_in_line(router_id, f"lending.{child}.2")[1]


def test_a_queue_that_is_away_keeps_no_lending(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(messages: Any) -> int:
        raise Unavailable("queue-away", "away")

    router = a_router(world.alpha)
    a_lending(world.alpha, router, world.beta)
    monkeypatch.setattr(in_line, "send_to_routers", away)
    end_lending(world.alpha, router.router_id, "beta")
    assert lendings_to("beta") == []
