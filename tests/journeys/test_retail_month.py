"""A tenant bills its subscribers, through HTTP: every cycle, timing, tax and kind of document, with exact figures.

Beta and Gamma sell HOME on the same terms; whatever happens at Beta's, Gamma's one invoice of November stays as it is.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.proof.tend import STEPS, carry_out
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client, Reply
from tests.retail.checks import check_retail
from tests.tenants.isp import fields_of, owner_of, two_funded_resellers

PLAN = {"name": "Home", "code": "HOME", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "500.00"}
TERMS = {"starts_on": "2026-11-01", "due_days": 7}


def onboard(**changes: Any) -> None:
    """Beta and Gamma, both selling HOME at 500.00, and Karim of Gamma's, who is invoiced."""
    two_funded_resellers("50000.00", **changes)
    for code in ("BETA", "GAMMA"):
        owner_of(code).post("/v1/plans", {**PLAN, "based_on": "op.HOME-10"}).ok(201)
        owner_of(code).put("/v1/billing-terms", TERMS).ok(200)
    gamma = owner_of("GAMMA")
    gamma.post("/v1/invoices", {"subscriber": connect(gamma, "Karim", "2026-11-01")}).ok(201)


@pytest.fixture
def beta(engine: object, the_clock: SetClock) -> Iterator[Client]:
    the_clock.set("2026-11-01T06:00:00")
    onboard()
    yield owner_of("BETA")
    check()


def check() -> None:
    """Accounts, documents, numbers and books agree, and Gamma saw nothing of what Beta did."""
    for code in ("BETA", "GAMMA"):
        owner = owner_of(code)
        check_retail(tenant_of(owner))
        totals = owner.get("/v1/dues/totals").ok(200)
        assert (totals["balance"], totals["difference"]) == (net_of(owner, "1100"), "0.00")
    assert net_of(owner_of("GAMMA"), "1100") == "500.00"
    check_invariants()


def tenant_of(owner: Client) -> str:
    return str(owner.get("/v1/me").ok(200)["tenant"]["id"])


def net_of(owner: Client, code: str) -> str:
    """The net debit of an account of the owner's book."""
    accounts = {one["code"]: one for one in owner.get("/v1/ledger/trial-balance").ok(200)["accounts"]}
    one = accounts.get(code, {"debit": "0.00", "credit": "0.00"})
    return str(one["debit"] if one["credit"] == "0.00" else f"-{one['credit']}")


def connect(owner: Client, name: str, start_on: str) -> str:
    body = {"name": name, "plan": "HOME", "username": name.lower(), "start_on": start_on}
    return str(owner.post("/v1/subscribers", body).ok(201)["id"])


def morning(the_clock: SetClock, day: str) -> Client:
    """Beta's owner on that day."""
    the_clock.set(f"{day}T06:00:00")
    return owner_of("BETA")


def by_itself(the_clock: SetClock, day: str) -> Client:
    """What the hourly worker does for Beta's subscribers on that day: invoices, late fees, suspension and return."""
    beta = morning(the_clock, day)
    steps = [step for step in STEPS if step.__name__ in ("_invoice", "_chase")]
    carry_out({"do": "tend", "chain": ["op", tenant_of(beta)]}, clock.now(), steps)
    return beta


def lines(invoice: Any) -> list[tuple[str, str, str, str]]:
    """The lines as (kind, first day, last day, amount), days without their year."""
    return [(one["kind"], (one["first"] or "")[5:], (one["last"] or "")[5:], one["amount"]) for one in invoice["lines"]]


def figures(document: Any) -> tuple[str, str, str]:
    return document["net"], document["tax"], document["total"]


def invoices_of(owner: Client, who: str) -> list[Any]:
    """The invoices of a subscriber as they were issued, oldest first."""
    listed = owner.get(f"/v1/invoices?subscriber={who}").ok(200)["items"]
    return [owner.get(f"/v1/invoices/{one['id']}").ok(200).data for one in reversed(listed)]


def pay(owner: Client, who: str, amount: str, **more: str) -> Reply:
    return owner.post(f"/v1/subscribers/{who}/payments", {"amount": amount, "method": "cash", **more})


def account(owner: Client, who: str) -> Any:
    return owner.get(f"/v1/subscribers/{who}/account").ok(200).data


