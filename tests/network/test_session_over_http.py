"""A subscriber's session now, over HTTP, with callers that dial in to a simulated router."""

import time
from datetime import date

from chalicelib.crm.suspension import mark_suspended
from tests.network.watched import MAC, NAME, Watched, code_of


def test_a_line_that_is_on_is_shown_with_its_session_and_its_traffic(place: Watched) -> None:
    karim = place.subscriber(place.operator, "karim")
    place.deliver()
    outcome = place.simulated.dial("karim", "karim", MAC)
    assert outcome.accepted
    place.simulated.pass_time(3600)
    now = place.operator.get(f"/v1/subscribers/{karim}/session").ok(200)
    session, traffic = now["session"], now["traffic"]
    assert session.pop("up_seconds") in (3600, 3601)
    assert session.pop("up_since")[:17] in ("2026-11-22T05:00:", "2026-11-22T04:59:")
    [active] = place.simulated.rows("/ppp/active")
    assert session == {
        "address": outcome.address,
        "mac": MAC,
        "interface": "<pppoe-karim>",
        "id": active["session-id"],
    }
    assert traffic["sampled_at"] == "2026-11-22T06:00:00.000000Z"
    assert 0 < traffic["upload_bps"] <= 5_120_000
    assert 0 < traffic["download_bps"] <= 10_240_000
    assert {name: now[name] for name in ("service", "router", "method", "sign_in_name", "online", "last_sign_off")} == {
        "service": place.ids["karim"],
        "router": {"id": place.router_id, "name": NAME},
        "method": "pppoe",
        "sign_in_name": "karim",
        "online": True,
        "last_sign_off": None,
    }


def test_a_line_that_is_off_is_shown_with_when_and_why_it_ended(place: Watched) -> None:
    karim = place.subscriber(place.operator, "karim")
    place.deliver()
    place.simulated.dial("karim", "karim", MAC)
    place.simulated.hang_up("karim")
    now = place.operator.get(f"/v1/subscribers/{karim}/session").ok(200)
    assert (now["online"], now["session"], now["traffic"]) == (False, None, None)
    assert now["last_sign_off"]["reason"] == "hung-up"
    assert now["last_sign_off"]["at_router_time"] is not None


def test_on_a_router_that_is_lent_a_line_is_found_by_the_prefix_and_no_other_is(place: Watched) -> None:
    place.subscriber(place.operator, "rahim")
    theirs = place.subscriber(place.beta, "rahim")
    place.deliver()
    place.simulated.dial("rahim", "rahim", MAC)
    now = place.beta.get(f"/v1/subscribers/{theirs}/session").ok(200)
    assert (now["sign_in_name"], now["online"]) == ("beta-rahim", False)
    place.simulated.dial("beta-rahim", "rahim", "9C:53:00:07:00:02")
    now = place.beta.get(f"/v1/subscribers/{theirs}/session").ok(200)
    assert (now["online"], now["session"]["mac"]) == (True, "9C:53:00:07:00:02")
    for client in (place.operator, place.gamma):
        assert code_of(client.get(f"/v1/subscribers/{theirs}/session")) == (404, "not-found")


def test_nothing_is_told_of_a_line_whose_entry_is_not_the_services_own(place: Watched) -> None:
    """The owner gives a line of its own a name that begins like Beta's; one that was made by hand has such a name too."""
    nobodys = place.subscriber(place.operator, "nobody")
    theirs = place.subscriber(place.operator, "rahim")
    place.deliver()
    place.operator.patch(
        f"/v1/subscribers/{theirs}", {"services": [{"id": place.ids["rahim"], "username": "beta-rahim"}]}
    ).ok(200)
    place.deliver()
    for name in ("beta-salam", "beta-queue"):
        place.simulated.add("/ppp/secret", {"name": name, "password": "x", "profile": "tb-HOME-10"})
    place.simulated.add("/ip/hotspot/user", {"name": "beta-hot", "password": "x"})
    place.simulated.add("/queue/simple", {"name": "beta-queue", "target": "10.9.9.9/32", "max-limit": "1M/1M"})
    assert place.simulated.dial("beta-rahim", "rahim", MAC).accepted
    assert place.simulated.dial("beta-salam", "x", "9C:53:00:07:00:02").accepted
    assert place.simulated.sign_in("beta-hot", "x", "9C:53:00:07:00:03").accepted
    lending = f"{place.at}/lendings/{place.ids['BETA']}"
    place.operator.patch(lending, {"networks": ["10.30.0.0/16"]}).ok(200)
    betas = {
        "rahim": place.subscriber(place.beta, "rahim"),
        "salam": place.subscriber(place.beta, "salam"),
        "hot": place.subscriber(place.beta, "hot", method="hotspot"),
        "queue": place.subscriber(place.beta, "queue", method="static", address="10.30.0.7"),
    }
    place.deliver()
    for name, subscriber in betas.items():
        now = place.beta.get(f"/v1/subscribers/{subscriber}/session").ok(200)
        assert (now["online"], now["session"], now["traffic"], now["last_sign_off"]) == (False, None, None, None), name
        assert now["note"] == "The router has no entry of this service under that name.", name
    own = place.operator.get(f"/v1/subscribers/{theirs}/session").ok(200)
    assert (own["online"], own["session"]["mac"], own["note"]) == (True, MAC, None)
    off = place.operator.get(f"/v1/subscribers/{nobodys}/session").ok(200)
    assert (off["online"], off["note"]) == (False, None)


