"""Reports over HTTP: the figures of a small month as clients see them, pages, refusals, and files."""

import pytest

from tests.conftest import SetClock
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import fields_of, onboard, owner_of, the_operator

REPORTS = "/v1/ledger/reports"
NOVEMBER = "from=2026-11-01&to=2026-11-30"


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    return the_operator()


@pytest.fixture
def alpha(operator: Client) -> Client:
    """Alpha with a fund of 70.00, 30.00 of it on credit, and a month of a few entries; Gamma has one that is not seen."""
    for code in ("ALPHA", "GAMMA"):
        reseller = onboard(operator, code)["id"]
        path = f"/v1/resellers/{reseller}/recharges"
        operator.post(path, {"amount": "40.00", "method": "cash"}).ok(201)
        operator.post(path, {"amount": "30.00", "method": "credit"}).ok(201)
    client = owner_of("ALPHA")
    account = {"code": "5910", "name": "Office rent", "type": "expense", "parent": "5900"}
    client.post("/v1/ledger/accounts", account).ok(201)
    owner_of("GAMMA").post("/v1/ledger/entries", entry("2026-11-03", "1000", "4000", "999.00")).ok(201)
    for day, debit, credit, amount in (
        ("2026-10-05", "1000", "4000", "100.00"),
        ("2026-11-03", "1000", "4000", "250.00"),
        ("2026-11-05", "5910", "1010", "80.00"),
        ("2026-11-05", "1010", "1000", "90.00"),
    ):
        client.post("/v1/ledger/entries", entry(day, debit, credit, amount)).ok(201)
    return client


def entry(day: str, debit: str, credit: str, amount: str) -> dict[str, object]:
    lines = [{"account": debit, "debit": amount}, {"account": credit, "credit": amount}]
    return {"effective_on": day, "memo": f"{debit} to {credit}", "lines": lines}


def test_profit_and_loss_and_its_comparison(alpha: Client) -> None:
    found = alpha.get(f"{REPORTS}/profit-and-loss?{NOVEMBER}&compare_from=2026-10-01&compare_to=2026-10-31").ok(200)
    assert (found["result"], found["compared_result"], found["closed_through"]) == ("170.00", "100.00", None)
    assert (found["income"]["total"], found["income"]["compared_total"]) == ("250.00", "100.00")
    assert [(one["code"], one["level"], one["amount"], one["total"]) for one in found["expenses"]["lines"]] == [
        ("5900", 0, "0.00", "80.00"),
        ("5910", 1, "80.00", "80.00"),
    ]


def test_the_trial_balance_of_a_month_opens_moves_and_closes(alpha: Client) -> None:
    found = alpha.get(f"{REPORTS}/trial-balance?{NOVEMBER}").ok(200)
    assert {one["code"]: tuple(one["movement"].values()) for one in found["accounts"]} == {
        "1000": ("100.00", "250.00", "130.00", "220.00"),
        "1010": ("0.00", "90.00", "80.00", "10.00"),
        "1200": ("0.00", "70.00", "0.00", "70.00"),
        "2000": ("0.00", "0.00", "30.00", "-30.00"),
        "4000": ("-100.00", "0.00", "250.00", "-350.00"),
        "5910": ("0.00", "80.00", "0.00", "80.00"),
    }
    assert (found["total_debit"], found["total_credit"]) == ("490.00", "490.00")
    assert (found["closing_debit"], found["closing_credit"]) == ("380.00", "380.00")


def test_the_balance_sheet_balances_with_the_result(alpha: Client) -> None:
    found = alpha.get(f"{REPORTS}/balance-sheet?on=2026-11-30&compare_on=2026-10-31").ok(200)
    assert (found["assets"]["total"], found["liabilities"]["total"], found["equity"]["total"]) == (
        "300.00",
        "30.00",
        "0.00",
    )
    assert (found["result"], found["compared_result"]) == ("270.00", "100.00")


def test_the_cash_book_runs_over_all_accounts_of_money_or_one(alpha: Client) -> None:
    whole = alpha.get(f"{REPORTS}/cash-book?{NOVEMBER}").ok(200)
    assert (whole["opening"], whole["debit"], whole["credit"], whole["closing"]) == (
        "100.00",
        "340.00",
        "210.00",
        "230.00",
    )
    assert [one["balance"] for one in whole["items"]] == ["350.00", "270.00", "360.00", "270.00", "230.00"]
    bank = alpha.get(f"{REPORTS}/cash-book?{NOVEMBER}&account=1010").ok(200)
    assert [(one["debit"], one["credit"], one["balance"]) for one in bank["items"]] == [
        ("0.00", "80.00", "-80.00"),
        ("90.00", "0.00", "10.00"),
    ]
    assert fields_of(alpha.get(f"{REPORTS}/cash-book?{NOVEMBER}&account=4000")) == ["account"]


