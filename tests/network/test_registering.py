"""Registering routers, changing what is said of them, and letting them go."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import forget, read, read_all
from chalicelib.core.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.network import register
from chalicelib.network.credentials import open_router_password
from chalicelib.network.failure import Reason
from chalicelib.network.find import all_router_ids, find_router, list_routers, usable_router
from chalicelib.network.give_access import take_access
from chalicelib.network.lend import end_lending
from chalicelib.network.model import Place, is_router_id
from chalicelib.network.register import RouterChange, edit_router, register_router, remove_router
from chalicelib.network.silence import SilenceRow, note_silent
from chalicelib.network.state import StateRow, end_pause, read_state
from tests.network.routers import FIRST, NEW, PASSWORD, a_lending, a_router, a_subscriber, give
from tests.sealing import KeyInProcess
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    world = World.build(FIRST)
    world.fund(1_000_000, 500_000)
    world.recharge(world.operator, world.gamma, 500_000)
    return world


def test_a_router_is_taken_on_with_its_place_in_the_list_of_all_and_its_password_sealed(world: World) -> None:
    router = a_router(world.alpha)
    gammas = a_router(world.gamma)
    assert is_router_id(router.router_id)
    assert router.tenant_id == "alpha"
    assert find_router("alpha", router.router_id) == router
    assert PASSWORD not in router.password_sealed
    assert open_router_password(router) == PASSWORD
    assert sorted(all_router_ids("op")) == sorted([router.router_id, gammas.router_id])
    for tenant_id, other in (("gamma", router), ("beta", router), ("op", router), ("alpha", gammas)):
        with pytest.raises(NotFound):
            find_router(tenant_id, other.router_id)
        with pytest.raises(NotFound):
            usable_router(tenant_id, other.router_id)


@pytest.mark.parametrize(
    "text", ["", "alpha", "alpha.r", "alpha.rABCDEFGH", "alpha.r1234567#", "#.r12345678", "x" * 300]
)
def test_what_cannot_be_the_id_of_a_router_is_not_there(world: World, text: str) -> None:
    with pytest.raises(NotFound):
        usable_router("alpha", text)


def test_without_the_key_no_router_is_taken_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(text: str, context: Any) -> str:
        raise Unavailable("keys-away", "away")

    monkeypatch.setattr("chalicelib.network.credentials.seal", away)
    with pytest.raises(Unavailable):
        register_router(world.alpha, NEW, NOW, forget)
    assert all_router_ids("op") == []


def test_a_change_changes_what_it_names_and_has_the_router_brought_in_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(register, "send_to_routers", sent.extend)
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")
    give(world.alpha, subscriber, router)
    after = edit_router(
        world.alpha, router.router_id, RouterChange({"name": "Core 2", "enabled": False}, {"pool": "pppoe"})
    )
    assert after == replace(router, name="Core 2", enabled=False, place=Place(pool="pppoe"), revision=2, uses=1)
    assert find_router("alpha", router.router_id) == after
    [(group, name, body)] = sent
    assert (group, body) == (router.router_id, {"do": "reconcile", "router": router.router_id})
    again = edit_router(
        world.alpha, router.router_id, RouterChange({"name": "Core 2", "enabled": False}, {"pool": "pppoe"})
    )
    assert again == after
    assert [one[1] for one in sent] == [name, name]
    with pytest.raises(NotFound):
        edit_router(world.gamma, router.router_id, RouterChange({"name": "Mine"}))


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "203.0.113.7"},
        {"port": 9999},
        {"tls": False},
        {"fingerprint": None},
        {"fingerprint": "cd" * 32},
        {"name": "Core", "address": "203.0.113.7"},
    ],
)
def test_the_password_that_is_kept_goes_nowhere_else_on_the_word_of_somebody_who_does_not_know_it(
    world: World, fields: dict[str, Any]
) -> None:
    router = a_router(world.alpha)
    with pytest.raises(Invalid) as refused:
        edit_router(world.alpha, router.router_id, RouterChange(fields))
    assert [error.field for error in refused.value.errors] == ["password"]
    assert find_router("alpha", router.router_id) == router
    after = edit_router(world.alpha, router.router_id, RouterChange(fields, {}, "other-secret"))
    assert open_router_password(after) == "other-secret"


def test_a_first_fingerprint_and_another_name_take_no_password(world: World) -> None:
    router = register_router(world.alpha, replace(NEW, fingerprint=None), NOW, forget)
    pinned = edit_router(world.alpha, router.router_id, RouterChange({"fingerprint": "cd" * 32, "username": "api"}))
    assert (pinned.fingerprint, pinned.username, pinned.password_sealed) == ("cd" * 32, "api", router.password_sealed)


def test_a_router_goes_with_what_is_known_of_it_and_only_while_nothing_hangs_on_it(world: World) -> None:
    router, gammas = a_router(world.alpha), a_router(world.gamma)
    end_pause(router.router_id)
    subscriber = a_subscriber(world, "Rahim")
    give(world.alpha, subscriber, router)
    a_lending(world.alpha, router, world.beta)
    with pytest.raises(NotFound):
        remove_router(world.gamma, router.router_id)
    for free in (
        lambda: take_access(world.alpha, subscriber.number, None, NOW),
        lambda: end_lending(world.alpha, router.router_id, "beta"),
    ):
        with pytest.raises(Conflict) as refused:
            remove_router(world.alpha, router.router_id)
        assert refused.value.code == "router-in-use"
        free()
    remove_router(world.alpha, router.router_id)
    with pytest.raises(NotFound):
        remove_router(world.alpha, router.router_id)
    assert read(StateRow, keys.router_state(router.router_id)) is None
    assert all_router_ids("op") == [gammas.router_id]


def test_a_router_that_is_silent_for_good_leaves_no_silence_behind_and_another_ones_goes_on(world: World) -> None:
    router, other, gammas = a_router(world.alpha), a_router(world.alpha), a_router(world.gamma)
    for one in (router, other, gammas):
        note_silent(read_state(one.router_id), Reason.REFUSED, NOW)
    remove_router(world.alpha, router.router_id)
    silences = {
        row.sk.rpartition("#")[0]
        for tenant_id in ("alpha", "gamma")
        for row in read_all(SilenceRow, keys.router_silences(tenant_id))
    }
    assert silences == {other.router_id, gammas.router_id}


def test_a_service_that_comes_while_the_router_goes_keeps_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    router = a_router(world.alpha)
    subscriber = a_subscriber(world, "Rahim")

    def found_before(tenant_id: str, text: str) -> Any:
        found = find_router(tenant_id, text)
        give(world.alpha, subscriber, router)
        return found

    monkeypatch.setattr(register, "find_router", found_before)
    with pytest.raises(Conflict):
        remove_router(world.alpha, router.router_id)
    assert find_router("alpha", router.router_id).uses == 1


def test_a_list_has_ones_own_first_then_what_is_lent_page_by_page(world: World) -> None:
    own = sorted(a_router(world.beta).router_id for _ in range(3))
    lent = [a_router(world.alpha) for _ in range(2)]
    a_router(world.alpha), a_router(world.gamma)
    for router in lent:
        a_lending(world.alpha, router, world.beta)
    expected = own + sorted(router.router_id for router in lent)
    for limit in range(1, 7):
        found, after, pages = [], None, 0
        while True:
            page, after = list_routers("beta", limit, after)
            assert len(page) <= limit
            found += page
            pages += 1
            if after is None:
                break
        assert [router.router_id for router, _ in found] == expected
        assert pages <= 5 // limit + 2
        assert [lending is None for _, lending in found] == [True] * 3 + [False] * 2
    assert list_routers("gamma", 50, expected[-1])[0] == []


def test_registering_costs_one_seal_and_one_write(
    world: World, engine: MemoryDynamoDB, sealing_key: KeyInProcess
) -> None:
    sealing_key.asked.clear()
    before = engine.meter.snapshot()
    a_router(world.alpha)
    cost = engine.meter - before
    assert (cost.write_units, cost.requests) == (4, 2)  # The other one counts the routers that there are.
    assert sealing_key.asked == ["Encrypt"]
