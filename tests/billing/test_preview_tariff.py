"""The preview of a tariff, the tariff itself, and the days after it: what everybody below pays on that edge, to the unit.

It is the operator's tariff for Alpha that changes. Alpha has subscribers of its own and Beta below it.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chalicelib.billing.late_tariff import late_tariff
from chalicelib.billing.model import SettledDay, Timing
from chalicelib.billing.preview_model import Preview
from chalicelib.billing.preview_tariff import preview_tariff
from chalicelib.billing.settle import settle_day
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.dates import days_between
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.funds.limits import read_limits
from tests.billing.test_preview import ADVANCE, FIRST, Edge, Scenario, day, edges, fresh, noon, play, starts
from tests.invariants import check_invariants
from tests.world import World

Both = tuple[SettledDay, SettledDay]


def begin(scenario: Scenario) -> World:
    """As `play` has it, with a subscriber of Alpha's own from the first day that is still open."""
    world, _ = play(scenario)
    world.connect(world.alpha_chain, "own", "FAST", scenario.today)
    return world


def settle(world: World, first: date, last: date) -> dict[date, Both]:
    """Those days of Beta and of Alpha."""
    days = {}
    for one in days_between(first, last):
        later = noon(one) + timedelta(days=1)
        days[one] = (settle_day(world.beta_chain, one, later), settle_day(world.alpha_chain, one, later))
    return days


def on_the_edge(both: Both) -> int:
    beta, alpha = both
    return beta.paid_minor[1] + alpha.paid_minor[0]


def terms_of(edge: Edge, on: date) -> TariffTerms:
    prices = (("HOME", edge.price_minor), ("FAST", 2 * edge.price_minor))
    fee = edge.fee_minor if edge.policy.value == "unused_days_less_fee" else 0
    return TariffTerms(on, edge.timing, edge.day_count, edge.policy, edge.tax_bps, prices, edge.span, fee)


def versions_on_the_edge(days: list[Both]) -> set[str]:
    """By which versions of the tariff those days were priced."""
    return {version for beta, alpha in days for version in (beta.tariffs[1], alpha.tariffs[0])}


def play_both(scenario: Scenario, edge: Edge, on: date, refused_as: str | None = None) -> Preview:
    """The preview, after making sure that its figures are what happens without the version and with it.

    Only for a version that is to be refused, as the caller says, is it made sure instead that nothing happens.
    """
    with fresh():
        world = begin(scenario)
        seen = preview_tariff((world.operator,), world.alpha, terms_of(edge, on), noon(scenario.today))
        (level,) = seen.levels
        without = settle(world, scenario.today, level.period.last)
    assert (seen.refused and seen.refused.code) == refused_as
    with fresh():
        world = begin(scenario)
        before = read_limits(["alpha"])["alpha"].balance_minor
        if refused_as is not None:
            with pytest.raises(Conflict) as refused:
                set_tariff(world.operator, world.alpha, terms_of(edge, on), noon(scenario.today), late_tariff)
            assert refused.value.code == refused_as
            assert read_limits(["alpha"])["alpha"].balance_minor == before
            still = settle(world, scenario.today, scenario.today)[scenario.today]
            assert versions_on_the_edge([still]) == versions_on_the_edge([without[scenario.today]])
            assert on_the_edge(still) == on_the_edge(without[scenario.today])
            check_invariants()
            return seen
        made = set_tariff(world.operator, world.alpha, terms_of(edge, on), noon(scenario.today), late_tariff)
        after = read_limits(["alpha"])["alpha"].balance_minor
        with_it = settle(world, scenario.today, level.period.last)
        check_invariants()
    assert before - after == level.corrected_minor
    assert level.fund is not None
    assert (level.fund.balance_minor, level.fund.after_minor) == (before, after)
    days = list(days_between(seen.first, level.period.last))
    assert seen.first == max(on, scenario.today)
    assert versions_on_the_edge([with_it[one] for one in days]) == {made.version}
    assert made.version not in versions_on_the_edge([without[one] for one in days])
    assert all(sum(alpha.counts.values()) for _, alpha in without.values()), "Alpha's own service is billed every day"
    assert level.first_day == (on_the_edge(without[seen.first]), on_the_edge(with_it[seen.first]))
    assert level.total == (
        sum(on_the_edge(without[one]) for one in days),
        sum(on_the_edge(with_it[one]) for one in days),
    )
    return seen


