"""Another rate, before it is set: the last full month comes to what its statement would have said."""

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.partners.commission import Base, Taxed
from chalicelib.partners.commission_preview import CommissionPreview, preview_commission
from chalicelib.partners.commission_terms import read_commission
from tests.conftest import SetClock
from tests.partners.commissions import NOVEMBER, Commissions, noon
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> Commissions:
    return Commissions()


def a_november(world: Commissions) -> None:
    world.invoice("alpha1", 15_000, HOME=100_000)
    world.pay("alpha1", 115_000)
    world.invoice("beta2", HOME=50_000)
    world.pay("beta2", 20_000)
    world.pay("gamma1", 77_700)
    world.now = noon(12, 1)
    world.pay("alpha2", 99_900)


def ask(
    world: Commissions, rate_bps: int, base: Base = Base.PAYMENTS, amount: Taxed = Taxed.AFTER_TAX, child: str = "alpha"
) -> CommissionPreview:
    *above, last = world.chain(child)
    return preview_commission(above, last, rate_bps, base, amount, world.now)


@pytest.mark.parametrize("base", list(Base))
@pytest.mark.parametrize("amount", list(Taxed))
def test_the_month_comes_to_what_its_statement_says_under_those_terms(
    world: Commissions, engine: MemoryDynamoDB, base: Base, amount: Taxed
) -> None:
    moment = engine.remember()
    world.terms(rate_bps=3_000, plans={"LITE": 100})
    a_november(world)
    seen = ask(world, 3_500, base, amount)
    assert seen.month == NOVEMBER
    assert (seen.before.base_minor, seen.before.commission_minor) == (135_000, 40_500)
    assert world.statement().sums.commission_minor == 40_500
    engine.rewind(moment)
    world.now = noon(11, 10)
    world.terms(rate_bps=3_500, plans={"LITE": 100}, base=base, amount=amount)
    a_november(world)
    told = world.statement().sums
    assert (told.base_minor, told.commission_minor) == (seen.after.base_minor, seen.after.commission_minor)
    assert told.rates == seen.after.rates


def test_it_writes_nothing_and_may_be_asked_before_anybody_has_set_terms(
    world: Commissions, engine: MemoryDynamoDB
) -> None:
    a_november(world)
    moment = engine.remember()
    seen = ask(world, 1_000)
    assert (seen.terms_before, seen.before.commission_minor, seen.after.commission_minor) == (None, 0, 13_500)
    assert engine.changed_since(moment) == {}
    assert read_commission("alpha").revision == 0


def test_only_who_bills_the_subscribers_may_ask(world: Commissions) -> None:
    a_november(world)
    with pytest.raises(Conflict) as refused:
        ask(world, 1_000, child="beta")
    assert refused.value.code == "not-biller"
