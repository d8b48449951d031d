"""What happens between the operator and Kappa, a reseller below it that earns a percentage of what its subscribers pay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from chalicelib.aws.guards import no_guard
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.subscriber import Line, NewSubscriber
from chalicelib.partners.accrue import accrue_due
from chalicelib.partners.commission import CommissionTerms, parse_month
from chalicelib.partners.commission_terms import set_terms
from chalicelib.partners.payout import PayoutOrder, pay_commission
from chalicelib.retail.payments import Payment, PaymentMethod, receive_payment, refund_advance
from chalicelib.retail.ruling import Visit
from chalicelib.tenants.hierarchy import find_tenant
from chalicelib.tenants.model import Mode, Tenant
from tests.partners.invoiced import store
from tests.world import plan, tenant

from .movement import Act
from .stage import AUTHOR, FIRST, Stage

MONTH_IS_OVER = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)


def kappa_of(stage: Stage) -> tuple[Tenant, Tenant]:
    """The operator and Kappa."""
    return stage.world.operator, find_tenant("kappa")


def kappa(stage: Stage) -> None:
    """Kappa joins with one subscriber; it earns thirty percent of what that pays."""
    made = store(replace(tenant("kappa", stage.world.operator, FIRST), mode=Mode.PERCENTAGE))
    plan(made, "HOME", 70_000, "op.HOME")
    asked = NewSubscriber("k1", None, None, Line("HOME", "k1", None, FIRST))
    create_subscriber(made, asked, no_guard(), stage.now, lambda _: ())
    earns(3_000)(stage)


def earns(rate_bps: int, month: str = "2026-11") -> Act:
    """The operator says what Kappa earns from a month on."""

    def act(stage: Stage) -> None:
        asked = CommissionTerms(parse_month(month), rate_bps)
        set_terms(*kappa_of(stage), asked, AUTHOR, stage.now)

    return act


def paid_by_subscriber(minor: int, name: str = "") -> Act:
    """The operator takes money of Kappa's subscriber."""

    def act(stage: Stage) -> None:
        stage.claimed(
            f"payment of k1 {minor} {name}",
            lambda remember: receive_payment(
                Visit(stage.world.operator, "kappa", 1, AUTHOR, stage.now, remember),
                Payment(minor, PaymentMethod.CASH),
            ),
        )

    return act


def refund_to_subscriber(minor: int) -> Act:
    """The operator gives Kappa's subscriber back what it paid ahead."""

    def act(stage: Stage) -> None:
        stage.claimed(
            f"refund of k1 {minor}",
            lambda remember: refund_advance(
                Visit(stage.world.operator, "kappa", 1, AUTHOR, stage.now, remember),
                minor,
                PaymentMethod.CASH,
                "",
                "moved away",
            ),
        )

    return act


def accrue_commission(stage: Stage) -> None:
    """A worker makes Kappa's statements, when the month is over."""
    accrue_due(kappa_of(stage), max(stage.now, MONTH_IS_OVER))


def payout(minor: int, name: str = "") -> Act:
    """The operator pays Kappa."""

    def act(stage: Stage) -> None:
        order = PayoutOrder(minor, "cash", "", "", AUTHOR)
        stage.claimed(
            f"commission payout {minor} {name}",
            lambda remember: pay_commission(*kappa_of(stage), order, stage.now, remember),
        )

    return act
