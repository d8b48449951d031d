"""The whole job on a real-sized month: 5,000 subscribers of one reseller, 1,594 events, 31 settled days, to the paisa."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws import clock, rows
from chalicelib.crm.job import look_up_job
from chalicelib.crm.worker import run_job
from chalicelib.installation import install
from tests.conftest import create_tables
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.world import NOW

DATA = Path(__file__).parent.parent / "data"
ALPHA_PAYS = {"HOME-10": "500.00", "HOME-20": "800.00", "HOME-40": "1200.00", "BIZ-50": "2333.33"}
BETA_PAYS = {"HOME-10": "575.00", "HOME-20": "899.50", "HOME-40": "1350.50", "BIZ-50": "2600.00"}
PASSWORD = "a-long-enough-one"


@dataclass
class Month:
    """Operator, Alpha and Beta signed in, with Beta's roster and events imported and nothing settled."""

    operator: Client
    alpha: Client
    beta: Client

    def settle(self, day: str) -> Any:
        return self.operator.post("/v1/settlements", {"date": day}).ok(200).data


@pytest.fixture
def in_memory() -> Iterator[None]:
    engine = MemoryDynamoDB()
    restore = clock.replace(now=lambda: NOW, sleep=lambda seconds: None)
    with engine.installed():
        rows.forget_connections()
        create_tables()
        install("owner@operator.test", PASSWORD)
        yield
    restore()
    rows.forget_connections()


def onboard(seller: Client, code: str, prices: dict[str, str], amount: str) -> tuple[Client, str]:
    """A reseller under the caller that settles from 1 October, priced and funded; signed in, and its id."""
    owner = {"name": code, "email": f"{code.lower()}@reseller.test", "password": PASSWORD}
    body = {
        "name": code,
        "code": code,
        "owner": owner,
        "settlement": {"mode": "prepaid"},
        "settles_from": "2026-10-01",
        "minimum_balance": "0.00",
        "credit_limit": "0.00",
        "customer_id": {"prefix": "BN", "digits": 5},
    }
    reseller = seller.post("/v1/resellers", body).ok(201)["id"]
    tariff = {
        "effective_on": "2026-10-01",
        "prices": [{"plan": plan, "monthly_price": price} for plan, price in prices.items()],
    }
    seller.put(f"/v1/resellers/{reseller}/tariff", tariff).ok(200)
    seller.post(f"/v1/resellers/{reseller}/recharges", {"amount": amount, "method": "bank"}, key=code).ok(201)
    return seller.with_token(None).signed_in(owner["email"], PASSWORD), reseller


def offer_plans(client: Client, seller_id: str | None) -> None:
    for code in ALPHA_PAYS:
        speeds = {"download_kbps": 10_000, "upload_kbps": 10_000, "monthly_price": "3000.00"}
        based_on = {} if seller_id is None else {"based_on": f"{seller_id}.{code}"}
        client.post("/v1/plans", {"name": code, "code": code, **speeds, **based_on}).ok(201)


def load_month(alpha_amount: str, beta_amount: str) -> Month:
    operator = Client.of_app().signed_in("owner@operator.test", PASSWORD)
    offer_plans(operator, None)
    alpha, alpha_id = onboard(operator, "ALPHA", ALPHA_PAYS, alpha_amount)
    offer_plans(alpha, "op")
    beta, _ = onboard(alpha, "BETA", BETA_PAYS, beta_amount)
    offer_plans(beta, alpha_id)
    send_file(beta, "/v1/subscribers/import", "roster.csv")
    send_file(beta, "/v1/service-events/import", "events.csv")
    return Month(operator, alpha, beta)


def send_file(client: Client, path: str, name: str) -> None:
    """Import a file: the answer names a job, and its worker carries it out."""
    reply = client.post_csv(path, (DATA / name).read_bytes()).ok(202)
    tenant_id = client.get("/v1/me").ok(200)["tenant"]["id"]
    job = look_up_job(tenant_id, reply["job"]["id"])
    assert job is not None
    run_job(job)
    done = client.get(f"/v1/jobs/{job.job_id}").ok(200)
    assert (done["status"], done["done"], done["errors"]) == ("done", done["lines"], [])


@pytest.mark.usefixtures("in_memory")
def test_a_month_of_five_thousand_subscribers_comes_to_the_given_totals() -> None:
    month = load_month("6000000.00", "5000000.00")
    charged = 0
    expected = {
        "2026-10-01": (4505, "128679.51", "113743.01"),
        "2026-10-15": (4562, "132539.08", "117208.70"),
        "2026-10-31": (4691, "139876.47", "123760.47"),
    }
    assert month.settle("2026-10-31") == {
        "date": "2026-10-31",
        "status": "settled",
        "tenants": 2,
        "charged": 4691,
        "suspended": 0,
        "total": "139876.47",
        "parked": [],
    }
    for number in range(1, 32):
        day = f"2026-10-{number:02d}"
        beta = month.beta.get(f"/v1/settlements/{day}").ok(200)
        charged += beta["subscribers_charged"]
        if day in expected:
            alpha = month.alpha.get(f"/v1/settlements/{day}").ok(200)
            assert (beta["subscribers_charged"], beta["total"], alpha["subtree_total"]) == expected[day]
            assert alpha["total"] == "0.00"
    assert charged == 141_710
    assert month.beta.get("/v1/fund")["balance"] == "872607.34"
    assert month.alpha.get("/v1/fund")["balance"] == "1477511.75"
    assert debit_of(month.beta, "5000") == "4127392.66"
    assert debit_of(month.alpha, "5000") == "3649880.91"
    assert_books_agree(month)


@pytest.mark.usefixtures("in_memory")
def test_with_less_money_the_sixteenth_is_the_first_day_that_beta_cannot_cover() -> None:
    month = load_month("3000000.00", "2000000.00")
    month.settle("2026-10-15")
    assert month.beta.get("/v1/settlements/2026-10-15")["subscribers_suspended"] == 0
    month.settle("2026-10-16")
    beta = month.beta.get("/v1/settlements/2026-10-16").ok(200)
    alpha = month.alpha.get("/v1/settlements/2026-10-16").ok(200)
    assert (beta["subscribers_charged"], beta["subscribers_suspended"]) == (1562, 3001)
    assert (beta["total"], alpha["subtree_total"]) == ("45149.24", "39906.12")
    month.settle("2026-10-31")
    fund = month.beta.get("/v1/fund").ok(200)
    assert (fund["balance"], fund["new_connections"]) == ("0.24", "blocked")
    one_more = {"name": "One More", "plan": "HOME-10", "username": "onemore", "start_on": "2026-11-01"}
    assert month.beta.post("/v1/subscribers", one_more).ok(409)["code"] == "fund-too-low"
    assert_books_agree(month)


def debit_of(client: Client, code: str) -> str:
    accounts = client.get("/v1/ledger/trial-balance").ok(200)["accounts"]
    return next(account["debit"] for account in accounts if account["code"] == code)


def assert_books_agree(month: Month) -> None:
    for client in (month.operator, month.alpha, month.beta):
        assert client.get("/v1/ledger/verification").ok(200)["status"] == "sound"
        balance = client.get("/v1/ledger/trial-balance").ok(200)
        assert balance["total_debit"] == balance["total_credit"]
        assert {row["difference"] for row in client.get("/v1/tie-outs").ok(200)["items"]} <= {"0.00"}