def everything(owner: Client, who: str) -> Any:
    """All that a refusal must leave as it is."""
    paths = (f"/v1/subscribers/{who}/account", f"/v1/subscribers/{who}/statement", "/v1/invoices", "/v1/billing-terms")
    return [owner.get(path).ok(200).data for path in (*paths, "/v1/ledger/trial-balance")]


# Cycle and timing


def test_prepaid_each_month_is_invoiced_when_it_begins_and_a_change_in_it_is_on_the_next_invoice(
    beta: Client, the_clock: SetClock
) -> None:
    beta = by_itself(the_clock, "2026-11-16")
    rahim = connect(beta, "Rahim", "2026-11-16")
    by_itself(the_clock, "2026-11-17")
    beta = by_itself(the_clock, "2026-12-21")
    beta.post(f"/v1/subscribers/{rahim}/events", {"type": "disable", "effective_on": "2026-12-21"}).ok(201)
    beta = by_itself(the_clock, "2027-01-01")
    assert lines(invoices_of(beta, rahim)[0]) == [("service", "11-16", "11-30", "250.00")]
    assert lines(invoices_of(beta, rahim)[1]) == [("service", "12-01", "12-31", "500.00")]
    # Ten of 31 days of December were not used: what is taken back is more than what is charged.
    assert len(invoices_of(beta, rahim)) == 2
    note = beta.get(f"/v1/subscribers/{rahim}/statement").ok(200)["items"][-1]
    assert (note["kind"], note["settled"], note["balance"]) == ("credit_note", "161.29", "588.71")


def test_postpaid_on_the_anniversary_what_was_used_is_invoiced_when_the_period_is_over(
    beta: Client, the_clock: SetClock
) -> None:
    beta.put("/v1/billing-terms", {**TERMS, "cycle": "anniversary", "timing": "postpaid"}).ok(200)
    beta = morning(the_clock, "2026-11-12")
    rahim = connect(beta, "Rahim", "2026-11-12")
    beta = by_itself(the_clock, "2026-11-30")
    beta.post(f"/v1/subscribers/{rahim}/events", {"type": "disable", "effective_on": "2026-11-30"}).ok(201)
    by_itself(the_clock, "2026-12-11")
    assert invoices_of(owner_of("BETA"), rahim) == []
    beta = by_itself(the_clock, "2026-12-12")
    [invoice] = invoices_of(beta, rahim)
    # 19 of the 30 days from 12 November to 11 December: 500.00 x 19 / 30 = 316.67.
    assert lines(invoice) == [("service", "11-12", "11-30", "316.67")]
    assert (invoice["issued_on"], invoice["due_on"]) == ("2026-12-12", "2026-12-19")


def test_a_leap_year_has_a_29th_to_bill_on_and_the_31st_is_the_last_of_a_shorter_month(
    beta: Client, the_clock: SetClock
) -> None:
    beta = morning(the_clock, "2028-02-01")
    beta.put("/v1/billing-terms", {**TERMS, "starts_on": "2027-12-31", "cycle": "custom_day", "billing_day": 31}).ok(
        200
    )
    rahim = connect(beta, "Rahim", "2028-02-01")
    selim = connect(beta, "Selim", "2028-02-01")
    beta.patch(f"/v1/subscribers/{selim}/account", {"billing_day": 29}).ok(200)
    for day in ("2028-02-01", "2028-02-28", "2028-02-29", "2028-03-29", "2028-03-31", "2029-02-28"):
        beta = by_itself(the_clock, day)
    of_rahim, of_selim = invoices_of(beta, rahim), invoices_of(beta, selim)
    # From 31 January to 28 February there are 29 days, of which the first was not used.
    assert [lines(one)[0] for one in of_rahim[:3]] == [
        ("service", "02-01", "02-28", "482.76"),
        ("service", "02-29", "03-30", "500.00"),
        ("service", "03-31", "04-29", "500.00"),
    ]
    assert [one["issued_on"] for one in of_rahim] == ["2028-02-01", "2028-02-29", "2028-03-31", "2029-02-28"]
    assert lines(of_rahim[3])[-1] == ("service", "02-28", "03-30", "500.00")
    assert [one["issued_on"] for one in of_selim] == ["2028-02-01", "2028-02-29", "2028-03-29", "2029-02-28"]
    assert lines(of_selim[1]) == [("service", "02-29", "03-28", "500.00")]
    assert lines(of_selim[3])[-2:] == [
        ("service", "01-29", "02-27", "500.00"),
        ("service", "02-28", "03-28", "500.00"),
    ]


