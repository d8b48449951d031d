"""Plans, subscribers and what happens to them, over HTTP: Beta and, always beside it, Gamma."""

from typing import Any
from zlib import crc32

import pytest

from tests.conftest import SetClock
from tests.journeys.client import Client, Reply
from tests.tenants.isp import PLAN, fields_of, onboard, owner_of, two_funded_resellers

TARIFF = {"effective_on": "2026-11-01", "prices": [{"plan": "HOME-10", "monthly_price": "600.00"}]}


@pytest.fixture
def operator(database: None, the_clock: SetClock) -> Client:
    return two_funded_resellers("5000.00", customer_id={"prefix": "BN-", "digits": 4})


@pytest.fixture
def beta(operator: Client) -> Client:
    return with_plan(owner_of("BETA"))


@pytest.fixture
def gamma(operator: Client) -> Client:
    return with_plan(owner_of("GAMMA"))


def with_plan(client: Client) -> Client:
    client.post("/v1/plans", {**PLAN, "code": "HOME", "based_on": "HOME-10"}).ok(201)
    client.post("/v1/plans", {**PLAN, "code": "FAST", "based_on": "HOME-20"}).ok(201)
    return client


def asked(username: str = "karim", **changes: Any) -> dict[str, Any]:
    body = {
        "name": "Karim Uddin",
        "phone": "01711234567",
        "plan": "HOME",
        "username": username,
        "mac": f"9c53.{crc32(username.encode()):08x}"[:9] + f".{crc32(username.encode()) % 65536:04x}",
        "zone": "Mirpur-10",
        "start_on": "2026-11-20",
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}


def event(client: Client, subscriber_id: str, kind: str, on: str = "2026-11-22", **more: Any) -> Reply:
    return client.post(f"/v1/subscribers/{subscriber_id}/events", {"type": kind, "effective_on": on, **more})


def code_of(reply: Reply) -> tuple[int, str]:
    assert reply.headers["content-type"] == "application/problem+json"
    return reply.status, reply["code"]


def test_a_plan_is_found_by_its_id_and_by_its_code(operator: Client, beta: Client) -> None:
    plan = beta.get("/v1/plans/HOME").ok(200).data
    assert plan["id"].endswith(".HOME")
    assert plan["based_on"] == "op.HOME-10"
    assert (plan["monthly_price"], plan["day_count"]) == ("800.00", "calendar_month")
    assert beta.get(f"/v1/plans/{plan['id']}").ok(200).data == plan
    assert [one["code"] for one in beta.get("/v1/plans").ok(200)["items"]] == ["FAST", "HOME"]


def test_a_plans_code_is_unique_in_its_tenant(operator: Client, beta: Client) -> None:
    body = {**PLAN, "code": "HOME", "based_on": "HOME-10"}
    assert code_of(beta.post("/v1/plans", body)) == (409, "code-taken")


def test_a_resellers_plan_stands_on_a_priced_plan_of_its_parent(operator: Client, beta: Client) -> None:
    operator.post("/v1/plans", {**PLAN, "code": "UNPRICED"}).ok(201)
    for base in (None, "NO-SUCH", "UNPRICED", "beta.HOME"):
        assert fields_of(beta.post("/v1/plans", {**PLAN, "code": "NEW", "based_on": base})) == ["based_on"]
    assert fields_of(operator.post("/v1/plans", {**PLAN, "code": "NEW", "based_on": "HOME-10"})) == ["based_on"]


def test_a_plan_changes_its_price_but_never_its_base_or_code(beta: Client) -> None:
    changed = beta.patch("/v1/plans/HOME", {"monthly_price": "850.50", "name": "Home ten"}).ok(200).data
    assert (changed["monthly_price"], changed["name"], changed["download_kbps"]) == ("850.50", "Home ten", 10_240)
    assert fields_of(beta.patch("/v1/plans/HOME", {"based_on": "HOME-20"})) == ["based_on"]
    assert fields_of(beta.patch("/v1/plans/HOME", {"code": "X"})) == ["code"]
    assert fields_of(beta.patch("/v1/plans/HOME", {"monthly_price": None})) == ["monthly_price"]
    assert beta.patch("/v1/plans/NO-SUCH", {"name": "X"}).status == 404


