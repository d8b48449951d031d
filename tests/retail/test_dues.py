"""Dues: cumulative and monthly, with the figures of `domain.md`."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.retail.dues import Counted, DuesKind, MonthFigures, dues_by_month, in_newest_month

BILLS = [Counted(date(2026, month, 1), billed_minor=500_00) for month in (9, 10, 11)]
PAYMENTS = [Counted(date(2026, 9, 12), received_minor=300_00), Counted(date(2026, 11, 5), received_minor=600_00)]


def due(documents: list[Counted], kind: DuesKind, through: date = date(2026, 11, 30)) -> list[int]:
    return [month.due_minor(kind) for month in dues_by_month(documents, through)]


def test_bills_of_500_and_payments_of_300_0_and_600_are_cumulative_dues_of_200_700_and_600() -> None:
    assert due([*BILLS, *PAYMENTS], DuesKind.CUMULATIVE) == [200_00, 700_00, 600_00]


def test_the_same_bills_and_payments_are_monthly_dues_of_200_500_and_0() -> None:
    assert due([*BILLS, *PAYMENTS], DuesKind.MONTHLY) == [200_00, 500_00, 0]


def test_a_payment_counts_for_the_month_it_was_received_in_and_not_for_that_of_the_bill_it_pays() -> None:
    late = [BILLS[0], Counted(date(2026, 10, 2), received_minor=500_00)]
    assert due(late, DuesKind.MONTHLY, date(2026, 10, 31)) == [500_00, 0]
    assert due(late, DuesKind.CUMULATIVE, date(2026, 10, 31)) == [500_00, 0]


def test_a_credit_note_counts_for_the_month_of_its_own_day_like_a_payment() -> None:
    credited = [BILLS[0], Counted(date(2026, 9, 20), credited_minor=120_00)]
    assert due(credited, DuesKind.MONTHLY, date(2026, 9, 30)) == [380_00]


def test_a_refund_is_so_much_less_received() -> None:
    documents = [BILLS[0], Counted(date(2026, 9, 5), received_minor=700_00), Counted(date(2026, 9, 6), 0, 0, -200_00)]
    (month,) = dues_by_month(documents, date(2026, 9, 30))
    assert (month.balance_minor, month.monthly_minor, month.cumulative_minor) == (0, 0, 0)


def test_what_is_paid_ahead_is_no_due_and_lowers_the_cumulative_due_of_the_month_behind() -> None:
    documents = [Counted(date(2026, 9, 5), received_minor=200_00), BILLS[1]]
    months = dues_by_month(documents, date(2026, 10, 31))
    assert [month.balance_minor for month in months] == [-200_00, 300_00]
    assert due(documents, DuesKind.CUMULATIVE, date(2026, 10, 31)) == [0, 300_00]
    assert due(documents, DuesKind.MONTHLY, date(2026, 10, 31)) == [0, 500_00]


def test_a_month_in_which_nothing_happened_is_there_with_what_is_still_due() -> None:
    months = dues_by_month(BILLS[:1], date(2026, 11, 30))
    assert [month.figures.month for month in months] == ["2026-09", "2026-10", "2026-11"]
    assert [month.cumulative_minor for month in months] == [500_00] * 3
    assert [month.monthly_minor for month in months] == [500_00, 0, 0]


def test_months_go_on_over_the_end_of_a_year() -> None:
    months = dues_by_month([Counted(date(2025, 12, 31), 100)], date(2026, 2, 1))
    assert [month.figures.month for month in months] == ["2025-12", "2026-01", "2026-02"]


def test_nobody_who_was_never_billed_owes_anything() -> None:
    (month,) = dues_by_month([], date(2026, 11, 22))
    assert month.figures == MonthFigures("2026-11")
    assert (month.monthly_minor, month.cumulative_minor) == (0, 0)


def test_the_figures_kept_are_those_of_the_newest_month_alone() -> None:
    kept = None
    for counted in [*BILLS, *PAYMENTS]:
        kept = in_newest_month(kept, counted)
    assert kept == MonthFigures("2026-11", 500_00, 0, 600_00)


counted = st.builds(
    Counted,
    st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    st.integers(0, 1000),
    st.integers(0, 300),
    st.integers(-100, 1000),
)


@given(st.lists(counted))
def test_the_figures_kept_of_the_newest_month_are_those_counted_from_all_documents(documents: list[Counted]) -> None:
    kept = None
    for one in documents:
        kept = in_newest_month(kept, one)
    if kept is not None:
        months = {month.figures.month: month.figures for month in dues_by_month(documents, date(2026, 6, 30))}
        assert kept.month == max(month.isoformat()[:7] for month, *_ in documents)
        assert kept == months[kept.month]


@given(st.lists(counted))
def test_the_balance_at_the_end_is_everything_billed_less_everything_credited_and_received(
    documents: list[Counted],
) -> None:
    total = sum(one.billed_minor - one.credited_minor - one.received_minor for one in documents)
    assert dues_by_month(documents, date(2026, 6, 30))[-1].balance_minor == total