def test_a_dearer_tariff_from_a_day_to_come_costs_so_much_more_until_the_end_of_the_month() -> None:
    scenario = Scenario(Edge(), Edge(price_minor=12_000), day(11), ((FIRST, "HOME"), (FIRST, "FAST")))
    seen = play_both(scenario, Edge(price_minor=15_000), day(21))
    (level,) = seen.levels
    assert (seen.first, level.period.last) == (day(21), day(30))
    assert level.first_day == (5 * 400, 5 * 500)
    assert level.total == (50 * 400, 50 * 500)
    assert (seen.full_day, seen.services) == ((3 * 400, 3 * 500), 2)
    assert (level.now_minor, level.corrected_minor, seen.corrected) == (0, 0, None)


def test_a_tariff_with_a_past_day_is_corrected_and_says_how_many_days() -> None:
    scenario = Scenario(Edge(), Edge(price_minor=12_000), day(11), ((FIRST, "HOME"),))
    seen = play_both(scenario, Edge(price_minor=15_000, tax_bps=1000), day(6))
    assert seen.corrected == (5, day(6), day(10))
    assert seen.levels[0].corrected_minor == 5 * (550 - 400)


def test_a_tariff_with_a_past_day_holds_until_the_next_version_and_corrects_no_further() -> None:
    scenario = Scenario(Edge(), Edge(price_minor=12_000), day(11), ((FIRST, "HOME"),))
    with fresh():
        world = begin(scenario)
        set_tariff(world.operator, world.alpha, terms_of(Edge(price_minor=18_000), day(8)), noon(day(11)), late_tariff)
        asked = terms_of(Edge(price_minor=15_000), day(6))
        seen = preview_tariff((world.operator,), world.alpha, asked, noon(day(11)))
        before = read_limits(["alpha"])["alpha"].balance_minor
        set_tariff(world.operator, world.alpha, asked, noon(day(11)), late_tariff)
        after = read_limits(["alpha"])["alpha"].balance_minor
    assert seen.corrected == (2, day(6), day(7))
    assert seen.levels[0].corrected_minor == before - after == 200
    assert seen.levels[0].total.difference_minor == 0


def test_a_tariff_in_advance_with_a_past_day_is_refused_as_it_is_when_set() -> None:
    scenario = Scenario(Edge(), Edge(price_minor=12_000), day(11), ((FIRST, "HOME"),))
    play_both(scenario, ADVANCE, day(6), "day-already-pinned")
    play_both(replace(scenario, alpha=ADVANCE), Edge(), day(6), "day-already-pinned")


def test_who_has_paid_the_month_pays_the_new_price_at_renewal_alone() -> None:
    scenario = Scenario(Edge(), replace(ADVANCE, price_minor=12_000), day(11), ((FIRST, "HOME"),))
    seen = play_both(scenario, replace(ADVANCE, price_minor=24_000), day(11))
    (level,) = seen.levels
    # Alpha's own service begins that day: twice 120.00 or 240.00 a month, for 20 of 30 days.
    assert level.total == (16_000, 32_000)


def test_what_a_tariff_cannot_be_is_refused_by_its_preview() -> None:
    with fresh():
        world = begin(Scenario(Edge(), Edge(), day(11), ((FIRST, "HOME"),)))
        asked = terms_of(Edge(), day(20))
        for wrong, field in (
            (replace(asked, prices=(("HOME", 1),)), "prices"),
            (replace(asked, prices=(("NONE", 1), *asked.prices)), "prices.0.plan"),
            (replace(asked, refund_fee_minor=5), "refund_fee"),
            (replace(asked, effective_on=date(2028, 1, 1)), "effective_on"),
        ):
            with pytest.raises(Invalid) as refused:
                preview_tariff((world.operator,), world.alpha, wrong, noon(day(11)))
            assert [error.field for error in refused.value.errors] == [field]


@given(
    beta=edges,
    alpha=edges,
    new=edges,
    today=st.integers(1, 20).map(lambda n: FIRST + timedelta(days=n)),
    services=st.lists(starts, min_size=1, max_size=3),
    ahead=st.integers(-6, 12),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_foreseen_of_a_tariff_is_what_happens(
    beta: Edge, alpha: Edge, new: Edge, today: date, services: list[tuple[date, str]], ahead: int
) -> None:
    on = max(FIRST, today + timedelta(days=ahead))
    new = replace(new, month_starts_on=alpha.month_starts_on)
    # The same terms from the same day are the version that is there: there would be nothing to compare.
    assume(on > FIRST or terms_of(new, on) != terms_of(alpha, on))
    is_refused = on < today and Timing.ADVANCE in (alpha.timing, new.timing)
    refused_as = "day-already-pinned" if is_refused else None
    play_both(Scenario(beta, alpha, today, tuple(services)), new, on, refused_as)
