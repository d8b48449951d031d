"""Subscribers who dial into the simulated router, seen through its API."""

from collections.abc import Iterator
from typing import Any

import librouteros
import pytest
from librouteros.api import Api

from local.routeros.router import Router
from local.routeros.server import RouterServer

MAC, OTHER = "AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02"


@pytest.fixture
def router() -> Router:
    router = Router("core-1", password="secret")
    router.add("/ip/pool", {"name": "paid", "ranges": "10.0.0.2-10.0.0.3"})
    router.add("/ip/pool", {"name": "walled", "ranges": "10.9.0.0/29"})
    profile = {"rate-limit": "5M/10M", "remote-address": "paid", "address-list": "online"}
    router.add("/ppp/profile", {"name": "10M"} | profile)
    router.add("/ppp/profile", {"name": "expired", "remote-address": "walled", "rate-limit": "64k/64k"})
    for name in ("rahim", "karim", "selim"):
        router.add("/ppp/secret", {"name": name, "password": "pw", "profile": "10M"})
    return router


@pytest.fixture
def api(router: Router) -> Iterator[Api]:
    with RouterServer(router) as server:
        api = librouteros.connect("127.0.0.1", "admin", "secret", port=server.port, encoding="utf-8", timeout=5)
        yield api
        api.close()


def named(api: Api, menu: str, name: str) -> list[dict[str, Any]]:
    return [dict(row) for row in api.path(menu) if row.get("name") == name]


def change(router: Router, menu: str, number: int, **properties: str) -> None:
    with router.command():
        router.alter(menu, number, {name.replace("_", "-"): value for name, value in properties.items()})


def test_a_session_is_in_the_active_list_with_an_interface_a_queue_and_an_address_in_the_list(
    api: Api, router: Router
) -> None:
    outcome = router.dial("rahim", "pw", MAC)
    assert (outcome.accepted, outcome.address) == (True, "10.0.0.2")
    router.pass_time(3_725)
    (active,) = api.path("/ppp/active")
    assert (active["name"], active["service"], active["caller-id"]) == ("rahim", "pppoe", MAC)
    assert (active["address"], active["uptime"], active["session-id"]) == ("10.0.0.2", "1h2m5s", "0x81000000")
    (interface,) = named(api, "/interface", "<pppoe-rahim>")
    assert (interface["type"], interface["dynamic"], interface["running"]) == ("pppoe-in", True, True)
    (queue,) = api.path("/queue/simple")
    assert (queue["name"], queue["max-limit"], queue["dynamic"]) == ("<pppoe-rahim>", "5000000/10000000", True)
    (entry,) = api.path("/ip/firewall/address-list")
    assert (entry["list"], entry["address"], entry["dynamic"]) == ("online", "10.0.0.2", True)


def test_traffic_stays_within_what_the_profile_allows_and_moves(api: Api, router: Router) -> None:
    router.dial("rahim", "pw", MAC)
    readings = set()
    for _ in range(20):
        (row,) = api("/interface/monitor-traffic", interface="<pppoe-rahim>", once="")
        readings.add((row["rx-bits-per-second"], row["tx-bits-per-second"]))
        router.pass_time(5)
    assert len(readings) == 20
    assert all(100_000 <= up <= 5_000_000 and 500_000 <= down <= 10_000_000 for up, down in readings)


