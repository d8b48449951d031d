"""A place to deliver to: Alpha's router, simulated, with its services on it; and Gamma beside it with one of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import librouteros

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import Put, write
from chalicelib.crm.change import AskedChange, RecordedChange, record_event
from chalicelib.crm.filing import filed_plainly
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind, Plan
from chalicelib.crm.outbox import changed, due_changes
from chalicelib.crm.plans import find_plan
from chalicelib.crm.subscriber import Subscriber
from chalicelib.network.connection import Connection
from chalicelib.network.credentials import seal_router_password, seal_service_password
from chalicelib.network.deliver import Delivery, deliver
from chalicelib.network.model import Access, Method, NetworkTerms, Place, Router
from chalicelib.network.reach import reach
from chalicelib.network.store import DirectoryRow, access_row, router_row, terms_row
from chalicelib.tenants.model import Tenant
from local.routeros.router import Router as Simulated
from local.routeros.server import RouterServer
from tests.world import World

FIRST = date(2026, 11, 1)
PASSWORD = "router-secret"


@dataclass
class Site:
    """The world with Alpha's simulated router; `reach` is how the product gets to it."""

    world: World
    simulated: Simulated
    server: RouterServer
    router: Router

    @property
    def router_id(self) -> str:
        return self.router.router_id

    def reach(self, router: Router) -> Connection:
        """As the product does, with little patience."""
        return reach(router, 5.0)

    def deliver(self) -> Delivery:
        return deliver(self.router_id, self.reach)

    def connect(self, name: str, plan: str = "HOME", start_on: date = FIRST) -> Subscriber:
        """A subscriber of Alpha, not on any router yet."""
        return self.world.connect(self.world.alpha_chain, name, plan, start_on)

    def put_on(self, subscriber: Subscriber, method: Method = Method.PPPOE, **access: Any) -> Access:
        """Its first service gets on the router, with its username as its password."""
        return put_on(self.router, subscriber, method, **access)

    def subscriber(self, name: str, plan: str = "HOME", **access: Any) -> Subscriber:
        """A subscriber of Alpha on the router."""
        made = self.connect(name, plan)
        self.put_on(made, **access)
        return find_subscriber(made.tenant_id, made.number)

    def event(
        self, subscriber: Subscriber, kind: str, on: date | None = None, plan: str | None = None
    ) -> RecordedChange:
        """Something happens to its only service."""
        moved_to: Plan | None = None if plan is None else find_plan("alpha", plan)
        asked = AskedChange(EventKind(kind), on or clock.now().date(), moved_to, None)
        now = clock.now()
        return record_event(self.world.alpha, subscriber.number, asked, filed_plainly, now.date(), now, lambda _: ())

    def waiting(self) -> int:
        """How many changes are due."""
        return len(due_changes(self.router_id, clock.now(), limit=1000)[0])

    def ask(self, path: str, **wanted: str) -> list[dict[str, Any]]:
        """What librouteros, unmodified, reads of the router."""
        api = librouteros.connect("127.0.0.1", "admin", PASSWORD, port=self.server.port, encoding="utf-8")
        try:
            rows = [dict(row) for row in api(f"{path}/print")]
        finally:
            api.close()
        return [row for row in rows if all(str(row.get(name)) == value for name, value in wanted.items())]

    def secret(self, name: str) -> dict[str, Any] | None:
        """The PPPoE secret of that name as it is on the router."""
        return next(iter(self.ask("/ppp/secret", name=name)), None)


def funded_world() -> World:
    """The usual tenants with plans, and money for all of them."""
    made = World.build(FIRST)
    made.fund(10_000_000, 1_000_000)
    made.recharge(made.operator, made.gamma, 1_000_000)
    return made


@contextmanager
def site_beside_gamma() -> Iterator["Site"]:
    """Alpha's router, and Gamma's at the same port of this machine."""
    world = World.build(FIRST)
    world.fund(10_000_000, 0)
    with site(world) as made:
        register(world.gamma, made.server.port, "rgamma001")
        yield made


@contextmanager
def site(world: World, **simulated: Any) -> Iterator[Site]:
    """Alpha's router, up and running, with a pool of addresses."""
    made = Simulated("alpha-core", password=PASSWORD, **simulated)
    made.add("/ip/pool", {"name": "home", "ranges": "10.20.0.2-10.20.200.254"})
    with RouterServer(made) as server:
        yield Site(world, made, server, register(world.alpha, server.port))


def register(owner: Tenant, port: int, name: str = "rmain0001", **more: Any) -> Router:
    """A router of the tenant at that port of this machine."""
    router_id = f"{owner.tenant_id}.{name}"
    router = Router(
        router_id,
        name,
        "127.0.0.1",
        port,
        False,
        None,
        "admin",
        seal_router_password(router_id, PASSWORD),
        Place(pool="home", local_address="10.20.0.1"),
        **more,
    )
    directory = DirectoryRow.at(keys.one_of_all_routers("op", router_id), owner=owner.tenant_id)
    write(Put(router_row(router)), Put(directory))
    return router


def put_on(router: Router, subscriber: Subscriber, method: Method = Method.PPPOE, **access: Any) -> Access:
    before = find_subscriber(subscriber.tenant_id, subscriber.number)
    service = before.services[0]
    sealed = (
        None if method is Method.STATIC else seal_service_password(before.tenant_id, service.number, service.username)
    )
    made = Access(
        router.router_id,
        before.tenant_id,
        before.number,
        service.number,
        method,
        **{"password_sealed": sealed, "password_version": 0 if sealed is None else 1, **access},
    )
    after = replace(
        before, services=(replace(service, router=router.router_id), *before.services[1:]), revision=before.revision + 1
    )
    write(*changed(before, after, clock.now()), Put(access_row(made)))
    return made


def set_terms(tenant_id: str, **terms: Any) -> None:
    """How the tenant wants its services treated."""
    write(Put(terms_row(tenant_id, NetworkTerms(**terms, revision=1))))
