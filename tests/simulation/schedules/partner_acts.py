"""What happens between a parent and a reseller that pays by aggregate invoice: Delta, under the operator."""

from __future__ import annotations

from datetime import date

from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.settle import settle_day
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.plans import find_plan
from chalicelib.crm.subscriber import Line, NewSubscriber
from chalicelib.partners.credit import issue_credits
from chalicelib.partners.cycle import Cycle, CycleKind
from chalicelib.partners.due import invoice_due
from chalicelib.partners.invoice import Order, issue_invoice
from chalicelib.partners.pay import Paid, record_payment
from chalicelib.partners.terms import AskedTerms, set_terms
from chalicelib.tenants.hierarchy import find_tenant
from chalicelib.tenants.model import Tenant
from tests.partners.invoiced import aggregate, post_correction
from tests.world import plan, price

from .movement import Act
from .stage import AUTHOR, FIRST, Stage

DAILY = Cycle(CycleKind.DAYS, every_days=1)


def delta_of(stage: Stage) -> tuple[Tenant, Tenant]:
    """The operator and Delta."""
    return stage.world.operator, find_tenant("delta")


def delta_without_services(stage: Stage) -> None:
    """Delta joins; it is invoiced every day."""
    made = aggregate("delta", stage.world.operator, FIRST)
    price(stage.world.operator, made, {"HOME": 50_000}, FIRST)
    plan(made, "HOME", 70_000, "op.HOME")
    terms(7)(stage)


def delta(stage: Stage) -> None:
    """Delta joins with one service."""
    delta_without_services(stage)
    chain = delta_of(stage)
    guard = guard_new_connections(chain, [(find_plan("delta", "HOME"), FIRST)], stage.now)
    asked = NewSubscriber("d1", None, None, Line("HOME", "d1", None, FIRST))
    create_subscriber(chain[-1], asked, guard, stage.now, lambda _: ())


def terms(due_days: int) -> Act:
    """The operator says how Delta is invoiced."""
    return lambda stage: set_terms(delta_of(stage)[1], AskedTerms(DAILY, due_days, True), AUTHOR, stage.now)


def settle_delta(day: date = FIRST) -> Act:
    """A worker settles a day of Delta."""
    return lambda stage: settle_day(delta_of(stage), day, stage.now)


def invoice_delta(through: date = FIRST) -> Act:
    """The operator invoices Delta by hand."""

    def act(stage: Stage) -> None:
        stage.claimed(
            f"invoice {through}",
            lambda remember: issue_invoice(*delta_of(stage), Order(through, AUTHOR), stage.now, remember),
        )

    return act


def invoice_what_is_due(stage: Stage) -> None:
    """A worker issues what is due of Delta."""
    invoice_due(delta_of(stage), stage.now)


def corrected(stage: Stage) -> None:
    """Some of Delta's first day came back, which is invoiced already."""
    post_correction(delta_of(stage), FIRST, FIRST, -300, stage.now)


def credit_delta(stage: Stage) -> None:
    """The operator gives Delta a note of what came back."""
    issue_credits(*delta_of(stage), AUTHOR, stage.now)


def pay(minor: int, name: str = "") -> Act:
    """Delta pays."""

    def act(stage: Stage) -> None:
        paid = Paid(minor, "cash", "", "", AUTHOR)
        stage.claimed(
            f"aggregate payment {minor} {name}",
            lambda remember: record_payment(*delta_of(stage), paid, stage.now, remember),
        )

    return act
