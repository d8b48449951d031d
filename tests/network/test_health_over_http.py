"""The health of a router over HTTP: the samples of a week, and how it is now."""

import time
from datetime import timedelta

from tests.conftest import SetClock
from tests.network.watched import MAC, Watched, code_of


def test_health_is_kept_every_five_minutes_and_read_newest_first(place: Watched, the_clock: SetClock) -> None:
    place.subscriber(place.operator, "karim")
    place.deliver()
    place.minute()
    assert place.simulated.dial("karim", "karim", MAC).accepted
    place.simulated.pass_time(300)
    the_clock.at += timedelta(minutes=4, seconds=59)
    place.minute()
    assert len(place.get("/health").ok(200)["items"]) == 1
    the_clock.at += timedelta(seconds=1)
    place.minute()
    place.simulated.faults.refuse_connections(True)
    the_clock.at += timedelta(minutes=5)
    place.minute()
    newest, middle, oldest = place.get("/health").ok(200)["items"]
    assert (newest["at"], newest["cpu_percent"], newest["sessions"]) == ("2026-11-22T06:10:00.000000Z", None, None)
    assert "refused the connection" in newest["failure"]
    assert (middle["at"], middle["sessions"], oldest["sessions"]) == ("2026-11-22T06:05:00.000000Z", 1, 0)
    assert (middle["version"], middle["identity"], middle["failure"]) == ("7.16.2 (stable)", "core-1", None)
    assert middle["uptime_seconds"] - oldest["uptime_seconds"] in (300, 301)
    assert 0 <= middle["memory_used_percent"] <= 100
    between = place.get("/health?from=2026-11-22T06:01:00Z&to=2026-11-22T06:09:00Z").ok(200)
    assert [one["at"] for one in between["items"]] == [middle["at"]]
    page = place.get("/health?limit=2").ok(200)
    rest = place.get(f"/health?limit=2&cursor={page['next_cursor']}").ok(200)
    assert [len(page["items"]), [one["at"] for one in rest["items"]]] == [2, [oldest["at"]]]
    assert (
        place.get("/health?from=2026-11-22T07:00:00Z&to=2026-11-22T06:00:00Z").ok(422)["errors"][0]["field"] == "from"
    )
    theirs = place.gamma.get(f"/v1/routers/{place.gammas_id}/health").ok(200)["items"]
    assert [one["identity"] for one in theirs] == ["gamma-1"] * 3


def test_how_a_router_is_now_is_asked_of_it(place: Watched) -> None:
    place.subscriber(place.operator, "karim")
    place.deliver()
    place.simulated.dial("karim", "karim", MAC)
    now = place.get("/health/now").ok(200)
    assert [now[name] for name in ("at", "sessions", "identity", "version", "failure")] == [
        "2026-11-22T06:00:00.000000Z",
        1,
        "core-1",
        "7.16.2 (stable)",
        None,
    ]
    assert place.get("/health").ok(200)["items"] == [], "a look is no sample"
    assert code_of(place.get("/health/now", place.beta)) == (404, "not-found")


def test_one_that_never_answers_is_said_so_within_two_and_a_half_seconds(place: Watched) -> None:
    place.simulated.faults.never_answer()
    began = time.monotonic()
    told = place.get("/health/now").ok(503)
    assert time.monotonic() - began < 2.5
    assert (told["code"], told["reason"]) == ("router-did-not-answer", "timed_out")