def test_the_account_ledger_pages_with_a_balance_that_runs_on(alpha: Client) -> None:
    path = f"{REPORTS}/account-ledger?{NOVEMBER}&account=1000&limit=1"
    page = alpha.get(path).ok(200)
    seen = []
    while True:
        (line,) = page["items"]
        seen.append((page["brought_forward"], line["debit"], line["credit"], line["balance"]))
        assert alpha.get(f"/v1/ledger/entries/{line['entry']}").ok(200)["memo"] == line["memo"]
        if page["next_cursor"] is None:
            break
        page = alpha.get(f"{path}&cursor={page['next_cursor']}").ok(200)
    assert seen == [
        ("100.00", "250.00", "0.00", "350.00"),
        ("350.00", "0.00", "90.00", "260.00"),
        ("260.00", "0.00", "40.00", "220.00"),
    ]
    assert fields_of(alpha.get(f"{REPORTS}/account-ledger?{NOVEMBER}&account=5920")) == ["account"]
    assert fields_of(alpha.get(f"{REPORTS}/account-ledger?{NOVEMBER}")) == ["account"]
    for cursor in ("AAAA", "MjAyNi0xMS0wMQ", "%F0%9F%92%A9"):
        assert fields_of(alpha.get(f"{path}&cursor={cursor}")) == ["cursor"]


def test_the_fund_statement_shows_each_movement_of_the_fund(operator: Client, alpha: Client) -> None:
    found = alpha.get(f"{REPORTS}/fund-statement?{NOVEMBER}").ok(200)
    assert [one["balance"] for one in found["items"]] == ["40.00", "70.00"]
    assert found["closing"] == alpha.get("/v1/fund").ok(200)["balance"] == "70.00"
    assert operator.get(f"{REPORTS}/fund-statement?{NOVEMBER}").ok(404)["code"] == "not-found"


def test_who_owes_is_told_by_name_and_age_in_pages(operator: Client, alpha: Client) -> None:
    first = operator.get(f"{REPORTS}/receivables-ageing?limit=1").ok(200)
    second = operator.get(f"{REPORTS}/receivables-ageing?limit=1&cursor={first['next_cursor']}").ok(200)
    assert (first["total"], second["next_cursor"]) == ("60.00", None)
    both = [*first["items"], *second["items"]]
    assert sorted(one["name"] for one in both) == ["Alpha Net", "Gamma Net"]
    assert {(one["account"], one["days_0_30"], one["total"]) for one in both} == {("1150", "30.00", "30.00")}


def test_both_tiers_tie_out_page_by_page(operator: Client, alpha: Client) -> None:
    first = operator.get(f"{REPORTS}/tie-out?limit=1").ok(200)
    second = operator.get(f"{REPORTS}/tie-out?limit=1&cursor={first['next_cursor']}").ok(200)
    assert [one["name"] for one in (*first["items"], *second["items"])] == ["Alpha Net", "Gamma Net"]
    agrees = {"difference": "0.00", "unexplained": "0.00", "compared_parent": None, "compared_child": None}
    for one in (*first["items"], *second["items"]):
        assert one["fund"] == {"parent": "70.00", "child": "70.00", **agrees}
        assert one["credit"] == {"parent": "30.00", "child": "30.00", **agrees}
    (compared, *_) = operator.get(f"{REPORTS}/tie-out?compare_on=2026-11-01").ok(200)["items"]
    assert (compared["fund"]["compared_parent"], compared["fund"]["compared_child"]) == ("0.00", "0.00")
    assert alpha.get(f"{REPORTS}/tie-out").ok(200)["items"] == []


def test_the_days_of_a_report_are_this_month_through_today_unless_told(alpha: Client) -> None:
    found = alpha.get(f"{REPORTS}/profit-and-loss").ok(200)
    assert (found["begins_on"], found["ends_on"], found["by"]) == ("2026-11-01", "2026-11-22", "effective_on")
    sheet = alpha.get(f"{REPORTS}/balance-sheet").ok(200)
    assert (sheet["begins_on"], sheet["ends_on"]) == (None, "2026-11-22")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-11-02&to=2026-11-01", "from"),
        ("from=2016-01-01&to=2026-11-01", "from"),
        ("compare_from=2026-10-01", "compare_to"),
        ("compare_to=2026-10-01", "compare_from"),
        ("compare_from=2026-10-02&compare_to=2026-10-01", "compare_from"),
        ("by=recorded_at", "by"),
        ("known_at=yesterday", "known_at"),
        ("format=xml", "format"),
        ("on=2026-11-01", "on"),
        ("cost_centre=", "cost_centre"),
    ],
)
def test_a_bad_question_is_refused_by_the_name_of_its_field(alpha: Client, query: str, field: str) -> None:
    assert fields_of(alpha.get(f"{REPORTS}/profit-and-loss?{query}")) == [field]


@pytest.mark.parametrize(
    ("report", "last"),
    [
        ("trial-balance", ",Total,0.00,490.00"),
        ("profit-and-loss", ",Result,170.00,total"),
        ("cash-book", ",340.00,210.00,230.00,total"),
        ("account-ledger?account=1000", ",250.00,130.00,220.00,total"),
        ("fund-statement", ",70.00,0.00,70.00,total"),
    ],
)
def test_a_report_is_a_file_too(alpha: Client, report: str, last: str) -> None:
    joined = "&" if "?" in report else "?"
    reply = alpha.get(f"{REPORTS}/{report}{joined}{NOVEMBER}&format=csv").ok(200)
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert last in reply.text.splitlines()[-1]


@pytest.mark.parametrize("report", ["balance-sheet", "receivables-ageing", "tie-out"])
def test_a_report_of_a_day_is_a_file_too(operator: Client, alpha: Client, report: str) -> None:
    reply = operator.get(f"{REPORTS}/{report}?format=csv").ok(200)
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(reply.text.splitlines()) > 2
