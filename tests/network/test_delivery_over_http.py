"""Whether a router has heard of what changed of one subscriber, over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.core.dates import to_micros
from chalicelib.crm import outbox
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.outbox import add_changes
from chalicelib.network import delivery as delivery_module
from tests.conftest import SetClock
from tests.network.test_lag_over_http import WAITS
from tests.network.watched import Watched, code_of


def delivery(place: Watched, subscriber: str, by: Any = None) -> dict[str, Any]:
    reply = (by or place.operator).get(f"/v1/subscribers/{subscriber}/access/delivery").ok(200)
    return dict(reply.data)


def test_a_change_waits_until_its_router_has_taken_it(place: Watched) -> None:
    karim = place.subscriber(place.operator, "karim")
    waiting = {
        "service": place.ids["karim"],
        "router": {"id": place.router_id, "name": place.get("").ok(200)["name"], "enabled": True},
        "state": "waiting",
        "since": "2026-11-22T06:00:00.000000Z",
        "tries": 0,
        "reason": None,
        "failure": None,
        "next_try_at": None,
    }
    assert delivery(place, karim) == waiting
    place.deliver()
    assert delivery(place, karim) == {**waiting, "state": "delivered", "since": None}


def test_one_that_waits_for_a_silent_router_says_why_to_its_owner_and_to_a_reseller_only_that(
    place: Watched, the_clock: SetClock
) -> None:
    place.simulated.faults.refuse_connections(True)
    karim, rahim = place.subscriber(place.operator, "karim"), place.subscriber(place.beta, "rahim")
    place.deliver()
    the_clock.at += timedelta(seconds=2)
    own, lent = delivery(place, karim), delivery(place, rahim, place.beta)
    assert "refused the connection" in own["failure"]
    assert lent["failure"] is None
    for told in (own, lent):
        assert (told["state"], told["reason"]) == ("waiting", "refused")
        assert (told["since"], told["next_try_at"]) == ("2026-11-22T06:00:00.000000Z", "2026-11-22T06:00:05.000000Z")
    assert place.gamma.get(f"/v1/subscribers/{karim}/access/delivery").status == 404
    assert place.beta.get(f"/v1/subscribers/{karim}/access/delivery").status == 404


def test_one_that_was_refused_says_in_the_routers_words_why_until_something_newer_waits(
    place: Watched, the_clock: SetClock
) -> None:
    place.simulated.faults.disk_full()
    rahim = place.subscriber(place.beta, "rahim")
    for number, pause in enumerate(WAITS):
        the_clock.at += timedelta(seconds=pause)
        told = delivery(place, rahim, place.beta)
        assert (told["state"], told["tries"], "disk full" in (told["failure"] or "")) == ("waiting", number, number > 0)
        place.deliver()
    told = delivery(place, rahim, place.beta)
    assert (told["state"], told["tries"], told["since"]) == ("refused", 5, "2026-11-22T06:07:09.000000Z")
    assert "disk full" in told["failure"]
    place.beta.post(f"/v1/subscribers/{rahim}/events", {"type": "disable", "effective_on": "2026-11-22"}).ok(201)
    assert delivery(place, rahim, place.beta)["state"] == "waiting"


def test_a_refused_change_that_is_tried_again_while_it_is_looked_for_is_not_taken_for_a_delivered_one(
    place: Watched, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    karim, rahim = place.subscriber(place.operator, "karim"), place.subscriber(place.beta, "rahim")
    place.deliver()
    place.simulated.faults.disk_full()
    for owner, number in ((place.operator, karim), (place.beta, rahim)):
        access = {"router": place.router_id, "method": "pppoe", "password": "another"}
        owner.put(f"/v1/subscribers/{number}/access", access).ok(200)
    for pause in WAITS:
        the_clock.at += timedelta(seconds=pause)
        place.deliver()
    find_refused, retried = delivery_module.find_refused, []

    def tried_again_before(*asked: Any) -> Any:
        the_clock.at += timedelta(seconds=1)
        retried.append(place.beta.post(f"{place.at}/refused-changes/retry", {}).ok(200)["retried"])
        return find_refused(*asked)

    monkeypatch.setattr(delivery_module, "find_refused", tried_again_before)
    told = delivery(place, rahim, place.beta)
    assert (told["state"], told["since"], told["tries"]) == ("waiting", "2026-11-22T06:07:10.000000Z", 0)
    assert (delivery(place, karim)["state"], retried) == ("refused", [1, 0])


def test_of_a_router_that_is_switched_off_it_is_said_that_it_is(place: Watched, the_clock: SetClock) -> None:
    place.simulated.faults.refuse_connections(True)
    karim, rahim = place.subscriber(place.operator, "karim"), place.subscriber(place.beta, "rahim")
    place.deliver()
    place.operator.patch(place.at, {"enabled": False}).ok(200)
    for told in (delivery(place, karim), delivery(place, rahim, place.beta)):
        assert (told["router"]["enabled"], told["state"], told["next_try_at"]) == (False, "waiting", None)
    [behind] = place.operator.get("/v1/network/lag").ok(200)["items"]
    assert (behind["router"]["enabled"], behind["next_try_at"]) == (False, None)
    assert "enabled" not in place.operator.get(f"/v1/subscribers/{karim}/access").ok(200)["router"]
    place.operator.patch(place.at, {"enabled": True}).ok(200)
    assert delivery(place, karim)["router"]["enabled"] is True


def crowd(place: Watched) -> None:
    """Six thousand changes of others that wait for longer: more than one request reads."""
    due = to_micros(clock.now())
    add_changes(
        [
            AccessChange(place.router_id, "op", 1, one, ("a long name of a line " * 4,), due - 9_000 + one, "1")
            for one in range(2, 6_002)
        ]
    )


def test_what_waits_is_found_behind_thousands_of_others(place: Watched, the_clock: SetClock) -> None:
    crowd(place)
    karim = place.subscriber(place.operator, "karim")
    assert delivery(place, karim)["since"] == "2026-11-22T06:00:00.000000Z"


def test_where_too_much_waits_to_be_looked_through_it_is_said_so(
    place: Watched, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outbox.MOST_LOOKS == 5
    karim, rahim = place.subscriber(place.operator, "karim"), place.subscriber(place.beta, "rahim")
    place.deliver()
    crowd(place)
    monkeypatch.setattr(outbox, "MOST_LOOKS", 1)
    for told in (delivery(place, karim), delivery(place, rahim, place.beta)):
        assert (told["state"], told["since"], told["tries"], told["next_try_at"]) == ("waiting", None, 0, None)
        assert told["failure"] == (
            "So much waits for this router that not all of it was looked through for this service."
        )
    monkeypatch.setattr(outbox, "MOST_LOOKS", 2)
    assert delivery(place, karim)["state"] == "delivered"


def test_a_subscriber_on_no_router_has_no_delivery(place: Watched) -> None:
    made = place.operator.post("/v1/subscribers", {"name": "Karim", "plan": "HOME-10", "username": "karim"}).ok(201)
    answer = place.operator.get(f"/v1/subscribers/{made['id']}/access/delivery")
    assert code_of(answer) == (404, "not-found")
