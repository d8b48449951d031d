"""Commission statements: what a percentage tenant earns of its subscribers, accrued in both books, to the unit."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Conflict, Invalid
from chalicelib.ledger.journal import GENERAL, child_journal
from chalicelib.partners.accrue import accrue_due
from chalicelib.partners.commission import Base, Taxed
from chalicelib.partners.commission_terms import NO_RATE_ABOVE, RATE_ABOVE_OWN, read_commission, warnings_of
from chalicelib.retail.accounts import Keeper, OwnChange, change_own_terms
from tests.conftest import SetClock
from tests.invariants import read_book
from tests.partners.commissions import DECEMBER, NOVEMBER, Commissions, lines_of, noon
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> Commissions:
    return Commissions()


def test_thirty_percent_of_1000_and_500_less_200_is_390(world: Commissions) -> None:
    world.terms()
    world.invoice("alpha1", HOME=80_000)
    world.pay("alpha1", 100_000)
    world.invoice("alpha2", HOME=50_000)
    world.pay("alpha2", 50_000)
    world.refund("alpha1", 20_000)
    world.pay("gamma1", 77_700)
    assert world.accrue() == [], "the month is not over"
    world.now = noon(12, 1)
    statement = world.statement()
    assert (statement.statement_id, statement.number) == ("alpha.2026-11", "CS-2026-000001")
    assert (statement.sums.base_minor, statement.sums.commission_minor) == (130_000, 39_000)
    assert (statement.accrued_minor, statement.carried_out_minor, statement.owed_after_minor) == (39_000, 0, 39_000)
    assert statement.sums.kinds == {"receipt": 150_000, "refund": -20_000}
    assert statement.sums.rates == {3_000: (2, 130_000, 39_000)}
    assert lines_of(statement) == [
        ("alpha1", "2026-11", 3_000, 80_000, 24_000),
        ("alpha2", "2026-11", 3_000, 50_000, 15_000),
    ]
    above = read_book(world.operator.chain).journals[child_journal("alpha")][-1]
    below = read_book(world.alpha.chain).journals[GENERAL][-1]
    assert [(line.account, line.debit_minor, line.credit_minor) for line in above.draft.lines] == [
        ("5100", 39_000, 0),
        ("2050", 0, 39_000),
    ]
    assert [(line.account, line.debit_minor, line.credit_minor) for line in below.draft.lines] == [
        ("1170", 39_000, 0),
        ("4200", 0, 39_000),
    ]
    assert f"{above.draft.effective_on}" == f"{below.draft.effective_on}" == "2026-11-30"
    assert (above.entry_id, below.entry_id) == (statement.entry_id, statement.child_entry_id)
    assert world.accrue() == [], "made once"
    assert world.accrue("gamma") == [], "Gamma has no terms"
    world.check()


def test_every_level_has_its_own_statement_on_the_same_base_and_two_children_share_one_count(
    world: Commissions,
) -> None:
    world.terms("alpha", 3_000)
    world.terms("beta", 1_000)
    world.terms("gamma", 500)
    world.pay("alpha1", 10_000)
    world.pay("beta1", 20_000)
    world.pay("gamma2", 40_000)
    world.now = noon(12, 1)
    found = {child: world.statement(child) for child in ("beta", "gamma", "alpha")}
    assert {child: one.accrued_minor for child, one in found.items()} == {"beta": 2_000, "gamma": 2_000, "alpha": 9_000}
    assert (found["beta"].number, found["beta"].parent_id, found["beta"].biller_id) == ("CS-2026-000001", "alpha", "op")
    assert (found["gamma"].number, found["alpha"].number) == ("CS-2026-000001", "CS-2026-000002")
    assert [line[0] for line in lines_of(found["alpha"])] == ["alpha1", "beta1"]
    assert [line[0] for line in lines_of(found["beta"])] == ["beta1"]
    world.check()


@pytest.mark.parametrize(
    ("amount", "base", "commission"),
    [(Taxed.AFTER_TAX, 115_000, 34_500), (Taxed.BEFORE_TAX, 100_000, 30_000)],
)
def test_tax_is_taken_out_in_the_proportion_of_the_invoice(
    world: Commissions, amount: Taxed, base: int, commission: int
) -> None:
    world.terms(amount=amount)
    world.invoice("alpha1", 15_000, HOME=100_000)
    for minor in (38_333, 38_333, 38_334):
        world.pay("alpha1", minor)
    world.now = noon(12, 1)
    statement = world.statement()
    assert (statement.sums.base_minor, statement.sums.commission_minor) == (base, commission)
    world.check()


def test_before_tax_an_advance_counts_when_an_invoice_uses_it_and_after_tax_when_it_comes(world: Commissions) -> None:
    world.terms("alpha", amount=Taxed.BEFORE_TAX)
    world.terms("gamma", amount=Taxed.AFTER_TAX)
    for who in ("alpha1", "gamma1"):
        world.pay(who, 115_000)
    world.now = noon(12, 5)
    assert world.accrue("alpha") == []
    assert world.statement("gamma").sums.base_minor == 115_000
    for who in ("alpha1", "gamma1"):
        world.invoice(who, 15_000, HOME=100_000)
    world.now = noon(1, 1, 2027)
    statement = world.statement("alpha")
    assert (statement.month, statement.sums.base_minor, statement.sums.commission_minor) == (DECEMBER, 100_000, 30_000)
    assert world.accrue("gamma") == [], "it was counted when it came"
    world.check()


def test_the_rate_of_a_subscriber_is_before_that_of_its_plan_and_that_before_the_general_one(
    world: Commissions,
) -> None:
    world.terms(plans={"LITE": 1_000}, subscribers={"alpha.s2": 5_000})
    world.invoice("alpha1", HOME=30_000, LITE=20_000)
    world.pay("alpha1", 50_000)
    world.invoice("alpha2", LITE=10_000)
    world.pay("alpha2", 10_000)
    world.invoice("beta1", LITE=7_000)
    world.pay("beta1", 7_000)
    world.now = noon(12, 1)
    assert lines_of(world.statement()) == [
        ("alpha1", "2026-11", 1_000, 20_000, 2_000),
        ("alpha1", "2026-11", 3_000, 30_000, 9_000),
        ("alpha2", "2026-11", 5_000, 10_000, 5_000),
        ("beta1", "2026-11", 1_000, 7_000, 700),
    ]
    world.check()


def test_the_rate_that_a_subscribers_account_says_holds_toward_its_biller_alone(world: Commissions) -> None:
    world.terms("alpha")
    world.terms("beta", 1_000)
    asked = OwnChange(frozenset({"commission_bps"}), commission_bps=4_000)
    change_own_terms(Keeper(world.operator, "beta", 1, NOVEMBER), asked)
    world.pay("beta1", 10_000)
    world.now = noon(12, 1)
    assert (world.statement("alpha").accrued_minor, world.statement("beta").accrued_minor) == (4_000, 1_000)


def test_invoices_count_when_they_are_issued_and_a_credit_note_lowers_its_own_month(world: Commissions) -> None:
    world.terms(base=Base.INVOICES, amount=Taxed.BEFORE_TAX)
    invoice = world.invoice("alpha1", 15_000, HOME=100_000)
    world.pay("alpha1", 60_000)
    world.invoice("alpha1", late=True, HOME=5_000)
    world.now = noon(12, 3)
    assert world.statement().sums.kinds == {"invoice": 100_000}
    world.credit("alpha1", invoice, 57_500)
    world.invoice("alpha2", HOME=90_000)
    world.now = noon(1, 1, 2027)
    statement = world.statement()
    assert statement.sums.kinds == {"credit_note": -50_000, "invoice": 90_000}
    assert statement.accrued_minor == 12_000
    world.check()


def test_a_payment_that_is_taken_back_after_an_invoice_used_it_counts_once_when_it_is_paid_again(
    world: Commissions,
) -> None:
    world.terms(amount=Taxed.BEFORE_TAX, plans={"LITE": 1_000})
    receipt = world.pay("alpha1", 115_000)
    world.invoice("alpha1", 15_000, LITE=100_000)
    world.now = noon(12, 1)
    assert lines_of(world.statement()) == [("alpha1", "2026-11", 1_000, 100_000, 10_000)]
    world.bounce("alpha1", receipt)
    world.now = noon(1, 1, 2027)
    taken_back = world.statement()
    assert lines_of(taken_back) == [("alpha1", "2026-12", 1_000, -100_000, -10_000)]
    assert (taken_back.accrued_minor, taken_back.carried_out_minor, taken_back.entry_id) == (0, -10_000, "")
    world.pay("alpha1", 115_000)
    world.now = noon(2, 1, 2027)
    again = world.statement()
    assert lines_of(again) == [("alpha1", "2027-01", 1_000, 100_000, 10_000)]
    assert (again.carried_in_minor, again.accrued_minor, again.owed_after_minor) == (-10_000, 0, 10_000)
    assert again.number == "CS-2027-000002"
    world.check()


def test_a_credit_that_is_refunded_lowers_once(world: Commissions) -> None:
    world.terms()
    invoice = world.invoice("alpha1", HOME=100_000)
    world.pay("alpha1", 100_000)
    world.credit("alpha1", invoice, 20_000)
    world.refund("alpha1", 20_000)
    world.now = noon(12, 1)
    assert world.statement().accrued_minor == 24_000


def test_what_is_told_late_counts_in_the_next_statement_under_its_own_month_and_rate(world: Commissions) -> None:
    world.terms()
    world.terms(rate_bps=1_000, month="2026-12")
    world.pay("alpha1", 10_000)
    world.now = noon(12, 2)
    assert world.statement().accrued_minor == 3_000
    world.pay("alpha2", 20_000, received_on=NOVEMBER)
    world.pay("alpha2", 50_000)
    world.now = noon(1, 1, 2027)
    statement = world.statement()
    assert lines_of(statement) == [
        ("alpha2", "2026-11", 3_000, 20_000, 6_000),
        ("alpha2", "2026-12", 1_000, 50_000, 5_000),
    ]
    assert (statement.sums.late_minor, statement.accrued_minor) == (6_000, 11_000)
    world.check()


def test_what_is_recorded_in_the_next_month_before_the_statement_is_made_is_of_the_next_month(
    world: Commissions,
) -> None:
    world.terms()
    world.pay("alpha1", 10_000)
    world.now = noon(12, 1)
    world.pay("alpha1", 40_000)
    world.pay("alpha2", 2_000, received_on=NOVEMBER)
    assert world.statement().accrued_minor == 3_600
    world.now = noon(1, 1, 2027)
    assert world.statement().accrued_minor == 12_000


def test_a_changed_base_counts_no_invoice_twice(world: Commissions) -> None:
    world.terms(base=Base.INVOICES)
    world.terms(base=Base.PAYMENTS, month="2026-12")
    world.invoice("alpha1", HOME=100_000)
    world.now = noon(12, 2)
    assert world.statement().accrued_minor == 30_000
    world.pay("alpha1", 100_000)
    world.pay("alpha2", 1_000)
    world.now = noon(1, 1, 2027)
    assert lines_of(world.statement()) == [("alpha2", "2026-12", 3_000, 1_000, 300)]


def test_a_month_below_zero_is_carried_on_and_a_month_without_anything_has_no_statement(world: Commissions) -> None:
    world.terms()
    world.pay("alpha1", 10_000)
    world.now = noon(12, 1)
    world.statement()
    world.refund("alpha1", 4_000)
    world.now = noon(2, 1, 2027)
    statement = world.statement()
    assert (statement.month, statement.accrued_minor, statement.carried_out_minor) == (DECEMBER, 0, -1_200)
    world.pay("alpha1", 10_000)
    world.now = noon(3, 1, 2027)
    following = world.statement()
    assert (following.sums.commission_minor, following.carried_in_minor, following.accrued_minor) == (
        3_000,
        -1_200,
        1_800,
    )
    assert read_commission("alpha").owed_minor == 4_800
    world.check()


def test_a_payout_is_money_from_one_book_to_the_other_and_never_more_than_is_owed(world: Commissions) -> None:
    world.terms()
    world.pay("alpha1", 100_000)
    world.now = noon(12, 1)
    world.statement()
    with pytest.raises(Conflict) as refused:
        world.payout(30_001)
    assert refused.value.code == "payout-above-commission"
    paid = world.payout(12_000)
    assert (paid.payout_id, paid.owed_after_minor) == ("alpha.p1", 18_000)
    above = read_book(world.operator.chain).journals[child_journal("alpha")][-1]
    below = read_book(world.alpha.chain).journals[GENERAL][-1]
    assert [line.as_list for line in above.draft.lines] == [["2050", 12_000, 0, "alpha"], ["1010", 0, 12_000, "alpha"]]
    assert [line.as_list for line in below.draft.lines] == [["1010", 12_000, 0, "op"], ["1170", 0, 12_000, "op"]]
    assert world.payout(18_000).owed_after_minor == 0
    with pytest.raises(Conflict):
        world.payout(1)
    world.check()


def test_terms_are_versions_by_month_and_what_was_counted_keeps_its_own(world: Commissions) -> None:
    first = world.terms()
    assert world.terms() == first, "the same again is what is there"
    assert world.terms(rate_bps=2_000).revision == 2
    world.pay("alpha1", 10_000)
    world.now = noon(12, 1)
    assert world.statement().accrued_minor == 2_000
    with pytest.raises(Invalid) as refused:
        world.terms(rate_bps=4_000)
    assert (refused.value.code, refused.value.errors[0].field) == ("month-has-statement", "effective_month")
    assert world.terms(rate_bps=4_000, month="2026-12").revision == 3


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"rate_bps": -1}, "rate_bps"),
        ({"rate_bps": 10_001}, "rate_bps"),
        ({"plans": {"LITE": 10_001}}, "plans.0.rate_bps"),
        ({"plans": {"A-LITE": 1}}, "plans.0.plan"),
        ({"plans": {"LITE": 1, "op.LITE": 2}}, "plans.1.plan"),
        ({"subscribers": {"gamma.s1": 1}}, "subscribers.0.subscriber"),
        ({"subscribers": {"alpha.s9": 1}}, "subscribers.0.subscriber"),
        ({"subscribers": {"nobody": 1}}, "subscribers.0.subscriber"),
        ({"month": "2026-10"}, "effective_month"),
    ],
)
def test_terms_that_cannot_be_are_refused_by_field(world: Commissions, asked: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.terms(**asked)  # type: ignore[arg-type]
    assert [one.field for one in refused.value.errors] == [field]
    assert read_commission("alpha").revision == 0


def test_a_child_that_earns_more_than_its_parent_is_allowed_with_a_warning(world: Commissions) -> None:
    asked = world.terms("beta", 4_000)
    assert warnings_of(world.alpha, asked) == (NO_RATE_ABOVE,)
    world.terms("alpha", 3_000)
    assert warnings_of(world.alpha, asked) == (RATE_ABOVE_OWN,)
    assert warnings_of(world.alpha, world.terms("beta", 3_000)) == ()
    assert warnings_of(world.operator, world.terms("alpha", 10_000)) == ()


@pytest.mark.parametrize(("amount", "gone"), [(Taxed.AFTER_TAX, 11_500), (Taxed.BEFORE_TAX, 10_000)])
def test_a_payment_that_was_refunded_and_then_taken_back_is_money_lost_until_it_is_paid_again(
    world: Commissions, amount: Taxed, gone: int
) -> None:
    world.terms(amount=amount)
    world.invoice("alpha1", 15_000, HOME=100_000)
    world.pay("alpha1", 115_000)
    receipt = world.pay("alpha1", 11_500)
    world.refund("alpha1", 11_500)
    world.now = noon(12, 1)
    counted = world.statement().sums.base_minor
    world.bounce("alpha1", receipt)
    world.now = noon(1, 1, 2027)
    assert world.statement().sums.base_minor == -gone
    world.pay("alpha1", 11_500)
    world.now = noon(2, 1, 2027)
    assert world.statement().sums.base_minor == gone
    assert counted == (115_000 if amount is Taxed.AFTER_TAX else 100_000)
    world.check()


@pytest.mark.parametrize(("amount", "base"), [(Taxed.AFTER_TAX, 92_000), (Taxed.BEFORE_TAX, 80_000)])
def test_what_a_run_takes_back_lowers_once_whether_it_is_refunded_or_pays_the_next_invoice(
    world: Commissions, amount: Taxed, base: int
) -> None:
    world.terms(amount=amount)
    for who in ("alpha1", "alpha2"):
        world.invoice(who, 15_000, HOME=100_000)
        world.pay(who, 115_000)
        world.adjust(who, 20_000, 3_000)
    world.refund("alpha1", 23_000)
    world.now = noon(12, 1)
    after_tax = amount is Taxed.AFTER_TAX
    found = [line[3] for line in lines_of(world.statement())]
    assert found == [base, 115_000 if after_tax else 80_000], "nothing but money that comes or goes counts after tax"
    world.invoice("alpha2", 15_000, HOME=100_000)
    world.pay("alpha2", 92_000)
    world.now = noon(1, 1, 2027)
    assert [line[3] for line in lines_of(world.statement())] == [92_000 if after_tax else 100_000]
    world.check()


def test_by_invoices_what_a_run_takes_back_lowers_the_month_it_is_issued_in(world: Commissions) -> None:
    world.terms(base=Base.INVOICES)
    world.invoice("alpha1", HOME=100_000)
    world.pay("alpha1", 100_000)
    world.adjust("alpha1", 20_000, 0)
    world.refund("alpha1", 20_000)
    world.now = noon(12, 1)
    assert world.statement().sums.kinds == {"credit_note": -20_000, "invoice": 100_000}


def test_money_that_came_before_the_first_terms_earns_nothing_and_takes_nothing_back(world: Commissions) -> None:
    world.terms(month="2026-12")
    world.pay("alpha1", 10_000)
    world.now = noon(12, 5)
    world.refund("alpha1", 4_000)
    world.pay("alpha1", 1_000)
    world.now = noon(1, 1, 2027)
    assert lines_of(world.statement()) == [("alpha1", "2026-12", 3_000, 1_000, 300)]


def test_a_month_is_over_when_it_is_over_for_the_child_and_for_who_bills(world: Commissions) -> None:
    world.terms()
    world.pay("alpha1", 10_000)
    midnight = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
    for operator, alpha in (("Asia/Dhaka", "America/New_York"), ("America/New_York", "Asia/Dhaka")):
        chain = (replace(world.operator, timezone=operator), replace(world.alpha, timezone=alpha))
        assert accrue_due(chain, midnight) == []
    assert len(accrue_due(world.chain("alpha"), midnight)) == 1
