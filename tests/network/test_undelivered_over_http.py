"""Undelivered days over HTTP: everybody sees those of its own subscribers, also on a router that is lent to it."""

from datetime import timedelta
from typing import Any

from chalicelib.aws import clock
from chalicelib.network.worker import carry_out
from chalicelib.proof.tend import carry_out as tend
from chalicelib.tenants.hierarchy import find_tenant
from tests.conftest import SetClock
from tests.journeys.client import Client
from tests.network.watched import Watched, code_of
from tests.tenants.isp import nobody

PATH = "/v1/network/undelivered-days"


def silent_for_two_days(place: Watched, the_clock: SetClock) -> None:
    """Down since noon of the 22nd, and back on the 25th in the morning."""
    for owner, name in ((place.operator, "karim"), (place.operator, "salma"), (place.beta, "rahim")):
        place.subscriber(owner, name)
    place.deliver()
    place.simulated.faults.refuse_connections(True)
    carry_out({"do": "sample", "router": place.router_id})
    the_clock.at += timedelta(hours=69)
    place.sign_in()


def looked_after(place: Watched) -> None:
    """The books of the operator and of Beta are tended."""
    beta = find_tenant(place.beta.get("/v1/me").ok(200)["tenant"]["id"])
    for chain in (("op",), beta.chain):
        tend({"do": "tend", "chain": chain}, clock.now())


def days(client: Client, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    found: list[dict[str, Any]] = client.get(f"{PATH}?{asked}").ok(200)["items"]
    return found


def test_each_sees_the_days_of_its_own_and_nobody_elses(place: Watched, the_clock: SetClock) -> None:
    silent_for_two_days(place, the_clock)
    looked_after(place)
    own, lent = days(place.operator), days(place.beta)
    assert [(one["day"], one["service"]) for one in own] == [
        (day, place.ids[name]) for day in ("2026-11-24", "2026-11-23") for name in ("salma", "karim")
    ]
    assert [(one["day"], one["service"], one["router"]) for one in lent] == [
        (day, place.ids["rahim"], place.router_id) for day in ("2026-11-24", "2026-11-23")
    ]
    assert {one["status"] for one in own + lent} == {"suspected"}
    assert own[0]["reason"] == "The router did not answer from 2026-11-22T06:00:00.000000Z on."
    assert days(place.gamma) == []
    place.simulated.restart()
    place.simulated.faults.refuse_connections(False)
    carry_out({"do": "sample", "router": place.router_id})
    looked_after(place)
    assert {(one["status"], one["cause"], one["credit"]) for one in days(place.operator)} == {
        ("reported", "router", None)
    }
    assert {one["status"] for one in days(place.beta)} == {"confirmed"}, "its days are not settled yet"


def test_some_days_are_asked_for_and_read_by_pages(place: Watched, the_clock: SetClock) -> None:
    silent_for_two_days(place, the_clock)
    looked_after(place)
    query = {"from": "2026-11-24", "to": "2026-11-24"}
    assert {one["day"] for one in days(place.operator, **query)} == {"2026-11-24"}
    assert days(place.operator, **{"from": "2026-11-25"}) == []
    first = place.operator.get(f"{PATH}?limit=3").ok(200)
    rest = place.operator.get(f"{PATH}?limit=3&cursor={first['next_cursor']}").ok(200)
    assert [len(first["items"]), len(rest["items"])] == [3, 1]
    assert first["items"] + rest["items"] == days(place.operator)


def test_days_that_cannot_be_and_who_may_not_look_are_refused(place: Watched) -> None:
    wrong = place.operator.get(f"{PATH}?from=2026-11-24&to=2026-11-23")
    assert code_of(wrong) == (422, "invalid")
    assert [one["field"] for one in wrong["errors"]] == ["from"]
    assert nobody().get(PATH).status == 401
