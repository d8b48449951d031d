"""What is invoiced to a subscriber on a day."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.crm.model import EventKind
from chalicelib.crm.service import Service
from chalicelib.ledger.chart import INTERNET_REVENUE, ONE_TIME_REVENUE, TAX_PAYABLE
from chalicelib.retail.account_model import Discount, OwnTerms, WaitingCharge
from chalicelib.retail.charges import Facts
from chalicelib.retail.document_model import DocumentLine, LineKind
from chalicelib.retail.invoicing import due_invoice, may_be_due
from chalicelib.retail.model import DocumentKind, Taxed, TaxKind
from chalicelib.retail.totals import parts_of, totals_of
from tests.retail.billing import (
    NEW,
    POSTPAID,
    PREPAID,
    PRICES,
    anniversary,
    changed,
    due,
    from_day,
    invoiced,
    on,
    service,
    shown,
    subscriber,
    suspended,
)


def test_prepaid_the_rest_of_the_period_is_invoiced_at_activation_and_each_period_when_it_begins() -> None:
    who = subscriber(service(on(11, 16)))
    first = invoiced(NEW, who, PREPAID, on(11, 16))
    assert shown(first.lines) == [("service", "Home", "11-16", "11-30", 30_000)]
    assert first.account.next_invoice_on == on(12, 1)
    assert due(first.account, who, PREPAID, on(11, 30)) is None
    second = invoiced(first.account, who, PREPAID, on(12, 1))
    assert shown(second.lines) == [("service", "Home", "12-01", "12-31", 60_000)]
    assert due(second.account, who, PREPAID, on(12, 1)) is None


def test_a_service_is_not_invoiced_before_its_first_day() -> None:
    who = subscriber(service(on(11, 16)))
    assert due(NEW, who, PREPAID, on(11, 15)) is None


def test_postpaid_what_was_used_is_invoiced_when_the_period_is_over() -> None:
    who = subscriber(service(on(11, 16)))
    assert due(NEW, who, POSTPAID, on(11, 30)) is None
    first = invoiced(NEW, who, POSTPAID, on(12, 1))
    assert shown(first.lines) == [("service", "Home", "11-16", "11-30", 30_000)]
    gone = subscriber(changed(who.services[0], EventKind.DISCONNECT, on(12, 10)), revision=2)
    last = invoiced(first.account, gone, POSTPAID, on(1, 1, 2027))
    assert shown(last.lines) == [("service", "Home", "12-01", "12-10", 19_355)]
    assert due(last.account, gone, POSTPAID, on(2, 1, 2027)) is None


def test_postpaid_a_subscriber_that_is_invoiced_now_pays_what_was_used_until_yesterday_and_the_rest_later() -> None:
    who = subscriber(service(on(11, 1)))
    now = invoiced(NEW, who, POSTPAID, on(11, 11), now=True)
    assert shown(now.lines) == [("service", "Home", "11-01", "11-10", 20_000)]
    rest = invoiced(now.account, who, POSTPAID, on(12, 1))
    assert shown(rest.lines) == [("service", "Home", "11-11", "11-30", 40_000)]


def test_the_anniversary_and_a_custom_day_make_periods_of_their_own_and_31_is_the_last_of_february() -> None:
    who = subscriber(service(on(1, 31)))
    terms = anniversary(PREPAID)
    first = invoiced(NEW, who, terms, on(1, 31))
    assert shown(first.lines) == [("service", "Home", "01-31", "02-27", 60_000)]
    second = invoiced(first.account, who, terms, on(2, 28))
    assert shown(second.lines) == [("service", "Home", "02-28", "03-30", 60_000)]
    assert due(second.account, who, terms, on(3, 30)) is None
    assert invoiced(second.account, who, terms, on(3, 31)).account.next_invoice_on == on(4, 30)
    custom = invoiced(NEW, who, from_day(PREPAID, 10), on(1, 31))
    assert shown(custom.lines) == [("service", "Home", "01-31", "02-09", 19_355)]


def test_a_leap_year_has_a_29th_to_bill_on() -> None:
    who = subscriber(service(on(1, 31, 2028)))
    first = invoiced(NEW, who, replace(anniversary(PREPAID), starts_on=on(1, 1, 2028)), on(1, 31, 2028))
    assert shown(first.lines) == [("service", "Home", "01-31", "02-28", 60_000)]
    assert first.account.next_invoice_on == on(2, 29, 2028)


def test_a_subscriber_may_have_a_billing_day_of_its_own_from_the_next_invoice_on() -> None:
    who = subscriber(service(on(11, 1)))
    november = invoiced(NEW, who, PREPAID, on(11, 1)).account
    own = november._replace(own=OwnTerms(billing_day=15))
    short = invoiced(own, who, PREPAID, on(12, 1))
    assert shown(short.lines) == [("service", "Home", "12-01", "12-14", 28_000)]
    assert short.account.next_invoice_on == on(12, 15)
    assert shown(invoiced(short.account, who, PREPAID, on(12, 15)).lines) == [
        ("service", "Home", "12-15", "01-14", 60_000)
    ]


def test_days_before_the_terms_began_are_not_billed() -> None:
    who = subscriber(service(on(10, 1)))
    first = invoiced(NEW, who, replace(PREPAID, starts_on=on(11, 21)), on(11, 25))
    assert shown(first.lines) == [("service", "Home", "11-21", "11-30", 20_000)]


def test_days_that_nobody_invoiced_in_time_are_caught_up_with() -> None:
    who = subscriber(service(on(10, 17)))
    late = invoiced(NEW, who, PREPAID, on(12, 3))
    assert shown(late.lines) == [
        ("service", "Home", "10-17", "10-31", 29_032),
        ("service", "Home", "11-01", "11-30", 60_000),
        ("service", "Home", "12-01", "12-31", 60_000),
    ]


def test_what_changed_in_a_prepaid_period_is_adjusted_at_the_next_invoice() -> None:
    home = service(on(11, 1))
    november = invoiced(NEW, subscriber(home), PREPAID, on(11, 1)).account
    off = subscriber(changed(home, EventKind.DISABLE, on(11, 10)), revision=2)
    assert due(november, off, PREPAID, on(11, 15)) is None
    back = changed(off.services[0], EventKind.ENABLE, on(11, 28))
    december = invoiced(november, subscriber(back, revision=3), PREPAID, on(12, 1))
    assert shown(december.lines) == [
        ("adjustment", "Home", "11-01", "11-30", -34_000),
        ("service", "Home", "12-01", "12-31", 60_000),
    ]
    assert december.totals.total_minor == 26_000


def test_a_change_of_plan_in_a_prepaid_period_costs_the_difference_at_the_next_invoice() -> None:
    home = service(on(11, 1))
    november = invoiced(NEW, subscriber(home), PREPAID, on(11, 1)).account
    fast = subscriber(changed(home, EventKind.CHANGE_PLAN, on(11, 16), "FAST"), revision=2)
    assert shown(invoiced(november, fast, PREPAID, on(12, 1)).lines) == [
        ("adjustment", "Fast", "11-01", "11-30", 15_000),
        ("service", "Fast", "12-01", "12-31", 90_000),
    ]


def test_more_taken_back_than_charged_is_a_credit_note() -> None:
    home = service(on(11, 1))
    november = invoiced(NEW, subscriber(home), PREPAID, on(11, 1)).account
    gone = subscriber(changed(home, EventKind.DISCONNECT, on(11, 10)), revision=2)
    december = invoiced(november, gone, PREPAID, on(12, 1))
    assert (december.kind, december.totals.total_minor) == (DocumentKind.CREDIT_NOTE, -40_000)
    assert due(december.account, gone, PREPAID, on(12, 1)) is None
    assert due(december.account, gone, PREPAID, on(1, 1, 2027)) is None


def test_a_service_that_comes_back_in_the_midst_of_a_prepaid_period_is_invoiced_for_the_rest_of_it() -> None:
    home = changed(service(on(10, 1)), EventKind.DISABLE, on(10, 31))
    october = invoiced(NEW, subscriber(home), PREPAID, on(10, 1)).account
    assert due(october, subscriber(home), PREPAID, on(11, 1)) is None
    back = subscriber(changed(home, EventKind.ENABLE, on(11, 21)), revision=2)
    assert shown(invoiced(october, back, PREPAID, on(11, 21)).lines) == [("service", "Home", "11-21", "11-30", 20_000)]


def test_a_second_service_is_invoiced_when_it_is_activated() -> None:
    home, fast = service(on(11, 1)), service(on(11, 21), "FAST", 2)
    november = invoiced(NEW, subscriber(home), PREPAID, on(11, 1)).account
    both = subscriber(home, fast, revision=2)
    assert not may_be_due(november, 1, PREPAID, on(11, 20))
    assert may_be_due(november, 2, PREPAID, on(11, 20))
    assert due(november, both, PREPAID, on(11, 20)) is None
    second = invoiced(november, both, PREPAID, on(11, 21))
    assert shown(second.lines) == [("service", "Fast", "11-21", "11-30", 30_000)]
    assert [one.number for one in second.account.services] == [1, 2]


def test_in_the_midst_of_a_period_nothing_is_looked_up_for_what_waits_for_its_end() -> None:
    home = service(on(11, 1))
    november = invoiced(NEW, subscriber(home), PREPAID, on(11, 1)).account
    cut = subscriber(suspended(home, on(11, 10)), revision=2)

    def asked(one: Service, first: date) -> Facts:
        raise AssertionError("a history would be read here")

    assert due_invoice(november, cut, PREPAID, PRICES, on(11, 20), asked) is None
    with pytest.raises(AssertionError, match="history"):
        due_invoice(november, cut, PREPAID, PRICES, on(12, 1), asked)


def test_a_start_that_is_corrected_to_an_earlier_day_is_charged_with_the_next_invoice() -> None:
    november = invoiced(NEW, subscriber(service(on(11, 21))), PREPAID, on(11, 21)).account
    earlier = subscriber(service(on(10, 22)), revision=2)
    assert shown(invoiced(november, earlier, PREPAID, on(12, 1)).lines)[:2] == [
        ("adjustment", "Home", "10-22", "10-31", 19_355),
        ("adjustment", "Home", "11-01", "11-30", 40_000),
    ]


def test_a_price_that_changes_changes_nothing_that_was_billed_with_the_old_one() -> None:
    home = service(on(11, 1))
    november = invoiced(NEW, subscriber(home), PREPAID, on(11, 1)).account
    dearer = november._replace(own=OwnTerms(prices_minor=((1, 75_000),)))
    off = subscriber(changed(home, EventKind.DISABLE, on(11, 20)), revision=2)
    back = subscriber(changed(off.services[0], EventKind.ENABLE, on(12, 1)), revision=3)
    assert shown(invoiced(dearer, back, PREPAID, on(12, 1)).lines) == [
        ("adjustment", "Home", "11-01", "11-30", -20_000),
        ("service", "Home", "12-01", "12-31", 75_000),
    ]


def test_one_time_charges_wait_for_the_next_invoice_or_for_one_that_is_asked_for() -> None:
    who = subscriber(service(on(11, 1)))
    account = invoiced(NEW, who, PREPAID, on(11, 1)).account
    waiting = account._replace(charges=(WaitingCharge("Cable", 12_000, on(11, 5)),))
    assert due(waiting, who, PREPAID, on(11, 20)) is None
    now = invoiced(waiting, who, PREPAID, on(11, 20), now=True)
    assert [(one.kind, one.text, one.amount_minor) for one in now.lines] == [(LineKind.ONE_TIME, "Cable", 12_000)]
    assert now.account.charges == ()
    later = invoiced(waiting, who, PREPAID, on(12, 1))
    assert later.totals.total_minor == 72_000


def test_a_rate_is_taken_off_what_each_period_costs_and_off_what_is_taken_back() -> None:
    home = service(on(11, 1))
    account = NEW._replace(own=OwnTerms(discount=Discount(bps=1_000)))
    november = invoiced(account, subscriber(home), PREPAID, on(11, 1))
    assert shown(november.lines)[1] == ("discount", "", "11-01", "11-30", -6_000)
    gone = subscriber(changed(home, EventKind.DISCONNECT, on(11, 10)), revision=2)
    assert invoiced(november.account, gone, PREPAID, on(12, 1)).totals.total_minor == -36_000


def test_an_amount_is_taken_off_once_a_period_and_never_more_than_it_costs() -> None:
    home, fast = service(on(11, 1)), service(on(11, 21), "FAST", 2)
    account = NEW._replace(own=OwnTerms(discount=Discount(amount_minor=70_000)))
    november = invoiced(account, subscriber(home), PREPAID, on(11, 1))
    assert november.totals.total_minor == 0
    second = invoiced(november.account, subscriber(home, fast, revision=2), PREPAID, on(11, 21))
    assert second.totals.total_minor == 20_000
    december = invoiced(second.account, subscriber(home, fast, revision=2), PREPAID, on(12, 1))
    assert december.totals.total_minor == 80_000


def test_a_discount_ends_with_the_last_period_that_begins_by_its_day() -> None:
    who = subscriber(service(on(11, 1)))
    account = NEW._replace(own=OwnTerms(discount=Discount(bps=5_000, until=on(11, 30))))
    november = invoiced(account, who, PREPAID, on(11, 1))
    assert november.totals.total_minor == 30_000
    assert invoiced(november.account, who, PREPAID, on(12, 1)).totals.total_minor == 60_000


def _lines(*amounts: int) -> list[DocumentLine]:
    return [DocumentLine(LineKind.SERVICE, one) for one in amounts]


def test_tax_is_rounded_once_an_invoice_added_or_taken_out() -> None:
    assert totals_of(_lines(1_005, 1_005, 1_005), 1_000, TaxKind.EXCLUSIVE) == (3_015, 302)
    assert totals_of(_lines(10_500), 500, TaxKind.INCLUSIVE) == (10_000, 500)
    assert totals_of(_lines(9_999), 1_500, TaxKind.INCLUSIVE) == (8_695, 1_304)
    assert totals_of(_lines(-3_015), 1_000, TaxKind.EXCLUSIVE) == (-3_015, -302)
    assert totals_of(_lines(9_999), 0, TaxKind.INCLUSIVE) == (9_999, 0)


def test_a_document_posts_to_the_account_of_each_kind_of_line_and_to_tax() -> None:
    lines = [DocumentLine(LineKind.SERVICE, 60_000), DocumentLine(LineKind.ONE_TIME, 10_000)]
    exclusive = totals_of(lines, 500, TaxKind.EXCLUSIVE)
    assert parts_of(lines, exclusive, 500, TaxKind.EXCLUSIVE) == {
        INTERNET_REVENUE: 60_000,
        ONE_TIME_REVENUE: 10_000,
        TAX_PAYABLE: 3_500,
    }
    inclusive = totals_of(lines, 500, TaxKind.INCLUSIVE)
    assert parts_of(lines, inclusive, 500, TaxKind.INCLUSIVE) == {
        INTERNET_REVENUE: 57_143,
        ONE_TIME_REVENUE: 9_524,
        TAX_PAYABLE: 3_333,
    }


def test_a_line_with_another_tax_than_the_document_is_rounded_and_posted_by_its_own() -> None:
    other = DocumentLine(LineKind.ADJUSTMENT, -5_249, 1, "Home", taxed=Taxed(500, TaxKind.INCLUSIVE))
    lines = [DocumentLine(LineKind.SERVICE, 10_000, 1, "Home"), other, DocumentLine(LineKind.ONE_TIME, 1_005)]
    added = totals_of(lines, 1_000, TaxKind.EXCLUSIVE)
    assert added == (10_000 + 1_005 - 4_999, 1_101 - 250)
    assert parts_of(lines, added, 1_000, TaxKind.EXCLUSIVE) == {
        INTERNET_REVENUE: 5_001,
        ONE_TIME_REVENUE: 1_005,
        TAX_PAYABLE: 851,
    }
    in_it = totals_of(lines, 1_000, TaxKind.INCLUSIVE)
    assert in_it == (10_005 - 4_999, 1_000 - 250)
    assert parts_of(lines, in_it, 1_000, TaxKind.INCLUSIVE) == {
        INTERNET_REVENUE: 9_091 - 4_999,
        ONE_TIME_REVENUE: 914,
        TAX_PAYABLE: 750,
    }