def test_a_new_subscriber_has_a_customer_id_and_an_active_service(beta: Client) -> None:
    subscriber = beta.post("/v1/subscribers", asked(mac="9c53.0007.0003", phone="+880 1711-234567")).ok(201).data
    assert subscriber["customer_id"] == "BN-0001"
    assert subscriber["id"].endswith(".s1")
    assert (subscriber["status"], subscriber["phone"]) == ("active", "+8801711234567")
    [service] = subscriber["services"]
    assert service == {
        "id": subscriber["id"].replace(".s1", ".v1"),
        "plan": "HOME",
        "username": "karim",
        "mac": "9C:53:00:07:00:03",
        "status": "active",
        "start_on": "2026-11-20",
        "suspended_on": None,
        "suspended_because": None,
        "disconnected_on": None,
        "router": None,
    }
    assert beta.get(f"/v1/subscribers/{subscriber['id']}").ok(200).data == subscriber


def test_the_same_key_makes_one_subscriber(beta: Client) -> None:
    first = beta.post("/v1/subscribers", asked(), key="k1").ok(201)
    again = beta.post("/v1/subscribers", asked(), key="k1").ok(201)
    assert again.text == first.text
    assert again.headers["idempotency-replayed"] == "true"
    assert code_of(beta.post("/v1/subscribers", asked("other"), key="k1")) == (409, "idempotency-mismatch")
    assert len(beta.get("/v1/subscribers").ok(200)["items"]) == 1


def test_usernames_and_macs_are_unique_in_a_tenant_and_not_beyond_it(beta: Client, gamma: Client) -> None:
    beta.post("/v1/subscribers", asked("karim", mac="9c5300070003")).ok(201)
    assert code_of(beta.post("/v1/subscribers", asked("KARIM", mac=...))) == (409, "username-taken")
    assert code_of(beta.post("/v1/subscribers", asked("rahim", mac="9C-53-00-07-00-03"))) == (409, "mac-taken")
    assert gamma.post("/v1/subscribers", asked("karim", mac="9c5300070003")).ok(201)["customer_id"] == "BN-0001"
    assert beta.post("/v1/subscribers", asked("rahim")).ok(201)["customer_id"] == "BN-0002"


def test_bad_fields_of_a_new_subscriber_are_named(beta: Client) -> None:
    bad = asked("a b", mac="9c53", phone="none", start_on="2026-02-30", name="", plan="HOME", zone="x" * 61)
    reply = beta.post("/v1/subscribers", {**bad, "age": 3})
    assert sorted(fields_of(reply)) == ["age", "mac", "name", "phone", "start_on", "username", "zone"]
    assert fields_of(beta.post("/v1/subscribers", asked(plan="NO-SUCH"))) == ["plan"]
    assert fields_of(beta.post("/v1/subscribers", asked(plan=3))) == ["plan"]


def test_a_connection_is_refused_when_a_fund_does_not_cover_its_first_day(operator: Client) -> None:
    poor = onboard(operator, "POOR", settles_from="2026-11-01")["id"]
    operator.put(f"/v1/resellers/{poor}/tariff", TARIFF).ok(200)
    owner = owner_of("POOR")
    owner.post("/v1/plans", {**PLAN, "code": "HOME", "based_on": "HOME-10"}).ok(201)
    assert code_of(owner.post("/v1/subscribers", asked())) == (409, "fund-too-low")
    operator.post(f"/v1/resellers/{poor}/recharges", {"amount": "20.00", "method": "cash"}).ok(201)
    assert owner.post("/v1/subscribers", asked()).ok(201)["id"].endswith(".s1")


def test_another_tenants_subscriber_is_not_there(beta: Client, gamma: Client) -> None:
    theirs = gamma.post("/v1/subscribers", asked()).ok(201)["id"]
    beta.post("/v1/subscribers", asked()).ok(201)
    for identity in (theirs, "op.s1", "s1", f"{theirs}x", theirs.replace(".s1", ".s01"), theirs.replace(".s1", ".v1")):
        assert beta.get(f"/v1/subscribers/{identity}").status == 404
        assert beta.patch(f"/v1/subscribers/{identity}", {"name": "Mine"}).status == 404
        assert event(beta, identity, "disable").status == 404
        assert beta.post(f"/v1/subscribers/{identity}/services", {"plan": "HOME", "username": "x"}).status == 404
    assert gamma.get(f"/v1/subscribers/{theirs}").ok(200)["name"] == "Karim Uddin"


