"""What is billed is what the router does: through HTTP on one side and librouteros, unmodified, on the other.

The operator's router is lent to Beta and to Gamma, both of whom have a Karim. Workers take their messages as the local run
does. Whatever happens at Beta's, Gamma's lines stay up in the same sessions and its entries as they are.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import librouteros
import pytest

from chalicelib.billing.worker import settle_day
from chalicelib.network.worker import reach_router
from local.routeros.router import Router
from local.routeros.server import RouterServer
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client, Reply
from tests.queues_in_process import workers
from tests.tenants.isp import nobody, onboard, owner_of, the_operator

PASSWORD = "router-secret"
WITHIN_SECONDS = 5.0
TODAY = "2026-11-22"
SPEEDS = {"HOME": (10_000, 5_000), "FAST": (20_000, 8_000)}
MACS = {name: f"02:00:00:00:00:{number:02X}" for number, name in enumerate(("karim", "rahim", "salma", "tania"), 1)}
BILL = ("bill", "10.40.0.7")
"""Bill has an address of its own, and a fifth service at Beta's."""


@dataclass
class Isp:
    """Everybody who is signed in, the router as it is seen over its API, and whose subscriber has which id."""

    operator: Client
    simulated: Router
    port: int
    router_id: str = ""
    beta_id: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def beta(self) -> Client:
        return owner_of("BETA")

    def menu(self, path: str, **wanted: str) -> list[dict[str, Any]]:
        """The rows of a menu, as librouteros reads them."""
        api = librouteros.connect("127.0.0.1", "admin", PASSWORD, port=self.port, encoding="utf-8")
        try:
            rows = [dict(row) for row in api(f"{path}/print")]
        finally:
            api.close()
        return [row for row in rows if all(str(row.get(name)) == value for name, value in wanted.items())]

    def profiles(self, prefix: str = "beta-") -> dict[str, str]:
        """Profile by name of the secrets that begin so."""
        secrets = self.menu("/ppp/secret")
        return {row["name"]: row["profile"] for row in secrets if row["name"].startswith(prefix)}

    def online(self, prefix: str = "beta-") -> set[str]:
        """The names that have a session."""
        return {row["name"] for row in self.menu("/ppp/active") if row["name"].startswith(prefix)}

    def sessions(self, prefix: str = "beta-") -> dict[str, str]:
        """Session by name."""
        return {row["name"]: row["session-id"] for row in self.menu("/ppp/active") if row["name"].startswith(prefix)}

    def secret(self, name: str) -> dict[str, Any]:
        [row] = self.menu("/ppp/secret", name=name)
        return row

    def dial_in(self, prefix: str, *names: str) -> None:
        """Their equipment calls, and calls again as often as it is hung up or refused."""
        for name in names:
            self.simulated.dial(prefix + name, f"{prefix}secret", MACS[name], redial_seconds=0.05)

    def event(self, client: Client, who: str, kind: str, **more: str) -> Reply:
        body = {"type": kind, "effective_on": TODAY, **more}
        return client.post(f"/v1/subscribers/{self.ids[who]}/events", body).ok(201)

    def session_of(self, client: Client, who: str) -> Reply:
        return client.get(f"/v1/subscribers/{self.ids[who]}/session").ok(200)