@pytest.mark.parametrize(
    ("before", "begins", "ends", "days"),
    [
        # In Berlin the clock goes forward on 28 March 2027, a day of 23 hours, and back on 31 October, one of 25.
        ("2027-03-27T22:59:59", "2027-03-27T23:00:00", "2027-03-28T21:59:59", ("2027-03-28", "2027-04-27")),
        ("2027-10-30T21:59:59", "2027-10-30T22:00:00", "2027-10-31T22:59:59", ("2027-10-31", "2027-11-29")),
    ],
)
def test_a_billing_day_on_which_the_clock_changes_is_invoiced_once_from_its_first_to_its_last_instant(
    engine: object, the_clock: SetClock, before: str, begins: str, ends: str, days: tuple[str, str]
) -> None:
    the_clock.set("2026-11-01T06:00:00")
    onboard(timezone="Europe/Berlin")
    day = days[0]
    the_clock.set(before)
    beta = owner_of("BETA")
    terms = {**TERMS, "starts_on": day, "cycle": "custom_day", "billing_day": int(day[8:])}
    beta.put("/v1/billing-terms", terms).ok(200)
    rahim = connect(beta, "Rahim", day)
    assert beta.post("/v1/invoice-runs", {"date": day}).ok(422)["code"] == "day-not-begun"
    for instant in (begins, ends):
        the_clock.set(instant)
        beta = owner_of("BETA")
        assert beta.post("/v1/invoice-runs", {"date": day}).ok(200)["invoices"] == 1
    [invoice] = invoices_of(beta, rahim)
    assert [(one["first"], one["last"], one["amount"]) for one in invoice["lines"]] == [(*days, "500.00")]
    assert invoice["issued_on"] == day
    check()


# Prices, discounts, tax


def test_tax_is_rounded_once_an_invoice_whether_it_is_added_or_in_the_price(beta: Client) -> None:
    for number, kind, expected in (
        (1, "exclusive", ("66.66", "3.33", "69.99")),
        (2, "inclusive", ("63.49", "3.17", "66.66")),
    ):
        beta.put("/v1/billing-terms", {**TERMS, "tax_bps": 500, "tax": kind}).ok(200)
        who = connect(beta, f"Rahim{number}", "2026-11-01")
        line = {"plan": "HOME", "username": f"second{number}", "start_on": "2026-11-01"}
        beta.post(f"/v1/subscribers/{who}/services", line).ok(201)
        services = [one["id"] for one in beta.get(f"/v1/subscribers/{who}").ok(200)["services"]]
        prices = [{"service": one, "monthly_price": "33.33"} for one in services]
        beta.patch(f"/v1/subscribers/{who}/account", {"prices": prices}).ok(200)
        invoice = beta.post("/v1/invoices", {"subscriber": who}).ok(201)
        # By the line it would be 1.67 twice (added), or 31.74 twice without tax (taken out).
        assert figures(invoice) == expected
        assert [one["amount"] for one in invoice["lines"]] == ["33.33", "33.33"]
    assert (net_of(beta, "4000"), net_of(beta, "2200")) == ("-130.15", "-6.50")


ADDED, IN_IT = {"tax_bps": 500}, {"tax_bps": 500, "tax": "inclusive"}


