"""Routers, lendings, terms and accesses through HTTP: what is shown to whom, what is refused, and no password anywhere."""

import json
from typing import Any

import pytest

from chalicelib.aws import invoke, log
from chalicelib.core.errors import Unavailable
from chalicelib.network import in_line
from chalicelib.network.find import find_access, find_router
from chalicelib.network.state import give_back_failed, note_met, take_lease
from tests.conftest import SetClock
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import PASSWORD, email_of, fields_of, nobody, onboard, owner_of, two_funded_resellers
from tests.world import NOW

ROUTER_PASSWORD = "core-pass-7319"
LINE_PASSWORD = "line-pass-4242"
ROUTER = {
    "name": "Mirpur core",
    "address": "10.10.0.2",
    "username": "tributary",
    "password": ROUTER_PASSWORD,
    "fingerprint": ":".join(["AB"] * 32),
    "profiles": [{"plan": "HOME", "profile": "home-10"}],
    "pool": "pppoe-pool",
}


@pytest.fixture
def beta(engine: object, the_clock: SetClock) -> Client:
    """Beta with the plan HOME and Rahim on it, Delta under Beta, and Gamma beside it with a plan and Karim."""
    two_funded_resellers("50000.00")
    for code, name in (("BETA", "Rahim"), ("GAMMA", "Karim")):
        _sell(owner_of(code), name, "op.HOME-10")
    beta = owner_of("BETA")
    delta_id = onboard(beta, "DELTA", settles_from="2026-11-01")["id"]
    tariff = {"effective_on": "2026-11-01", "prices": [{"plan": "HOME", "monthly_price": "700.00"}]}
    beta.put(f"/v1/resellers/{delta_id}/tariff", tariff).ok(200)
    beta.post(f"/v1/resellers/{delta_id}/recharges", {"amount": "900.00", "method": "cash"}).ok(201)
    plan = beta.get("/v1/plans/HOME").ok(200)["id"]
    _sell(owner_of("DELTA"), "Selim", plan)
    return beta


def _sell(owner: Client, name: str, based_on: str) -> None:
    plan = {"name": "Home", "code": "HOME", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "900.00"}
    owner.post("/v1/plans", {**plan, "based_on": based_on}).ok(201)
    body = {"name": name, "plan": "HOME", "username": name.lower(), "start_on": "2026-11-20"}
    owner.post("/v1/subscribers", body).ok(201)


def register(owner: Client, **changes: Any) -> str:
    return str(owner.post("/v1/routers", {**ROUTER, **changes}).ok(201)["id"])


def subscriber(owner: Client) -> str:
    return str(owner.get("/v1/subscribers").ok(200)["items"][0]["id"])


def access_at(owner: Client) -> str:
    return f"/v1/subscribers/{subscriber(owner)}/access"


def delta_id(beta: Client) -> str:
    return str(beta.get("/v1/resellers").ok(200)["items"][0]["id"])


def lend(beta: Client, router: str, **changes: Any) -> Any:
    body = {"reseller": delta_id(beta), "prefix": "delta-", **changes}
    return beta.post(f"/v1/routers/{router}/lendings", body)


def test_a_router_is_registered_shown_changed_and_let_go_by_its_owner_alone(beta: Client) -> None:
    first = beta.post("/v1/routers", ROUTER, key="k1").ok(201)
    again = beta.post("/v1/routers", ROUTER, key="k1").ok(201)
    assert again.data == first.data
    assert again.headers["idempotency-replayed"] == "true"
    told = first.data
    assert told.pop("id").startswith(beta.get("/v1/me")["tenant"]["id"] + ".r")
    assert told == {
        "name": "Mirpur core",
        "lent_by": None,
        "address": "10.10.0.2",
        "port": 8729,
        "transport": "api-tls",
        "fingerprint": "ab" * 32,
        "username": "tributary",
        "password_set": True,
        "enabled": True,
        "services": 0,
        "prefix": "",
        "profiles": [{"plan": "HOME", "profile": "home-10"}],
        "pool": "pppoe-pool",
        "local_address": None,
        "hotspot_server": None,
        "arp_interface": None,
        "networks": [],
        "created_at": "2026-11-22T06:00:00.000000Z",
        **dict.fromkeys(("reachable", "last_seen_at", "failing_since", "failure_reason", "failure")),
        **dict.fromkeys(("identity", "model", "version", "architecture")),
    }
    at = f"/v1/routers/{first['id']}"
    assert beta.get(at).ok(200).data == first.data
    assert beta.get("/v1/routers").ok(200).data == {"items": [first.data], "next_cursor": None}
    changed = beta.patch(at, {"name": "Core 2", "pool": None, "profiles": [], "enabled": False}).ok(200).data
    different = {"name": "Core 2", "pool": None, "profiles": [], "enabled": False}
    assert changed == {**first.data, **different} == beta.get(at).ok(200).data
    gamma = owner_of("GAMMA")
    assert gamma.get("/v1/routers").ok(200)["items"] == []
    for reply in (gamma.get(at), gamma.patch(at, {"name": "Mine"}), gamma.call("DELETE", at), gamma.post(f"{at}/test")):
        assert reply.ok(404)["code"] == "not-found"
    assert beta.call("DELETE", at).ok(204).text == ""
    beta.call("DELETE", at).ok(404)
    assert beta.get("/v1/routers").ok(200)["items"] == []