def soon(is_so: Callable[[], bool], what: str) -> None:
    """It becomes so within seconds."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"not within {WITHIN_SECONDS} s: {what}"
        time.sleep(0.02)


def plan_of(client: Client, isp: Isp) -> Any:
    return client.get(f"/v1/routers/{isp.router_id}/plan").ok(200).data["items"]


@pytest.fixture
def isp(engine: object, the_clock: SetClock) -> Iterator[Isp]:
    """Beta with five lines and 160.00 in its fund, Gamma with two lines and plenty; each line costs 20.00 a day."""
    simulated = Router("Core", password=PASSWORD)
    simulated.add("/ip/pool", {"name": "home", "ranges": "10.20.0.2-10.20.3.254"})
    simulated.add("/ppp/secret", {"name": "tower-camera", "password": "x", "comment": "not ours"})
    the_clock.set("2026-11-20T06:00:00")
    with RouterServer(simulated) as server, workers(ROUTERS_QUEUE_URL=reach_router, SETTLEMENT_QUEUE_URL=settle_day):
        made = Isp(the_operator(), simulated, server.port)
        _sell(made)
        _lend(made)
        for name in (*MACS, "bill"):
            _connect(made, "BETA", name)
        for name in ("karim", "rahim"):
            _connect(made, "GAMMA", name)
        soon(
            lambda: len(made.menu("/ppp/secret")) == 7 and len(made.menu("/queue/simple")) == 1, "all entries are there"
        )
        made.dial_in("gamma-", "karim", "rahim")
        made.dial_in("beta-", *MACS)
        the_clock.set("2026-11-22T06:00:00")
        made.operator = nobody().signed_in("operator@isp.test", "correct horse 1")
        others = _others(made)
        yield made
        assert _others(made) == others, "Gamma's lines and what is not ours are as they were"
    check_invariants()


def _others(isp: Isp) -> Any:
    rows = [row for row in isp.menu("/ppp/secret") if not row["name"].startswith("beta-")]
    return isp.sessions("gamma-"), rows


def _sell(isp: Isp) -> None:
    for code, (down, up) in SPEEDS.items():
        plan = {"name": code, "code": code, "download_kbps": down, "upload_kbps": up, "monthly_price": "800.00"}
        isp.operator.post("/v1/plans", plan).ok(201)
    for code, amount in (("BETA", "160.00"), ("GAMMA", "5000.00")):
        reseller = onboard(isp.operator, code, settles_from="2026-11-20")["id"]
        prices = [{"plan": one, "monthly_price": "600.00"} for one in SPEEDS]
        isp.operator.put(f"/v1/resellers/{reseller}/tariff", {"effective_on": "2026-11-20", "prices": prices}).ok(200)
        isp.operator.post(f"/v1/resellers/{reseller}/recharges", {"amount": amount, "method": "cash"}).ok(201)
        for plan, (down, up) in SPEEDS.items():
            body = {"name": plan, "code": plan, "download_kbps": down, "upload_kbps": up, "monthly_price": "900.00"}
            owner_of(code).post("/v1/plans", {**body, "based_on": f"op.{plan}"}).ok(201)
        isp.ids[code] = str(reseller)
    isp.beta_id = isp.ids["BETA"]


def _lend(isp: Isp) -> None:
    router = {
        "name": "Core",
        "address": "127.0.0.1",
        "port": isp.port,
        "transport": "api",
        "username": "admin",
        "password": PASSWORD,
    }
    isp.router_id = str(isp.operator.post("/v1/routers", router).ok(201)["id"])
    for code in ("BETA", "GAMMA"):
        body = {"reseller": isp.ids[code], "prefix": f"{code.lower()}-", "pool": "home", "local_address": "10.20.0.1"}
        body["networks"] = ["10.40.0.0/24"] if code == "BETA" else []
        isp.operator.post(f"/v1/routers/{isp.router_id}/lendings", body).ok(201)


def _connect(isp: Isp, code: str, name: str) -> None:
    """A subscriber since the 20th, on the router."""
    owner = owner_of(code)
    body = {"name": name.title(), "plan": "HOME", "username": name, "start_on": "2026-11-20"}
    isp.ids[f"{code}-{name}"] = str(owner.post("/v1/subscribers", body).ok(201)["id"])
    access = {"router": isp.router_id, "method": "pppoe", "password": f"{code.lower()}-secret"}
    if name == BILL[0]:
        access = {"router": isp.router_id, "method": "static", "address": BILL[1]}
    owner.put(f"/v1/subscribers/{isp.ids[f'{code}-{name}']}/access", access).ok(200)


def lists(isp: Isp) -> dict[str, str]:
    """List by address."""
    return {row["address"]: row["list"] for row in isp.menu("/ip/firewall/address-list", dynamic="False")}


def speed_of(isp: Isp, name: str) -> str | None:
    """The limit of the session of that name, up and down."""
    return next((str(row["max-limit"]) for row in isp.menu("/queue/simple", name=f"<pppoe-{name}>")), None)


def run_out(isp: Isp) -> None:
    """The two newest of Beta's five are suspended: 60.00 are left for the second day, which costs 100.00."""
    isp.operator.post("/v1/settlements", {"date": "2026-11-21"}).ok(200)
    assert isp.beta.get("/v1/fund")["balance"] == "0.00"
    soon(
        lambda: isp.profiles()["beta-tania"] == "tb-beta-.expired", "the newest that dials in is in the expired profile"
    )
    soon(lambda: lists(isp) == {BILL[1]: "beta-.expired"}, "the newest of all is among the expired addresses")


