"""Paying in advance through HTTP: activation, a move to another plan, disconnection, renewal; both books tie out after each.

HOME costs Beta 150.00 a month and Alpha 120.00, FAST twice that. Time goes on as in the product: the planner runs, and its
messages are carried out.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.billing.run import carry_out, plan_days
from chalicelib.core.money import format_money, parse_money
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import PLAN, email_of, fields_of, nobody, onboard, owner_of, the_operator

PRICES = [("120.00", "240.00"), ("150.00", "300.00")]
Message = dict[str, object]


class Isp:
    """Beta under Alpha under the operator, from that day on; Gamma stands beside and nothing of it ever moves."""

    def __init__(
        self,
        clock: SetClock,
        patch: pytest.MonkeyPatch,
        first: str,
        beta: dict[str, Any],
        alpha: dict[str, Any],
        timezone: str = "Asia/Dhaka",
        month_starts_on: int = 1,
    ) -> None:
        self.clock, self.messages = clock, list[Message]()
        patch.setattr("chalicelib.billing.run.send_in_order", self._keep)
        clock.set(f"{first}T12:00:00")
        self.operator = the_operator()
        offer(self.operator)
        common = {"settles_from": first, "timezone": timezone}
        self.alpha_id = onboard(self.operator, "ALPHA", **common)["id"]
        onboard(self.operator, "GAMMA", **common)
        price(self.operator, self.alpha_id, PRICES[0], effective_on=first, **alpha)
        offer(owner_of("ALPHA"), "op")
        recharge(self.operator, self.alpha_id, "5000.00")
        self.beta_id = onboard(owner_of("ALPHA"), "BETA", **common)["id"]
        owner_of("ALPHA").patch(f"/v1/resellers/{self.beta_id}", {"month_starts_on": month_starts_on}).ok(200)
        price(owner_of("ALPHA"), self.beta_id, PRICES[1], effective_on=first, **beta)
        offer(owner_of("BETA"), self.alpha_id)
        recharge(owner_of("ALPHA"), self.beta_id, "2000.00")

    def _keep(self, messages: list[tuple[str, str, Message]]) -> int:
        self.messages.extend(message for _, _, message in messages)
        return len(messages)

    def at(self, instant: str) -> "Isp":
        """It is that instant (UTC), and the planner has run until there was nothing left to do."""
        self.clock.set(instant)
        now = datetime.fromisoformat(instant).replace(tzinfo=UTC)
        for _ in range(500):
            plan_days("op", now)
            todo, self.messages[:] = list(self.messages), []
            if not todo:
                return self
            for message in todo:
                carry_out(message, now)
        raise AssertionError("the planner never comes to an end")

    def of(self, code: str) -> Client:
        return nobody().signed_in(email_of(code), "correct horse 1")

    def funds(self) -> tuple[str, str]:
        return tuple(str(self.of(code).get("/v1/fund").ok(200)["balance"]) for code in ("BETA", "ALPHA"))  # type: ignore

    def connect(self, username: str, plan: str, start_on: str) -> str:
        body = {"name": username, "plan": plan, "username": username, "start_on": start_on}
        return str(self.of("BETA").post("/v1/subscribers", body).ok(201)["id"])

    def happens(self, subscriber: str, kind: str, on: str, **more: str) -> None:
        self.of("BETA").post(f"/v1/subscribers/{subscriber}/events", {"type": kind, "effective_on": on, **more}).ok(201)

    def paid_on(self, day: str) -> str:
        return str(self.of("BETA").get(f"/v1/settlements/{day}").ok(200)["total"])

    def tie_out(self) -> None:
        """Both books of each pair agree in everything, each balances, and Gamma has had nothing."""
        operator = nobody().signed_in("operator@isp.test", "correct horse 1")
        for client in (operator, self.of("ALPHA"), self.of("BETA"), self.of("GAMMA")):
            balance = client.get("/v1/ledger/trial-balance").ok(200)
            assert balance["total_debit"] == balance["total_credit"]
            for row in client.get("/v1/tie-outs").ok(200)["items"]:
                assert row["difference"] == "0.00"
                assert {other["difference"] for other in row["others"]} <= {"0.00"}
        assert self.of("GAMMA").get("/v1/fund").ok(200)["balance"] == "0.00"
        assert self.of("GAMMA").get("/v1/ledger/entries").ok(200)["items"] == []
        check_invariants()

    def account(self, code: str, account: str) -> str:
        client = nobody().signed_in("operator@isp.test", "correct horse 1") if code == "OP" else self.of(code)
        rows = client.get("/v1/ledger/trial-balance").ok(200)["accounts"]
        found = [(row["debit"], row["credit"]) for row in rows if row["code"] == account]
        (debit, credit) = found[0] if found else ("0.00", "0.00")
        return debit if credit == "0.00" else f"-{credit}"


def offer(client: Client, seller: str | None = None) -> None:
    for code in ("HOME", "FAST"):
        based_on = {"based_on": f"{seller}.{code}"} if seller else {}
        client.post("/v1/plans", {**PLAN, "code": code, **based_on}).ok(201)


def price(seller: Client, reseller: str, amounts: tuple[str, str], **terms: Any) -> None:
    prices = [{"plan": plan, "monthly_price": amount} for plan, amount in zip(("HOME", "FAST"), amounts, strict=True)]
    seller.put(f"/v1/resellers/{reseller}/tariff", {"prices": prices, **terms}).ok(200)


def recharge(seller: Client, reseller: str, amount: str) -> None:
    seller.post(f"/v1/resellers/{reseller}/recharges", {"amount": amount, "method": "bank"}).ok(201)


def minor(amount: str) -> int:
    return parse_money(amount, 2)


def shown(amount_minor: int) -> str:
    return format_money(amount_minor, 2)


Make = Callable[..., Isp]
ADVANCE = {"timing": "advance"}


@pytest.fixture
def make(engine: MemoryDynamoDB, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Make:
    def build(first: str, beta: dict[str, Any] | None = None, alpha: dict[str, Any] | None = None, **more: Any) -> Isp:
        return Isp(the_clock, monkeypatch, first, beta or ADVANCE, alpha or ADVANCE, **more)

    return build


def test_a_month_in_advance_from_activation_to_renewal(make: Make) -> None:
    isp = make("2026-11-01").at("2026-11-11T06:00:00")
    assert isp.funds() == ("2000.00", "3000.00")
    karim = isp.connect("karim", "HOME", "2026-11-11")
    assert isp.funds() == ("1900.00", "3020.00")
    assert (isp.account("BETA", "1250"), isp.account("ALPHA", "2300")) == ("100.00", "-100.00")
    assert (isp.account("ALPHA", "1250"), isp.account("OP", "2300")) == ("80.00", "-80.00")
    isp.tie_out()

    isp.at("2026-11-21T06:00:00")
    assert isp.funds() == ("1900.00", "3020.00")
    assert (isp.account("BETA", "5000"), isp.account("ALPHA", "5000")) == ("50.00", "40.00")
    isp.happens(karim, "change_plan", "2026-11-21", plan="FAST")
    assert isp.funds() == ("1850.00", "3030.00")
    isp.tie_out()

    isp.at("2026-11-30T18:05:00")  # five past midnight in Dhaka: the 30th is over, and December is due
    assert isp.paid_on("2026-11-11") == "100.00"
    assert isp.paid_on("2026-11-12") == "0.00"
    assert isp.paid_on("2026-11-21") == "50.00"
    assert isp.funds() == ("1550.00", "3090.00")
    assert (isp.account("BETA", "5000"), isp.account("ALPHA", "4100")) == ("150.00", "-150.00")
    assert (isp.account("BETA", "1250"), isp.account("OP", "2300")) == ("300.00", "-240.00")
    isp.at("2026-11-30T18:10:00").at("2026-12-01T06:00:00")
    assert isp.funds() == ("1550.00", "3090.00")
    isp.tie_out()

    isp.at("2026-12-02T06:00:00")
    assert isp.paid_on("2026-12-01") == "300.00"
    assert isp.account("BETA", "5000") == "159.68"
    isp.tie_out()


@pytest.mark.parametrize(
    "beta, back",
    [
        ({"refund_policy": "none"}, "0.00"),
        ({"refund_policy": "unused_days"}, "50.00"),
        ({"refund_policy": "unused_days_less_fee", "refund_fee": "12.50"}, "37.50"),
        ({"refund_policy": "unused_days_less_fee", "refund_fee": "60.00"}, "0.00"),
        ({"refund_policy": "full"}, "150.00"),
    ],
)
def test_what_comes_back_on_disconnection_is_there_at_once_and_nothing_stays_deferred(
    make: Make, beta: dict[str, str], back: str
) -> None:
    isp = make("2026-11-01", {**ADVANCE, **beta})
    karim = isp.connect("karim", "HOME", "2026-11-01")
    assert isp.at("2026-11-20T06:00:00").funds() == ("1850.00", "3030.00")
    isp.happens(karim, "disconnect", "2026-11-20")
    expected = (shown(185_000 + minor(back)), shown(303_000 - minor(back) + 4000))
    assert isp.funds() == expected
    isp.at("2026-11-21T06:00:00")
    assert isp.funds() == expected
    assert isp.paid_on("2026-11-20") == ("0.00" if back == "0.00" else f"-{back}")
    assert {isp.account("BETA", "1250"), isp.account("ALPHA", "2300"), isp.account("ALPHA", "1250")} == {"0.00"}
    isp.at("2026-12-02T06:00:00")
    assert isp.funds() == expected
    isp.tie_out()


@pytest.mark.parametrize(
    "terms, on, charged",
    [
        ({}, "2026-11-11", "100.00"),
        ({"period": "quarter"}, "2026-11-11", "249.46"),  # 51 of 92 days of 450.00
        ({"period": "year"}, "2026-11-11", "251.51"),  # 51 of 365 days of 1,800.00
        ({"day_count": "fixed_30"}, "2026-11-11", "100.00"),
        ({"day_count": "fixed_30"}, "2026-12-31", "0.00"),
        ({"day_count": "fixed_30"}, "2027-02-28", "15.00"),  # carries the 28th, the 29th and the 30th
        ({"day_count": "fixed_30"}, "2028-02-29", "10.00"),  # in a leap year two of them
        ({"day_count": "fixed_30", "period": "quarter"}, "2026-11-11", "245.00"),  # 41 of 90 days are over
        ({"period": "year"}, "2028-12-31", "4.92"),  # one of 366 days
    ],
)
def test_the_rest_of_the_period_leaves_the_fund_with_the_activation(
    make: Make, terms: dict[str, str], on: str, charged: str
) -> None:
    isp = make(on, {**ADVANCE, **terms}, {"timing": "daily"})
    isp.connect("karim", "HOME", on)
    assert isp.funds()[0] == shown(200_000 - minor(charged))
    assert isp.account("BETA", "1250") == charged
    isp.tie_out()


def test_a_quarter_is_renewed_after_three_months_and_a_year_after_twelve(make: Make) -> None:
    isp = make("2026-12-15", {**ADVANCE, "period": "quarter"}, {**ADVANCE, "period": "year"})
    isp.connect("karim", "HOME", "2026-12-15")
    assert isp.funds() == ("1916.85", "3016.08")  # 17 of 92 days of 450.00; 17 of 365 of 1,440.00
    isp.at("2026-12-31T18:05:00")
    assert isp.funds() == ("1466.85", "2026.08")
    isp.at("2027-03-31T17:55:00")
    assert isp.funds() == ("1466.85", "2026.08")
    isp.at("2027-03-31T18:05:00")
    assert isp.funds() == ("1016.85", "2476.08")
    assert isp.account("BETA", "5000") == "533.15"
    isp.tie_out()


@pytest.mark.parametrize(
    "start, first_charge, renews, before, after",
    [
        # 31 as a billing day: 31 January to 27 February, 28 February to 30 March, then from 31 March on.
        ("2027-02-01", "144.64", "2027-02-28", "2027-02-27T17:55:00", "2027-02-27T18:05:00"),
        ("2028-02-01", "144.83", "2028-02-29", "2028-02-28T17:55:00", "2028-02-28T18:05:00"),
        ("2027-03-01", "145.16", "2027-03-31", "2027-03-30T17:55:00", "2027-03-30T18:05:00"),
    ],
)
def test_the_31st_as_a_billing_day_is_the_months_last_in_february(
    make: Make, start: str, first_charge: str, renews: str, before: str, after: str
) -> None:
    isp = make(start, {**ADVANCE, "day_count": "service_period"}, {"timing": "daily"}, month_starts_on=31)
    isp.connect("karim", "HOME", start)
    spent = minor(first_charge)
    assert isp.funds()[0] == shown(200_000 - spent)
    assert isp.at(before).funds()[0] == shown(200_000 - spent)
    assert isp.at(after).funds()[0] == shown(185_000 - spent)
    isp.at(f"{renews}T19:00:00")
    assert isp.paid_on(renews) == "150.00"
    isp.tie_out()


def test_a_renewal_on_the_day_of_25_hours_is_charged_once_and_settled_at_its_own_midnight(make: Make) -> None:
    isp = make("2026-10-15", timezone="America/New_York")
    isp.connect("karim", "HOME", "2026-10-15")
    assert isp.funds()[0] == "1917.74"  # 17 of 31 days
    assert isp.at("2026-11-01T03:55:00").funds()[0] == "1917.74"  # five to midnight in New York
    assert isp.at("2026-11-01T04:05:00").funds()[0] == "1767.74"
    for instant in ("2026-11-01T05:30:00", "2026-11-01T06:30:00"):  # half past one, and again half past one
        assert isp.at(instant).funds()[0] == "1767.74"
    isp.at("2026-11-02T04:30:00")  # half past eleven in the evening: the day has 25 hours
    isp.of("BETA").get("/v1/settlements/2026-11-01").ok(404)
    isp.at("2026-11-02T05:05:00")
    assert isp.paid_on("2026-11-01") == "150.00"
    assert isp.funds()[0] == "1767.74"
    isp.tie_out()


def test_a_tariff_that_cannot_be_is_refused_by_its_field_and_changes_nothing(make: Make) -> None:
    isp = make("2026-11-01")
    alpha, path = isp.of("ALPHA"), f"/v1/resellers/{isp.beta_id}/tariff"
    before = alpha.get(path).ok(200).data
    prices = [{"plan": plan, "monthly_price": "1.00"} for plan in ("HOME", "FAST")]
    body = {"effective_on": "2026-11-05", "prices": prices}
    for wrong, field in (
        ({"refund_fee": "5.00"}, "refund_fee"),
        ({"refund_fee": "5.00", "refund_policy": "full"}, "refund_fee"),
        ({"refund_fee": "-5.00", "refund_policy": "unused_days_less_fee"}, "refund_fee"),
        ({"refund_policy": "half"}, "refund_policy"),
        ({"period": "week"}, "period"),
        ({"period": 3}, "period"),
        ({"timing": "later"}, "timing"),
        ({"day_count": "fixed_31"}, "day_count"),
    ):
        assert fields_of(alpha.put(path, {**body, **wrong})) == [field], wrong
    assert alpha.get(path).ok(200).data == before
    for day in (0, 32, -1, 1.5, "1"):
        changed = alpha.patch(f"/v1/resellers/{isp.beta_id}", {"month_starts_on": day})
        assert fields_of(changed) == ["month_starts_on"], day
    assert alpha.get(f"/v1/resellers/{isp.beta_id}").ok(200)["month_starts_on"] == 1
    isp.of("GAMMA").put(path, body).ok(404)
    nobody().signed_in("operator@isp.test", "correct horse 1").put(path, body).ok(404)


def test_what_is_invoiced_cannot_be_paid_in_advance(make: Make) -> None:
    isp = make("2026-11-01")
    operator = nobody().signed_in("operator@isp.test", "correct horse 1")
    delta = onboard(operator, "DELTA", settles_from="2026-11-01", settlement={"mode": "aggregate"})["id"]
    prices = [{"plan": plan, "monthly_price": "1.00"} for plan in ("HOME", "FAST")]
    body = {"effective_on": "2026-11-05", "prices": prices, "timing": "advance"}
    assert fields_of(operator.put(f"/v1/resellers/{delta}/tariff", body)) == ["timing"]
    isp.tie_out()
