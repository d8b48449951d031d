"""How a tenant wants its services treated on routers, and who is told when that changes."""

from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.network import in_line, terms
from chalicelib.network.find import terms_of
from chalicelib.network.model import NetworkTerms, SuspendBy, Undelivered
from chalicelib.network.terms import set_terms
from tests.network.routers import FIRST, a_lending, a_router
from tests.simulation import MemoryDynamoDB
from tests.world import World

ASKED = NetworkTerms(SuspendBy.ADDRESS_LIST, "away", "redirected", "paying", Undelivered.CREDIT, mends_drift=False)


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    return World.of_tenants(FIRST)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    messages: list[Any] = []
    monkeypatch.setattr(in_line, "send_to_routers", messages.extend)
    return messages


def test_terms_are_a_tenants_own_and_the_usual_ones_until_they_are_set(world: World, sent: list[Any]) -> None:
    assert set_terms("beta", ASKED).revision == 1
    assert terms_of("beta") == NetworkTerms(
        SuspendBy.ADDRESS_LIST, "away", "redirected", "paying", Undelivered.CREDIT, mends_drift=False, revision=1
    )
    assert terms_of("alpha") == terms_of("gamma") == NetworkTerms()
    assert set_terms("beta", NetworkTerms()).revision == 2


def test_every_router_that_the_tenant_uses_is_brought_in_line_and_no_other(world: World, sent: list[Any]) -> None:
    own, lent = a_router(world.beta), a_router(world.alpha)
    a_router(world.alpha), a_router(world.gamma)
    a_lending(world.alpha, lent, world.beta)
    set_terms("beta", ASKED)
    expected = [(one.router_id, {"do": "reconcile", "router": one.router_id}) for one in (own, lent)]
    assert [(group, body) for group, _, body in sent] == expected
    assert len({name for _, name, _ in sent}) == 2


def test_terms_sent_again_are_the_same_terms_and_tell_whoever_was_not_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = a_router(world.beta)

    def away(messages: Any) -> int:
        raise Unavailable("queue-away", "away")

    monkeypatch.setattr(in_line, "send_to_routers", away)
    with pytest.raises(Unavailable):
        set_terms("beta", ASKED)
    again: list[Any] = []
    monkeypatch.setattr(in_line, "send_to_routers", again.extend)
    assert set_terms("beta", ASKED).revision == 1
    assert [group for group, _, _ in again] == [router.router_id]


def test_of_two_who_set_terms_at_once_the_later_ones_hold(
    world: World, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first: list[bool] = []

    def looked(tenant_id: str) -> NetworkTerms:
        found = terms_of(tenant_id)
        if not first:
            first.append(True)
            set_terms("beta", NetworkTerms(expired_list="others"))
        return found

    monkeypatch.setattr(terms, "terms_of", looked)
    assert set_terms("beta", ASKED).revision == 2
    assert terms_of("beta").expired_list == "redirected"
