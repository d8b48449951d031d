"""The demo ISP of a first start, killed twice while it was filled in: complete, and its books in order."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.demo_isp import DAYS, ENTRIES, PASSWORD, RECHARGES, REFUND, RESELLERS, STAFF
from tests.journeys.test_readme import Server, run_readme
from tests.ledger.programs import bean_check, by_beancount, by_code, by_csv, by_hledger, transactions

pytestmark = pytest.mark.xdist_group("demo")

DIES_AFTER_SECONDS = (0.4, 0.0)
DIES_AFTER = ("demo: 8 resellers", "demo: 10 days")
"""In the middle of moving in, and in the middle of the month."""


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in at the demo."""

    address: str
    token: str

    def get(self, path: str) -> Any:
        return ask(self.address + path, self.token)

    def post(self, path: str, body: Any = None) -> Any:
        return json.loads(read(self.address + path, self.token, {} if body is None else body))

    def read(self, path: str) -> str:
        """An answer that is not JSON."""
        return read(self.address + path, self.token).decode()

    def all_of(self, path: str) -> list[Any]:
        """Every item of a list, page after page."""
        items: list[Any] = []
        page = self.get(f"{path}?limit=200")
        items += page["items"]
        while page["next_cursor"]:
            page = self.get(f"{path}?limit=200&cursor={page['next_cursor']}")
            items += page["items"]
        return items


def ask(url: str, token: str = "", body: Any = None) -> Any:
    return json.loads(read(url, token, body))


def read(url: str, token: str = "", body: Any = None) -> bytes:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as answer:
        found: bytes = answer.read()
        return found


def visitor(address: str, email: str) -> Visitor:
    signed_in = ask(f"{address}/v1/auth/login", body={"email": email, "password": PASSWORD})
    return Visitor(address, signed_in["access_token"])


@dataclass(frozen=True)
class Demo:
    """The demo as its visitors meet it."""

    address: str
    said: list[str]
    operator: Visitor
    owners: dict[str, Visitor]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    data = tmp_path_factory.mktemp("demo") / "data"
    for said, seconds in zip(DIES_AFTER, DIES_AFTER_SECONDS, strict=True):
        server = Server(data, DEMO="1")
        server.wait_for(said)
        time.sleep(seconds)
        server.kill()
    server = Server(data, DEMO="1")
    address = server.ready()
    owners = {reseller.code: visitor(address, reseller.owner_email) for reseller in RESELLERS}
    yield Demo(address, server.said, visitor(address, "accountant@demo.test"), owners)
    server.kill()


def minor(amount: str) -> int:
    return int(amount.replace(".", ""))


def depth_of(tree: Any) -> int:
    return 1 + max((depth_of(child) for child in tree["children"]), default=0)


def count_of(tree: Any) -> int:
    return 1 + sum(count_of(child) for child in tree["children"])


def test_there_are_eight_resellers_on_three_levels(demo: Demo) -> None:
    trees = [demo.operator.get(f"/v1/resellers/{one['id']}/tree") for one in demo.operator.all_of("/v1/resellers")]
    assert max(depth_of(tree) for tree in trees) == 3
    assert sum(count_of(tree) for tree in trees) == len(RESELLERS) == 8


def test_about_a_thousand_subscribers_have_lived_through_the_month(demo: Demo) -> None:
    everybody = [one for owner in demo.owners.values() for one in owner.all_of("/v1/subscribers")]
    assert sum(reseller.subscribers for reseller in RESELLERS) == 1000
    assert len(everybody) == 1020
    assert {one["status"] for one in everybody} >= {"active", "disconnected", "suspended"}
    macs = [service["mac"] for one in everybody for service in one["services"]]
    assert all(mac.startswith("02:") for mac in macs)
    assert all(one["phone"].startswith("012") for one in everybody)
    assert sum(any("ঀ" <= letter <= "৿" for letter in one["name"]) for one in everybody) > 900


def test_a_month_of_days_is_settled_up_to_yesterday(demo: Demo) -> None:
    yesterday = (datetime.now(UTC) + timedelta(hours=6)).date() - timedelta(days=1)
    first = {one["settles_from"] for one in demo.operator.all_of("/v1/resellers")}
    assert first == {(yesterday - timedelta(days=DAYS - 1)).isoformat()}
    for owner in demo.owners.values():
        for back in range(DAYS):
            assert owner.get(f"/v1/settlements/{yesterday - timedelta(days=back)}")["status"] == "settled"
    own_day = demo.operator.get(f"/v1/settlements/{yesterday}")
    assert own_day["status"] == "settled"
    assert own_day["subscribers_charged"] > 900


def test_every_book_is_sound_and_every_fund_ties_out(demo: Demo) -> None:
    tied = []
    for who in (demo.operator, *demo.owners.values()):
        assert who.get("/v1/ledger/verification")["status"] == "sound"
        balance = who.get("/v1/ledger/trial-balance")
        assert balance["total_debit"] == balance["total_credit"] != "0.00"
        tied += who.all_of("/v1/tie-outs")
    assert len(tied) == len(RESELLERS)
    assert {one["difference"] for one in tied} == {"0.00"}


