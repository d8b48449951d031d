"""What a call costs: requests and units of every route, and the CPU of warm handlers."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from chalicelib.installation import install
from tests.bench.report import Figure
from tests.bench.wire import Spent
from tests.journeys.client import Client, Reply
from tests.simulation import MemoryDynamoDB

PASSWORD = "bench-password-1"
ROUNDS = 60


class DatabaseTime:
    """CPU spent inside the engine, so that it can be taken off."""

    def __init__(self, engine: MemoryDynamoDB) -> None:
        self.spent = 0.0
        self._call = engine.call
        engine.call = self.call  # type: ignore[method-assign]

    def call(self, operation: str, params: dict[str, Any], **more: Any) -> Any:
        started = time.process_time()
        try:
            return self._call(operation, params, **more)
        finally:
            self.spent += time.process_time() - started


@contextmanager
def timed(database: DatabaseTime | Spent) -> Iterator[list[float]]:
    """Milliseconds of CPU outside the database."""
    found: list[float] = []
    started, before = time.process_time(), database.spent
    yield found
    found.append((time.process_time() - started - (database.spent - before)) * 1000)


class Installation:
    """An operator, Alpha and Beta over HTTP, with fifty subscribers and a settled day."""

    def __init__(self) -> None:
        install("owner@bench.test", PASSWORD)
        self.operator = Client.of_app().signed_in("owner@bench.test", PASSWORD)
        self._plan(self.operator, None)
        self.alpha, self.alpha_id = self._onboard(self.operator, "ALPHA")
        self._plan(self.alpha, "op.HOME")
        self.beta, self.beta_id = self._onboard(self.alpha, "BETA")
        self._plan(self.beta, f"{self.alpha_id}.HOME")
        for number in range(50):
            self.subscriber = self.add_subscriber(f"bench{number}")["id"]
        self.operator.post("/v1/settlements", {"date": "2026-11-20"}).ok(200)

    def _plan(self, client: Client, based_on: str | None) -> None:
        speeds = {"download_kbps": 10_000, "upload_kbps": 10_000, "monthly_price": "700.00"}
        base = {} if based_on is None else {"based_on": based_on}
        client.post("/v1/plans", {"name": "Home", "code": "HOME", **speeds, **base}).ok(201)

    def _onboard(self, seller: Client, code: str) -> tuple[Client, str]:
        email = f"{code.lower()}@bench.test"
        owner = {"name": code, "email": email, "password": PASSWORD}
        body = {"name": code, "code": code, "owner": owner, "settlement": {"mode": "prepaid"}}
        reseller = seller.post("/v1/resellers", {**body, "settles_from": "2026-11-20"}).ok(201)["id"]
        prices = [{"plan": "HOME", "monthly_price": "500.00"}]
        seller.put(f"/v1/resellers/{reseller}/tariff", {"effective_on": "2026-11-20", "prices": prices}).ok(200)
        self.recharge(seller, reseller, f"first-{code}", "90000.00" if code == "ALPHA" else "40000.00")
        return seller.with_token(None).signed_in(email, PASSWORD), reseller

    def recharge(self, seller: Client, reseller: str, key: str, amount: str = "10.00") -> Reply:
        body = {"amount": amount, "method": "cash", "reference": "MR-1"}
        return seller.post(f"/v1/resellers/{reseller}/recharges", body, key=key).ok(201)

    def add_subscriber(self, username: str, start_on: str = "2026-11-20") -> Reply:
        body = {"name": f"Karim Hossain {username}", "phone": "01712345678", "plan": "HOME", "username": username}
        return self.beta.post("/v1/subscribers", {**body, "start_on": start_on}, key=username).ok(201)


PARENT_READS = (
    "/v1/resellers/{child}",
    "/v1/resellers/{child}/tree",
    "/v1/resellers/{child}/fund",
    "/v1/resellers/{child}/tariff",
)
"""Asked by Alpha about Beta."""

READS = (
    "/v1/me",
    "/v1/plans",
    "/v1/resellers",
    "/v1/fund",
    "/v1/fund/movements",
    "/v1/tariff",
    "/v1/subscribers",
    "/v1/subscribers?q=karim",
    "/v1/subscribers/{subscriber}",
    "/v1/plans/HOME",
    "/v1/subscribers/{subscriber}/days",
    "/v1/settlements/2026-11-20",
    "/v1/ledger/accounts",
    "/v1/ledger/entries",
    "/v1/ledger/trial-balance",
    "/v1/tie-outs",
    "/v1/users",
    "/v1/jobs",
    "/v1/access-log",
    "/v1/audit-log",
)


def request_figures(engine: MemoryDynamoDB, isp: Installation) -> list[Figure]:
    """Requests and units of one recharge at depth two (its transaction, and apart from it the audit log's), and the
    requests of every read besides the standing's one."""
    with engine.measured() as meter:
        isp.recharge(isp.alpha, isp.beta_id, "counted")
    transactions = meter.by_operation["TransactWriteItems"]
    found = [
        Figure(
            "write transactions of a recharge at depth two",
            transactions,
            1,
            "transactions",
            str(dict(meter.by_operation)),
        ),
        Figure(
            "write units of a recharge at depth two",
            meter.written_by["TransactWriteItems"],
            14,
            "units",
            "of its one transaction: claim, two funds, two entries, two heads",
        ),
        Figure(
            "write units of the audit log beside a recharge",
            meter.write_units - meter.written_by["TransactWriteItems"],
            2,
            "units",
            "outside the transaction: its line is put before it and ended behind it; two plain writes, two requests",
        ),
    ]
    worst: dict[str, int] = {}
    for path in READS:
        with engine.measured() as meter:
            isp.beta.get(path.format(subscriber=isp.subscriber)).ok(200)
        worst[path] = meter.requests - 1
    for path in PARENT_READS:
        with engine.measured() as meter:
            isp.alpha.get(path.format(child=isp.beta_id)).ok(200)
        worst[path] = meter.requests - 1
    with engine.measured() as meter:
        isp.operator.get("/v1/settlements/2026-11-20").ok(200)
    worst["/v1/settlements/2026-11-20 as the operator"] = meter.requests - 1
    balance = worst.pop("/v1/ledger/trial-balance")
    listed = ", ".join(f"{path} {count}" for path, count in worst.items())
    found.append(Figure("requests of a list or read route, the most", max(worst.values()), 2, "requests", listed))
    found.append(Figure("requests of a trial balance", balance, 5, "requests", "heads and added accounts"))
    return found


def cpu_figures(engine: MemoryDynamoDB, isp: Installation) -> list[Figure]:
    """CPU of warm handlers, the engine's own taken off: median of sixty calls."""
    database = DatabaseTime(engine)
    how = (
        f"median of {ROUNDS} calls through Chalice's gateway, from the event to the answer; the engine's CPU taken off"
    )

    def cost(call: Callable[[int], Reply]) -> float:
        samples = []
        for number in range(ROUNDS + 5):
            with timed(database) as found:
                call(number)
            samples.append(found[0])
        return median(samples[5:])

    writes = {
        "recharge": lambda n: isp.recharge(isp.alpha, isp.beta_id, f"cpu-{n}"),
        "manual entry": lambda n: isp.beta.post("/v1/ledger/entries", _entry(), key=f"entry-{n}").ok(201),
        "new subscriber": lambda n: isp.add_subscriber(f"cpu{n}", "2026-11-22"),
    }
    found = [Figure(f"warm CPU, {name}", cost(call), 4, "ms", how) for name, call in writes.items()]
    for path in READS:
        whole = path.format(subscriber=isp.subscriber)
        found.append(
            Figure(f"warm CPU, GET {path}", cost(lambda n, whole=whole: isp.beta.get(whole).ok(200)), 2, "ms", how)
        )
    return found


def wire_figures(isp: Installation, behind: Spent) -> list[Figure]:
    """The same with what botocore does for each request: serialising, signing, parsing. For information."""
    how = "botocore's own HTTP work counted in, the socket and what is behind it taken off"
    calls = {
        "recharge": lambda n: isp.recharge(isp.alpha, isp.beta_id, f"wire-{n}"),
        "GET /v1/fund": lambda n: isp.beta.get("/v1/fund").ok(200),
        "GET /v1/subscribers": lambda n: isp.beta.get("/v1/subscribers").ok(200),
        "GET /v1/ledger/entries": lambda n: isp.beta.get("/v1/ledger/entries").ok(200),
    }
    found = []
    for name, call in calls.items():
        samples = []
        for number in range(ROUNDS):
            with timed(behind) as spent:
                call(number)
            samples.append(spent[0])
        found.append(Figure(f"warm CPU with botocore, {name}", median(samples[5:]), None, "ms", how))
    return found


def _entry() -> dict[str, Any]:
    lines = [{"account": "5900", "debit": "10.00"}, {"account": "1000", "credit": "10.00"}]
    return {"effective_on": "2026-11-20", "memo": "tea", "lines": lines}
