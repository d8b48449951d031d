"""The rules of an entry by hand, without a database."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from chalicelib.auth.model import Author
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.ledger.chart import (
    MONEY_ACCOUNTS,
    RESELLER_CHART,
    SYSTEM_ACCOUNTS,
    Account,
    AccountStatus,
    AccountType,
    holds_money,
)
from chalicelib.ledger.hand.vouchers import (
    REVERSAL,
    Rules,
    approval_of,
    approver_of,
    check_day,
    check_lines,
    check_open,
    opening_of,
    person_of,
)
from chalicelib.ledger.journal import Line, credit, debit
from tests.funds.legs import LEGS
from tests.ledger.by_hand import voucher
from tests.ledger.entries import TODAY

TILL = Account("1001", "Till", AccountType.ASSET, "1000")
DRAWER = Account("1002", "Drawer", AccountType.ASSET, "1001")
GONE = Account("5910", "Old rent", AccountType.EXPENSE, status=AccountStatus.CLOSED)
CHART: Mapping[str, Account] = {**RESELLER_CHART, "1001": TILL, "1002": DRAWER, "5910": GONE}
RULES = Rules(0, CHART, frozenset({"MIRPUR"}), None)


def faults(lines: tuple[Line, ...], journal: str = "general") -> dict[str, str]:
    try:
        check_lines(voucher(lines, journal), RULES)
    except Invalid as refused:
        return {error.field: error.message.partition(":")[0] for error in refused.errors}
    return {}


@pytest.mark.parametrize(
    ("journal", "lines", "expected"),
    [
        ("receipts", (debit("1000", 5), credit("4000", 5)), {}),
        ("receipts", (debit("1002", 5), credit("4000", 5)), {}),
        ("receipts", (debit("1010", 5), debit("1020", 1), credit("4000", 6)), {}),
        ("receipts", (debit("1000", 5), credit("1010", 5)), {"lines.1.account": "pays money out"}),
        ("receipts", (debit("5900", 5), credit("4000", 5)), {"lines": "must take money in"}),
        ("payments", (debit("5900", 5), credit("1001", 5)), {}),
        ("payments", (debit("1000", 5), credit("1010", 5)), {"lines.0.account": "takes money in"}),
        ("payments", (debit("5900", 5), credit("4000", 5)), {"lines": "must pay money out"}),
        ("contra", (debit("1000", 5), credit("1010", 5)), {}),
        ("contra", (debit("1000", 5), credit("4000", 5)), {"lines.1.account": "holds no money"}),
        ("general", (debit("1000", 5), credit("1010", 5)), {}),
        ("general", (debit("5900", 5), credit("4000", 5)), {}),
    ],
)
def test_a_journal_of_money_takes_what_it_is_for(
    journal: str, lines: tuple[Line, ...], expected: dict[str, str]
) -> None:
    assert faults(lines, journal) == expected


def test_each_line_that_cannot_be_posted_is_named_with_what_is_wrong() -> None:
    lines = (debit("9999", 1), debit("1200", 1), debit("5910", 1), Line("5900", 1, 0, cost_centre="NOWHERE"))
    assert faults((*lines, credit("1000", 4))) == {
        "lines.0.account": "is not an account of this book",
        "lines.1.account": "is a control account",
        "lines.2.account": "is closed",
        "lines.3.cost_centre": "is not an open cost centre of this book",
    }
    assert faults((Line("5900", 1, 0, cost_centre="MIRPUR"), credit("1000", 1))) == {}


def test_lines_that_do_not_balance_have_a_code_of_their_own() -> None:
    with pytest.raises(Invalid) as refused:
        check_lines(voucher((debit("1000", 2), credit("4000", 1))), RULES)
    assert refused.value.code == "unbalanced-entry"


def test_a_reversal_is_refused_only_on_an_account_that_is_closed() -> None:
    mirror = replace(voucher((debit("4000", 5), credit("1000", 5))), kind=REVERSAL)
    check_lines(mirror, RULES)
    check_lines(replace(mirror, lines=(Line("4000", 5, 0, cost_centre="NOWHERE"), credit("1000", 5))), RULES)
    with pytest.raises(Conflict) as refused:
        check_lines(replace(mirror, lines=(debit("1000", 5), credit("5910", 5))), RULES)
    assert refused.value.code == "account-closed"


def test_a_day_is_refused_before_all_books_after_today_and_in_a_closed_period() -> None:
    for day in (date(1999, 12, 31), date(2026, 11, 23)):
        with pytest.raises(Invalid):
            check_day(voucher(on=day), TODAY)
    check_day(voucher(on=TODAY), TODAY)
    check_open(voucher(on=date(2026, 11, 1)), date(2026, 10, 31))
    with pytest.raises(Invalid, match="the first open day is 2026-11-01") as refused:
        check_open(voucher(on=date(2026, 10, 31)), date(2026, 10, 31))
    assert (refused.value.code, refused.value.errors[0].field) == ("period-closed", "effective_on")


def test_a_second_person_is_needed_above_the_amount_and_not_at_it() -> None:
    rules = replace(RULES, approval_above_minor=1_000)
    at, above = (voucher((debit("1000", minor), credit("4000", minor))) for minor in (1_000, 1_001))
    assert (rules.needs_approval(at), rules.needs_approval(above)) == (False, True)
    assert not RULES.needs_approval(above)
    halves = voucher((debit("1000", 600), debit("1010", 600), credit("4000", 1_200)))
    assert rules.needs_approval(halves)
    assert not replace(RULES, approval_above_minor=1_200).needs_approval(halves)


@pytest.mark.parametrize(
    ("lines", "equity"),
    [
        ((debit("1000", 500), credit("2200", 120)), (credit("3100", 380),)),
        ((credit("2200", 120),), (debit("3100", 120),)),
        ((debit("1000", 5), credit("3000", 5)), ()),
    ],
)
def test_what_is_left_over_of_opening_balances_goes_against_opening_equity(
    lines: tuple[Line, ...], equity: tuple[Line, ...]
) -> None:
    opening = opening_of(TODAY, "Opening", lines)
    assert (opening.kind, opening.journal, opening.lines) == ("opening", "general", (*lines, *equity))


def test_the_person_is_who_is_really_there() -> None:
    assert person_of("alpha", Author("u1")) == "alpha/u1"
    assert person_of("alpha", Author("u1", "op/u9")) == "op/u9"
    assert approver_of(approval_of("123-abc", "op/u9")) == "op/u9"
    for other in ("", "beta/2026-11-01", "recurring/r1/2026-11-01", "x/approved-by/u1"):
        assert approver_of(other) is None


def test_money_lies_in_cash_bank_and_gateway_and_what_is_grouped_below_them_however_they_are_grouped() -> None:
    assert {code for code in CHART if holds_money(CHART, code)} == MONEY_ACCOUNTS | {"1001", "1002"}
    assets = Account("1", "Current assets", AccountType.ASSET)
    regrouped = {**CHART, "1": assets, "1000": replace(CHART["1000"], parent="1")}
    assert holds_money(regrouped, "1002")
    assert not holds_money(regrouped, "1")


def test_every_account_that_a_movement_posts_to_is_kept_by_the_system() -> None:
    assert {code for legs in LEGS.values() for code in legs} <= SYSTEM_ACCOUNTS
    assert {code for code, account in RESELLER_CHART.items() if account.control} <= SYSTEM_ACCOUNTS
    assert set(RESELLER_CHART) - SYSTEM_ACCOUNTS == {"3000", "5900"}
