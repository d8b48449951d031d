"""Reconciliations over HTTP: asked for, carried out behind the request, followed; lost ones are asked for again."""

from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib.aws import clock
from chalicelib.network.state import give_back, take_lease
from tests.conftest import SetClock
from tests.journeys.client import Reply
from tests.network.test_plan_over_http import NOTHING, drifted
from tests.network.watched import Watched, code_of
from tests.simulation import MemoryDynamoDB

ASKED = "1795327200000000"


class Ended(BaseException):
    """The process is gone."""


def ask(place: Watched, key: str | None = None, **body: bool) -> str:
    return str(place.operator.post(f"{place.at}/reconciliations", body, key=key).ok(202)["id"])


def test_a_reconciliation_is_queued_carried_out_and_says_what_it_found_and_did(place: Watched) -> None:
    karim, _ = drifted(place)
    place.sent.clear()
    asked = place.operator.post(f"{place.at}/reconciliations", {}).ok(202).data
    assert (asked["id"], asked["status"], asked["dry_run"]) == (ASKED, "queued", False)
    assert asked["asked_at"] == "2026-11-22T06:00:00.000000Z"
    assert (asked["counts"], asked["differing"], asked["compared_at"]) == (NOTHING, 0, None)
    assert place.work() == [{"do": "reconcile", "router": place.router_id, "asked": int(ASKED)}]
    done = place.get(f"/reconciliations/{ASKED}").ok(200)
    assert [done[name] for name in ("status", "differing", "delivered", "refused", "reason")] == ["done", 2, 2, 0, None]
    assert done["counts"] == {**NOTHING, "should_be_on": 2, "unknown": 1}
    assert done["compared_at"] == done["ended_at"] == "2026-11-22T06:00:00.000000Z"
    shown = {item["name"]: (item["subscriber"], item["reseller"]) for item in done["items"]}
    assert shown == {"karim": (karim, None), "beta-rahim": (None, place.ids["BETA"]), "uncle": (None, None)}
    assert place.get("/plan").ok(200)["counts"] == {**NOTHING, "unknown": 1}
    assert place.simulated.rows("/ppp/secret", name="uncle")[0]["comment"] == "চাচার লাইন"
    [listed] = place.get("/reconciliations").ok(200)["items"]
    assert listed == {name: value for name, value in done.data.items() if name != "items"}


def test_a_dry_run_changes_nothing(place: Watched) -> None:
    drifted(place)
    place.simulated.counts.reset()
    asked = ask(place, dry_run=True)
    place.work()
    done = place.get(f"/reconciliations/{asked}").ok(200)
    assert [done[name] for name in ("status", "dry_run", "differing", "delivered")] == ["done", True, 2, 0]
    assert {command for command in place.simulated.counts.commands if not command.endswith("/print")} == {"/login"}
    assert place.get("/plan").ok(200)["counts"] == {**NOTHING, "should_be_on": 2, "unknown": 1}


def test_under_a_key_it_is_asked_for_once_and_there_is_one_at_a_time(place: Watched, the_clock: SetClock) -> None:
    at = f"{place.at}/reconciliations"
    first = place.operator.post(at, {}, key="k1").ok(202)
    the_clock.at += timedelta(seconds=5)
    again = place.operator.post(at, {}, key="k1").ok(202)
    assert (again.data, again.headers["idempotency-replayed"]) == (first.data, "true")
    assert len(place.sent) == 1
    assert code_of(place.operator.post(at, {}, key="k2")) == (409, "reconciliation-under-way")
    assert code_of(place.operator.post(at, {"dry_run": True}, key="k1")) == (409, "idempotency-mismatch")
    place.work()
    second = place.operator.post(at, {}, key="k2").ok(202)["id"]
    listed = place.get("/reconciliations?limit=1").ok(200)
    assert [one["id"] for one in listed["items"]] == [second]
    rest = place.get(f"/reconciliations?limit=1&cursor={listed['next_cursor']}").ok(200)
    assert [one["id"] for one in rest["items"]] == [first["id"]]


def test_two_that_are_asked_for_at_one_instant_are_two(place: Watched) -> None:
    first = ask(place)
    place.work()
    assert int(ask(place)) == int(first) + 1


def test_of_two_that_ask_at_once_one_is_told_that_the_other_was_first(place: Watched, engine: MemoryDynamoDB) -> None:
    """The second one asks when the first is about to write."""
    second: list[Reply] = []

    def note(phase: str, number: int, operation: str, params: object) -> None:
        if phase == "before" and operation == "TransactWriteItems":
            engine.faults = None
            second.append(place.operator.post(f"{place.at}/reconciliations", {"dry_run": True}))

    engine.faults = note
    assert code_of(place.operator.post(f"{place.at}/reconciliations", {})) == (409, "reconciliation-under-way")
    asked = second[0].ok(202)["id"]
    assert [(one["id"], one["dry_run"]) for one in place.get("/reconciliations").ok(200)["items"]] == [(asked, True)]
    assert len(place.sent) == 1