@pytest.mark.parametrize(
    ("then", "charged", "now", "total", "tax"),
    [
        # 250.00 of November are taken back with the 5% that were added to them, or in them; what is new has today's tax.
        (ADDED, ("500.00", "25.00", "525.00"), {"tax_bps": 1_500}, "312.50", "62.50"),
        (ADDED, ("500.00", "25.00", "525.00"), {"tax_bps": 1_500, "tax": "inclusive"}, "237.50", "52.72"),
        (ADDED, ("500.00", "25.00", "525.00"), {"tax_bps": 0}, "237.50", "-12.50"),
        (IN_IT, ("476.19", "23.81", "500.00"), {"tax_bps": 1_500}, "325.00", "63.10"),
    ],
)
def test_what_is_taken_back_has_the_tax_that_it_was_charged_with(
    beta: Client,
    the_clock: SetClock,
    then: dict[str, Any],
    charged: tuple[str, str, str],
    now: dict[str, Any],
    total: str,
    tax: str,
) -> None:
    beta.put("/v1/billing-terms", {**TERMS, **then}).ok(200)
    rahim = connect(beta, "Rahim", "2026-11-01")
    by_itself(the_clock, "2026-11-01")
    beta = morning(the_clock, "2026-11-15")
    beta.post(f"/v1/subscribers/{rahim}/events", {"type": "disable", "effective_on": "2026-11-15"}).ok(201)
    beta.put("/v1/billing-terms", {**TERMS, **now}).ok(200)
    beta = morning(the_clock, "2026-12-01")
    beta.post(f"/v1/subscribers/{rahim}/events", {"type": "enable", "effective_on": "2026-12-01"}).ok(201)
    beta = by_itself(the_clock, "2026-12-01")
    first, second = invoices_of(beta, rahim)
    assert figures(first) == charged
    assert [(one["kind"], one["amount"]) for one in second["lines"]] == [
        ("adjustment", "-250.00"),
        ("service", "500.00"),
    ]
    assert (second["total"], second["tax"]) == (total, tax)
    beta.post(f"/v1/invoices/{second['id']}/void", {"reason": "once more"}).ok(201)
    assert account(beta, rahim)["balance"] == charged[2]
    assert (net_of(beta, "4000"), net_of(beta, "2200")) == (f"-{charged[0]}", f"-{charged[1]}")


def test_a_discount_is_off_each_period_until_its_day_and_never_more_than_the_price(
    beta: Client, the_clock: SetClock
) -> None:
    rahim = connect(beta, "Rahim", "2026-11-01")
    path = f"/v1/subscribers/{rahim}/account"
    service = beta.get(f"/v1/subscribers/{rahim}").ok(200)["services"][0]["id"]
    before = everything(beta, rahim)
    assert fields_of(beta.patch(path, {"discount": {"amount": "500.01"}})) == ["discount.amount"]
    assert fields_of(beta.patch(path, {"discount": {"bps": 10_001}})) == ["discount.bps"]
    assert everything(beta, rahim) == before
    beta.patch(path, {"discount": {"amount": "500.00", "until": "2026-12-31"}}).ok(200)
    cheaper = {"prices": [{"service": service, "monthly_price": "499.99"}]}
    assert fields_of(beta.patch(path, cheaper)) == ["prices"]
    beta.patch(path, {"discount": {"amount": "120.00", "until": "2026-12-31"}}).ok(200)
    beta.post(f"/v1/subscribers/{rahim}/charges", {"text": "Cable", "amount": "80.00"}).ok(201)
    for day in ("2026-11-01", "2026-12-01", "2027-01-01"):
        beta = by_itself(the_clock, day)
    assert [[amount for *_, amount in lines(one)] for one in invoices_of(beta, rahim)] == [
        ["500.00", "-120.00", "80.00"],
        ["500.00", "-120.00"],
        ["500.00"],
    ]
    assert (net_of(beta, "4000"), net_of(beta, "4010")) == ("-1260.00", "-80.00")


# Payments and dues


def test_bills_of_500_and_payments_of_300_0_and_600_are_cumulative_dues_200_700_600_and_monthly_200_500_0(
    beta: Client, the_clock: SetClock
) -> None:
    rahim = connect(beta, "Rahim", "2026-11-01")
    owed = []
    for month, paid in (("2026-11", "300.00"), ("2026-12", None), ("2027-01", "600.00")):
        beta = by_itself(the_clock, f"{month}-01")
        if paid is not None:
            pay(beta, rahim, paid).ok(201)
        dues = beta.get(f"/v1/subscribers/{rahim}/dues").ok(200)
        owed.append((dues["due"], dues["cumulative"], dues["monthly"]))
    assert owed == [("200.00", "200.00", "200.00"), ("700.00", "700.00", "500.00"), ("600.00", "600.00", "0.00")]
    assert [(one["month"], one["cumulative"], one["monthly"]) for one in dues["months"]] == [
        ("2026-11", "200.00", "200.00"),
        ("2026-12", "700.00", "500.00"),
        ("2027-01", "600.00", "0.00"),
    ]
    beta.put("/v1/billing-terms", {**TERMS, "dues": "monthly"}).ok(200)
    assert beta.get(f"/v1/subscribers/{rahim}/dues").ok(200)["due"] == "0.00"
    # 900.00 have paid November, and 400.00 of December; January is open.
    assert [one["remaining"] for one in account(beta, rahim)["open"]] == ["100.00", "500.00"]


