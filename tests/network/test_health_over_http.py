"""The health of a router over HTTP: the samples of a week, and how it is now."""

import time
from datetime import timedelta

import pytest

from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Unavailable
from chalicelib.network import reach
from chalicelib.network.state import is_held, note_failed, read_state, take_lease
from chalicelib.network.worker import carry_out
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


def reachable(place: Watched) -> tuple[object, ...]:
    shown = place.get("").ok(200)
    return shown["reachable"], shown["failing_since"], shown["failure_reason"]


def behind(place: Watched) -> list[str]:
    return [one["router"]["id"] for one in place.operator.get("/v1/network/lag").ok(200)["items"]]


def sample(place: Watched) -> None:
    carry_out({"do": "sample", "router": place.router_id})


def test_a_dead_router_is_known_by_its_samples_and_so_is_one_that_is_back(place: Watched, the_clock: SetClock) -> None:
    assert reachable(place) == (None, None, None)
    place.simulated.faults.refuse_connections(True)
    sample(place)
    assert reachable(place) == (False, "2026-11-22T06:00:00.000000Z", "refused")
    assert behind(place) == [place.router_id]
    the_clock.at += timedelta(minutes=5)
    sample(place)
    assert reachable(place) == (False, "2026-11-22T06:00:00.000000Z", "refused")
    assert place.gamma.get(f"/v1/routers/{place.gammas_id}").ok(200)["reachable"] is None
    place.simulated.faults.refuse_connections(False)
    the_clock.at += timedelta(minutes=5)
    sample(place)
    assert reachable(place) == (True, None, None)
    assert behind(place) == []


def test_a_test_of_the_connection_tells_as_much_as_a_sample(place: Watched, the_clock: SetClock) -> None:
    place.simulated.faults.refuse_connections(True)
    assert place.operator.post(f"{place.at}/test").ok(200)["ok"] is False
    assert reachable(place) == (False, "2026-11-22T06:00:00.000000Z", "refused")
    place.simulated.faults.refuse_connections(False)
    the_clock.at += timedelta(minutes=1)
    assert place.operator.post(f"{place.at}/test").ok(200)["ok"] is True
    assert reachable(place) == (True, None, None)


def test_a_night_that_failed_is_over_when_the_router_answers(place: Watched, the_clock: SetClock) -> None:
    the_clock.set("2026-11-22T21:00:00")
    place.simulated.faults.refuse_connections(True)
    carry_out({"do": "night", "router": place.router_id, "day": "2026-11-23"})
    place.simulated.faults.refuse_connections(False)
    place.sign_in()
    assert reachable(place)[0] is False
    the_clock.at += timedelta(minutes=5)
    sample(place)
    assert reachable(place) == (True, None, None)


def test_a_sample_takes_no_lease_and_shortens_no_pause(place: Watched, the_clock: SetClock) -> None:
    place.simulated.faults.refuse_connections(True)
    place.subscriber(place.operator, "karim")
    for _ in range(4):
        the_clock.at += timedelta(minutes=3)
        place.deliver()
    paused = read_state(place.router_id)
    assert paused.pauses_until_micros == to_micros(the_clock.at + timedelta(seconds=40))
    carry_out({"do": "sample", "router": place.router_id})
    after = read_state(place.router_id)
    assert (after.pauses_until_micros, after.failures) == (paused.pauses_until_micros, 4)
    assert after.failing_since_micros == paused.failing_since_micros
    the_clock.at += timedelta(minutes=3)
    lease = take_lease(place.router_id, the_clock.at)
    assert lease is not None
    carry_out({"do": "sample", "router": place.router_id})
    assert is_held(lease)


def test_a_sample_that_began_before_a_worker_got_through_says_nothing(place: Watched, the_clock: SetClock) -> None:
    began = the_clock.at
    the_clock.at += timedelta(seconds=2)
    place.subscriber(place.operator, "karim")
    place.deliver()
    note_failed(place.router_id, began, "timed_out", "The router did not answer in time.")
    assert reachable(place) == (True, None, None)


def test_one_that_is_switched_off_is_not_behind_for_having_failed(place: Watched) -> None:
    place.simulated.faults.refuse_connections(True)
    place.minute()
    assert behind(place) == [place.router_id]
    place.operator.patch(place.at, {"enabled": False}).ok(200)
    assert behind(place) == []


def test_while_the_key_is_away_no_router_is_said_to_fail(place: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    karim = place.subscriber(place.operator, "karim")

    def away(*_: object) -> str:
        raise Unavailable("keys-away", "Secrets can neither be sealed nor opened now.")

    monkeypatch.setattr(reach, "open_router_password", away)
    for do in ("deliver", "sample"):
        with pytest.raises(Unavailable):
            carry_out({"do": do, "router": place.router_id})
    state = read_state(place.router_id)
    assert (state.is_failing, state.pauses_until_micros, state.leased_until_micros) == (False, 0, 0)
    assert place.get("/health/now").ok(503)["code"] == "keys-away"
    assert place.operator.post(f"{place.at}/test").ok(503)["code"] == "keys-away"
    assert place.operator.get(f"/v1/subscribers/{karim}/session").ok(503)["code"] == "keys-away"
    monkeypatch.undo()
    carry_out({"do": "deliver", "router": place.router_id})
    assert [row["name"] for row in place.simulated.rows("/ppp/secret")] == ["karim"]