@pytest.mark.parametrize(
    "secret, call, reason",
    [
        ({}, ("nobody", "pw", MAC), "wrong name or password"),
        ({}, ("rahim", "wrong", MAC), "wrong name or password"),
        ({"disabled": "yes"}, ("rahim", "pw", MAC), "disabled"),
        ({"caller-id": OTHER}, ("rahim", "pw", MAC), "caller id does not match"),
        ({"caller-id": MAC.lower()}, ("rahim", "pw", MAC), "caller id does not match"),
        ({"service": "l2tp"}, ("rahim", "pw", MAC), "service not allowed"),
        ({"profile": "default"}, ("rahim", "pw", MAC), "could not determine remote address"),
    ],
)
def test_a_call_is_refused_as_ppp_would_refuse_it(
    api: Api, router: Router, secret: dict[str, str], call: tuple[str, str, str], reason: str
) -> None:
    change(router, "/ppp/secret", 1, **secret)
    outcome = router.dial(*call)
    assert (outcome.accepted, outcome.reason) == (False, reason)
    assert list(api.path("/ppp/active")) == []
    assert router.dial("karim", "pw", MAC).accepted


def test_an_address_is_the_secret_s_own_or_free_in_the_pool(router: Router) -> None:
    change(router, "/ppp/secret", 1, remote_address="10.7.7.7", caller_id=MAC)
    assert router.dial("rahim", "pw", MAC).address == "10.7.7.7"
    assert router.dial("karim", "pw", MAC).address == "10.0.0.2"
    assert router.dial("selim", "pw", MAC).address == "10.0.0.3"
    router.add("/ppp/secret", {"name": "jamal", "profile": "10M"})
    assert router.dial("jamal", "", MAC).reason == "no more addresses in the pool"
    router.switch_off("karim")
    assert router.dial("jamal", "", MAC).address == "10.0.0.2"


def test_a_removed_session_is_gone_with_all_that_it_had_and_no_other_is(api: Api, router: Router) -> None:
    outcome = router.dial("rahim", "pw", MAC)
    router.dial("karim", "pw", OTHER)
    api.path("/ppp/active").remove(outcome.id)
    assert [row["name"] for row in api.path("/ppp/active")] == ["karim"]
    assert [row["name"] for row in api.path("/interface") if row["dynamic"]] == ["<pppoe-karim>"]
    assert [row["name"] for row in api.path("/queue/simple")] == ["<pppoe-karim>"]
    assert [row["address"] for row in api.path("/ip/firewall/address-list")] == ["10.0.0.3"]
    (secret,) = named(api, "/ppp/secret", "rahim")
    assert (secret["last-disconnect-reason"], secret["last-caller-id"]) == ("nas-request", MAC)
    assert secret["last-logged-out"] > "2024"
    assert named(api, "/ppp/secret", "karim")[0]["last-disconnect-reason"] == ""


def test_a_profile_that_changes_changes_no_session_that_runs(api: Api, router: Router) -> None:
    outcome = router.dial("rahim", "pw", MAC)
    change(router, "/ppp/secret", 1, profile="expired")
    change(router, "/ppp/profile", 3, rate_limit="50M/50M", address_list="other")
    assert [row["address"] for row in api.path("/ppp/active")] == ["10.0.0.2"]
    assert [row["max-limit"] for row in api.path("/queue/simple")] == ["5000000/10000000"]
    assert [row["list"] for row in api.path("/ip/firewall/address-list")] == ["online"]
    api.path("/ppp/active").remove(outcome.id)
    assert router.dial("rahim", "pw", MAC).address == "10.9.0.2"
    assert [row["max-limit"] for row in api.path("/queue/simple")] == ["64000/64000"]


def test_equipment_that_redials_comes_back_after_a_moment_with_what_its_secret_says_then(
    api: Api, router: Router
) -> None:
    outcome = router.dial("rahim", "pw", MAC, redial_seconds=1)
    change(router, "/ppp/secret", 1, profile="expired")
    api.path("/ppp/active").remove(outcome.id)
    assert list(api.path("/ppp/active")) == []
    router.pass_time(1)
    assert [row["address"] for row in api.path("/ppp/active")] == ["10.9.0.2"]
    change(router, "/ppp/secret", 1, disabled="yes")
    router.hang_up("rahim")
    assert named(api, "/ppp/secret", "rahim")[0]["last-disconnect-reason"] == "hung-up"
    for _ in range(3):
        router.pass_time(1)
        assert list(api.path("/ppp/active")) == []
    change(router, "/ppp/secret", 1, disabled="no", profile="10M")
    router.pass_time(1)
    assert [row["address"] for row in api.path("/ppp/active")] == ["10.0.0.3"]
    router.switch_off("rahim")
    router.pass_time(60)
    assert list(api.path("/ppp/active")) == []