def test_the_lines_of_two_resellers_on_one_router_have_the_same_names_and_prefixes_of_their_own(isp: Isp) -> None:
    assert isp.profiles() == {f"beta-{name}": "tb-beta-.HOME" for name in MACS}
    assert isp.profiles("gamma-") == {"gamma-karim": "tb-gamma-.HOME", "gamma-rahim": "tb-gamma-.HOME"}
    assert {one["comment"] for one in isp.menu("/ppp/secret", name="beta-karim")} == {f"tributary {isp.beta_id}.v1 k1"}
    [profile] = isp.menu("/ppp/profile", name="tb-beta-.HOME")
    assert profile["rate-limit"] == "5000k/10000k"
    assert lists(isp) == {BILL[1]: "beta-.active"}
    [lent] = isp.beta.get("/v1/routers").ok(200)["items"]
    assert (lent["id"], lent["prefix"], lent["services"]) == (isp.router_id, "beta-", 5)
    assert (lent["address"], lent["username"], lent["port"]) == (None, None, None)
    isp.beta.get(f"/v1/subscribers/{isp.ids['GAMMA-karim']}/session").ok(404)
    isp.beta.get(f"/v1/subscribers/{isp.ids['GAMMA-karim']}/access").ok(404)


def test_a_line_that_is_up_is_shown_with_its_address_and_traffic(isp: Isp) -> None:
    told = isp.session_of(isp.beta, "BETA-karim")
    [row] = isp.menu("/ppp/active", name="beta-karim")
    assert (told["online"], told["sign_in_name"], told["method"]) == (True, "beta-karim", "pppoe")
    assert (told["session"]["address"], told["session"]["mac"]) == (row["address"], MACS["karim"])
    assert told["session"]["interface"] == "<pppoe-beta-karim>"
    assert 0 < told["traffic"]["download_bps"] <= 10_000_000
    assert 0 < told["traffic"]["upload_bps"] <= 5_000_000
    assert isp.session_of(owner_of("GAMMA"), "GAMMA-karim")["session"]["address"] != row["address"]


def test_out_of_funds_the_newest_are_expired_and_a_recharge_brings_back_as_many_as_it_covers(
    isp: Isp, the_clock: SetClock
) -> None:
    before = isp.sessions()
    run_out(isp)
    expired = {"beta-tania": "tb-beta-.expired"}
    assert isp.profiles() == {f"beta-{name}": "tb-beta-.HOME" for name in MACS} | expired
    soon(lambda: isp.sessions().get("beta-tania") not in (None, before["beta-tania"]), "it signed in anew")
    assert {name: one for name, one in isp.sessions().items() if name not in expired} == {
        name: one for name, one in before.items() if name not in expired
    }
    assert speed_of(isp, "beta-tania") == "128000/128000"

    recharge = f"/v1/resellers/{isp.beta_id}/recharges"
    isp.operator.post(recharge, {"amount": "80.00", "method": "cash"}).ok(201)
    soon(lambda: isp.profiles()["beta-tania"] == "tb-beta-.HOME", "80.00 cover the three that run and the next one")
    soon(lambda: speed_of(isp, "beta-tania") == "5000000/10000000", "it signed in anew, with its own speed")
    assert lists(isp) == {BILL[1]: "beta-.expired"}, "and no more"

    the_clock.set("2026-11-22T06:01:00")
    isp.operator.post(recharge, {"amount": "20.00", "method": "cash"}).ok(201)
    soon(lambda: lists(isp) == {BILL[1]: "beta-.active"}, "with 20.00 more the newest is back too")
    assert plan_of(isp.beta, isp) == []


