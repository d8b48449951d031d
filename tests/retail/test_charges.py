"""Which days of a service are billed, and what they cost."""

from datetime import date

from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.retail.charges import Facts, Run, billable_runs, billing_period, facts_of, needs_history, run_cost
from tests.retail.billing import FLAT, HOME, changed, on, service, suspended

NOVEMBER = (on(11, 1), on(11, 30))


def runs(facts: Facts, first: date = NOVEMBER[0], last: date = NOVEMBER[1]) -> list[tuple[int, int, str]]:
    return [(run.first.day, run.last.day, run.plan) for run in billable_runs(facts, first, last)]


def test_a_service_is_billed_from_its_first_day_on() -> None:
    assert runs(facts_of(service(on(10, 3)))) == [(1, 30, "HOME")]
    assert runs(facts_of(service(on(11, 10)))) == [(10, 30, "HOME")]
    assert runs(facts_of(service(on(12, 1)))) == []


def test_the_day_of_a_disable_is_billed_and_so_is_that_of_an_enable() -> None:
    off = changed(service(on(10, 1)), EventKind.DISABLE, on(11, 10))
    assert runs(facts_of(off)) == [(1, 10, "HOME")]
    assert runs(facts_of(changed(off, EventKind.ENABLE, on(11, 20)))) == [(1, 10, "HOME"), (20, 30, "HOME")]
    assert runs(facts_of(changed(off, EventKind.ENABLE, on(11, 11)))) == [(1, 30, "HOME")]


def test_a_service_that_was_off_and_on_for_a_moment_is_billed_for_that_day_alone() -> None:
    off = changed(service(on(10, 1)), EventKind.DISABLE, on(10, 10))
    moment = changed(changed(off, EventKind.ENABLE, on(11, 15)), EventKind.DISABLE, on(11, 15))
    assert runs(facts_of(moment)) == [(15, 15, "HOME")]


def test_a_service_that_ended_on_its_first_day_is_billed_for_it() -> None:
    assert runs(facts_of(changed(service(on(11, 5)), EventKind.DISCONNECT, on(11, 5)))) == [(5, 5, "HOME")]


def test_the_day_of_disconnection_is_billed_and_the_next_is_not() -> None:
    gone = changed(service(on(10, 1)), EventKind.DISCONNECT, on(11, 12))
    assert runs(facts_of(gone)) == [(1, 12, "HOME")]
    off = changed(changed(service(on(10, 1)), EventKind.DISABLE, on(11, 3)), EventKind.DISCONNECT, on(11, 12))
    assert runs(facts_of(off)) == [(1, 3, "HOME")]


def test_the_plan_at_the_end_of_a_day_prices_it() -> None:
    moved = changed(service(on(10, 1)), EventKind.CHANGE_PLAN, on(11, 16), "FAST")
    assert runs(facts_of(moved)) == [(1, 15, "HOME"), (16, 30, "FAST")]


def test_suspended_days_are_not_billed() -> None:
    assert runs(facts_of(suspended(service(on(10, 1)), on(11, 10)))) == [(1, 9, "HOME")]
    assert runs(facts_of(suspended(service(on(10, 1)), on(11, 10), on(11, 15)))) == [(1, 9, "HOME"), (15, 30, "HOME")]
    assert runs(facts_of(suspended(service(on(10, 1)), on(10, 10), on(11, 4)))) == [(4, 30, "HOME")]
    assert runs(facts_of(suspended(service(on(10, 1)), on(10, 10), on(10, 14)))) == [(1, 30, "HOME")]


def _event(kind: EventKind, day: date, micros: int) -> ServiceEvent:
    return ServiceEvent(kind, day, micros, 0, 1, 7, "HOME" if kind is EventKind.CONNECT else None)


def test_a_service_suspended_twice_in_a_month_is_told_from_its_history() -> None:
    twice = suspended(service(on(10, 1)), on(11, 20), on(11, 25))
    assert needs_history(twice, on(11, 1))
    assert not needs_history(twice, on(11, 20))
    history = [
        _event(EventKind.CONNECT, on(10, 1), 1),
        _event(EventKind.SUSPEND, on(11, 5), 2),
        _event(EventKind.RESUME, on(11, 8), 3),
        _event(EventKind.SUSPEND, on(11, 20), 4),
        _event(EventKind.RESUME, on(11, 25), 5),
    ]
    assert runs(facts_of(twice, history)) == [(1, 4, "HOME"), (8, 19, "HOME"), (25, 30, "HOME")]


def test_billing_periods_from_the_31st_begin_on_the_last_day_of_a_short_month() -> None:
    assert billing_period(on(1, 31), 31) == (on(1, 31), on(2, 27))
    assert billing_period(on(2, 28), 31) == (on(2, 28), on(3, 30))
    assert billing_period(on(2, 28, 2028), 31) == (on(1, 31, 2028), on(2, 28, 2028))
    assert billing_period(on(2, 29, 2028), 31) == (on(2, 29, 2028), on(3, 30, 2028))


def test_a_whole_period_costs_the_price_and_its_parts_sum_to_it() -> None:
    period = billing_period(on(11, 10), 10)
    assert period == (on(11, 10), on(12, 9))
    assert run_cost(Run(*period, "HOME"), HOME, period) == 60_000
    first, second = Run(on(11, 10), on(11, 16), "HOME"), Run(on(11, 17), on(12, 9), "HOME")
    assert (run_cost(first, HOME, period), run_cost(second, HOME, period)) == (14_000, 46_000)


def test_by_thirtieths_the_31st_day_is_free() -> None:
    december = billing_period(on(12, 1), 1)
    assert run_cost(Run(on(12, 1), on(12, 15), "FLAT"), FLAT, december) == 15_500
    assert run_cost(Run(on(12, 31), on(12, 31), "FLAT"), FLAT, december) == 0