def test_beancount_and_hledger_accept_every_book_and_come_to_its_balances(demo: Demo) -> None:
    """The books of all nine tenants, to the last paisa of every account."""
    posted = 0
    for who in (demo.operator, *demo.owners.values()):
        accounts = who.get("/v1/ledger/trial-balance")["accounts"]
        balances = {one["code"]: Decimal(one["debit"]) - Decimal(one["credit"]) for one in accounts}
        assert len(balances) > 2
        beancount = who.read("/v1/ledger/export?format=beancount")
        hledger = who.read("/v1/ledger/export?format=hledger")
        bean_check(beancount)
        assert by_code(beancount, by_beancount(beancount)) == balances
        assert by_code(hledger, by_hledger(hledger)) == balances
        assert by_csv(who.read("/v1/ledger/export?format=csv")) == balances
        assert len(transactions(beancount)) == who.get("/v1/ledger/verification")["entries"]
        posted += len(transactions(beancount))
    assert posted > len(RESELLERS) * DAYS


def test_money_moved_once_though_the_filling_was_killed_twice(demo: Demo) -> None:
    for code, owner in demo.owners.items():
        movements = owner.all_of("/v1/fund/movements")
        given = [one["amount"] for one in movements if one["kind"] == "recharge" and minor(one["amount"]) > 0]
        repays = code == "UTTARA"
        wanted = [one.amount for one in RECHARGES if one.reseller == code and not (repays and one.method == "bank")]
        assert sorted(given) == sorted(wanted)
        assert sum(minor(one["amount"]) for one in movements) == minor(owner.get("/v1/fund")["balance"])
    refunds = [one for one in demo.owners["MIRPUR"].all_of("/v1/fund/movements") if one["kind"] == "refund"]
    assert [one["amount"] for one in refunds] == [f"-{REFUND.amount}"]
    by_hand = [one for one in demo.operator.all_of("/v1/ledger/entries") if one["kind"] == "manual"]
    assert len(by_hand) == sum(entry.tenant is None for entry in ENTRIES)


def test_one_reseller_ran_out_of_money_and_some_of_its_services_are_suspended(demo: Demo) -> None:
    kazipara = demo.owners["KAZIPARA"]
    services = [service for one in kazipara.all_of("/v1/subscribers") for service in one["services"]]
    suspended = [service for service in services if service["status"] == "suspended"]
    assert 0 < len(suspended) < len(services)
    fund = kazipara.get("/v1/fund")
    assert {service["suspended_because"] for service in suspended} == {fund["short_tenant"]}
    assert {service["id"].partition(".")[0] for service in suspended} == {fund["short_tenant"]}
    assert fund["new_connections"] == "blocked"
    assert 0 <= minor(fund["balance"]) < 10_000
    first = date.fromisoformat(demo.owners["MIRPUR"].all_of("/v1/resellers")[0]["settles_from"])
    days = [kazipara.get(f"/v1/settlements/{first + timedelta(days=number)}") for number in range(DAYS)]
    assert any(day["subscribers_charged"] and day["subscribers_suspended"] for day in days)
    assert any(minor(day["uncollected"]) for day in days)


def test_one_reseller_lives_on_its_credit_limit_and_one_owes_what_it_was_lent(demo: Demo) -> None:
    halishahar = demo.owners["HALISHAHAR"].get("/v1/fund")
    assert -minor(halishahar["credit_limit"]) <= minor(halishahar["balance"]) < 0
    assert demo.owners["UTTARA"].get("/v1/fund")["credit_owed"] == "70000.00"


def test_some_pay_tax_and_one_buys_cheaper_since_the_middle_of_the_month(demo: Demo) -> None:
    accounts = {one["code"]: one for one in demo.operator.get("/v1/ledger/trial-balance")["accounts"]}
    assert minor(accounts["2200"]["credit"]) > 0
    prices = demo.owners["SYLHET"].get("/v1/tariff")["prices"]
    assert {one["code"]: one["monthly_price"] for one in prices}["HOME-10"] == "332.50"


def test_every_role_signs_in_and_the_sign_ins_are_printed(demo: Demo) -> None:
    roles = {visitor(demo.address, user.email).get("/v1/me")["role"] for user in STAFF}
    assert roles == {"manager", "accountant", "support", "collector", "technician"}
    said = "\n".join(demo.said)
    for wanted in (PASSWORD, "manager@demo.test", "owner@mirpur.test", "owner@kazipara.test"):
        assert wanted in said
    assert '"level"' not in said
    assert "Traceback" not in said