def test_a_payment_pays_the_oldest_first_and_what_is_left_the_invoices_to_come(
    beta: Client, the_clock: SetClock
) -> None:
    rahim = connect(beta, "Rahim", "2026-11-01")
    for day in ("2026-11-01", "2026-12-01"):
        beta = by_itself(the_clock, day)
    first, second = (one["id"] for one in invoices_of(beta, rahim))
    part = pay(beta, rahim, "200.00").ok(201)
    assert part["allocated"] == [{"document": first, "amount": "200.00"}]
    both = pay(beta, rahim, "400.00").ok(201)
    assert both["allocated"] == [{"document": first, "amount": "300.00"}, {"document": second, "amount": "100.00"}]
    assert [one["status"] for one in invoices_of(beta, rahim)] == ["paid", "open"]
    ahead = pay(beta, rahim, "1000.00").ok(201)
    assert (ahead["advance"], ahead["balance_after"]) == ("600.00", "-600.00")
    assert pay(beta, rahim, "1.00", invoice=first).ok(409)["code"] == "nothing-open"
    beta = by_itself(the_clock, "2027-01-01")
    third = invoices_of(beta, rahim)[2]
    assert (third["status"], third["remaining"], third["balance_after"]) == ("paid", "0.00", "-100.00")
    assert account(beta, rahim)["advance"] == "100.00"
    refund = {"amount": "100.01", "method": "cash", "reason": "leaving"}
    assert beta.post(f"/v1/subscribers/{rahim}/refunds", refund).ok(409)["code"] == "refund-above-advance"
    beta.post(f"/v1/subscribers/{rahim}/refunds", {**refund, "amount": "100.00"}).ok(201)
    assert (net_of(beta, "1000"), net_of(beta, "1100")) == ("-48500.00", "0.00")


def test_a_payment_of_a_void_invoice_and_a_credit_above_the_invoice_are_refused_and_change_nothing(
    beta: Client,
) -> None:
    rahim = connect(beta, "Rahim", "2026-11-01")
    invoice = beta.post("/v1/invoices", {"subscriber": rahim}).ok(201)["id"]
    credit = f"/v1/invoices/{invoice}/credit-notes"
    beta.post(credit, {"amount": "100.00", "reason": "no line"}).ok(201)
    before = everything(beta, rahim)
    assert beta.post(credit, {"amount": "400.01", "reason": "no line"}).ok(409)["code"] == "credit-above-invoice"
    two_lines = [{"text": "a day", "amount": "400.00"}, {"text": "another", "amount": "0.01"}]
    assert beta.post(credit, {"lines": two_lines, "reason": "no line"}).ok(409)["code"] == "credit-above-invoice"
    assert fields_of(beta.post(credit, {"amount": "0.00", "reason": "no line"})) == ["amount"]
    assert everything(beta, rahim) == before
    beta.post(f"/v1/invoices/{invoice}/void", {"reason": "never used"}).ok(201)
    before = everything(beta, rahim)
    assert pay(beta, rahim, "1.00", invoice=invoice).ok(409)["code"] == "invoice-void"
    assert beta.post(credit, {"amount": "0.01", "reason": "no line"}).ok(409)["code"] == "invoice-void"
    assert beta.post(f"/v1/invoices/{invoice}/void", {"reason": "again"}).ok(409)["code"] == "invoice-void"
    assert everything(beta, rahim) == before
    assert (account(beta, rahim)["balance"], net_of(beta, "4000")) == ("0.00", "0.00")


