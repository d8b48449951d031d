"""What is kept of a charge before a day's end: small, however many services renew on one morning."""

from datetime import date

import pytest

from chalicelib.aws.tables import write
from chalicelib.billing.ahead_kept import keep_ahead, read_ahead, read_each_ahead
from chalicelib.billing.legs import Use
from chalicelib.billing.sheet import DamagedSheetError
from chalicelib.billing.store import AheadRow

pytestmark = pytest.mark.usefixtures("engine")
DAY = date(2026, 12, 1)


def test_several_charges_of_a_day_add_up_by_service_and_by_level() -> None:
    write(keep_ahead("beta", DAY, 0, [Use(300, 0, 15), Use(200, 0, 10)], {7: (100, 80), 9: (200, 120)}, "one"))
    write(keep_ahead("beta", DAY, 1, [Use(-50, 0, -3), Use(-40, 0, -2)], {9: (-50, -40)}, "two"))
    found = read_ahead("beta", DAY, 2, 2)
    assert found.lines == {7: (100, 80), 9: (150, 80)}
    assert found.uses == (Use(250, 0, 12), Use(160, 0, 8))
    assert [kept.entry_id for kept in read_each_ahead("beta", DAY, 2)] == ["one", "two"]
    assert read_ahead("gamma", DAY, 0, 2).lines == {}


def test_one_that_is_missing_is_told_and_not_taken_for_nothing() -> None:
    with pytest.raises(DamagedSheetError):
        read_ahead("beta", DAY, 1, 2)


def test_a_hundred_thousand_renewals_take_a_few_kilobytes() -> None:
    lines = {number: ((15_000, 12_000) if number % 3 else (29_950, 25_000)) for number in range(1, 100_001)}
    row = keep_ahead("beta", DAY, 0, [Use(1, 0), Use(1, 0)], lines, None).row
    assert isinstance(row, AheadRow)
    assert len(row.lines) < 5000