def test_one_whose_message_was_lost_is_asked_for_again_until_it_has_ended(place: Watched, the_clock: SetClock) -> None:
    drifted(place)
    asked = ask(place)
    place.sent.clear()
    the_clock.at += timedelta(seconds=119)
    assert not [body for body in place.minute() if body["do"] == "reconcile"]
    assert place.get(f"/reconciliations/{asked}").ok(200)["status"] == "queued"
    the_clock.at += timedelta(seconds=1)
    assert [body for body in place.minute() if body["do"] == "reconcile"]
    assert place.get(f"/reconciliations/{asked}").ok(200)["status"] == "done"
    the_clock.at += timedelta(minutes=1)
    assert not [body for body in place.minute() if body["do"] == "reconcile"]


def test_one_that_met_somebody_at_work_waits_and_is_carried_out_afterwards(place: Watched, the_clock: SetClock) -> None:
    drifted(place)
    lease = take_lease(place.router_id, clock.now())
    assert lease is not None
    asked = ask(place)
    place.work()
    assert place.get(f"/reconciliations/{asked}").ok(200)["status"] == "queued"
    give_back(lease, clock.now(), answered=True)
    the_clock.at += timedelta(minutes=2)
    place.minute()
    assert place.get(f"/reconciliations/{asked}").ok(200)["delivered"] == 2


def test_what_a_change_of_terms_asks_for_is_not_lost_when_somebody_is_at_work(
    place: Watched, the_clock: SetClock
) -> None:
    lease = take_lease(place.router_id, clock.now())
    assert lease is not None
    place.operator.put("/v1/network/terms", {"active_list": "paid"}).ok(200)
    assert [body["do"] for body in place.work()] == ["reconcile"]
    give_back(lease, clock.now(), answered=True)
    [waiting] = place.get("/reconciliations").ok(200)["items"]
    assert waiting["status"] == "queued"
    the_clock.at += timedelta(minutes=2)
    place.minute()
    assert place.get(f"/reconciliations/{waiting['id']}").ok(200)["status"] == "done"


def test_one_that_never_ends_is_given_up_after_an_hour_and_another_may_be_asked_for(
    place: Watched, the_clock: SetClock
) -> None:
    asked = ask(place)
    place.sent.clear()
    the_clock.at += timedelta(hours=1)
    place.sign_in()
    assert not [body for body in place.minute() if body["do"] == "reconcile"]
    assert ask(place) != asked


def test_a_router_that_does_not_answer_ends_it_with_the_reason(place: Watched) -> None:
    place.simulated.faults.refuse_connections(True)
    asked = ask(place)
    place.work()
    told = place.get(f"/reconciliations/{asked}").ok(200)
    assert (told["status"], told["compared_at"]) == ("failed", None)
    assert "refused the connection" in told["reason"]
    place.simulated.faults.refuse_connections(False)
    assert ask(place) != asked


def test_a_worker_killed_in_between_leaves_the_rest_and_another_ends_it(
    place: Watched, the_clock: SetClock, engine: MemoryDynamoDB
) -> None:
    """Killed when the router has the first of two secrets: nothing more is written, its lease stays."""
    drifted(place)
    is_killed = False

    def kill(path: str) -> None:
        nonlocal is_killed
        is_killed = is_killed or path == "/ppp/secret/add"

    def refuse(phase: str, number: int, operation: str, params: object) -> None:
        if is_killed:
            raise Ended

    asked = ask(place)
    place.simulated.faults.watch(kill)
    engine.faults = refuse
    with pytest.raises(Ended):
        place.work()
    place.simulated.faults.clear()
    engine.faults = None
    running = place.get(f"/reconciliations/{asked}").ok(200)
    assert (running["status"], running["differing"], running["ended_at"]) == ("running", 2, None)
    the_clock.at += timedelta(minutes=2)
    place.minute()
    done = place.get(f"/reconciliations/{asked}").ok(200)
    assert (done["status"], done["refused"]) == ("done", 0)
    assert place.get("/plan").ok(200)["counts"] == {**NOTHING, "unknown": 1}


def test_asking_is_whole_or_not_at_all(place: Watched, engine: MemoryDynamoDB) -> None:
    """The process ends before or behind any call of the database: asked again under the same key there is one."""
    calls, ends_at = 0, (0, "")

    def note(phase: str, number: int, operation: str, params: object) -> None:
        nonlocal calls
        calls += phase == "before"
        if (calls, phase) == ends_at:
            raise Ended

    for call in range(1, 12):
        for phase in ("before", "after"):
            calls, ends_at, engine.faults = 0, (call, phase), note
            with suppress(Ended):
                place.operator.post(f"{place.at}/reconciliations", {}, key="k1")
            engine.faults = None
    place.operator.post(f"{place.at}/reconciliations", {}, key="k1").ok(202)
    assert len(place.get("/reconciliations").ok(200)["items"]) == 1


def test_only_the_owner_of_the_router_may(place: Watched) -> None:
    asked = ask(place)
    for client in (place.beta, place.gamma):
        assert code_of(client.post(f"{place.at}/reconciliations", {})) == (404, "not-found")
        for path in ("/reconciliations", f"/reconciliations/{asked}", "/drift", "/drift/2026-11-22", "/health"):
            assert code_of(place.get(path, client)) == (404, "not-found")
    assert place.gamma.get(f"/v1/routers/{place.gammas_id}/reconciliations").ok(200)["items"] == []
    for unknown in ("1", "0" * 16, "x", "9" * 17, "%E0%A7%A7"):
        assert code_of(place.get(f"/reconciliations/{unknown}")) == (404, "not-found")
