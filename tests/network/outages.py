"""Days that go by at Alpha's site: they are settled and invoiced, the router falls silent and comes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from chalicelib.billing.settle import settle_day
from chalicelib.billing.state import read_state
from chalicelib.core.dates import days_between, last_ended_day
from chalicelib.crm.subscriber import Subscriber
from chalicelib.network.model import Undelivered
from chalicelib.network.undelivered import UndeliveredDay, list_undelivered
from chalicelib.network.worker import carry_out
from chalicelib.proof.tend import _make_days_good, _watch_days
from chalicelib.retail.document_model import Document
from chalicelib.retail.find import documents_of
from chalicelib.retail.run_invoices import run_due
from chalicelib.retail.terms import set_terms as set_billing_terms
from chalicelib.tenants.model import Tenant
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.network.site import FIRST, Site, set_terms, site
from tests.retail.checks import check_retail
from tests.simulation import MemoryDynamoDB
from tests.world import World

NOON = "2026-11-22T06:00:00"
"""In Dhaka, where everybody is."""


class Outages:
    """The site on 22 November: Alpha and Gamma bill prepaid by the month, and credit what was not delivered."""

    def __init__(self, place: Site, the_clock: SetClock, engine: MemoryDynamoDB) -> None:
        self.place, self.clock, self.engine = place, the_clock, engine
        self.world = place.world

    def bills(self, tenant: Tenant | None = None, **terms: Any) -> None:
        """The tenant says how it bills, from the first day on."""
        set_billing_terms(tenant or self.world.alpha, lambda before: replace(before, starts_on=FIRST, **terms))

    def credits(self, tenant_id: str = "alpha") -> None:
        set_terms(tenant_id, undelivered=Undelivered.CREDIT)

    def settle(self) -> None:
        """Settle every day that has ended."""
        for chain in (self.world.beta_chain, self.world.alpha_chain, self.world.gamma_chain):
            first = read_state(chain[-1].tenant_id).next_day(FIRST)
            for day in days_between(first, last_ended_day(self.clock.at, "Asia/Dhaka")):
                settle_day(chain, day, self.clock.at)

    def invoice(self, chain: tuple[Tenant, ...] | None = None) -> None:
        run_due(chain or self.world.alpha_chain, self.clock.at)

    def at(self, text: str) -> None:
        """Go to that instant (UTC); the router's own clock goes with ours."""
        before = self.clock.at
        self.clock.set(text)
        self.place.simulated.pass_time((self.clock.at - before).total_seconds())

    def sample(self) -> None:
        carry_out({"do": "sample", "router": self.place.router_id})

    def falls_silent(self) -> None:
        self.place.simulated.faults.refuse_connections(True)
        self.sample()

    def comes_back(self, *, up_for: timedelta | None = None) -> None:
        """It answers again, started so long ago; or was up all the time."""
        if up_for is not None:
            self.place.simulated.restart()
            self.place.simulated.pass_time(up_for.total_seconds())
        self.place.simulated.faults.refuse_connections(False)
        self.sample()

    def tend(self, *chains: tuple[Tenant, ...]) -> None:
        """The hour's look of Alpha and Gamma."""
        for chain in chains or (self.world.alpha_chain, self.world.gamma_chain):
            _watch_days(chain, self.clock.at)
            _make_days_good(chain, self.clock.at)

    def days(self, tenant_id: str = "alpha") -> list[UndeliveredDay]:
        """Everything that is told, oldest first."""
        return list_undelivered(tenant_id, None, None, 1_000, None)[0][::-1]

    def told(self, tenant_id: str = "alpha") -> list[tuple[int, str, str]]:
        """(day of month, cause, status) of each."""
        return [(one.day.day, one.cause.value, one.status.value) for one in self.days(tenant_id)]

    def documents(self, who: Subscriber) -> list[Document]:
        return documents_of(who.tenant_id, who.tenant_id, who.number)

    def credited(self, who: Subscriber) -> list[int]:
        return [one.total_minor for one in self.documents(who) if one.kind.value == "credit_note"]

    def check(self) -> None:
        """Books and documents agree, and nothing was told of Gamma."""
        check_invariants()
        for tenant in (self.world.alpha, self.world.gamma):
            check_retail(tenant.tenant_id)
        assert self.days("gamma") == []


@contextmanager
def outages(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Outages]:
    world = World.build(FIRST)
    world.fund(10_000_000, 0)
    world.recharge(world.operator, world.gamma, 10_000_000)
    with site(world) as place:
        made = Outages(place, the_clock, engine)
        for tenant in (world.alpha, world.gamma):
            made.bills(tenant)
            made.credits(tenant.tenant_id)
        world.connect(world.gamma_chain, "ghorar", "HOME", FIRST)
        yield made


def day(number: int) -> date:
    """A day of November."""
    return date(2026, 11, number)
