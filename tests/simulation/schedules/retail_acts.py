"""What a biller does with its subscribers, as acts: Beta bills, prepaid, from the first settled day on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from chalicelib.network.model import Undelivered
from chalicelib.network.undelivered import Cause, UndeliveredDay, confirm
from chalicelib.proof.undelivered import decide_days
from chalicelib.retail.accounts import Keeper, add_charge
from chalicelib.retail.invoice import Request, invoice_subscriber
from chalicelib.retail.run_invoices import carry_on_later, run_due
from chalicelib.retail.terms import set_terms
from tests.network.site import set_terms as set_network_terms

from .movement import Act
from .stage import AUTHOR, FIRST, TODAY, Stage


def bills(stage: Stage) -> None:
    """Beta says how it bills: each calendar month ahead, with five percent on top."""
    set_terms(stage.world.beta, lambda terms: replace(terms, starts_on=FIRST, tax_bps=500))


def invoice(number: int = 1) -> Act:
    """One subscriber of Beta's is invoiced now."""

    def act(stage: Stage) -> None:
        asked = Request(stage.world.beta, "beta", number, AUTHOR, stage.now)
        stage.claimed(f"invoice {number}", lambda remember: invoice_subscriber(asked, remember))

    return act


def run_of_today(stage: Stage) -> None:
    """The worker tends to Beta's book: the run of its today."""
    run_due(stage.world.beta_chain, stage.now)


def run_by_hand(day: date = TODAY) -> Act:
    """Somebody asks for the run of a day, and a worker does it."""
    return lambda stage: carry_on_later(stage.world.beta_chain, day.isoformat(), stage.now)


def one_time_charge(number: int = 2) -> Act:
    """A subscriber is charged something once, on its next invoice."""

    def act(stage: Stage) -> None:
        keeper = Keeper(stage.world.beta, "beta", number, stage.today)
        stage.claimed(f"charge {number}", lambda remember: add_charge(keeper, "Cable", 1_000, remember))

    return act


def credits_undelivered_days(stage: Stage) -> None:
    """Beta says that days which are not delivered are credited."""
    set_network_terms("beta", undelivered=Undelivered.CREDIT)


def not_delivered(number: int) -> Act:
    """The first settled day was not delivered to a service of Beta's."""
    day = UndeliveredDay("beta", FIRST, number, number, "beta.rmain0001", Cause.ROUTER, "It was down.")
    return lambda stage: confirm([day])


def undelivered_days_are_decided(stage: Stage) -> None:
    """The worker tends to Beta's book: what is done about days that were not delivered."""
    decide_days(stage.world.beta_chain, stage.now)