def test_what_is_written_off_is_a_bad_debt_and_the_tax_stays_owed(beta: Client) -> None:
    beta.put("/v1/billing-terms", {**TERMS, "tax_bps": 500}).ok(200)
    rahim = connect(beta, "Rahim", "2026-11-01")
    beta.post("/v1/invoices", {"subscriber": rahim}).ok(201)
    pay(beta, rahim, "25.00").ok(201)
    path, reason = f"/v1/subscribers/{rahim}/write-offs", {"reason": "moved away"}
    before = everything(beta, rahim)
    assert beta.post(path, {**reason, "amount": "500.01"}).ok(409)["code"] == "write-off-above-dues"
    assert everything(beta, rahim) == before
    given_up = beta.post(path, reason).ok(201)
    assert (given_up["number"], given_up["total"], given_up["balance_after"]) == ("WO-2026-000001", "500.00", "0.00")
    assert [net_of(beta, code) for code in ("5400", "1100", "2200", "4000")] == ["500.00", "0.00", "-25.00", "-500.00"]


# Late fees and suspension


def test_who_is_late_is_charged_a_rate_once_cut_after_the_grace_and_back_when_it_has_paid(
    beta: Client, the_clock: SetClock
) -> None:
    late = {"grace_days": 3, "late_fee": {"bps": 250}, "suspend_overdue": True}
    beta.put("/v1/billing-terms", {**TERMS, **late}).ok(200)
    rahim = connect(beta, "Rahim", "2026-11-01")
    path = f"/v1/subscribers/{rahim}"
    for day in ("2026-11-01", "2026-11-08"):
        beta = by_itself(the_clock, day)
    pay(beta, rahim, "199.80").ok(201)
    beta = by_itself(the_clock, "2026-11-11")
    assert (beta.get(path)["status"], account(beta, rahim)["balance"]) == ("active", "300.20")
    # 2.5% of the 300.20 that are late: 7.505, rounded half up.
    for day in ("2026-11-12", "2026-11-13"):
        beta = by_itself(the_clock, day)
        assert (beta.get(path)["status"], account(beta, rahim)["balance"]) == ("disabled", "307.71")
    assert account(beta, rahim)["suspended_for"] == invoices_of(beta, rahim)[0]["id"]
    pay(beta, rahim, "300.19").ok(201)
    assert beta.get(path)["status"] == "disabled"
    pay(beta, rahim, "0.01").ok(201)
    assert (beta.get(path)["status"], account(beta, rahim)["suspended_for"]) == ("active", None)
    beta = by_itself(the_clock, "2026-12-01")
    assert lines(invoices_of(beta, rahim)[1])[0] == ("service", "12-01", "12-31", "500.00")
    assert (account(beta, rahim)["balance"], net_of(beta, "4050")) == ("507.51", "-7.51")


# Numbers, records


def test_numbers_have_no_gap_whatever_is_refused_in_between_and_begin_anew_each_year(
    beta: Client, the_clock: SetClock
) -> None:
    numbers = {"invoice": {"template": "{prefix}{year}/{sequence:3}", "prefix": "B-"}}
    beta.put("/v1/billing-terms", {**TERMS, "numbers": numbers}).ok(200)
    rahim, selim = connect(beta, "Rahim", "2026-11-01"), connect(beta, "Selim", "2026-11-01")
    beta.post("/v1/invoices", {"subscriber": rahim}).ok(201)
    assert beta.post("/v1/invoices", {"subscriber": rahim}).ok(409)["code"] == "nothing-to-invoice"
    assert fields_of(beta.post("/v1/invoices", {"subscriber": f"{tenant_of(beta)}.s999"})) == ["subscriber"]
    beta.post("/v1/invoices", {"subscriber": selim}).ok(201)
    for day in ("2026-12-01", "2027-01-01"):
        beta = by_itself(the_clock, day)
    listed = [one["number"] for one in reversed(beta.get("/v1/invoices").ok(200)["items"])]
    assert listed == ["B-2026/001", "B-2026/002", "B-2026/003", "B-2026/004", "B-2027/001", "B-2027/002"]
    never = {"invoice": {"template": "{prefix}{year}/{sequence:3}", "prefix": "B-", "restarts": "never"}}
    beta.put("/v1/billing-terms", {**TERMS, "numbers": never}).ok(200)
    for day in ("2027-02-01", "2028-01-01"):
        beta = by_itself(the_clock, day)
    listed = [one["number"] for one in reversed(beta.get("/v1/invoices").ok(200)["items"])]
    assert listed[6:] == ["B-2027/003", "B-2027/004", "B-2028/005", "B-2028/006"]


