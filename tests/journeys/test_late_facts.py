"""Facts that come late, over HTTP: what they change at two levels, to the unit, and how it is told."""

from typing import Any

import pytest

from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.tenants.isp import PLAN, fields_of, onboard, owner_of, two_funded_resellers

# 600.00 a month from the operator to Beta (two_funded_resellers); Beta asks Delta 720.00: 20.00 and 24.00 a day of November.


@pytest.fixture
def operator(engine: Any, the_clock: SetClock) -> Client:
    return two_funded_resellers("5000.00")


@pytest.fixture
def beta(operator: Client) -> Client:
    """Beta, with a reseller of its own: Delta, who has one customer since the 1st; all settled through the 10th."""
    beta = owner_of("BETA")
    beta.post("/v1/plans", {**PLAN, "code": "HOME", "based_on": "HOME-10"}).ok(201)
    delta = onboard(beta, "DELTA", settles_from="2026-11-01")
    prices = {"effective_on": "2026-11-01", "prices": [{"plan": "HOME", "monthly_price": "720.00"}]}
    beta.put(f"/v1/resellers/{delta['id']}/tariff", prices).ok(200)
    beta.post(f"/v1/resellers/{delta['id']}/recharges", {"amount": "1000.00", "method": "cash"}).ok(201)
    return beta


@pytest.fixture
def delta(operator: Client, beta: Client) -> Client:
    delta = owner_of("DELTA")
    delta.post("/v1/plans", {**PLAN, "code": "LINE", "based_on": "HOME"}).ok(201)
    body = {"name": "Karim", "plan": "LINE", "username": "karim", "start_on": "2026-11-01"}
    delta.post("/v1/subscribers", body).ok(201)
    operator.post("/v1/settlements", {"date": "2026-11-10"}).ok(200)
    return delta


def subscriber_of(client: Client) -> str:
    return str(client.get("/v1/subscribers").ok(200)["items"][0]["id"])


def told(client: Client, kind: str, on: str, **more: Any) -> Any:
    at = f"/v1/subscribers/{subscriber_of(client)}/events"
    return client.post(at, {"type": kind, "effective_on": on, **more}).ok(201).data


def funds(*clients: Client) -> list[str]:
    return [client.get("/v1/fund").ok(200)["balance"] for client in clients]


def test_a_late_disable_comes_back_at_both_levels_and_is_told_day_by_day(
    operator: Client, beta: Client, delta: Client
) -> None:
    before = funds(beta, delta)
    event = told(delta, "disable", "2026-11-05")
    assert event["correction"]["status"] == "posted"
    assert event["correction"]["difference"] == "-120.00"
    assert (event["correction"]["first_day"], event["correction"]["last_day"]) == ("2026-11-06", "2026-11-10")
    # Delta gets 5 x 24.00 back from Beta; Beta gives them and gets 5 x 20.00 from the operator.
    after = funds(beta, delta)
    assert [float(now) - float(then) for now, then in zip(after, before, strict=True)] == [-20.0, 120.0]
    one = delta.get(f"/v1/corrections/{event['correction']['id']}").ok(200).data
    assert [day["date"] for day in one["corrected_days"]] == [f"2026-11-{n:02}" for n in range(6, 11)]
    [said] = one["corrected_days"][0]["services"]
    assert said["says"] == "6 November 2026: believed enabled on LINE, 24.00; known disabled all day, 0.00"
    days = delta.get(f"/v1/subscribers/{subscriber_of(delta)}/days?from=2026-11-04&to=2026-11-07").ok(200)
    assert [(day["state"], day["charge"], day["correction"]) for day in days["items"]] == [
        ("enabled", "24.00", None),
        ("enabled", "24.00", None),
        ("disabled", "0.00", one["id"]),
        ("disabled", "0.00", one["id"]),
    ]
    entry = delta.get(f"/v1/ledger/entries/{one['entry']}").ok(200).data
    assert (entry["kind"], entry["effective_on"], entry["service_on"]) == ("correction", "2026-11-22", "2026-11-06")
    assert len(entry["by_day"]) == 10
    assert delta.get("/v1/fund/movements").ok(200)["items"][0]["kind"] == "correction"
    assert operator.get("/v1/tie-outs").ok(200)["items"][0]["difference"] == "0.00"
    check_invariants()


