"""Books made at random, for what must be the same however it is computed: several journals, cost centres, counterparties,
entries that are written late with an instant that others have passed, the closing of a year, and digests sealed at any
moment, sometimes by two at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st

from chalicelib.aws import keys, rows
from chalicelib.aws.tables import read_all, read_many, write
from chalicelib.ledger.chart import (
    CASH,
    FUND_WITH_PARENT,
    FUNDS_HELD,
    INTERNET_REVENUE,
    OTHER_EXPENSE,
    RESELLER_RECEIVABLE,
    RETAINED_EARNINGS,
)
from chalicelib.ledger.entries import PARTS
from chalicelib.ledger.journal import Draft, Entry, Line, part_of
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.ledger.store import EntryRow, to_entry
from chalicelib.ledger.totals import seal
from tests.conftest import create_tables
from tests.simulation import MemoryDynamoDB

FIRST = date(2026, 11, 2)
DAYS = [FIRST + timedelta(days=number) for number in range(8)]
BEGIN = datetime(2026, 11, 10, 6, 0, tzinfo=UTC)
JOURNALS = ("general", "child-beta", "child-eta", "receipts")
ACCOUNTS = (CASH, INTERNET_REVENUE, OTHER_EXPENSE, RESELLER_RECEIVABLE, FUND_WITH_PARENT, FUNDS_HELD, RETAINED_EARNINGS)
PEOPLE = ("", "beta", "eta")


@dataclass(frozen=True)
class Post:
    """An entry that is written next, at an instant that may lie before what others wrote; to either of two books."""

    journal: str
    minute: int
    effective: int
    service: int
    lines: tuple[tuple[str, str, str, str, int], ...]
    kind: str
    elsewhere: bool


@dataclass(frozen=True)
class Seal:
    """Digests are written; `rival` is how many calls to the database after its start another sealer runs, if any."""

    rival: int | None


lines = st.tuples(
    st.sampled_from(ACCOUNTS),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(("", "north", "south")),
    st.sampled_from(PEOPLE),
    st.integers(1, 10**6),
)
posts = st.builds(
    Post,
    st.sampled_from(JOURNALS),
    st.integers(0, 600),
    st.integers(0, 7),
    st.integers(0, 7),
    st.lists(lines, min_size=1, max_size=3).map(tuple),
    st.sampled_from(("manual", "manual", "settlement", "year-end")),
    st.integers(0, 5).map(lambda n: n == 0),
)
seals = st.builds(Seal, st.none() | st.integers(0, 9))
steps = st.lists(st.one_of(posts, posts, posts, seals), max_size=6) | st.lists(
    st.one_of(posts, posts, posts, seals), min_size=8, max_size=30
)
instants = st.none() | st.none() | st.integers(-1, 601).map(lambda minute: BEGIN + timedelta(minutes=minute))


@contextmanager
def fresh(seal_from: int = 1, most: int = 4) -> Iterator[MemoryDynamoDB]:
    """Empty tables, and digests of a handful of entries."""
    memory = MemoryDynamoDB()
    with memory.installed(), patch.multiple(seal, SEAL_FROM=seal_from, MAX_ENTRIES=most, MAX_LEGS=2 * most + 1):
        rows.forget_connections()
        create_tables()
        yield memory
    rows.forget_connections()


def play(memory: MemoryDynamoDB, todo: list[Post | Seal]) -> None:
    for step in todo:
        if isinstance(step, Post):
            post(step)
        elif step.rival is None:
            seal.seal_book("alpha")
        else:
            _seal_twice(memory, step.rival)


def post(step: Post) -> Entry:
    """Write it at the end of its journal, at its instant or just behind the journal's last."""
    made = tuple(
        line
        for debit, credit, centre, who, minor in step.lines
        for line in (Line(debit, minor, 0, who, centre), Line(credit, 0, minor, who, centre))
    )
    draft = Draft(step.kind, DAYS[step.effective], DAYS[step.service], "at random", made)
    journal = ("gamma" if step.elsewhere else "alpha", step.journal)
    posting = Posting([journal], read_many(head_reads([journal])), BEGIN + timedelta(minutes=step.minute))
    entry = posting.add(*journal, draft, 0 if part_of(made) == "fund" else None)
    write(*posting.operations())
    return entry


def _seal_twice(memory: MemoryDynamoDB, rival: int) -> None:
    calls = 0

    def fault(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal calls
        if phase != "before":
            return
        calls += 1
        if calls > rival:
            memory.faults = None
            seal.seal_book("alpha")

    memory.faults = fault
    seal.seal_book("alpha")
    memory.faults = None


def all_entries(tenant_id: str) -> list[Entry]:
    """Every entry of a book, by its rows alone."""
    return [to_entry(tenant_id, row) for part in PARTS for row in read_all(EntryRow, keys.entries(tenant_id, part))]
