"""Whether a router has heard of what changed of one subscriber, over HTTP."""

from datetime import timedelta
from typing import Any

from chalicelib.aws import clock
from chalicelib.core.dates import to_micros
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.outbox import add_changes
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
        "router": {"id": place.router_id, "name": place.get("").ok(200)["name"]},
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


def test_what_waits_is_found_behind_thousands_of_others(place: Watched, the_clock: SetClock) -> None:
    due = to_micros(clock.now())
    add_changes(
        [
            AccessChange(place.router_id, "op", 1, one, ("a long name of a line " * 4,), due - 9_000 + one, "1")
            for one in range(2, 6_002)
        ]
    )
    karim = place.subscriber(place.operator, "karim")
    assert delivery(place, karim)["since"] == "2026-11-22T06:00:00.000000Z"


def test_a_subscriber_on_no_router_has_no_delivery(place: Watched) -> None:
    made = place.operator.post("/v1/subscribers", {"name": "Karim", "plan": "HOME-10", "username": "karim"}).ok(201)
    answer = place.operator.get(f"/v1/subscribers/{made['id']}/access/delivery")
    assert code_of(answer) == (404, "not-found")