def test_corrections_are_listed_newest_first_and_by_subscriber_and_day(beta: Client, delta: Client) -> None:
    told(delta, "disable", "2026-11-08")
    told(delta, "enable", "2026-11-09")
    ids = [one["id"] for one in delta.get("/v1/corrections").ok(200)["items"]]
    assert [name.rpartition(".")[2] for name in ids] == ["c2", "c1"]
    first = delta.get("/v1/corrections?limit=1").ok(200)
    rest = delta.get(f"/v1/corrections?limit=1&cursor={first['next_cursor']}").ok(200)
    assert [page["items"][0]["id"] for page in (first, rest)] == ids
    assert delta.get(f"/v1/corrections?subscriber={subscriber_of(delta)}").ok(200)["items"][0]["id"] == ids[0]
    for stranger in ("op.s1", subscriber_of(delta).rpartition(".")[0], "s1"):
        refused = delta.get(f"/v1/corrections?subscriber={stranger}").ok(422)
        assert [error["field"] for error in refused["errors"]] == ["subscriber"]
    assert delta.get("/v1/corrections?to=2026-11-08").ok(200)["items"] == []
    assert delta.get("/v1/corrections?from=2026-11-11").ok(200)["items"] == []
    assert beta.get("/v1/corrections").ok(200)["items"] == []
    assert beta.get(f"/v1/corrections/{ids[0]}").status == 404
    assert delta.get("/v1/corrections/c9").status == 404
    assert delta.get(f"/v1/corrections/{ids[0][:-1]}3").status == 404


def test_a_repeated_request_records_the_fact_once(delta: Client) -> None:
    at = f"/v1/subscribers/{subscriber_of(delta)}/events"
    body = {"type": "disable", "effective_on": "2026-11-05"}
    first = delta.post(at, body, key="once").ok(201).data
    again = delta.post(at, body, key="once").ok(201).data
    assert first["correction"]["status"] == "posted"
    assert again == first
    assert len(delta.get("/v1/corrections").ok(200)["items"]) == 1


def test_a_wrong_disconnection_and_a_wrong_start_are_taken_back(delta: Client) -> None:
    start = funds(delta)
    told(delta, "disconnect", "2026-11-03")
    assert float(funds(delta)[0]) - float(start[0]) == 7 * 24.0
    told(delta, "withdraw", "2026-11-03", withdraws="disconnect")
    assert funds(delta) == start
    assert delta.get("/v1/subscribers").ok(200)["items"][0]["status"] == "active"
    event = told(delta, "start", "2026-11-04")
    assert (event["type"], event["correction"]["difference"]) == ("start", "-72.00")
    assert event["subscriber"]["services"][0]["start_on"] == "2026-11-04"
    check_invariants()


def test_what_cannot_be_is_refused_and_changes_nothing(delta: Client) -> None:
    at = f"/v1/subscribers/{subscriber_of(delta)}/events"
    before = funds(delta)

    def refused(**body: Any) -> tuple[int, str]:
        reply = delta.post(at, body)
        return reply.status, reply["code"]

    assert refused(type="enable", effective_on="2026-11-05") == (409, "already-enabled")
    assert refused(type="withdraw", effective_on="2026-11-05", withdraws="disable") == (409, "no-such-event")
    assert refused(type="start", effective_on="2026-11-01") == (409, "same-start")
    assert refused(type="start", effective_on="2026-10-31") == (409, "day-already-pinned")
    assert fields_of(delta.post(at, {"type": "withdraw", "effective_on": "2026-11-05"})) == ["withdraws"]
    assert fields_of(delta.post(at, {"type": "disable", "effective_on": "2026-11-05", "withdraws": "enable"})) == [
        "withdraws"
    ]
    assert fields_of(delta.post(at, {"type": "withdraw", "effective_on": "2026-11-05", "withdraws": "start"})) == [
        "withdraws"
    ]
    assert funds(delta) == before
    assert delta.get("/v1/corrections").ok(200)["items"] == []


def test_a_tariff_with_a_past_day_corrects_every_settled_day_below(
    operator: Client, beta: Client, delta: Client
) -> None:
    """The operator asks Beta 660.00 instead of 600.00 from the 6th on: 22.00 a day, five days of Delta's customer."""
    before = funds(beta, delta)
    resellers = operator.get("/v1/resellers").ok(200)["items"]
    beta_id = next(one["id"] for one in resellers if one["code"] == "BETA")
    body = {
        "effective_on": "2026-11-06",
        "prices": [
            {"plan": "HOME-10", "monthly_price": "660.00"},
            {"plan": "HOME-20", "monthly_price": "900.00"},
        ],
    }
    operator.put(f"/v1/resellers/{beta_id}/tariff", body).ok(200)
    after = funds(beta, delta)
    assert [float(now) - float(then) for now, then in zip(after, before, strict=True)] == [-10.0, 0.0]
    [one] = beta.get("/v1/corrections").ok(200)["items"]
    assert (one["difference"], one["days"], one["first_day"]) == ("10.00", 5, "2026-11-06")
    # A late fact is priced by what is in force now, as believed and as known.
    told(delta, "disable", "2026-11-07")
    last = funds(beta, delta)
    assert [float(now) - float(then) for now, then in zip(last, after, strict=True)] == [-3 * 24.0 + 3 * 22.0, 3 * 24.0]
    operator.put(f"/v1/resellers/{beta_id}/tariff", body).ok(200)
    assert funds(beta, delta) == last
    check_invariants()
