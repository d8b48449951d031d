"""The comparisons of the nights over HTTP."""

from datetime import timedelta

from tests.conftest import SetClock
from tests.network.test_plan_over_http import NOTHING, drifted
from tests.network.watched import Watched, code_of


def test_each_night_a_router_is_compared_and_what_differed_is_there_by_day(place: Watched, the_clock: SetClock) -> None:
    karim, _ = drifted(place)
    assert place.get("/drift").ok(200).data == {"items": [], "next_cursor": None}
    the_clock.set("2026-11-22T20:59:00")  # a minute before three in the morning in Dhaka
    assert [body for body in place.minute() if body["do"] == "night" and body["day"] == "2026-11-23"] == []
    the_clock.set("2026-11-22T21:00:00")
    assert {body["do"] for body in place.minute()} >= {"night"}
    place.sign_in()
    [night] = place.get("/drift").ok(200)["items"]
    assert [night[name] for name in ("date", "status", "differing", "delivered")] == ["2026-11-23", "done", 2, 2]
    assert night["counts"] == {**NOTHING, "should_be_on": 2, "unknown": 1}
    full = place.get("/drift/2026-11-23").ok(200).data
    assert {name: value for name, value in full.items() if name != "items"} == night
    shown = [(item["name"], item["subscriber"]) for item in full["items"]]
    assert (sorted(shown[:2], key=str), shown[2]) == ([("beta-rahim", None), ("karim", karim)], ("uncle", None))
    the_clock.at += timedelta(days=1)
    place.minute()
    place.sign_in()
    first = place.get("/drift?limit=1").ok(200)
    assert [one["date"] for one in first["items"]] == ["2026-11-24"]
    assert first["items"][0]["counts"] == {**NOTHING, "unknown": 1}
    rest = place.get(f"/drift?limit=1&cursor={first['next_cursor']}").ok(200)
    assert [one["date"] for one in rest["items"]] == ["2026-11-23"]
    assert place.gamma.get(f"/v1/routers/{place.gammas_id}/drift").ok(200)["items"][0]["counts"] == NOTHING


def test_a_night_without_an_answer_says_why_and_a_day_that_is_none_is_refused(
    place: Watched, the_clock: SetClock
) -> None:
    place.simulated.faults.refuse_connections(True)
    the_clock.set("2026-11-22T21:00:00")
    place.minute()
    place.sign_in()
    [night] = place.get("/drift").ok(200)["items"]
    assert (night["status"], night["date"]) == ("failed", "2026-11-23")
    assert "refused the connection" in night["reason"]
    assert code_of(place.get("/drift/2026-11-20")) == (404, "not-found")
    assert place.get("/drift/2026-11-31").ok(422)["errors"][0]["field"] == "date"


def test_a_night_without_an_answer_is_asked_for_again_within_the_hour_and_once_it_succeeds_no_more(
    place: Watched, the_clock: SetClock
) -> None:
    place.simulated.faults.refuse_connections(True)
    the_clock.set("2026-11-22T21:00:00")
    tries = []
    for minute in range(150):
        bodies = place.minute()
        if any(body["do"] == "night" and body["router"] == place.router_id for body in bodies):
            tries.append(minute)
        if minute == 90:
            place.simulated.faults.refuse_connections(False)
        the_clock.at += timedelta(minutes=1)
    assert tries == [0, 60, 120]
