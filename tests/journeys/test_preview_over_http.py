"""Previews through HTTP: what is foreseen is shown and then happens, nothing is done, and nobody else's figures are told."""

from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.tables import Put, write
from chalicelib.billing.overdue import BlockedRow
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import PLAN, email_of, fields_of, nobody, onboard, owner_of, the_operator

PREVIEW = "/v1/billing/preview"
NOVEMBER = "2026-11-01"


def offer(client: Client, seller: str | None = None) -> None:
    for code in ("HOME", "FAST"):
        based_on = {"based_on": f"{seller}.{code}"} if seller else {}
        client.post("/v1/plans", {**PLAN, "code": code, **based_on}).ok(201)


def price(seller: Client, reseller: str, home: str, fast: str, **terms: Any) -> None:
    prices = [{"plan": "HOME", "monthly_price": home}, {"plan": "FAST", "monthly_price": fast}]
    body = {"effective_on": NOVEMBER, "prices": prices, **terms}
    seller.put(f"/v1/resellers/{reseller}/tariff", body).ok(200)


def recharge(seller: Client, reseller: str, amount: str) -> None:
    seller.post(f"/v1/resellers/{reseller}/recharges", {"amount": amount, "method": "cash"}).ok(201)


class Isp:
    """Beta under Alpha under the operator, both in advance, 150.00 and 120.00 for HOME; and Gamma beside Alpha."""

    def __init__(self, the_clock: SetClock, **beta_terms: Any) -> None:
        self.clock = the_clock
        the_clock.set("2026-11-01T06:00:00")
        self.operator = the_operator()
        offer(self.operator)
        self.ids = {code: onboard(self.operator, code, settles_from=NOVEMBER)["id"] for code in ("ALPHA", "GAMMA")}
        for code in ("ALPHA", "GAMMA"):
            price(self.operator, self.ids[code], "120.00", "240.00", timing="advance")
            offer(owner_of(code), "op")
            recharge(self.operator, self.ids[code], "1000.00")
        alpha = owner_of("ALPHA")
        self.ids["BETA"] = onboard(alpha, "BETA", settles_from=NOVEMBER)["id"]
        price(alpha, self.ids["BETA"], "150.00", "300.00", **(beta_terms or {"timing": "advance"}))
        offer(owner_of("BETA"), self.ids["ALPHA"])
        recharge(alpha, self.ids["BETA"], "400.00")

    def at(self, day: str) -> "Isp":
        """That noon, with all days before it settled; everybody signs in anew."""
        self.clock.set(f"{day}T06:00:00")
        self.operator = nobody().signed_in("operator@isp.test", "correct horse 1")
        before = f"{day[:8]}{int(day[8:]) - 1:02d}"
        self.operator.post("/v1/settlements", {"date": before}).ok(200)
        return self

    def of(self, code: str) -> Client:
        return nobody().signed_in(email_of(code), "correct horse 1")

    def fund(self, code: str) -> str:
        return str(self.of(code).get("/v1/fund").ok(200)["balance"])

    def connect(self, code: str, username: str, plan: str, start_on: str) -> str:
        body = {"name": username, "plan": plan, "username": username, "start_on": start_on}
        return str(self.of(code).post("/v1/subscribers", body).ok(201)["id"])


