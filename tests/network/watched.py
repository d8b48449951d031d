"""Routers to watch over HTTP: the operator's, simulated and lent to Beta, with services of both; Gamma has its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.aws import clock, invoke, queue
from chalicelib.network.due import find_due
from chalicelib.network.questions import answer_question
from chalicelib.network.worker import carry_out
from local.routeros.router import Router as Simulated
from local.routeros.server import RouterServer
from tests.journeys.client import Client, Reply
from tests.journeys.test_subscribers import with_plan
from tests.tenants.isp import OPERATOR, PASSWORD, nobody, owner_of, two_funded_resellers

NAME = 'মিরপুর ১০ "core"'
MAC = "9C:53:00:07:00:01"


@dataclass
class Watched:
    """The routers and who looks at them. `sent` are the messages that were queued and that nobody has carried out."""

    simulated: Simulated
    gammas: Simulated
    sent: list[tuple[str, str, dict[str, Any]]]
    operator: Client
    beta: Client
    gamma: Client
    router_id: str = ""
    gammas_id: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def at(self) -> str:
        return f"/v1/routers/{self.router_id}"

    def sign_in(self) -> None:
        """Everybody signs in anew, after time has passed."""
        self.operator = nobody().signed_in(OPERATOR, PASSWORD)
        self.beta, self.gamma = owner_of("BETA"), owner_of("GAMMA")

    def subscriber(self, owner: Client, name: str, router_id: str | None = None, **access: Any) -> str:
        """A subscriber on the router since today, whose password is its username."""
        plan = "HOME-10" if owner is self.operator else "HOME"
        made = owner.post("/v1/subscribers", {"name": name, "plan": plan, "username": name}).ok(201)
        self.ids[name] = made["services"][0]["id"]
        body = {"router": router_id or self.router_id, "method": "pppoe", "password": name, **access}
        if body["method"] == "static":
            del body["password"]
        owner.put(f"/v1/subscribers/{made['id']}/access", body).ok(200)
        return str(made["id"])

    def deliver(self) -> None:
        carry_out({"do": "deliver", "router": self.router_id})

    def work(self) -> list[dict[str, Any]]:
        """Carry out what is queued, and say what that was."""
        taken, self.sent[:] = list(self.sent), []
        bodies = [body for _, _, body in taken]
        for body in bodies:
            carry_out(body)
        return bodies

    def minute(self) -> list[dict[str, Any]]:
        """The plan of a minute, and what it queues carried out."""
        self.sent[:] = find_due("op", clock.now()).messages
        return self.work()

    def get(self, path: str, by: Client | None = None) -> Reply:
        return (by or self.operator).get(f"{self.at}{path}")


@contextmanager
def watched(monkeypatch: Any) -> Iterator[Watched]:
    """All of it, at noon of 22 November 2026 in Dhaka; the router is lent to Beta with the prefix `beta-`."""
    sent: list[tuple[str, str, dict[str, Any]]] = []

    def keep(url: str, messages: Any) -> int:
        sent.extend(messages)
        return len(messages)

    monkeypatch.setattr(queue, "_send_in_groups", keep)
    invoke.answer_in_process(answer_question)
    operator = two_funded_resellers("50000.00")
    made, gammas = (Simulated(name, password="secret") for name in ("core-1", "gamma-1"))
    for one in (made, gammas):
        one.add("/ip/pool", {"name": "home", "ranges": "10.20.0.2-10.20.200.254"})
    with RouterServer(made) as server, RouterServer(gammas) as other:
        place = Watched(made, gammas, sent, operator, with_plan(owner_of("BETA")), with_plan(owner_of("GAMMA")))
        place.router_id = _register(operator, NAME, server.port)
        place.gammas_id = _register(place.gamma, "core", other.port)
        beta = place.beta.get("/v1/me").ok(200)["tenant"]["id"]
        place.ids["BETA"] = beta
        lending = {"reseller": beta, "prefix": "beta-", "pool": "home", "local_address": "10.20.0.1"}
        operator.post(f"{place.at}/lendings", lending).ok(201)
        sent.clear()
        yield place


def _register(owner: Client, name: str, port: int) -> str:
    body = {"name": name, "address": "127.0.0.1", "port": port, "transport": "api", "username": "admin"}
    places = {"password": "secret", "pool": "home", "local_address": "10.20.0.1"}
    return str(owner.post("/v1/routers", {**body, **places}).ok(201)["id"])


def code_of(reply: Reply) -> tuple[int, str]:
    return reply.status, reply["code"]
