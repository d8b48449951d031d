"""What is written once between partners stays as it was written, and of two who write first neither is lost."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.core.errors import Unavailable
from chalicelib.partners.commission import CommissionLine
from chalicelib.partners.commission_find import list_payouts, list_statements, read_lines
from chalicelib.partners.commission_model import CommissionStatement
from chalicelib.partners.commission_store import put_lines, put_payout, put_statement
from chalicelib.partners.documents import list_documents
from chalicelib.partners.model import INVOICE, PAYMENT, Issued
from chalicelib.partners.store import change_account, put_document
from chalicelib.partners.terms import find_terms, list_terms, read_account, read_numbers, set_numbering
from chalicelib.retail.numbering import Numbering
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.partners.commissions import NOVEMBER, Commissions, noon
from tests.partners.invoiced import FIRST, Invoiced, accounts
from tests.partners.test_aggregate_races import LAST, once_before_writing
from tests.simulation import MemoryDynamoDB

EARLIER = LAST.replace(day=20)


@pytest.fixture
def commissions(engine: MemoryDynamoDB, the_clock: SetClock) -> Commissions:
    """Alpha and Gamma have their statements of November: 30.00 and 21.00."""
    world = Commissions()
    for child, minor in (("alpha", 10_000), ("gamma", 7_000)):
        world.terms(child)
        world.pay(f"{child}1", minor)
    world.now = noon(12, 1)
    assert [world.statement(child).accrued_minor for child in ("alpha", "gamma")] == [3_000, 2_100]
    return world


@pytest.fixture
def invoiced(engine: MemoryDynamoDB, the_clock: SetClock) -> Invoiced:
    """Alpha and Gamma have a subscriber each through November; neither has terms, and nothing was paid or invoiced."""
    world = Invoiced.build()
    world.connect("alpha", "Karim", "A-HOME", FIRST)
    world.connect("gamma", "Jamal", "A-HOME", FIRST)
    world.settle(LAST)
    return world


def once_before_putting(engine: MemoryDynamoDB, happens: Callable[[], object]) -> None:
    """The same as `once_before_writing`, before the write of a single row."""

    def fault(when: str, number: int, operation: str, params: Any) -> None:
        if when == "before" and operation == "PutItem":
            engine.faults = None
            happens()

    engine.faults = fault


# Commissions: the state that is written together with each of these covers them; they hold by themselves too.


def statement_of(child: str) -> CommissionStatement:
    (statement,), _ = list_statements(child, limit=9, after=None)
    return statement


def lines_of(child: str) -> list[CommissionLine]:
    lines, _ = read_lines(statement_of(child), limit=9)
    return lines


def test_the_lines_of_a_statement_are_written_once_whatever_their_writer_believes(commissions: Commissions) -> None:
    (line,) = lines_of("alpha")
    assert (line.base_minor, line.commission_minor) == (10_000, 3_000)
    with pytest.raises(ConditionFailed):
        write(put_lines("alpha", NOVEMBER, 0, [line._replace(rate_bps=9_000, commission_minor=9_000)]))
    assert lines_of("alpha") == [line]
    assert [one.commission_minor for one in lines_of("gamma")] == [2_100]


def test_a_statement_is_written_once_whatever_its_writer_believes(commissions: Commissions) -> None:
    stated = statement_of("alpha")
    with pytest.raises(ConditionFailed):
        write(put_statement(replace(stated, number="CS-2026-000009", accrued_minor=9_000, owed_after_minor=9_000)))
    assert statement_of("alpha") == stated
    assert [statement_of(child).number for child in ("alpha", "gamma")] == ["CS-2026-000001", "CS-2026-000002"]
    commissions.check()


def test_a_payout_is_written_once_whatever_its_writer_believes(commissions: Commissions) -> None:
    paid, of_gamma = commissions.payout(1_000), commissions.payout(2_000, "gamma")
    assert (paid.serial, of_gamma.serial) == (1, 1)
    with pytest.raises(ConditionFailed):
        write(put_payout(replace(paid, amount_minor=3_000, owed_after_minor=0)))
    assert list_payouts("alpha", limit=9, after=None) == ([paid], None)
    assert list_payouts("gamma", limit=9, after=None) == ([of_gamma], None)
    commissions.check()


# Aggregate invoices


def test_money_that_comes_in_while_the_first_terms_are_set_is_kept(invoiced: Invoiced, engine: MemoryDynamoDB) -> None:
    once_before_writing(engine, lambda: invoiced.pay(10_000))
    invoiced.terms(due_days=7)
    account = read_account("alpha")
    assert (account.advance_minor, account.serial(PAYMENT), account.revision) == (10_000, 1, 2)
    assert accounts(invoiced.operator)["1150"] == account.balance_minor == -10_000
    assert [find_terms("alpha")] == list_terms("alpha")
    assert read_account("gamma").revision == 0
    check_invariants()


def test_first_terms_that_are_set_while_money_comes_in_are_kept(invoiced: Invoiced, engine: MemoryDynamoDB) -> None:
    once_before_writing(engine, lambda: invoiced.terms(due_days=7))
    invoiced.pay(10_000)
    assert (find_terms("alpha").due_days, read_account("alpha").advance_minor) == (7, 10_000)
    assert invoiced.terms(due_days=30).revision == 2
    assert [one.due_days for one in list_terms("alpha")] == [7, 30]
    assert read_account("gamma").revision == 0
    check_invariants()


@pytest.mark.parametrize("kind", [INVOICE, PAYMENT])
def test_a_document_is_written_once_whatever_its_writer_believes(invoiced: Invoiced, kind: str) -> None:
    there: dict[str, Issued] = {}
    for child in ("alpha", "gamma"):
        invoiced.terms(child=child)
        there[child] = invoiced.invoice(LAST, child) if kind == INVOICE else invoiced.pay(10_000, child)
    assert [(one.serial, one.total_minor) for one in there.values()] == [(1, 24_995 if kind == INVOICE else 10_000)] * 2
    with pytest.raises(ConditionFailed):
        write(put_document(replace(there["alpha"], net_minor=99_999)))
    for child, issued in there.items():
        assert list_documents(child, kind, limit=9, after=None) == ([issued], None)
    check_invariants()


def test_a_version_of_terms_is_written_once_even_where_the_account_does_not_know_of_it(invoiced: Invoiced) -> None:
    said, of_gamma = invoiced.terms(due_days=7), invoiced.terms(child="gamma", due_days=14)
    account = read_account("alpha")
    write(change_account(account, replace(account, terms=None)))
    with pytest.raises(Unavailable):
        invoiced.terms(due_days=30)
    assert list_terms("alpha") == [said]
    assert list_terms("gamma") == [of_gamma]


# Numbers, once there are some


@pytest.fixture
def numbered(invoiced: Invoiced) -> Invoiced:
    """Gamma has invoice 1 of its parent."""
    for child in ("alpha", "gamma"):
        invoiced.terms(child=child)
    assert invoiced.invoice(EARLIER, "gamma").number == "AI-2027-000001"
    assert read_numbers("op", INVOICE).revision == 1
    return invoiced


def numbers_of(*children: str) -> list[str]:
    """The numbers of the invoices of these children, oldest first of each."""
    return [
        one.number for child in children for one in reversed(list_documents(child, INVOICE, limit=9, after=None)[0])
    ]


def test_two_children_at_once_get_two_numbers_also_behind_the_first(numbered: Invoiced, engine: MemoryDynamoDB) -> None:
    once_before_writing(engine, lambda: numbered.invoice(LAST, "gamma"))
    numbered.invoice(LAST)
    assert numbers_of("gamma", "alpha") == ["AI-2027-000001", "AI-2027-000002", "AI-2027-000003"]
    assert read_numbers("op", INVOICE).series == {"2027": 3}
    check_invariants()


def test_a_number_that_is_given_while_the_numbering_is_changed_is_not_given_again(
    numbered: Invoiced, engine: MemoryDynamoDB
) -> None:
    once_before_putting(engine, lambda: numbered.invoice(LAST, "gamma"))
    set_numbering("op", INVOICE, Numbering(prefix="NEW-"))
    numbered.invoice(LAST)
    assert numbers_of("gamma", "alpha") == ["AI-2027-000001", "AI-2027-000002", "NEW-2027-000003"]


def test_a_numbering_that_is_changed_while_an_invoice_is_issued_holds_for_it_already(
    numbered: Invoiced, engine: MemoryDynamoDB
) -> None:
    once_before_writing(engine, lambda: set_numbering("op", INVOICE, Numbering(prefix="NEW-")))
    numbered.invoice(LAST)
    assert numbers_of("gamma", "alpha") == ["AI-2027-000001", "NEW-2027-000002"]
    assert read_numbers("op", INVOICE).numbering.prefix == "NEW-"