def test_what_an_activation_would_do_is_shown_to_the_unit_and_then_happens(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    isp = Isp(the_clock).at("2026-11-11")
    beta = isp.of("BETA")
    seen = beta.post(PREVIEW, {"type": "activation", "plan": "HOME", "start_on": "2026-11-11"}).ok(200)
    assert seen.data == {
        "type": "activation",
        "effective_on": "2026-11-11",
        "first_on": "2026-11-11",
        "levels": [
            {
                "payer": {"id": isp.ids["BETA"], "name": "Beta Net"},
                "payee": {"id": isp.ids["ALPHA"], "name": "Alpha Net"},
                "mode": "prepaid",
                "timing": "advance",
                "day_count": "calendar_month",
                "refund_policy": "unused_days",
                "period": {"first": "2026-11-01", "last": "2026-11-30"},
                "now": "100.00",
                "corrected": "0.00",
                "charged": "100.00",
                "credited": "0.00",
                "first_day": {"before": "0.00", "after": "100.00", "difference": "100.00"},
                "next_day": {"before": "0.00", "after": "0.00", "difference": "0.00"},
                "total": {"before": "0.00", "after": "100.00", "difference": "100.00"},
                "fund": {"balance": "400.00", "after": "300.00", "lent": "0.00"},
            }
        ],
        "refused": None,
        "not_covered": None,
        "corrected": None,
        "full_day": None,
        "commission": None,
        "steps": [
            "Beta Net pays Alpha Net 100.00 at once.",
            "From 2026-11-11 until 2026-11-30 Beta Net pays Alpha Net 100.00 for all its services instead of 0.00: "
            "100.00 more.",
            "Beta Net's fund of 400.00 becomes 300.00.",
        ],
    }
    assert isp.fund("BETA") == "400.00"
    isp.connect("BETA", "karim", "HOME", "2026-11-11")
    assert (isp.fund("BETA"), isp.fund("ALPHA")) == ("300.00", "620.00")
    check_invariants()


def test_a_preview_leaves_nothing_behind_but_its_line_in_the_audit_log(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    isp = Isp(the_clock)
    karim = isp.connect("BETA", "karim", "HOME", NOVEMBER)
    isp.at("2026-11-20")
    alpha, beta = isp.of("ALPHA"), isp.of("BETA")
    moment = engine.remember()
    of_karim = {"subscriber": karim, "effective_on": "2026-11-20"}
    for body in (
        {"type": "activation", "plan": "FAST", "count": 3},
        {"type": "change_plan", "plan": "FAST", **of_karim},
        {"type": "disconnect", "subscriber": karim, "effective_on": "2026-11-10"},
        {"type": "disable", **of_karim},
    ):
        beta.post(PREVIEW, body).ok(200)
    alpha.post(PREVIEW, {"type": "activation", "plan": "HOME", "reseller": isp.ids["BETA"]}).ok(200)
    prices = [{"plan": "HOME", "monthly_price": "160.00"}, {"plan": "FAST", "monthly_price": "320.00"}]
    tariff = {"type": "tariff", "reseller": isp.ids["BETA"], "effective_on": "2026-12-01", "prices": prices}
    alpha.post(PREVIEW, tariff).ok(200)
    assert {key[1].partition("#")[2] for key in engine.changed_since(moment)} == {"audit"}
    logged = beta.get("/v1/audit-log").ok(200)["items"]
    assert [(one["method"], one["outcome"]) for one in logged if one["route"] == PREVIEW] == [("POST", "done")] * 4


def test_a_disconnection_shows_what_comes_back_and_by_which_policy(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    isp = Isp(the_clock, timing="advance", refund_policy="unused_days_less_fee", refund_fee="7.00")
    karim = isp.connect("BETA", "karim", "HOME", NOVEMBER)
    isp.at("2026-11-20")
    asked = {"subscriber": karim, "effective_on": "2026-11-20"}
    seen = isp.of("BETA").post(PREVIEW, {"type": "disconnect", **asked}).ok(200)
    (level,) = seen["levels"]
    assert (level["now"], level["credited"], level["refund_policy"]) == ("-43.00", "43.00", "unused_days_less_fee")
    assert level["fund"] == {"balance": "250.00", "after": "293.00", "lent": "0.00"}
    assert seen["steps"][:2] == [
        "43.00 of what was paid before comes back: the unused days come back less a fee.",
        "Beta Net gets back 43.00 from Alpha Net at once.",
    ]
    isp.of("BETA").post(f"/v1/subscribers/{karim}/events", {"type": "disconnect", "effective_on": "2026-11-20"}).ok(201)
    assert (isp.fund("BETA"), isp.fund("ALPHA")) == ("293.00", "627.00")
    check_invariants()


def test_a_late_disconnection_shows_the_correction_that_then_follows(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    isp = Isp(the_clock, timing="daily")
    karim = isp.connect("BETA", "karim", "HOME", NOVEMBER)
    isp.at("2026-11-20")
    body = {"type": "disconnect", "effective_on": "2026-11-10"}
    seen = isp.of("BETA").post(PREVIEW, {"subscriber": karim, **body}).ok(200)
    # On the day of the disconnection itself something comes back further up, where a month was paid in advance.
    assert seen["corrected"] == {"days": 10, "first": "2026-11-10", "last": "2026-11-19"}
    (level,) = seen["levels"]
    assert (level["corrected"], level["total"]["difference"]) == ("-45.00", "-55.00")
    before = isp.fund("BETA")
    recorded = isp.of("BETA").post(f"/v1/subscribers/{karim}/events", body).ok(201)
    posted = recorded["correction"]
    assert (posted["days"], posted["first_day"], posted["last_day"]) == (10, "2026-11-10", "2026-11-19")
    assert posted["difference"] == "-45.00"
    assert level["fund"] == {"balance": before, "after": isp.fund("BETA"), "lent": "0.00"}
    check_invariants()


def test_who_is_short_is_named_as_the_connection_itself_would_and_upstream_by_that_word_alone(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    isp = Isp(the_clock, timing="advance").at("2026-11-11")
    beta, alpha = isp.of("BETA"), isp.of("ALPHA")
    body = {"type": "activation", "plan": "FAST", "start_on": "2026-11-11", "count": 3}
    own = beta.post(PREVIEW, body).ok(200)
    assert (own["refused"]["code"], own["refused"]["short_tenant"]) == ("fund-too-low", isp.ids["BETA"])
    assert own["levels"][0]["total"]["difference"] == "600.00"
    assert own["steps"][0].startswith("It would be refused: Your fund does not cover")
    asked = {"name": "x", "plan": "FAST", "username": "x", "start_on": "2026-11-11"}
    beta.post("/v1/subscribers", asked).ok(201)
    beta.post("/v1/subscribers", {**asked, "username": "y"}).ok(201)
    refused = beta.post("/v1/subscribers", {**asked, "username": "z"}).ok(409)
    assert refused["code"] == "fund-too-low"
    recharge(alpha, isp.ids["BETA"], "150.00")
    isp.operator.post(
        f"/v1/resellers/{isp.ids['ALPHA']}/refunds", {"amount": "530.00", "method": "cash", "reason": "all"}
    ).ok(201)
    price(alpha, isp.ids["BETA"], "50.00", "60.00", timing="advance", effective_on="2026-11-11")
    theirs = beta.post(PREVIEW, {**body, "count": 1}).ok(200)
    assert (theirs["refused"]["code"], theirs["refused"]["short_tenant"]) == ("fund-too-low", isp.ids["ALPHA"])
    assert beta.post("/v1/subscribers", {**asked, "username": "z"}).ok(409)["detail"] == theirs["refused"]["detail"]
    delta = onboard(beta, "DELTA", settles_from="2026-11-11")["id"]
    price(beta, delta, "60.00", "70.00", effective_on="2026-11-11")
    offer(isp.of("DELTA"), isp.ids["BETA"])
    recharge(beta, delta, "100.00")
    above = isp.of("DELTA").post(PREVIEW, {**body, "count": 1}).ok(200)
    assert above["refused"]["short_tenant"] == "upstream"
    assert [level["payer"]["id"] for level in above["levels"]] == [delta]
    assert isp.ids["ALPHA"] not in above.text


def test_a_parent_sees_its_childs_edge_and_its_own(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    isp = Isp(the_clock).at("2026-11-21")
    body = {"type": "activation", "plan": "HOME", "reseller": isp.ids["BETA"], "start_on": "2026-11-21", "count": 2}
    seen = isp.of("ALPHA").post(PREVIEW, body).ok(200)
    figures = [(one["payer"]["name"], one["payee"]["name"], one["now"]) for one in seen["levels"]]
    assert figures == [("Beta Net", "Alpha Net", "100.00"), ("Alpha Net", "Operator", "80.00")]
    assert [one["fund"]["after"] for one in seen["levels"]] == ["300.00", "620.00"]
    for number in range(2):
        isp.connect("BETA", f"u{number}", "HOME", "2026-11-21")
    assert (isp.fund("BETA"), isp.fund("ALPHA")) == ("300.00", "620.00")
    direct = isp.operator.post(PREVIEW, {**body, "reseller": isp.ids["ALPHA"]}).ok(200)
    assert [one["payee"]["id"] for one in direct["levels"]] == ["op"]


def test_the_operator_buys_from_nobody(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    isp = Isp(the_clock)
    seen = isp.operator.post(PREVIEW, {"type": "activation", "plan": "HOME"}).ok(200)
    assert (seen["levels"], seen["steps"]) == ([], ["You buy from nobody: no fund moves."])


def test_another_tariff_shows_what_everybody_below_would_pay_and_then_pays(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    isp = Isp(the_clock, timing="daily")
    isp.connect("BETA", "karim", "HOME", NOVEMBER)
    isp.connect("BETA", "rahim", "FAST", NOVEMBER)
    isp.at("2026-11-21")
    prices = [{"plan": "HOME", "monthly_price": "180.00"}, {"plan": "FAST", "monthly_price": "330.00"}]
    tariff = {"effective_on": "2026-11-26", "prices": prices, "tax_bps": 1000}
    seen = isp.of("ALPHA").post(PREVIEW, {"type": "tariff", "reseller": isp.ids["BETA"], **tariff}).ok(200)
    assert seen["full_day"] == {"services": 2, "before": "15.00", "after": "18.70", "difference": "3.70"}
    (level,) = seen["levels"]
    assert level["total"] == {"before": "75.00", "after": "93.50", "difference": "18.50"}
    assert seen["steps"][0] == "A full day of the 2 services that were billed last costs 18.70 instead of 15.00."
    isp.of("ALPHA").put(f"/v1/resellers/{isp.ids['BETA']}/tariff", tariff).ok(200)
    recharge(isp.of("ALPHA"), isp.ids["BETA"], "100.00")
    assert isp.at("2026-11-26").fund("BETA") == "125.00"
    isp.clock.set("2026-12-01T06:00:00")
    isp.operator = nobody().signed_in("operator@isp.test", "correct horse 1")
    isp.operator.post("/v1/settlements", {"date": "2026-11-30"}).ok(200)
    assert isp.fund("BETA") == "31.50"
    check_invariants()


def test_nobody_new_is_connected_while_an_invoice_is_overdue_and_the_preview_says_so(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    the_clock.set("2026-11-01T06:00:00")
    operator = the_operator()
    offer(operator)
    alpha = onboard(operator, "ALPHA", settles_from=NOVEMBER, settlement={"mode": "aggregate"})["id"]
    price(operator, alpha, "120.00", "240.00")
    owner = owner_of("ALPHA")
    offer(owner, "op")
    body = {"type": "activation", "plan": "HOME"}
    seen = owner.post(PREVIEW, body).ok(200)
    assert (seen["refused"], seen["levels"][0]["fund"], seen["levels"][0]["mode"]) == (None, None, "aggregate")
    assert seen["levels"][0]["total"]["after"] == "120.00"
    write(Put(BlockedRow.at(keys.aggregate_account(alpha), blocked_after="2026-10-31")))
    refused = owner.post(PREVIEW, body).ok(200)["refused"]
    asked = {"name": "x", "plan": "HOME", "username": "x", "start_on": NOVEMBER}
    reply = owner.post("/v1/subscribers", asked).ok(409)
    assert (refused["code"], refused["detail"]) == (reply["code"], reply["detail"])
    assert refused["code"] == "invoice-overdue"


def test_another_rate_shows_the_last_full_month_counted_again(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    isp = Isp(the_clock)
    percent = {"settles_from": NOVEMBER, "settlement": {"mode": "percentage"}}
    delta = onboard(isp.operator, "DELTA", **percent)["id"]
    terms = {"effective_month": "2026-11", "rate_bps": 3000, "base": "payments"}
    isp.operator.put(f"/v1/resellers/{delta}/commission-terms", terms).ok(200)
    offer(isp.of("DELTA"), "op")
    karim = isp.connect("DELTA", "karim", "HOME", NOVEMBER)
    money = {"amount": "1500.00", "method": "cash"}
    isp.operator.post(f"/v1/subscribers/{karim}/payments", money).ok(201)
    isp.at("2026-12-02")
    body = {"type": "commission", "reseller": delta, "rate_bps": 3500, "base": "payments"}
    seen = isp.operator.post(PREVIEW, body).ok(200)
    assert seen["commission"] == {
        "month": "2026-11",
        "rate_bps_before": 3000,
        "rate_bps_after": 3500,
        "counted": {"before": "1500.00", "after": "1500.00", "difference": "0.00"},
        "commission": {"before": "450.00", "after": "525.00", "difference": "75.00"},
    }
    assert seen["steps"] == ["Of what counts of 2026-11, 1500.00, it would have earned 525.00 instead of 450.00."]
    for wrong, field in (({"rate_bps": -1}, "rate_bps"), ({"rate_bps": 10_001}, "rate_bps"), ({"base": "all"}, "base")):
        assert fields_of(isp.operator.post(PREVIEW, {**body, **wrong})) == [field]
    prepaid = {**body, "reseller": isp.ids["ALPHA"]}
    assert isp.operator.post(PREVIEW, prepaid).ok(409)["code"] == "not-percentage"
    isp.of("GAMMA").post(PREVIEW, body).ok(404)


PRICES = [{"plan": "HOME", "monthly_price": "1.00"}, {"plan": "FAST", "monthly_price": "1.00"}]
BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["type"]),
    ({"type": "guess"}, ["type"]),
    ({"type": "activation"}, ["plan"]),
    ({"type": "activation", "plan": "NONE"}, ["plan"]),
    ({"type": "activation", "plan": "HOME", "count": 0}, ["count"]),
    ({"type": "activation", "plan": "HOME", "count": 1001}, ["count"]),
    ({"type": "activation", "plan": "HOME", "count": 1.0}, ["count"]),
    ({"type": "activation", "plan": "HOME", "start_on": "2028-01-01"}, ["effective_on"]),
    ({"type": "activation", "plan": "HOME", "start_on": "tomorrow"}, ["start_on"]),
    ({"type": "activation", "plan": "HOME", "tax_bps": 5}, ["tax_bps"]),
    ({"type": "change_plan", "plan": "HOME"}, ["subscriber", "effective_on"]),
    ({"type": "disconnect", "subscriber": "$karim", "effective_on": "2026-11-05", "plan": "HOME"}, ["plan"]),
    ({"type": "disable", "subscriber": "$karim", "effective_on": "2026-11-05", "service": "nope"}, ["service"]),
    ({"type": "tariff", "prices": PRICES}, ["reseller", "effective_on"]),
    ({"type": "tariff", "reseller": "$child", "effective_on": "2026-12-01", "prices": []}, ["prices"]),
    ({"type": "tariff", "reseller": "$child", "effective_on": "2026-12-01", "prices": PRICES[:1]}, ["prices"]),
    (
        {"type": "tariff", "reseller": "$child", "effective_on": "2026-12-01", "prices": PRICES, "tax_bps": 10_001},
        ["tax_bps"],
    ),
    (
        {"type": "tariff", "reseller": "$child", "effective_on": "2026-12-01", "prices": PRICES, "refund_fee": "1.00"},
        ["refund_fee"],
    ),
    ({"type": "activation", "plan": "HOME", "surprise": 1}, ["surprise"]),
]


def test_what_is_not_an_act_is_refused_by_its_fields_and_nothing_of_others_is_told(
    engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    isp = Isp(the_clock)
    own = isp.connect("ALPHA", "karim", "HOME", NOVEMBER)
    alpha, moment = isp.of("ALPHA"), engine.remember()
    for body, fields in BAD:
        filled = {name: {"$karim": own, "$child": isp.ids["BETA"]}.get(str(one), one) for name, one in body.items()}
        assert fields_of(alpha.post(PREVIEW, filled)) == fields, body
    theirs = isp.connect("BETA", "rahim", "HOME", NOVEMBER)
    tariff = {"type": "tariff", "effective_on": "2026-12-01", "prices": PRICES}
    for body, client in (
        ({"type": "disconnect", "subscriber": theirs, "effective_on": "2026-11-05"}, alpha),
        ({"type": "disconnect", "subscriber": theirs, "effective_on": "2026-11-05"}, isp.of("GAMMA")),
        ({**tariff, "reseller": isp.ids["BETA"]}, isp.operator),
        ({**tariff, "reseller": isp.ids["BETA"]}, isp.of("GAMMA")),
        ({"type": "activation", "plan": "HOME", "reseller": isp.ids["GAMMA"]}, alpha),
    ):
        client.post(PREVIEW, body).ok(404)
    again = {"type": "enable", "subscriber": own, "effective_on": "2026-11-05"}
    assert alpha.post(PREVIEW, again).ok(409)["code"] == "already-enabled"
    assert moment is not None
