"""The demo ISP's routers in the real local run, seen over their API while things happen over HTTP."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local.boxes.launcher import LOCK_FILE
from local.boxes.look import look
from local.boxes.table import STRANGER
from local.demo_isp import MANAGER
from local.routeros.router import Router
from local.routeros.server import RouterServer
from tests.journeys.test_readme import Server
from tests.local.test_demo import Visitor, visitor

pytestmark = pytest.mark.xdist_group("demo-network")

WITHIN_SECONDS = 5.0
AFTER_A_PAUSE_SECONDS = 25.0
"""A router that failed is left alone for a while, and looked for every five seconds."""


@dataclass
class Run:
    """A local run that is ready, and who has signed in there."""

    data: Path
    server: Server
    address: str
    _visitors: dict[str, Visitor] = field(default_factory=dict)

    def of(self, email: str) -> Visitor:
        if email not in self._visitors:
            self._visitors[email] = visitor(self.address, email)
        return self._visitors[email]

    def menu(self, router: str, path: str, *wanted: str) -> list[dict[str, Any]]:
        """What librouteros reads of a router."""
        return look(self.data / "routers", router, path, *wanted)

    def is_disabled(self, router: str, name: str) -> bool:
        return [row["disabled"] for row in self.menu(router, "/ppp/secret", f"name={name}")] == [True]

    def disable(self, email: str, username: str) -> None:
        who = self.of(email)
        [found] = [
            one for one in who.all_of("/v1/subscribers") if username in {own["username"] for own in one["services"]}
        ]
        today = (datetime.now(UTC) + timedelta(hours=6)).date().isoformat()
        who.post(f"/v1/subscribers/{found['id']}/events", {"type": "disable", "effective_on": today})

    def some_online(self, router: str, prefix: str) -> str:
        """The name of a line that is up."""
        secrets = {row["name"]: row for row in self.menu(router, "/ppp/secret")}
        names = {str(row["name"]) for row in self.menu(router, "/ppp/active")}
        return next(name for name in sorted(names) if name.startswith(prefix) and not secrets[name]["disabled"])

    def signal_routers(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(int((self.data / "routers" / LOCK_FILE).read_text()), number)

    def restart(self) -> None:
        """Killed, and started again on its data."""
        self.server.kill()
        self.server = Server(self.data, DEMO="1")
        self.address = self.server.ready()
        self._visitors.clear()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    data = tmp_path_factory.mktemp("network") / "data"
    server = Server(data, DEMO="1")
    made = Run(data, server, server.ready())
    soon(lambda: len(made.menu("mirpur", "/ppp/secret")) > 60, "the lines are on their router", AFTER_A_PAUSE_SECONDS)
    for router, lines in (("core", 10), ("mirpur", 60)):
        up = partial(made.menu, router, "/ppp/active")
        soon(lambda up=up, lines=lines: len(up()) > lines, "equipment has dialled in", AFTER_A_PAUSE_SECONDS)
    yield made
    made.signal_routers(signal.SIGCONT)
    made.server.kill()


def soon(is_so: Callable[[], bool], what: str, seconds: float = WITHIN_SECONDS) -> None:
    """It becomes so within that time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def test_the_start_says_where_the_routers_are(run: Run) -> None:
    said = "\n".join(run.server.said)
    assert "simulated router core at 127.0.0.1:" in said
    assert "simulated router mirpur at 127.0.0.1:" in said
    assert "python -m local.boxes.look core /ppp/active" in said
    tests = [
        who.post(f"/v1/routers/{one['id']}/test")
        for who in (run.of(MANAGER), run.of("owner@mirpur.test"))
        for one in who.all_of("/v1/routers")
    ]
    assert [(one["ok"], one["version"].split()[0], one["may_write"]) for one in tests] == [
        (True, "7.16.2", True),
        (True, "6.42.7", True),
    ]
    assert [one["fingerprint"] is not None for one in tests] == [False, True]


def test_each_sees_the_lines_of_its_own_and_what_nobody_knows_stays(run: Run) -> None:
    [lent] = run.of("owner@kazipara.test").all_of("/v1/routers")
    assert (lent["prefix"], lent["lent_by"], lent["address"]) == ("kz-", "মিরপুর অনলাইন", None)
    [own] = run.of("owner@mirpur.test").all_of("/v1/routers")
    assert own["id"] == lent["id"]
    [stranger] = run.menu("mirpur", "/ppp/secret", f"name={STRANGER}")
    assert not str(stranger["comment"]).startswith("tributary")
    names = {str(row["name"]) for row in run.menu("mirpur", "/ppp/secret")}
    assert {name.partition("0")[0] for name in names} == {"kz-kazipara", "mirpur", STRANGER}


