"""Whom a book names: its parent and its children, and where subscribers are billed also whoever they belong to."""

from datetime import date

from chalicelib.ledger.chart import CASH, RECEIVABLE
from chalicelib.ledger.journal import GENERAL, RETAIL, Draft, Head, append, credit, debit
from chalicelib.proof.money import Counterparties


def found(journal: str, named: str) -> list[str]:
    """What is wrong with an entry of that journal that names this tenant, where alpha is the child and beta below it."""
    lines = (debit(CASH, 100, named), credit(RECEIVABLE, 100, named))
    _, entry = append(Head("op", journal), Draft("test", date(2026, 11, 1), date(2026, 11, 1), "", lines), 1)
    check = Counterparties(frozenset({"alpha"}), frozenset({"op", "alpha", "beta"}))
    check.take(entry)
    return [one.what for one in check.result().findings]


def test_a_child_may_be_named_anywhere_and_who_is_below_it_where_its_subscribers_are_billed() -> None:
    assert found(GENERAL, "alpha") == found(RETAIL, "alpha") == found(RETAIL, "beta") == []
    assert found(GENERAL, "beta") == ["names beta, neither parent nor child"]
    assert found(RETAIL, "gamma") == ["names gamma, neither parent nor child"]
