"""Invariants 2 and 4 between books: read at one instant, or read again until nothing moved in between."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import MAX_TRANSACTION, read_at_once
from chalicelib.funds.limits import read_limits
from chalicelib.ledger.chart import EDGE_ACCOUNTS, FUND, FUNDS_HELD
from chalicelib.ledger.journal import GENERAL, Entry, child_journal
from chalicelib.ledger.statements import read_heads
from chalicelib.ledger.store import HeadRow
from chalicelib.proof.model import TIE_OUTS, Finding, Result, judged
from chalicelib.proof.money import amount
from chalicelib.proof.walk import walk

STEADY_TRIES = 6

Edge = tuple[str, str]
"""A parent and its direct child."""


@dataclass(frozen=True)
class _Pair:
    """Both books' net debit of one pair of accounts."""

    edge: Edge
    of: str
    parents_minor: int
    childs_minor: int

    @property
    def agrees(self) -> bool:
        return self.parents_minor == -self.childs_minor


def tie_out_edges(tenant_id: str, edges: Sequence[Edge]) -> Result:
    """Hold both books of each edge against each other; where they differ, name the first entry without its pair.

    A finding is told in the book of `tenant_id`, one end of every edge. Both books of an edge are read at one instant.
    """
    pairs = [pair for edge, totals in _read(edges) for pair in _pairs(edge, totals)]
    findings = [_explain(tenant_id, pair) for pair in pairs if not pair.agrees]
    held = sum(pair.parents_minor for pair in pairs if pair.of == FUND and pair.edge[0] == tenant_id)
    return judged(TIE_OUTS, f"{len(edges)} edges, {amount(-held)} held for children", findings)


def _read(edges: Sequence[Edge]) -> Iterator[tuple[Edge, tuple[dict[str, int], dict[str, int]]]]:
    size = MAX_TRANSACTION // 2
    for start in range(0, len(edges), size):
        part = edges[start : start + size]
        names = [name for parent, child in part for name in ((parent, child_journal(child)), (child, GENERAL))]
        rows = read_at_once([(HeadRow, keys.journal(*name)) for name in names])
        totals = [dict(row.totals) if row is not None else {} for row in rows]
        yield from zip(part, zip(totals[::2], totals[1::2], strict=True), strict=True)


def _pairs(edge: Edge, totals: tuple[dict[str, int], dict[str, int]]) -> Iterator[_Pair]:
    for of, (above, below) in EDGE_ACCOUNTS.items():
        yield _Pair(edge, of, totals[0].get(above, 0), totals[1].get(below, 0))


def _explain(tenant_id: str, pair: _Pair) -> Finding:
    parent, child = pair.edge
    what = f"{pair.of}: {parent} has {amount(-pair.parents_minor)}, {child} has {amount(pair.childs_minor)}"
    entry = _first_unpaired(pair)
    if entry is None:
        return Finding(tenant_id, f"{parent}:{child_journal(child)}:tie-out", what)
    what += f"; first {entry.entry_id} has no equal in the other book"
    on = entry.draft.effective_on if entry.tenant_id == tenant_id else None
    return Finding(tenant_id, entry.entry_id, what, on, entry.recorded_micros)


def _first_unpaired(pair: _Pair) -> Entry | None:
    """The first entry, in either book, whose instant moves the two accounts differently.

    What belongs together in both books was written together and carries the same instant.
    """
    parent, child = pair.edge
    above, below = EDGE_ACCOUNTS[pair.of]
    both = heapq.merge(_moves(parent, child_journal(child), above), _moves(child, GENERAL, below), key=itemgetter(0))
    for _, moves in groupby(both, key=itemgetter(0)):
        together = list(moves)
        if sum(net for _, net, _ in together):
            return together[0][2]
    return None


def _moves(tenant_id: str, journal: str, account: str) -> Iterator[tuple[int, int, Entry]]:
    for entry in walk(tenant_id):
        if isinstance(entry, Entry) and entry.journal == journal:
            net = sum(line.debit_minor - line.credit_minor for line in entry.draft.lines if line.account == account)
            if net:
                yield entry.recorded_micros, net, entry


def funds_of_tree(operator_id: str, tenant_ids: Sequence[str]) -> tuple[str, list[Finding]]:
    """Invariant 4 as it stands: all funds together are what the top holds for its children, at one instant.

    The funds are read before and after the top's journals; while none of them moved, all of it is of one instant, since
    no fund account of the top moves without a fund. Returns the figure in words, and what is wrong with it.
    """
    for attempt in range(STEADY_TRIES):
        clock.back_off(attempt)
        before = read_limits(tenant_ids)
        held = -sum(head.totals.get(FUNDS_HELD, 0) for head in read_heads(operator_id))
        after = read_limits(tenant_ids)
        if {one: fund.revision for one, fund in before.items()} == {one: fund.revision for one, fund in after.items()}:
            funds = sum(fund.balance_minor for fund in after.values())
            says = f"{len(after)} funds come to {amount(funds)}"
            if funds == held:
                return says, []
            what = f"{says}, and {amount(held)} is held for the direct children"
            return says, [Finding(operator_id, f"{operator_id}:funds", what)]
    return "the funds moved all the time: their sum follows from invariants 2 and 3 of every book", []
