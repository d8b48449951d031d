"""How often routers may be asked, over HTTP: one reading of a whole router at a time, sixty tests a minute, a thousand
routers; each tenant for itself."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import clock, invoke
from chalicelib.core.errors import TooMany
from chalicelib.network import register
from chalicelib.network.pace import alone_with, count_test
from chalicelib.network.questions import answer_question
from tests.conftest import SetClock
from tests.network.watched import Watched, code_of

PREVIEW = "/import?dry_run=true"


def test_a_tenant_has_one_plan_of_a_router_made_at_a_time_and_nobody_locks_out_another(
    place: Watched, the_clock: SetClock
) -> None:
    met: list[Any] = []

    def asked_meanwhile(question: Any) -> Any:
        if not met:
            met.append(place.get("/plan"))
            met.append(place.get("/plan", place.beta))
            met.append(place.gamma.get(f"/v1/routers/{place.gammas_id}/plan"))
        return answer_question(question)

    invoke.answer_in_process(asked_meanwhile)
    place.get("/plan").ok(200)
    again, by_reseller, of_another_router = met
    assert code_of(again) == (429, "router-being-read")
    assert again["detail"] == "You have this router read at this moment; please send the request again."
    assert again.headers["retry-after"] == "2"
    by_reseller.ok(200)
    of_another_router.ok(200)
    place.get("/plan").ok(200)


def test_a_reseller_that_reads_a_lent_router_over_and_over_keeps_itself_out_and_not_its_owner(place: Watched) -> None:
    with alone_with(place.ids["BETA"], place.router_id, 27.0):
        assert code_of(place.get("/plan", place.beta)) == (429, "router-being-read")
        place.get("/plan").ok(200)
        place.operator.post(f"{place.at}{PREVIEW}", {"plans": []}).ok(200)


def test_a_preview_of_an_import_and_a_plan_wait_for_each_other_and_an_import_for_neither(place: Watched) -> None:
    met: list[Any] = []

    def asked_meanwhile(question: Any) -> Any:
        if not met:
            met.append(place.get("/plan"))
            met.append(place.operator.post(f"{place.at}{PREVIEW}", {"plans": []}))
        return answer_question(question)

    invoke.answer_in_process(asked_meanwhile)
    place.operator.post(f"{place.at}{PREVIEW}", {"plans": []}).ok(200)
    assert [code_of(one) for one in met] == [(429, "router-being-read")] * 2
    assert met[1].headers["retry-after"] == "2"
    with alone_with("op", place.router_id, 27.0):
        assert code_of(place.operator.post(f"{place.at}{PREVIEW}", {"plans": []})) == (429, "router-being-read")
        place.operator.post(f"{place.at}/import", {"plans": []}).ok(200)
    place.operator.post(f"{place.at}{PREVIEW}", {"plans": []}).ok(200)


def test_a_preview_of_what_one_may_not_take_over_is_refused_as_before(place: Watched) -> None:
    preview = f"{place.at}{PREVIEW}"
    assert code_of(place.beta.post(preview, {"plans": []})) == (409, "router-lent")
    assert code_of(place.gamma.post(preview, {"plans": []})) == (404, "not-found")
    assert code_of(place.operator.post("/v1/routers/nobody.rabcdefgh/import?dry_run=true", {"plans": []}))[0] == 404


def test_whoever_died_while_a_plan_was_made_is_waited_for_no_longer_than_a_reading_takes(
    place: Watched, the_clock: SetClock
) -> None:
    died = alone_with("op", place.router_id, 27.0)
    died.__enter__()
    the_clock.at += timedelta(seconds=26)
    answer = place.get("/plan")
    assert code_of(answer) == (429, "router-being-read")
    assert answer.headers["retry-after"] == "2"
    the_clock.at += timedelta(seconds=1)
    with alone_with("op", place.router_id, 27.0):
        died.__exit__(None, None, None)  # What comes to after its time takes nothing from who reads now.
        assert code_of(place.get("/plan")) == (429, "router-being-read")
    place.get("/plan").ok(200)


def test_a_reading_that_fails_lets_the_next_one_in(place: Watched) -> None:
    place.simulated.faults.refuse_connections(True)
    for _ in range(2):
        assert code_of(place.get("/plan")) == (503, "router-did-not-answer")
        assert code_of(place.operator.post(f"{place.at}{PREVIEW}", {"plans": []})) == (503, "router-did-not-answer")


def test_a_tenant_has_sixty_tests_a_minute(place: Watched, the_clock: SetClock) -> None:
    the_clock.at += timedelta(seconds=15)
    for _ in range(59):
        count_test("op", clock.now())
    place.operator.post(f"{place.at}/test", {}).ok(200)
    answer = place.operator.post(f"{place.at}/test", {})
    assert code_of(answer) == (429, "too-many-tests")
    assert answer.headers["retry-after"] == "45"
    place.gamma.post(f"/v1/routers/{place.gammas_id}/test", {}).ok(200)
    the_clock.at += timedelta(seconds=45)
    place.operator.post(f"{place.at}/test", {}).ok(200)


def test_of_tests_that_come_at_once_no_more_than_sixty_are_made(place: Watched) -> None:
    refused: list[str] = []

    def try_some() -> None:
        for _ in range(12):
            try:
                count_test("op", clock.now())
            except TooMany as refusal:
                refused.append(refusal.code)

    threads = [threading.Thread(target=try_some) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["too-many-tests"] * 12


def test_a_tenant_has_a_thousand_routers_at_most(place: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    assert register.MOST_ROUTERS == 1_000
    monkeypatch.setattr(register, "MOST_ROUTERS", 2)
    body = {"name": "edge", "address": "127.0.0.1", "port": 1, "transport": "api", "username": "admin", "password": "x"}
    second = place.operator.post("/v1/routers", body).ok(201)["id"]
    assert code_of(place.operator.post("/v1/routers", body)) == (409, "too-many-routers")
    place.gamma.post("/v1/routers", body).ok(201)
    place.operator.call("DELETE", f"/v1/routers/{second}").ok(204)
    place.operator.post("/v1/routers", body).ok(201)