def test_a_disabled_subscriber_is_disabled_on_the_router_and_hung_up(run: Run) -> None:
    name, other = run.some_online("core", "dh-"), run.some_online("mirpur", "kz-")
    [before] = run.menu("mirpur", "/ppp/active", f"name={other}")
    run.disable("owner@dhaka.test", name.removeprefix("dh-"))
    soon(lambda: run.is_disabled("core", name), "it is disabled")
    soon(lambda: run.menu("core", "/ppp/active", f"name={name}") == [], "it is hung up")
    [after] = run.menu("mirpur", "/ppp/active", f"name={other}")
    assert after["session-id"] == before["session-id"]


def test_a_recharge_brings_suspended_lines_out_of_the_expired_profile(run: Run) -> None:
    def expired() -> int:
        return sum("expired" in str(row["profile"]) for row in run.menu("mirpur", "/ppp/secret"))

    before = expired()
    assert before > 0
    mirpur = run.of("owner@mirpur.test")
    [kazipara] = [one for one in mirpur.all_of("/v1/resellers") if one["code"] == "KAZIPARA"]
    mirpur.post(f"/v1/resellers/{kazipara['id']}/recharges", {"amount": "20000.00", "method": "cash"})
    soon(lambda: expired() == 0, "all are back")


def test_routers_that_hang_do_not_hold_up_another(run: Run) -> None:
    third = Router("third", password="third-secret")
    third.add("/ip/pool", {"name": "home", "ranges": "10.60.0.2-10.60.0.254"})
    core, mirpur = run.some_online("core", "dh-"), run.some_online("mirpur", "kz-")
    ctg = run.of("owner@ctg.test")
    with RouterServer(third) as server:
        body = {"name": "Third", "address": "127.0.0.1", "port": server.port, "transport": "api", "pool": "home"}
        made = ctg.post("/v1/routers", {**body, "username": "admin", "password": "third-secret"})
        one = next(one for one in ctg.all_of("/v1/subscribers") if one["services"][0]["status"] == "active")
        name = one["services"][0]["username"]
        access = {"router": made["id"], "method": "pppoe", "password": "line"}
        put(ctg, f"/v1/subscribers/{one['id']}/access", access)
        soon(lambda: third.rows("/ppp/secret", name=name) != [], "the line is on the third router")
        run.signal_routers(signal.SIGSTOP)
        try:
            run.disable("owner@dhaka.test", core.removeprefix("dh-"))
            run.disable("owner@kazipara.test", mirpur.removeprefix("kz-"))
            run.disable("owner@ctg.test", name)
            soon(lambda: third.rows("/ppp/secret", name=name, disabled="true") != [], "the third does not wait")
        finally:
            run.signal_routers(signal.SIGCONT)
        soon(lambda: run.is_disabled("core", core), "the first is back", AFTER_A_PAUSE_SECONDS)
        soon(lambda: run.is_disabled("mirpur", mirpur), "the second is back", AFTER_A_PAUSE_SECONDS)


def test_after_a_kill_a_change_made_just_before_is_delivered_to_routers_that_are_as_they_were(run: Run) -> None:
    before = {row["name"]: row["profile"] for row in run.menu("core", "/ppp/secret")}
    ports = (run.data / "routers" / "ports.json").read_text()
    name, other = run.some_online("core", "dh-"), run.some_online("mirpur", "kz-")
    run.signal_routers(signal.SIGKILL)
    run.disable("owner@dhaka.test", name.removeprefix("dh-"))
    run.disable("owner@kazipara.test", other.removeprefix("kz-"))

    def is_failing(email: str) -> bool:
        lag = run.of(email).get("/v1/network/lag")["items"]
        return any(one["failing_since"] is not None and one["waiting"] for one in lag)

    soon(lambda: is_failing(MANAGER) and is_failing("owner@mirpur.test"), "both are known to be away")
    run.restart()
    soon(lambda: run.is_disabled("core", name), "it is disabled", AFTER_A_PAUSE_SECONDS)
    soon(lambda: run.is_disabled("mirpur", other), "it is disabled", AFTER_A_PAUSE_SECONDS)
    assert {row["name"]: row["profile"] for row in run.menu("core", "/ppp/secret")} == before
    assert (run.data / "routers" / "ports.json").read_text() == ports
    soon(lambda: len(run.menu("core", "/ppp/active")) > 10, "the others have dialled in again", AFTER_A_PAUSE_SECONDS)


def put(who: Visitor, path: str, body: Any) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {who.token}"}
    asked = urllib.request.Request(who.address + path, json.dumps(body).encode(), headers, method="PUT")
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.status == 200