def test_the_readme_job_runs_beside_the_demo(demo: Demo) -> None:
    told = run_readme(demo.address)
    assert told[-2]["total_debit"] == "10000.00"
    assert {one["difference"] for one in demo.operator.all_of("/v1/tie-outs")} == {"0.00"}


def the_month_before() -> tuple[date, date]:
    """The first and the last day of the newest month that is over in Dhaka."""
    last = (datetime.now(UTC) + timedelta(hours=6)).date().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def refused(who: Visitor, path: str, body: Any = None) -> tuple[int, str]:
    """The status and code with which a POST is refused."""
    with pytest.raises(urllib.error.HTTPError) as refusal:
        who.post(path, body)
    return refusal.value.code, json.loads(refusal.value.read())["code"]


def lines_of(who: Visitor, account: str, span: str) -> list[Any]:
    """Every line of an account in a range of days, page after page, the running balance held on the way."""
    page = who.get(f"/v1/ledger/reports/account-ledger?account={account}&{span}&limit=200")
    lines = list(page["items"])
    while page["next_cursor"]:
        cursor = page["next_cursor"]
        page = who.get(f"/v1/ledger/reports/account-ledger?account={account}&{span}&limit=200&cursor={cursor}")
        lines += page["items"]
    balance = minor(page["opening"])
    for line in lines:
        balance += minor(line["debit"]) - minor(line["credit"])
        assert minor(line["balance"]) == balance
    assert balance == minor(page["closing"])
    return lines


def test_an_accountant_closes_a_month_and_traces_every_figure_to_its_entries(demo: Demo) -> None:
    """What `docs/closing-a-month.md` says, from the first step to the last."""
    accountant = demo.operator
    first, last = the_month_before()
    month, span = f"{first:%Y-%m}", f"from={first}&to={last}"
    before = accountant.get(f"/v1/ledger/periods/{month}")
    assert (before["status"], before["waits_for"], before["drafts_waiting"], before["doubted"]) == ("open", [], 0, [])

    report = accountant.get(f"/v1/ledger/reports/profit-and-loss?{span}")
    sheet = accountant.get(f"/v1/ledger/reports/balance-sheet?on={last}")
    trial = accountant.get(f"/v1/ledger/reports/trial-balance?{span}")
    result = 0
    for section, sign in (("income", -1), ("expenses", 1)):
        for figure in report[section]["lines"]:
            lines = lines_of(accountant, figure["code"], span)
            moved = sum(minor(line["debit"]) - minor(line["credit"]) for line in lines)
            assert moved * sign == minor(figure["amount"])
            result -= moved
            for line in lines[:3]:
                legs = accountant.get(f"/v1/ledger/entries/{line['entry']}")["lines"]
                assert (figure["code"], line["debit"], line["credit"]) in [
                    (leg["account"], leg["debit"], leg["credit"]) for leg in legs
                ]
    assert result == minor(report["result"])
    assets, claims = (
        minor(sheet["assets"]["total"]),
        minor(sheet["liabilities"]["total"]) + minor(sheet["equity"]["total"]),
    )
    assert assets == claims + minor(sheet["result"])
    assert trial["total_debit"] == trial["total_credit"]

    closed = accountant.post(f"/v1/ledger/periods/{month}/closing")
    assert (closed["action"], closed["closed_through"]) == ("close", last.isoformat())
    assert refused(accountant, f"/v1/ledger/periods/{month}/closing") == (409, "already-closed")
    late = {"effective_on": last.isoformat(), "memo": "Forgotten rent"}
    lines = [{"account": "5900", "debit": "10.00"}, {"account": "1010", "credit": "10.00"}]
    assert refused(accountant, "/v1/ledger/entries", {**late, "lines": lines}) == (422, "period-closed")
    reason = {"reason": "the rent was forgotten"}
    assert refused(accountant, f"/v1/ledger/periods/{month}/reopening", reason) == (403, "role-not-allowed")
    again = accountant.get(f"/v1/ledger/reports/profit-and-loss?{span}")
    assert {**again, "closed_through": None} == {**report, "closed_through": None}
    assert again["closed_through"] == last.isoformat()
    paper = accountant.get(f"/v1/ledger/reports/balance-sheet?on={last}&format=pdf")
    assert read(paper["url"])[:5] == b"%PDF-"


def test_a_reseller_closes_its_own_month_and_its_owner_alone_opens_it_again(demo: Demo) -> None:
    owner = demo.owners["SYLHET"]
    month = f"{the_month_before()[0]:%Y-%m}"
    owner.post(f"/v1/ledger/periods/{month}/closing")
    opened = owner.post(f"/v1/ledger/periods/{month}/reopening", {"reason": "a receipt came late"})
    assert opened["reason"] == "a receipt came late"
    told = owner.get(f"/v1/ledger/periods/{month}")
    assert (told["status"], [event["action"] for event in told["history"]]) == ("open", ["close", "reopen"])
    assert owner.get("/v1/ledger/verification")["status"] == "sound"