def test_an_issued_invoice_stays_what_it_is_whatever_is_changed_later(beta: Client, the_clock: SetClock) -> None:
    rahim = connect(beta, "Rahim", "2026-11-01")
    issued = beta.post("/v1/invoices", {"subscriber": rahim}).ok(201).data
    beta.patch(f"/v1/subscribers/{rahim}", {"name": "Rahima"}).ok(200)
    beta.patch("/v1/plans/HOME", {"monthly_price": "700.00", "name": "Home again"}).ok(200)
    other = {"tax_bps": 1_500, "tax": "inclusive", "due_days": 30, "numbers": {"invoice": {"prefix": "X-"}}}
    beta.put("/v1/billing-terms", {**TERMS, **other}).ok(200)
    beta.post(f"/v1/subscribers/{rahim}/events", {"type": "disable", "effective_on": "2026-11-01"}).ok(201)
    pay(beta, rahim, "100.00").ok(201)
    beta.post(f"/v1/invoices/{issued['id']}/credit-notes", {"amount": "50.00", "reason": "no line"}).ok(201)
    for method in ("PATCH", "PUT", "DELETE"):
        assert beta.call(method, f"/v1/invoices/{issued['id']}", {"total": "1.00"}).status == 405
    shown = beta.get(f"/v1/invoices/{issued['id']}").ok(200).data
    assert {name: shown[name] for name in issued} == issued
    assert (shown["customer_name"], shown["lines"][0]["plan"], shown["number"]) == ("Rahim", "Home", "INV-2026-000001")
    assert (shown["remaining"], shown["credited"], shown["status"]) == ("350.00", "50.00", "open")


def test_the_first_day_that_is_billed_does_not_move_back_once_somebody_is_invoiced(beta: Client) -> None:
    later = {**TERMS, "starts_on": "2026-11-10"}
    assert beta.put("/v1/billing-terms", later).ok(200)["starts_on"] == "2026-11-10"
    assert beta.put("/v1/billing-terms", TERMS).ok(200)["starts_on"] == "2026-11-01"
    beta.put("/v1/billing-terms", later).ok(200)
    rahim = connect(beta, "Rahim", "2026-11-01")
    invoice = beta.post("/v1/invoices", {"subscriber": rahim}).ok(201)
    assert lines(invoice) == [("service", "11-10", "11-30", "350.00")]
    before = everything(beta, rahim)
    assert fields_of(beta.put("/v1/billing-terms", TERMS)) == ["starts_on"]
    assert everything(beta, rahim) == before
    assert beta.put("/v1/billing-terms", {**TERMS, "starts_on": "2026-12-01"}).ok(200)["starts_on"] == "2026-12-01"


def test_the_statement_runs_from_document_to_document(beta: Client, the_clock: SetClock) -> None:
    rahim = connect(beta, "Rahim", "2026-11-01")
    beta = by_itself(the_clock, "2026-11-01")
    beta = morning(the_clock, "2026-11-20")
    pay(beta, rahim, "600.00", received_on="2026-11-15").ok(201)
    first = invoices_of(beta, rahim)[0]["id"]
    beta.post(f"/v1/invoices/{first}/credit-notes", {"amount": "50.00", "reason": "no line"}).ok(201)
    beta.post(f"/v1/subscribers/{rahim}/refunds", {"amount": "30.00", "method": "cash", "reason": "asked for"}).ok(201)
    beta = by_itself(the_clock, "2026-12-01")
    statement = beta.get(f"/v1/subscribers/{rahim}/statement").ok(200)
    assert [
        (one["date"][5:], one["kind"], one["charged"], one["settled"], one["balance"]) for one in statement["items"]
    ] == [
        ("11-01", "invoice", "500.00", "0.00", "500.00"),
        ("11-15", "receipt", "0.00", "600.00", "-100.00"),
        ("11-20", "credit_note", "0.00", "50.00", "-150.00"),
        ("11-20", "refund", "30.00", "0.00", "-120.00"),
        ("12-01", "invoice", "500.00", "0.00", "380.00"),
    ]
    assert (
        (statement["opening"], statement["closing"]) == ("0.00", account(beta, rahim)["balance"]) == ("0.00", "380.00")
    )