def test_a_disabled_line_is_disabled_hung_up_and_shown_offline_and_back_when_enabled(isp: Isp) -> None:
    isp.event(isp.beta, "BETA-karim", "disable")
    soon(lambda: isp.secret("beta-karim")["disabled"] is True, "it is disabled")
    soon(lambda: "beta-karim" not in isp.online(), "its session is gone")
    assert isp.online() == {"beta-rahim", "beta-salma", "beta-tania"}
    told = isp.session_of(isp.beta, "BETA-karim")
    assert (told["online"], told["session"], told["traffic"]) == (False, None, None)
    assert told["last_sign_off"]["reason"] == "nas-request"
    isp.event(isp.beta, "BETA-karim", "enable")
    soon(lambda: isp.secret("beta-karim")["disabled"] is False, "it is enabled")
    soon(lambda: "beta-karim" in isp.online(), "it dialled again")
    assert plan_of(isp.beta, isp) == []


def test_a_line_that_moves_plans_is_in_another_profile_with_its_speed(isp: Isp) -> None:
    before = isp.sessions()
    isp.event(isp.beta, "BETA-rahim", "change_plan", plan="FAST")
    soon(lambda: isp.profiles()["beta-rahim"] == "tb-beta-.FAST", "it is in the profile of its plan")
    soon(lambda: isp.sessions().get("beta-rahim") not in (None, before["beta-rahim"]), "it signed in anew")
    assert speed_of(isp, "beta-rahim") == "8000000/20000000"
    assert isp.sessions().items() - before.items() == {("beta-rahim", isp.sessions()["beta-rahim"])}
    assert plan_of(isp.beta, isp) == []


def test_a_line_with_an_address_of_its_own_gets_the_speed_of_its_new_plan_in_its_queue(isp: Isp) -> None:
    isp.event(isp.beta, "BETA-bill", "change_plan", plan="FAST")
    soon(lambda: isp.menu("/queue/simple", name="beta-bill")[0]["max-limit"] == "8000000/20000000", "its new speed")
    isp.event(isp.beta, "BETA-bill", "disable")
    soon(lambda: lists(isp) == {BILL[1]: "beta-.expired"}, "disabled it is among the expired addresses")


def test_a_disconnected_line_is_gone_from_the_router(isp: Isp) -> None:
    isp.event(isp.beta, "BETA-salma", "disconnect")
    soon(lambda: "beta-salma" not in isp.profiles(), "its secret is gone")
    soon(lambda: "beta-salma" not in isp.online(), "its session is gone")
    assert isp.online() == {"beta-karim", "beta-rahim", "beta-tania"}
    assert plan_of(isp.beta, isp) == []


def test_who_logs_in_as_the_reseller_to_write_changes_its_lines_and_to_read_does_not(isp: Isp) -> None:
    def acting(scope: str) -> Client:
        path = f"/v1/resellers/{isp.beta_id}/login-as"
        granted = isp.operator.post(path, {"reason": "to help", "scope": scope}).ok(200)
        return nobody().with_token(granted["access_token"])

    body = {"type": "disable", "effective_on": TODAY}
    acting("read").post(f"/v1/subscribers/{isp.ids['BETA-karim']}/events", body).ok(403)
    isp.event(acting("write"), "BETA-tania", "disable")
    soon(lambda: isp.secret("beta-tania")["disabled"] is True, "it is disabled")
    soon(lambda: isp.online() == {"beta-karim", "beta-rahim", "beta-salma"}, "its session is gone, and no other")


def test_a_plan_shows_each_its_own_differences_and_the_owner_all_of_them(isp: Isp) -> None:
    api = librouteros.connect("127.0.0.1", "admin", PASSWORD, port=isp.port, encoding="utf-8")
    secrets = api.path("ppp", "secret")
    secrets.update(**{".id": isp.secret("beta-karim")[".id"], "profile": "default"})
    api.close()
    [item] = plan_of(isp.beta, isp)
    assert (item["name"], item["drift"]) == ("beta-karim", "wrong_profile")
    assert plan_of(owner_of("GAMMA"), isp) == []
    # The owner's has the entry of nobody too.
    assert {one["name"] for one in plan_of(isp.operator, isp)} == {"beta-karim", "tower-camera"}
    isp.operator.post(f"/v1/routers/{isp.router_id}/reconciliations", {}).ok(202)
    soon(lambda: isp.profiles()["beta-karim"] == "tb-beta-.HOME", "it is mended")
    soon(lambda: plan_of(isp.beta, isp) == [], "nothing differs")
    soon(lambda: "beta-karim" in isp.online(), "it dialled again")