def test_one_who_calls_again_takes_the_place_of_its_own_session_and_only_one_keeps_a_second_out(router: Router) -> None:
    first, second = router.dial("rahim", "pw", MAC), router.dial("rahim", "pw", MAC)
    assert first.id != second.id
    assert [row[".id"] for row in router.rows("/ppp/active")] == [second.id]
    assert router.dial("rahim", "pw", OTHER).accepted
    assert [row["name"] for row in router.rows("/interface", dynamic="true")] == ["<pppoe-rahim>", "<pppoe-rahim-1>"]
    change(router, "/ppp/profile", 3, only_one="yes")
    assert router.dial("rahim", "pw", "AA:BB:CC:00:00:03").reason == "already signed in"


def test_a_hotspot_user_signs_in_with_its_mac_and_its_profile(api: Api, router: Router) -> None:
    router.add("/ip/hotspot/user/profile", {"name": "tb-2M", "rate-limit": "2M/2M", "address-list": "online"})
    user = {"name": "guest", "password": "pw", "profile": "tb-2M", "mac-address": MAC}
    router.add("/ip/hotspot/user", user)
    assert router.sign_in("guest", "pw", OTHER).reason.endswith("this MAC address is not yours")
    assert router.sign_in("guest", "pw2", MAC).reason == "wrong name or password"
    outcome = router.sign_in("guest", "pw", MAC, redial_seconds=5)
    (active,) = api.path("/ip/hotspot/active")
    assert (active["user"], active["mac-address"], active["address"]) == ("guest", MAC, outcome.address)
    assert [row["max-limit"] for row in api.path("/queue/simple")] == ["2000000/2000000"]
    assert [row["address"] for row in api.path("/ip/firewall/address-list")] == [outcome.address]
    api.path("/ip/hotspot/active").remove(outcome.id)
    assert list(api.path("/ip/hotspot/active")) == list(api.path("/queue/simple")) == []
    router.pass_time(5)
    assert [row["user"] for row in api.path("/ip/hotspot/active")] == ["guest"]


def test_a_restart_ends_every_session_and_keeps_the_configuration(api: Api, router: Router) -> None:
    router.dial("rahim", "pw", MAC, redial_seconds=2)
    router.dial("karim", "pw", OTHER)
    router.pass_time(86_400)
    assert router.rows("/ppp/active", name="karim")[0]["uptime"] == "1d"
    router.restart()
    assert router.rows("/ppp/active") == []
    assert [row["name"] for row in router.rows("/interface")] == ["ether1", "ether2", "ether3", "ether4", "ether5"]
    assert router.now() < 1
    assert len(router.rows("/ppp/secret")) == 3
    router.pass_time(2)
    assert [row["name"] for row in router.rows("/ppp/active")] == ["rahim"]


def test_what_the_router_made_for_a_session_is_not_changed_by_hand(api: Api, router: Router) -> None:
    router.dial("rahim", "pw", MAC)
    (queue,) = api.path("/queue/simple")
    for verb, more in (("set", {"max-limit": "1M/1M"}), ("remove", {})):
        with pytest.raises(librouteros.exceptions.TrapError, match="dynamic"):
            list(api(f"/queue/simple/{verb}", **{".id": queue[".id"]}, **more))
    (entry,) = api.path("/ip/firewall/address-list")
    api.path("/ip/firewall/address-list").remove(str(entry[".id"]))
    router.hang_up("rahim")
    assert list(api.path("/ppp/active")) == list(api.path("/queue/simple")) == []