def test_a_customer_has_several_lines_and_one_status(beta: Client) -> None:
    first = beta.post("/v1/subscribers", asked()).ok(201)["id"]
    line = {"plan": "FAST", "username": "karim-shop", "start_on": "2026-12-01"}
    both = beta.post(f"/v1/subscribers/{first}/services", line, key="s").ok(201).data
    assert [service["status"] for service in both["services"]] == ["active", "scheduled"]
    assert beta.post(f"/v1/subscribers/{first}/services", line, key="s").headers["idempotency-replayed"] == "true"
    assert code_of(beta.post(f"/v1/subscribers/{first}/services", line)) == (409, "username-taken")
    assert fields_of(event(beta, first, "disable")) == ["service"]
    shown = event(beta, first, "disable", service=both["services"][0]["id"]).ok(201)["subscriber"]
    assert (shown["status"], [s["status"] for s in shown["services"]]) == ("disabled", ["disabled", "scheduled"])
    assert fields_of(event(beta, first, "enable", service="beta.v1")) == ["service"]


def test_events_change_what_a_service_is_from_their_day_on(beta: Client, the_clock: SetClock) -> None:
    subscriber = beta.post("/v1/subscribers", asked()).ok(201)["id"]
    recorded = event(beta, subscriber, "change_plan", "2026-11-23", plan="FAST").ok(201).data
    assert (recorded["type"], recorded["plan"], recorded["effective_on"]) == ("change_plan", "FAST", "2026-11-23")
    assert recorded["subscriber"]["services"][0]["plan"] == "HOME"
    event(beta, subscriber, "disconnect", "2026-11-24").ok(201)
    statuses = []
    for day in (22, 23, 24):
        # A token does not outlive the day: sign in afresh.
        the_clock.set(f"2026-11-{day}T06:00:00")
        shown = owner_of("BETA").get(f"/v1/subscribers/{subscriber}").ok(200)
        [service] = shown["services"]
        statuses.append((shown["status"], service["plan"], service["disconnected_on"]))
    assert statuses == [("active", "HOME", None), ("active", "FAST", None), ("disconnected", "FAST", "2026-11-24")]


def test_an_event_that_cannot_be_is_refused(beta: Client) -> None:
    subscriber = beta.post("/v1/subscribers", asked()).ok(201)["id"]
    assert code_of(event(beta, subscriber, "enable")) == (409, "already-enabled")
    assert code_of(event(beta, subscriber, "change_plan", plan="HOME")) == (409, "same-plan")
    assert code_of(event(beta, subscriber, "disable", "2026-11-19")) == (409, "before-start")
    event(beta, subscriber, "disable", "2026-11-25").ok(201)
    assert code_of(event(beta, subscriber, "disable", "2026-11-26")) == (409, "already-disabled")
    assert code_of(event(beta, subscriber, "disable", "2026-11-24")) == (409, "contradicts-later-event")
    event(beta, subscriber, "disconnect", "2026-11-28").ok(201)
    assert code_of(event(beta, subscriber, "disconnect", "2026-11-27")) == (409, "already-disconnected")
    assert code_of(event(beta, subscriber, "enable", "2026-11-29")) == (409, "service-disconnected")
    assert fields_of(event(beta, subscriber, "change_plan")) == ["plan"]
    assert fields_of(event(beta, subscriber, "change_plan", plan="NO-SUCH")) == ["plan"]
    assert fields_of(event(beta, subscriber, "disable", plan="FAST")) == ["plan"]
    assert fields_of(event(beta, subscriber, "suspend")) == ["type"]
    assert fields_of(event(beta, subscriber, "disable", "2026-11-31")) == ["effective_on"]


def test_nobody_is_taken_on_from_a_settled_day(operator: Client, beta: Client) -> None:
    beta.post("/v1/subscribers", asked()).ok(201)
    operator.post("/v1/settlements", {"date": "2026-11-21"})
    late = asked("late", start_on="2026-11-21")
    assert code_of(beta.post("/v1/subscribers", late)) == (409, "day-already-pinned")


