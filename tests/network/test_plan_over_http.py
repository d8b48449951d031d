"""The plan of a router over HTTP: what is not as wanted, for its owner and for whoever it is lent to."""

import time

import pytest

from chalicelib.network import reach
from tests.network.watched import MAC, Watched, code_of

NOTHING = dict.fromkeys(
    ("should_be_on", "should_be_off", "wrong_profile", "wrong", "profile", "in_the_way", "unknown"), 0
)


def drifted(place: Watched) -> tuple[str, str]:
    """Karim of the operator and Rahim of Beta are on the router; somebody changed both by hand, and added a line."""
    karim = place.subscriber(place.operator, "karim")
    rahim = place.subscriber(place.beta, "rahim")
    place.deliver()
    with place.simulated.command():
        place.simulated.delete("/ppp/secret", int(place.simulated.rows("/ppp/secret", name="karim")[0][".id"][1:], 16))
        alter(place, "beta-rahim", {"disabled": "yes"})
    place.simulated.add("/ppp/secret", {"name": "uncle", "password": "x", "comment": "চাচার লাইন"})
    return karim, rahim


def alter(place: Watched, name: str, attributes: dict[str, str]) -> None:
    number = int(place.simulated.rows("/ppp/secret", name=name)[0][".id"][1:], 16)
    place.simulated.alter("/ppp/secret", number, attributes)


def test_the_owner_sees_all_that_is_not_as_wanted_and_whose_it_is(place: Watched) -> None:
    karim, _ = drifted(place)
    plan = place.get("/plan").ok(200)
    assert plan["counts"] == {**NOTHING, "should_be_on": 2, "unknown": 1}
    by_name = {item["name"]: item for item in plan["items"]}
    assert by_name["karim"] | {"changes": []} == {
        "drift": "should_be_on",
        "name": "karim",
        "menu": "/ppp/secret",
        "action": "add",
        "service": place.ids["karim"],
        "subscriber": karim,
        "reseller": None,
        "changes": [],
        "reason": None,
    }
    assert {"property": "profile", "is": "", "should_be": "tb-HOME-10"} in by_name["karim"]["changes"]
    assert not [change for change in by_name["karim"]["changes"] if "password" in change["property"]]
    assert by_name["beta-rahim"] == {
        "drift": "should_be_on",
        "name": "beta-rahim",
        "menu": "/ppp/secret",
        "action": "set",
        "service": None,
        "subscriber": None,
        "reseller": place.ids["BETA"],
        "changes": [{"property": "disabled", "is": "true", "should_be": "false"}],
        "reason": None,
    }
    assert (by_name["uncle"]["action"], by_name["uncle"]["reason"]) == ("nothing", "চাচার লাইন")
    assert (len(plan["items"]), plan["next_cursor"]) == (3, None)
    assert plan["entries"] == sum(
        len(place.simulated.rows(menu))
        for menu in ("/ppp/secret", "/ppp/profile", "/ip/hotspot/user", "/ip/hotspot/user/profile")
    )


def test_whoever_it_is_lent_to_sees_its_own_services_and_nothing_else(place: Watched) -> None:
    _, rahim = drifted(place)
    plan = place.get("/plan", place.beta).ok(200)
    assert (plan["entries"], plan["counts"]) == (None, {**NOTHING, "should_be_on": 1})
    [item] = plan["items"]
    assert (item["name"], item["service"], item["subscriber"]) == ("beta-rahim", place.ids["rahim"], rahim)
    assert item["reseller"] is None
    assert code_of(place.get("/plan", place.gamma)) == (404, "not-found")
    theirs = place.gamma.get(f"/v1/routers/{place.gammas_id}/plan").ok(200)
    assert (theirs["counts"], theirs["items"]) == (NOTHING, [])


def test_a_plan_changes_nothing_and_is_read_by_pages(place: Watched) -> None:
    drifted(place)
    place.simulated.counts.reset()
    first = place.get("/plan?limit=2").ok(200)
    rest = place.get(f"/plan?limit=2&cursor={first['next_cursor']}").ok(200)
    assert [len(first["items"]), len(rest["items"]), rest["next_cursor"]] == [2, 1, None]
    assert sorted(item["name"] for item in first["items"] + rest["items"]) == ["beta-rahim", "karim", "uncle"]
    assert {command for command in place.simulated.counts.commands if not command.endswith("/print")} == {"/login"}
    assert place.simulated.counts.full_prints["/ppp/secret"] == 2
    assert place.get("/plan?cursor=LTE").ok(422)["errors"][0]["field"] == "cursor"


def test_what_should_be_off_and_is_not_is_told_and_so_is_a_session_that_outlives_its_secret(place: Watched) -> None:
    karim = place.subscriber(place.operator, "karim")
    place.deliver()
    assert place.simulated.dial("karim", "karim", MAC).accepted
    place.operator.post(f"/v1/subscribers/{karim}/events", {"type": "disable", "effective_on": "2026-11-22"}).ok(201)
    plan = place.get("/plan").ok(200)
    assert plan["counts"] == {**NOTHING, "should_be_off": 1}
    assert plan["items"][0]["changes"] == [{"property": "disabled", "is": "false", "should_be": "true"}]
    with place.simulated.command():
        alter(place, "karim", {"disabled": "yes"})
    [item] = place.get("/plan").ok(200)["items"]
    assert (item["drift"], item["menu"], item["action"], item["name"], item["service"]) == (
        "should_be_off",
        "session",
        "hang_up",
        "karim",
        place.ids["karim"],
    )


def test_a_router_that_does_not_answer_is_said_so_and_why(place: Watched) -> None:
    place.simulated.faults.refuse_connections(True)
    told = place.get("/plan").ok(503)
    assert (told["code"], told["reason"]) == ("router-did-not-answer", "refused")
    assert "refused the connection" in told["detail"]
    lent = place.get("/plan", place.beta).ok(503)
    assert (lent["code"], lent["reason"]) == ("router-did-not-answer", "refused")
    assert "127.0.0.1" in told["detail"]
    assert "127.0.0.1" not in lent["detail"]


def test_a_router_that_is_away_costs_the_time_to_connect_and_not_that_to_read_all_of_it(
    place: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "CONNECT_SECONDS", 0.3)
    place.simulated.faults.never_answer()
    began = time.monotonic()
    assert place.get("/plan").ok(503)["reason"] == "timed_out"
    assert time.monotonic() - began < 1.0


def test_a_router_that_answers_nonsense_is_said_so(place: Watched) -> None:
    place.simulated.faults.nonsense("http")
    told = place.get("/plan").ok(503)
    assert (told["code"], told["reason"]) == ("router-did-not-answer", "nonsense")


def test_a_router_that_is_switched_off_is_not_asked(place: Watched) -> None:
    place.operator.patch(place.at, {"enabled": False}).ok(200)
    place.simulated.counts.reset()
    for path in ("/plan", "/health/now"):
        assert code_of(place.get(path)) == (409, "router-disabled")
    assert code_of(place.operator.post(f"{place.at}/reconciliations", {})) == (409, "router-disabled")
    assert place.simulated.counts.connections == 0
