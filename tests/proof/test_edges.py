"""What lies between a parent and its child, in both books: agreed on, and named where they differ. Beside it is Gamma."""

from datetime import date

import pytest

from chalicelib.aws.tables import read_many, write
from chalicelib.ledger.chart import EDGE_ACCOUNTS, FUND
from chalicelib.ledger.journal import GENERAL, Entry, Line, child_journal, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.ledger.tie_outs import OtherTieOut, tie_out
from chalicelib.proof.edges import tie_out_edges
from tests.invariants import EDGE_PAIRS
from tests.ledger.entries import a_draft
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

PAIRS = [
    ("billed", "1150", "2000"),
    ("unbilled", "1160", "2010"),
    ("deferred", "2300", "1250"),
    ("commission", "2050", "1170"),
]
EDGES = [("op", "alpha"), ("op", "gamma")]


@pytest.fixture(autouse=True)
def world(engine: MemoryDynamoDB) -> World:
    return World.of_tenants(date(2026, 11, 1))


def put(tenant_id: str, journal: str, *lines: Line) -> Entry:
    names = [(tenant_id, journal)]
    posting = Posting(names, read_many(head_reads(names)), NOW)
    entry = posting.add(tenant_id, journal, a_draft(lines, kind="day"))
    write(*posting.operations())
    return entry


def others() -> dict[str, tuple[OtherTieOut, ...]]:
    return {one.child_id: one.others for one in tie_out("op", ["alpha", "gamma"])}


def test_these_pairs_and_the_fund_are_all_that_lies_between_two_books() -> None:
    assert {(of, *accounts) for of, accounts in EDGE_ACCOUNTS.items()} == {*PAIRS, (FUND, "2100", "1200")}
    assert set(EDGE_PAIRS) == {accounts for of, accounts in EDGE_ACCOUNTS.items() if of != FUND}


@pytest.mark.parametrize("of, above, below", PAIRS)
def test_each_pair_is_told_in_both_books_and_the_first_entry_without_its_equal_is_named(
    of: str, above: str, below: str
) -> None:
    put("op", child_journal("alpha"), debit(above, 7_00), credit("1000", 7_00))
    put("alpha", GENERAL, debit("1000", 7_00), credit(below, 7_00))
    assert others() == {"alpha": (OtherTieOut(of, 7_00, 7_00),), "gamma": ()}
    assert tie_out_edges("op", EDGES).findings == ()

    alone = put("alpha", GENERAL, debit(below, 2_00), credit("1000", 2_00))
    assert others() == {"alpha": (OtherTieOut(of, 7_00, 5_00),), "gamma": ()}
    [finding] = tie_out_edges("op", EDGES).findings
    assert finding.thing == alone.entry_id
    assert finding.what == f"{of}: op has -7.00, alpha has -5.00; first {alone.entry_id} has no equal in the other book"

    put("op", child_journal("alpha"), debit("1000", 7_00), credit(above, 7_00))
    assert others() == {"alpha": (OtherTieOut(of, 0, 5_00),), "gamma": ()}