def test_of_one_that_is_suspended_it_is_said_that_what_is_on_is_what_the_expired_get(place: Watched) -> None:
    karim = place.subscriber(place.operator, "karim")
    number = int(karim.rpartition(".s")[2])
    mark_suspended("op", [(1, number)], date(2026, 11, 22), "op", 1_800_000_000_000_000)
    place.deliver()
    assert place.simulated.dial("karim", "karim", MAC).accepted
    now = place.operator.get(f"/v1/subscribers/{karim}/session").ok(200)
    assert (now["online"], now["note"]) == (
        True,
        "It is suspended: where it is online, it is so with what the expired get.",
    )


def test_a_hotspot_line_and_a_static_one(place: Watched) -> None:
    hotspot = place.subscriber(place.operator, "karim", method="hotspot")
    static = place.subscriber(place.operator, "rahim", method="static", address="10.30.0.7")
    place.deliver()
    assert place.simulated.sign_in("karim", "karim", MAC).accepted
    now = place.operator.get(f"/v1/subscribers/{hotspot}/session").ok(200)
    assert (now["method"], now["online"], now["session"]["mac"]) == ("hotspot", True, MAC)
    now = place.operator.get(f"/v1/subscribers/{static}/session").ok(200)
    assert (now["method"], now["sign_in_name"], now["last_sign_off"]) == ("static", "rahim", None)
    place.simulated.add("/ip/arp", {"address": "10.30.0.7", "mac-address": MAC, "interface": "ether1"})
    now = place.operator.get(f"/v1/subscribers/{static}/session").ok(200)
    assert (now["online"], now["session"]["address"], now["session"]["up_since"]) == (True, "10.30.0.7", None)


def test_one_that_never_answers_is_said_so_within_two_and_a_half_seconds(place: Watched) -> None:
    karim, rahim = place.subscriber(place.operator, "karim"), place.subscriber(place.beta, "rahim")
    place.deliver()
    place.simulated.faults.never_answer()
    began = time.monotonic()
    told = place.operator.get(f"/v1/subscribers/{karim}/session").ok(503)
    assert time.monotonic() - began < 2.5
    assert (told["code"], told["reason"]) == ("router-did-not-answer", "timed_out")
    place.simulated.faults.clear()
    place.simulated.faults.refuse_connections(True)
    lent = place.beta.get(f"/v1/subscribers/{rahim}/session").ok(503)
    assert (lent["reason"], lent["detail"]) == ("refused", "The router did not answer. Its owner sees why.")


def test_a_service_that_is_on_no_router_and_one_that_has_to_be_named(place: Watched) -> None:
    body = {"name": "Karim", "plan": "HOME-10", "username": "off"}
    off = place.operator.post("/v1/subscribers", body).ok(201)["id"]
    assert code_of(place.operator.get(f"/v1/subscribers/{off}/session")) == (409, "not-on-a-router")
    karim = place.subscriber(place.operator, "karim")
    second = place.operator.post(f"/v1/subscribers/{karim}/services", {"plan": "HOME-10", "username": "shop"}).ok(201)
    shop = second["services"][-1]["id"]
    place.deliver()
    at = f"/v1/subscribers/{karim}/session"
    assert place.operator.get(at).ok(422)["errors"][0]["field"] == "service"
    assert place.operator.get(f"{at}?service={place.ids['karim']}").ok(200)["sign_in_name"] == "karim"
    assert code_of(place.operator.get(f"{at}?service={shop}")) == (409, "not-on-a-router")
    assert place.operator.get(f"{at}?service=op.v99").ok(422)["errors"][0]["field"] == "service"
    assert code_of(place.operator.get("/v1/subscribers/op.s99/session")) == (404, "not-found")
    place.operator.patch(place.at, {"enabled": False}).ok(200)
    assert code_of(place.operator.get(f"{at}?service={place.ids['karim']}")) == (409, "router-disabled")