def test_the_port_is_that_of_the_transport_unless_it_is_told(beta: Client) -> None:
    def ports(**changes: Any) -> tuple[int, str]:
        made = beta.post("/v1/routers", {**ROUTER, **changes}).ok(201)
        return made["port"], made["transport"]

    assert ports() == (8729, "api-tls")
    assert ports(transport="api") == (8728, "api")
    assert ports(port=9000) == (9000, "api-tls")
    at = f"/v1/routers/{register(beta)}"
    moved = beta.patch(at, {"transport": "api", "password": ROUTER_PASSWORD}).ok(200)
    assert (moved["transport"], moved["port"]) == ("api", 8728)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "169.254.169.254"}, "address"),
        ({"address": "not a host"}, "address"),
        ({"port": 0}, "port"),
        ({"port": 65_536}, "port"),
        ({"port": "8728"}, "port"),
        ({"transport": "ssh"}, "transport"),
        ({"fingerprint": "ab" * 31}, "fingerprint"),
        ({"fingerprint": "zz" * 32}, "fingerprint"),
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "রহিম"}, "username"),
        ({"username": "a" * 65}, "username"),
        ({"password": ""}, "password"),
        ({"password": "a" * 129}, "password"),
        ({"password": "পাস"}, "password"),
        ({"password": "a\nb"}, "password"),
        ({"password": None}, "password"),
        ({"profiles": [{"plan": "NONE", "profile": "x"}]}, "profiles.0.plan"),
        ({"profiles": [{"plan": "HOME", "profile": ""}]}, "profiles.0.profile"),
        ({"profiles": [{"plan": "HOME", "profile": "x"}] * 2}, "profiles"),
        ({"local_address": "10.0.0.0/8"}, "local_address"),
        ({"pool": "a\u0000b"}, "pool"),
        ({"prefix": "x-"}, "prefix"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_bad_field_is_named_and_no_router_is_made(beta: Client, changes: dict[str, Any], field: str) -> None:
    assert fields_of(beta.post("/v1/routers", {**ROUTER, **changes})) == [field]
    assert beta.get("/v1/routers").ok(200)["items"] == []


def test_another_tenants_plan_is_no_plan_for_a_profile(beta: Client) -> None:
    gammas = owner_of("GAMMA").get("/v1/plans/HOME").ok(200)["id"]
    profiles = [{"plan": gammas, "profile": "x"}]
    assert fields_of(beta.post("/v1/routers", {**ROUTER, "profiles": profiles})) == ["profiles.0.plan"]


def test_an_address_changes_with_the_password_in_hand_only(beta: Client) -> None:
    at = f"/v1/routers/{register(beta)}"
    before = beta.get(at).ok(200).data
    for change in ({"address": "203.0.113.7"}, {"port": 1}, {"fingerprint": None}, {"transport": "api"}):
        assert fields_of(beta.patch(at, change)) == ["password"]
    assert fields_of(beta.patch(at, {"password": None})) == ["password"]
    assert beta.get(at).ok(200).data == before
    beta.patch(at, {"address": "203.0.113.7", "password": "another"}).ok(200)


def test_what_was_met_of_a_router_is_shown_to_its_owner(beta: Client, the_clock: SetClock) -> None:
    router = register(beta)
    met = {"identity": "core-1", "model": "RB4011", "version": "7.16.2", "architecture": "arm"}
    note_met(router, NOW, dict(met))
    shown = beta.get(f"/v1/routers/{router}").ok(200)
    assert {name: shown[name] for name in met} == met
    assert (shown["reachable"], shown["last_seen_at"]) == (True, "2026-11-22T06:00:00.000000Z")
    lease = take_lease(router, NOW)
    assert lease is not None
    give_back_failed(lease, NOW, "timed_out", "10.10.0.2 did not answer.", is_uncertain=False)
    shown = beta.get("/v1/routers").ok(200)["items"][0]
    assert (shown["reachable"], shown["failure_reason"], shown["failure"]) == (
        *(False, "timed_out", "10.10.0.2 did not answer."),
    )


def test_a_router_is_lent_to_a_direct_reseller_which_sees_its_place_and_not_the_way_there(beta: Client) -> None:
    router = register(beta)
    lent = lend(beta, router, profiles=[{"plan": "HOME", "profile": "delta-home"}], pool="delta-pool").ok(201).data
    expected = {
        "router": router,
        "reseller": {"id": delta_id(beta), "name": "Delta Net"},
        "prefix": "delta-",
        "profiles": [{"plan": "HOME", "profile": "delta-home"}],
        "pool": "delta-pool",
        **dict.fromkeys(("local_address", "hotspot_server", "arp_interface")),
        "networks": [],
    }
    assert lent == expected
    assert beta.get(f"/v1/routers/{router}/lendings").ok(200).data == {"items": [expected]}
    delta = owner_of("DELTA")
    shown = delta.get(f"/v1/routers/{router}").ok(200).data
    assert delta.get("/v1/routers").ok(200)["items"] == [shown]
    assert (shown["name"], shown["lent_by"], shown["prefix"], shown["pool"]) == (
        *("Mirpur core", "Beta Net", "delta-", "delta-pool"),
    )
    hidden = ("address", "port", "transport", "fingerprint", "username", "failure")
    assert [shown[name] for name in hidden] == [None] * 6
    at = f"/v1/routers/{router}"
    for reply in (
        delta.patch(at, {"name": "Mine"}),
        delta.call("DELETE", at),
        delta.post(f"{at}/test"),
        delta.get(f"{at}/lendings"),
        owner_of("GAMMA").get(at),
    ):
        reply.ok(404)
    assert beta.call("DELETE", at).ok(409)["code"] == "router-in-use"
    assert beta.call("DELETE", f"{at}/lendings/{delta_id(beta)}").ok(204).text == ""
    delta.get(at).ok(404)
    beta.call("DELETE", at).ok(204)


def test_a_lending_is_refused_to_others_twice_and_with_a_prefix_that_overlaps(beta: Client) -> None:
    router = register(beta)
    gamma_id = owner_of("GAMMA").get("/v1/me")["tenant"]["id"]
    for other in (gamma_id, beta.get("/v1/me")["tenant"]["id"], "op", "nobody"):
        lend(beta, router, reseller=other).ok(404)
    for prefix in ("", "DELTA", "a" * 17, "a b", None):
        assert fields_of(lend(beta, router, prefix=prefix)) == ["prefix"]
    for network in ("10.20.0.0", "10.20.0.7/16", "10.20.0.0/33", "fd00::/64"):
        assert fields_of(lend(beta, router, networks=["10.20.0.0/16", network])) == ["networks.1"]
    assert lend(beta, router, networks=["10.20.0.0/16"]).ok(201)["networks"] == ["10.20.0.0/16"]
    assert lend(beta, router, prefix="other-").ok(409)["code"] == "already-lent"
    other = str(onboard(beta, "EPSILON", settles_from="2026-11-01")["id"])
    assert lend(beta, router, reseller=other, prefix="delta-x").ok(409)["code"] == "prefix-taken"
    beta.call("DELETE", f"/v1/routers/{router}/lendings/{other}").ok(404)
    beta.call("DELETE", f"/v1/routers/{router}/lendings/{gamma_id}").ok(404)


def test_what_a_reseller_has_on_a_router_changes_under_it_but_for_its_prefix(
    beta: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    router, delta = register(beta), owner_of("DELTA")
    lend(beta, router, pool="delta-pool").ok(201)
    delta.put(access_at(delta), {"router": router, "method": "pppoe", "password": LINE_PASSWORD}).ok(200)
    at = f"/v1/routers/{router}/lendings/{delta_id(beta)}"
    sent: list[Any] = []
    monkeypatch.setattr(in_line, "send_to_routers", sent.extend)
    change = {"profiles": [{"plan": "HOME", "profile": "delta-home"}], "pool": None, "networks": ["10.20.0.0/16"]}
    for _ in range(2):
        changed = beta.patch(at, change).ok(200)
        assert (changed["prefix"], changed["pool"], changed["networks"]) == ("delta-", None, ["10.20.0.0/16"])
    assert [(group, body["do"]) for group, _, body in sent] == [(router, "reconcile")]
    shown = delta.get(f"/v1/routers/{router}").ok(200)
    assert (shown["profiles"], shown["pool"], shown["services"]) == (change["profiles"], None, 1)
    assert beta.get(f"/v1/routers/{router}/lendings").ok(200)["items"] == [changed.data]
    for body, field in (
        ({"prefix": "x-"}, "prefix"),
        ({"networks": ["10.20.0.1/16"]}, "networks.0"),
        ({"networks": None}, "networks"),
        ({"profiles": [{"plan": "NONE", "profile": "p"}]}, "profiles.0.plan"),
    ):
        assert fields_of(beta.patch(at, body)) == [field]
    for stranger in (delta, owner_of("GAMMA")):
        stranger.patch(at, {"pool": "mine"}).ok(404)
    beta.patch(f"/v1/routers/{register(beta)}/lendings/{delta_id(beta)}", {"pool": "x"}).ok(404)
    assert beta.get(f"/v1/routers/{router}/lendings").ok(200)["items"] == [changed.data]


def test_on_a_lent_router_nothing_that_is_there_already_is_taken_over(beta: Client) -> None:
    router, delta = register(beta), owner_of("DELTA")
    assert fields_of(lend(beta, router, prefix="d")) == ["prefix"]
    lend(beta, router).ok(201)
    asked = {"router": router, "method": "pppoe", "password": LINE_PASSWORD, "take_over": True}
    assert fields_of(delta.put(access_at(delta), asked)) == ["take_over"]
    delta.get(access_at(delta)).ok(404)
    plans = {"plans": [{"profile": "home-10", "plan": "HOME"}]}
    for path in ("", "?dry_run=true"):
        assert delta.post(f"/v1/routers/{router}/import{path}", plans).ok(409)["code"] == "router-lent"
        owner_of("GAMMA").post(f"/v1/routers/{router}/import{path}", plans).ok(404)
    assert beta.put(access_at(beta), asked).ok(200)["router"]["id"] == router


def test_terms_are_set_as_a_whole_and_shown_to_their_tenant(beta: Client) -> None:
    usual = {
        "suspend_by": "profile",
        "expired_profile": None,
        "expired_list": "expired",
        "active_list": "active",
        "undelivered": "report",
        "mends_drift": True,
    }
    assert beta.get("/v1/network/terms").ok(200).data == usual
    asked = {"suspend_by": "address_list", "undelivered": "credit", "expired_profile": "away", "mends_drift": False}
    assert beta.put("/v1/network/terms", asked).ok(200).data == {**usual, **asked}
    assert beta.get("/v1/network/terms").ok(200).data == {**usual, **asked}
    assert owner_of("GAMMA").get("/v1/network/terms").ok(200).data == usual
    assert fields_of(beta.put("/v1/network/terms", {"suspend_by": "wire"})) == ["suspend_by"]
    assert fields_of(beta.put("/v1/network/terms", {"active_list": "expired"})) == ["active_list"]
    assert beta.put("/v1/network/terms", {}).ok(200).data == usual


def test_a_service_is_put_on_a_router_shown_and_taken_off(beta: Client) -> None:
    router = register(beta)
    at = access_at(beta)
    beta.get(at).ok(404)
    asked = {"router": router, "method": "pppoe", "password": LINE_PASSWORD, "address": "10.20.0.7"}
    service = beta.get("/v1/subscribers").ok(200)["items"][0]["services"][0]["id"]
    expected = {
        "service": service,
        "router": {"id": router, "name": "Mirpur core"},
        "method": "pppoe",
        "sign_in_name": "rahim",
        "address": "10.20.0.7",
        "locks_mac": False,
        "password_set": True,
    }
    assert beta.put(at, asked).ok(200).data == expected
    assert beta.get(at).ok(200).data == expected == beta.get(f"{at}?service={service}").ok(200).data
    assert beta.get("/v1/subscribers").ok(200)["items"][0]["services"][0]["router"] == router
    assert beta.get(f"/v1/routers/{router}").ok(200)["services"] == 1
    assert beta.call("DELETE", f"/v1/routers/{router}").ok(409)["code"] == "router-in-use"
    static = {"router": router, "method": "static", "address": "10.20.0.8", "service": service}
    assert beta.put(at, static).ok(200)["password_set"] is False
    beta.call("DELETE", f"{at}?service={service}").ok(204)
    beta.call("DELETE", at).ok(404)
    assert beta.get("/v1/subscribers").ok(200)["items"][0]["services"][0]["router"] is None
    beta.call("DELETE", f"/v1/routers/{router}").ok(204)


def test_on_a_lent_router_the_sign_in_name_has_the_prefix(beta: Client) -> None:
    router = register(beta)
    lend(beta, router).ok(201)
    delta = owner_of("DELTA")
    asked = {"router": router, "method": "hotspot", "password": LINE_PASSWORD}
    assert delta.put(access_at(delta), asked).ok(200)["sign_in_name"] == "delta-selim"
    assert delta.get(f"/v1/routers/{router}").ok(200)["services"] == 1
    assert beta.get(f"/v1/routers/{router}").ok(200)["services"] == 0
    refused = beta.call("DELETE", f"/v1/routers/{router}/lendings/{delta_id(beta)}").ok(409)
    assert refused["code"] == "router-in-use"


def test_what_is_wrong_with_an_access_is_named(beta: Client) -> None:
    router = register(beta)
    gammas = register(owner_of("GAMMA"), profiles=[])
    at = access_at(beta)
    asked = {"router": router, "method": "pppoe", "password": LINE_PASSWORD}
    for changes, field in (
        ({"router": gammas}, "router"),
        ({"router": "nothing"}, "router"),
        ({"method": "radius"}, "method"),
        ({"password": None}, "password"),
        ({"password": "a" * 129}, "password"),
        ({"address": "10.20.0.0/24"}, "address"),
        ({"method": "static"}, "address"),
        ({"method": "static", "address": "10.20.0.7"}, "password"),
        ({"locks_mac": True}, "locks_mac"),
        ({"service": "nothing"}, "service"),
        ({"service": owner_of("GAMMA").get("/v1/subscribers")["items"][0]["services"][0]["id"]}, "service"),
    ):
        assert fields_of(beta.put(at, {**asked, **changes})) == [field], changes
    beta.get(at).ok(404)
    owner_of("GAMMA").put(at, {**asked, "router": gammas}).ok(404)


def test_a_test_of_the_connection_is_asked_of_the_function_that_reaches_routers(
    beta: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question)
        return {
            "ok": False,
            "reason": "certificate",
            "detail": "Nobody has confirmed it.",
            "identity": None,
            "model": None,
            "version": None,
            "may_write": False,
            "certificate_fingerprint": "cd" * 32,
        }

    monkeypatch.setattr(invoke, "_in_process", [answer])
    router = register(beta)
    assert beta.post(f"/v1/routers/{router}/test").ok(200).data == {
        "ok": False,
        "reason": "certificate",
        "detail": "Nobody has confirmed it.",
        "identity": None,
        "model": None,
        "version": None,
        "may_write": False,
        "fingerprint": "cd" * 32,
    }
    assert asked == [{"ask": "test", "router": router}]
    gone = {"failure": {"reason": "unreachable", "detail": "There is no such router any more."}}
    monkeypatch.setattr(invoke, "_in_process", [lambda question: gone])
    told = beta.post(f"/v1/routers/{router}/test").ok(200)
    assert (told["ok"], told["reason"], told["detail"]) == (False, "unreachable", "There is no such router any more.")


def test_a_test_that_is_late_is_told_with_the_reason(beta: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(question: dict[str, Any]) -> dict[str, Any]:
        raise Unavailable("router-late", "The router did not answer in time.")

    router = register(beta)
    monkeypatch.setattr(invoke, "_in_process", [late])
    for _ in range(2):
        told = beta.post(f"/v1/routers/{router}/test").ok(200)
        assert (told["ok"], told["reason"], told["detail"]) == (
            *(False, "timed_out", "The router did not answer in time."),
        )
        beta.patch(f"/v1/routers/{router}", {"enabled": False}).ok(200)


def test_who_may_do_what_and_only_with_the_module(beta: Client) -> None:
    router = register(beta)
    at = access_at(beta)
    access = {"router": router, "method": "pppoe", "password": LINE_PASSWORD}
    expected = {
        "manager": (200, 200, 201),
        "support": (200, 200, 403),
        "technician": (200, 200, 403),
        "accountant": (403, 403, 403),
        "collector": (403, 403, 403),
    }
    for role, statuses in expected.items():
        email = f"{role}@beta.test"
        person = {"name": role.title(), "email": email, "role": role, "password": PASSWORD}
        beta.post("/v1/users", person).ok(201)
        one = nobody().signed_in(email, PASSWORD)
        replies = (one.get("/v1/routers"), one.put(at, access), one.post("/v1/routers", ROUTER))
        assert tuple(reply.status for reply in replies) == statuses, role
    beta_id = beta.get("/v1/me")["tenant"]["id"]
    operator = nobody().signed_in("operator@isp.test", PASSWORD)
    operator.patch(f"/v1/resellers/{beta_id}", {"modules": ["subscribers", "ledger", "resellers"]}).ok(200)
    for reply in (beta.get("/v1/routers"), beta.get("/v1/network/terms"), beta.put(at, access)):
        assert reply.ok(403)["code"] == "module-not-granted"
    assert owner_of("GAMMA").get("/v1/routers").ok(200)["items"] == []


def test_no_password_is_in_an_answer_the_audit_log_a_row_or_a_line_of_the_log(
    beta: Client, engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lines: list[Any] = []
    monkeypatch.setattr(log.logger, "info", lambda *told, **more: lines.append((told, more)))
    monkeypatch.setattr(log.logger, "error", lambda *told, **more: lines.append((told, more)))
    answers: list[str] = []
    call = Client.call

    def heard(client: Client, *asked: Any, **more: Any) -> Any:
        reply = call(client, *asked, **more)
        answers.append(reply.text)
        return reply

    monkeypatch.setattr(Client, "call", heard)
    router = str(beta.post("/v1/routers", ROUTER, key="k1").ok(201)["id"])
    at = access_at(beta)
    beta.patch(f"/v1/routers/{router}", {"password": ROUTER_PASSWORD, "port": 9}).ok(200)
    beta.post("/v1/routers", {**ROUTER, "port": 0}).ok(422)
    beta.post("/v1/routers", {**ROUTER, "password": f"{ROUTER_PASSWORD}\n"}).ok(422)
    asked = {"router": router, "method": "pppoe", "password": LINE_PASSWORD}
    beta.put(at, asked).ok(200)
    beta.put(at, {**asked, "locks_mac": True}).ok(422)
    beta.put(at, {**asked, "password": f"{LINE_PASSWORD}\n"}).ok(422)
    beta.get(at).ok(200)
    beta.get("/v1/routers").ok(200)
    audit = beta.get("/v1/audit-log?route=/v1/routers").ok(200).data
    assert '\\"password\\":\\"(removed)\\"' in json.dumps(audit)
    rows = str([table.partitions for table in engine.tables.values()])
    everything = {"answers": "".join(answers), "rows": _all_text(engine) + rows, "log": f"{lines}{capfd.readouterr()}"}
    for where, text in everything.items():
        assert text, where
        for secret in (ROUTER_PASSWORD, LINE_PASSWORD):
            assert secret not in text, where
    tenant_id = router.partition(".")[0]
    access = find_access(router, tenant_id, 1)
    assert access is not None
    for sealed in (find_router(tenant_id, router).password_sealed, access.password_sealed):
        assert sealed is not None
        assert sealed in everything["rows"]
        assert sealed not in everything["answers"]
    assert email_of("BETA") in everything["rows"]


def _texts(engine: MemoryDynamoDB) -> list[str]:
    items = [
        record
        for table in engine.tables.values()
        for partition in table.partitions.values()
        for record in partition.records.values()
    ]
    return [text for item in items for text in str(item).split("'")]


def _all_text(engine: MemoryDynamoDB) -> str:
    return "\n".join(_texts(engine))


def test_new_speeds_of_a_plan_bring_the_routers_of_its_tenant_in_line_and_a_new_name_does_not(
    beta: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = register(beta)
    register(owner_of("GAMMA"))
    sent: list[Any] = []
    monkeypatch.setattr(in_line, "send_to_routers", sent.extend)
    beta.patch("/v1/plans/HOME", {"name": "Home, new"}).ok(200)
    assert sent == []
    beta.patch("/v1/plans/HOME", {"download_kbps": 20_000}).ok(200)
    assert [(group, body["do"]) for group, _, body in sent] == [(router, "reconcile")]
