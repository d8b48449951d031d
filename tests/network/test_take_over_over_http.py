"""Taking over a router's secrets over HTTP: the preview by pages, the run, who may, and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import invoke
from chalicelib.network.questions import answer_question
from local.routeros.router import Router as Simulated
from local.routeros.server import RouterServer
from tests.conftest import SetClock
from tests.journeys.client import Client
from tests.journeys.test_subscribers import with_plan
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import PASSWORD, fields_of, nobody, owner_of, two_funded_resellers

PLANS = {"plans": [{"profile": "10M", "plan": "HOME"}]}


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    return two_funded_resellers("50000.00")


@pytest.fixture
def beta(operator: Client) -> Client:
    return with_plan(owner_of("BETA"))


@pytest.fixture
def gamma(operator: Client) -> Client:
    return with_plan(owner_of("GAMMA"))


@pytest.fixture
def simulated() -> Simulated:
    router = Simulated("beta-core", password="secret")
    router.add("/ppp/profile", {"name": "10M"})
    for number in range(1, 6):
        secret = {"name": f"user{number}", "password": "x", "profile": "10M", "comment": f"User {number}"}
        router.add("/ppp/secret", secret)
    router.add("/ppp/secret", {"name": "abdul karim", "password": "x", "profile": "10M"})
    return router


@pytest.fixture
def router_id(beta: Client, simulated: Simulated) -> Iterator[str]:
    invoke.answer_in_process(answer_question)
    with RouterServer(simulated) as server:
        yield a_router(beta, server.port)


def a_router(owner: Client, port: int) -> str:
    body = {"name": "core", "address": "127.0.0.1", "port": port, "transport": "api", "username": "admin"}
    places = {"pool": "home", "local_address": "10.20.0.1"}
    made: str = owner.post("/v1/routers", {**body, **places, "password": "secret"}).ok(201)["id"]
    return made


def usernames(client: Client) -> list[str]:
    page = client.get("/v1/subscribers?limit=200").ok(200)
    return [one["services"][0]["username"] for one in page["items"]]


def test_a_preview_is_read_by_pages_and_makes_nothing(beta: Client, gamma: Client, router_id: str) -> None:
    path = f"/v1/routers/{router_id}/import?dry_run=true&limit=2"
    first = beta.post(path, PLANS).ok(200).data
    assert first["found"] == {
        "secrets": 6,
        "marked": 0,
        "takeable": 5,
        "more": 0,
        "profiles": [{"profile": "10M", "secrets": 6, "plan": "HOME"}],
    }
    assert (first["dry_run"], first["created"], first["unchanged"], first["job"]) == (True, 5, 0, None)
    assert (first["left_out_count"], [one["name"] for one in first["left_out"]]) == (1, ["abdul karim"])
    assert first["subscribers"][0] == {
        "username": "user1",
        "name": "User 1",
        "plan": "HOME",
        "mac": None,
        "address": None,
    }
    seen = [one["username"] for one in first["subscribers"]]
    page = first
    while page["next_cursor"] is not None:
        page = beta.post(f"{path}&cursor={page['next_cursor']}", PLANS).ok(200).data
        seen += [one["username"] for one in page["subscribers"]]
    assert seen == [f"user{number}" for number in range(1, 6)]
    assert (usernames(beta), usernames(gamma)) == ([], [])


def test_a_preview_without_plans_tells_which_profiles_there_are(beta: Client, router_id: str) -> None:
    answer = beta.post(f"/v1/routers/{router_id}/import?dry_run=true", {"plans": []}).ok(200).data
    assert answer["found"]["profiles"] == [{"profile": "10M", "secrets": 6, "plan": None}]
    assert (answer["created"], answer["left_out_count"]) == (0, 6)


def test_a_run_makes_them_and_under_its_key_it_is_answered_again(
    beta: Client, gamma: Client, router_id: str, simulated: Simulated
) -> None:
    path = f"/v1/routers/{router_id}/import"
    made = beta.post(path, PLANS, key="take-over-1").ok(200).data
    assert (made["created"], made["left_out_count"], made["job"]) == (5, 1, None)
    assert beta.post(path, PLANS, key="take-over-1").ok(200).data == made
    assert usernames(beta) == [f"user{number}" for number in range(1, 6)]
    assert beta.get(f"/v1/routers/{router_id}").ok(200)["services"] == 5
    again = beta.post(path, PLANS).ok(200)
    assert (again["created"], again["left_out_count"]) == (0, 6)
    [job] = beta.get("/v1/jobs").ok(200)["items"]
    assert (job["kind"], job["status"], job["lines"], job["done"]) == ("router-import", "done", 5, 5)
    assert usernames(gamma) == []


def test_a_router_of_another_tenant_is_not_there(gamma: Client, router_id: str) -> None:
    assert gamma.post(f"/v1/routers/{router_id}/import", PLANS).status == 404
    assert usernames(gamma) == []


def test_what_is_asked_for_wrongly_is_named(beta: Client, gamma: Client, router_id: str) -> None:
    path = f"/v1/routers/{router_id}/import"
    wrong: list[tuple[Any, str]] = [
        ({"plans": [{"profile": "10M", "plan": "NONE"}]}, "plans.0.plan"),
        ({"plans": [*PLANS["plans"], {"profile": "10M", "plan": "FAST"}]}, "plans.1.profile"),
        ({"plans": [{"profile": "", "plan": "HOME"}]}, "plans.0.profile"),
        ({**PLANS, "start_on": "2026-11-31"}, "start_on"),
        ({}, "plans"),
    ]
    for body, field in wrong:
        assert fields_of(beta.post(path, body)) == [field]
    for cursor in ("x", "LTE", "MQ-"):
        assert fields_of(beta.post(f"{path}?cursor={cursor}", PLANS)) == ["cursor"]
    assert usernames(beta) == []


def test_a_router_that_does_not_answer_is_told_with_the_reason(
    beta: Client, router_id: str, simulated: Simulated
) -> None:
    simulated.faults.refuse_connections()
    refused = beta.post(f"/v1/routers/{router_id}/import", PLANS).ok(503)
    assert refused["code"] == "router-did-not-answer"
    assert "refused" in refused["detail"]
    assert usernames(beta) == []


def test_it_takes_the_modules_of_the_network_and_of_subscribers(operator: Client, beta: Client, router_id: str) -> None:
    [beta_id] = [one["id"] for one in operator.get("/v1/resellers").ok(200)["items"] if one["code"] == "BETA"]
    for modules in (["network"], ["subscribers"]):
        operator.patch(f"/v1/resellers/{beta_id}", {"modules": modules}).ok(200)
        refused = beta.post(f"/v1/routers/{router_id}/import", PLANS).ok(403)
        assert refused["code"] == "module-not-granted"


def test_a_technician_may_not(beta: Client, router_id: str) -> None:
    person = {"name": "Tech", "email": "tech@beta.test", "password": PASSWORD, "role": "technician"}
    beta.post("/v1/users", person).ok(201)
    technician = nobody().signed_in("tech@beta.test", PASSWORD)
    assert technician.post(f"/v1/routers/{router_id}/import", PLANS).ok(403)["code"] == "role-not-allowed"