def test_a_name_is_edited_and_found_by_its_new_words_only(beta: Client) -> None:
    body = beta.post("/v1/subscribers", asked()).ok(201).data
    path = f"/v1/subscribers/{body['id']}"
    changed = beta.patch(path, {"name": "রহিম Chowdhury", "phone": None}).ok(200).data
    assert (changed["name"], changed["phone"], changed["zone"]) == ("রহিম Chowdhury", None, "Mirpur-10")
    assert found(beta, "karim udd") == []
    assert found(beta, "chow রহি") == ["BN-0001"]
    assert found(beta, "0171") == []


def test_a_services_username_and_mac_are_edited(beta: Client) -> None:
    body = beta.post("/v1/subscribers", asked(mac="9c5300070003")).ok(201).data
    beta.post("/v1/subscribers", asked("rahim")).ok(201)
    path, service = f"/v1/subscribers/{body['id']}", body["services"][0]["id"]
    taken = beta.patch(path, {"services": [{"id": service, "username": "rahim"}]})
    assert code_of(taken) == (409, "username-taken")
    changed = beta.patch(path, {"services": [{"id": service, "username": "karim2", "mac": None}]}).ok(200)
    assert (changed["services"][0]["username"], changed["services"][0]["mac"]) == ("karim2", None)
    beta.post("/v1/subscribers", asked("karim", mac="9c5300070003")).ok(201)
    assert fields_of(beta.patch(path, {"services": [{"id": "beta.v1", "username": "x"}]})) == ["services"]


def found(client: Client, query: str, **filters: str) -> list[str]:
    more = "".join(f"&{name}={value}" for name, value in filters.items())
    query = query.replace("+", "%2B").replace(" ", "%20")
    return [one["customer_id"] for one in client.get(f"/v1/subscribers?q={query}{more}").ok(200)["items"]]


def test_subscribers_are_found_by_the_beginning_of_any_word(beta: Client, gamma: Client) -> None:
    beta.post("/v1/subscribers", asked("bn700", mac="9c5300070003", name="Karim Uddin")).ok(201)
    beta.post("/v1/subscribers", asked("bn701", name="Karima Karim", phone="+8801999888777")).ok(201)
    gamma.post("/v1/subscribers", asked("bn702", name="Karim of Gamma")).ok(201)
    assert found(beta, "KAR") == ["BN-0001", "BN-0002"]
    assert found(beta, "kar udd") == ["BN-0001"]
    assert found(beta, "9C-53-00-07-00") == found(beta, "9c53.0007.0003") == ["BN-0001"]
    assert found(beta, "+8801711") == found(beta, "01711") == ["BN-0001"]
    assert found(beta, "0199") == found(beta, "1999888777") == ["BN-0002"]
    assert found(beta, "9c:53:") == ["BN-0001", "BN-0002"]
    assert found(beta, "bn-0002") == ["BN-0002"]
    assert found(beta, "bn70") == ["BN-0001", "BN-0002"]
    assert found(beta, "arim") == []
    assert found(beta, "kar", status="disabled") == []
    assert found(beta, "kar", plan="HOME", zone="Mirpur-10") == ["BN-0001", "BN-0002"]


def test_lists_are_paged_and_filtered(beta: Client) -> None:
    for number in range(5):
        plan, zone = ("HOME", "Savar") if number % 2 else ("FAST", "Tongi")
        beta.post("/v1/subscribers", asked(f"user{number}", plan=plan, zone=zone)).ok(201)
    first = beta.get("/v1/subscribers?limit=3").ok(200)
    rest = beta.get(f"/v1/subscribers?limit=3&cursor={first['next_cursor']}").ok(200)
    ids = [one["customer_id"] for one in first["items"] + rest["items"]]
    assert ids == ["BN-0001", "BN-0002", "BN-0003", "BN-0004", "BN-0005"]
    assert rest["next_cursor"] is None
    assert len(beta.get("/v1/subscribers?plan=HOME").ok(200)["items"]) == 2
    assert len(beta.get("/v1/subscribers?zone=Tongi&status=active").ok(200)["items"]) == 3
    assert beta.get("/v1/subscribers?status=suspended").ok(200)["items"] == []
    for query in ("limit=0", "limit=201", "status=gone", "cursor=x", "sort=name", "q=" + "x" * 201):
        assert beta.get(f"/v1/subscribers?{query}").status == 422
