"""Commission statements, made by themselves when a month is over: counted page by page, then accrued in both books at once.

A month is begun by writing down how far the biller's journal is, and only what lies before that is counted. Each page of
subscribers is one write, of its lines and of how far the statement is. So it can break off anywhere and goes on there;
what is recorded behind that place counts in the next statement, under its own month.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.aws import clock, keys
from chalicelib.aws.log import measure
from chalicelib.aws.tables import ConditionFailed, Operation, read_many, write
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Unavailable
from chalicelib.ledger.chart import COMMISSION_EXPENSE, COMMISSION_PAYABLE, COMMISSION_RECEIVABLE, COMMISSION_REVENUE
from chalicelib.ledger.heads import read_head
from chalicelib.ledger.journal import GENERAL, RETAIL, Draft, Line, child_journal, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.partners.commission import following, last_day, month_text, settle
from chalicelib.partners.commission_counting import Counting, count_page
from chalicelib.partners.commission_model import STATEMENT, CommissionState, CommissionStatement, Drawing
from chalicelib.partners.commission_store import (
    CommissionRow,
    change_state,
    put_statement,
    to_state,
    to_statement_numbers,
)
from chalicelib.partners.commission_terms import read_commission, read_versions
from chalicelib.partners.numbers import Numbers
from chalicelib.partners.store import NumbersRow, change_numbers
from chalicelib.tenants.model import Mode, Tenant

TRIES = 16
MAX_A_RUN = 60
"""Months that one run catches up with; the next run goes on."""


def biller_of(chain: Sequence[Tenant]) -> Tenant:
    """Who bills the subscribers of the last tenant of a chain: its nearest ancestor that earns no percentage itself."""
    return next(one for one in reversed(chain[:-1]) if one.mode is not Mode.PERCENTAGE)


def accrue_due(
    chain: Sequence[Tenant], now: datetime, may_go_on: Callable[[], bool] = lambda: True
) -> list[CommissionStatement]:
    """Make the statements of the last tenant of the chain whose months are over, in order; what was made.

    A month in which nothing moved has none. Whoever has no terms has no statements. Safe to repeat, and to break off.
    """
    made: list[CommissionStatement] = []
    if len(chain) < 2:
        return made
    for attempt in range(TRIES):
        clock.back_off(attempt)
        try:
            while len(made) < MAX_A_RUN:
                counting = _begun(chain, now)
                if counting is None or not _counted(counting, may_go_on):
                    break
                statement = _finish(counting, now)
                made += [] if statement is None else [statement]
            return made
        except ConditionFailed:
            continue
    raise Unavailable("busy", "Somebody else is at the same statement; the next run goes on.")


def _begun(chain: Sequence[Tenant], now: datetime) -> Counting | None:
    """The statement that is under way, or the next one that is due, begun: from here on its terms stay as they are."""
    child, biller = chain[-1], biller_of(chain)
    state = read_commission(child.tenant_id)
    if not state.terms_revision:
        return None
    if state.drawing is None:
        month = following(state.through) if state.through else read_versions(child.tenant_id).first_month
        if month is None or not _is_over(month, (child, biller), now):
            return None
        drawing = Drawing(month, biller.tenant_id, read_head(biller.tenant_id, RETAIL).sequence)
        _written(state, replace(state, drawing=drawing))
    return Counting(biller, chain[-2], child, read_versions(child.tenant_id))


def _counted(counting: Counting, may_go_on: Callable[[], bool]) -> bool:
    """Count what is left of the statement under way; False when it was told to stop before that."""
    state = read_commission(counting.child.tenant_id)
    while state.drawing is not None and not state.drawing.is_drawn:
        if not may_go_on():
            return False
        drawing, lines = count_page(counting, state, state.drawing)
        state = _written(state, replace(state, drawing=drawing), *lines)
    return True


def _written(before: CommissionState, after: CommissionState, *more: Operation) -> CommissionState:
    write(change_state(before, after), *more)
    return replace(after, revision=before.revision + 1)


def _is_over(month: date, tenants: Sequence[Tenant], now: datetime) -> bool:
    """Whether a month is over where the child is, and where its subscribers are billed."""
    return all(day_at(now, one.timezone) > last_day(month) for one in tenants)


@dataclass(frozen=True)
class _Close:
    """The end of a statement as it is read: the state, the parent's numbers, both journals."""

    counting: Counting
    state: CommissionState
    drawing: Drawing
    numbers: Numbers
    posting: Posting
    today: date


def _finish(counting: Counting, now: datetime) -> CommissionStatement | None:
    """Write the statement that was counted, with the entries of both books; None where nothing moved in that month."""
    parent, child = counting.parent, counting.child
    journals = [(parent.tenant_id, child_journal(child.tenant_id)), (child.tenant_id, GENERAL)]
    row, numbers, *heads = read_many(
        [
            (CommissionRow, keys.commission_state(child.tenant_id)),
            (NumbersRow, keys.aggregate_numbers(parent.tenant_id, STATEMENT)),
            *head_reads(journals),
        ]
    )
    state = to_state(child.tenant_id, row)
    drawing = state.drawing
    if drawing is None or not drawing.is_drawn:
        return None  # Another worker was faster.
    done = replace(state, through=drawing.month, biller_id=drawing.biller_id, cut=drawing.cut, drawing=None)
    if not drawing.sums.lines:
        _written(state, done)
        return None
    posting = Posting(journals, heads, now)
    known = to_statement_numbers(parent.tenant_id, numbers)
    close = _Close(counting, state, drawing, known, posting, day_at(now, parent.timezone))
    statement, numbered = _drawn_up(close)
    after = replace(done, owed_minor=statement.owed_after_minor, carried_minor=statement.carried_out_minor)
    write(
        change_state(state, after),
        change_numbers(known, numbered),
        put_statement(statement),
        *posting.operations(),
    )
    measure("CommissionAccruedMinor", statement.accrued_minor)
    return statement


def _drawn_up(close: _Close) -> tuple[CommissionStatement, Numbers]:
    """The statement, its entries added to the posting, and the numbers after it."""
    parent, child, drawing = close.counting.parent, close.counting.child, close.drawing
    terms = close.counting.versions.of(drawing.month)
    assert terms is not None, "a month that is counted has terms"
    numbers, number = close.numbers.take(close.today)
    settled = settle(drawing.sums.commission_minor, close.state.carried_minor)
    statement = CommissionStatement(
        parent_id=parent.tenant_id,
        child_id=child.tenant_id,
        biller_id=drawing.biller_id,
        month=drawing.month,
        number=number,
        issued_on=close.today,
        recorded_micros=close.posting.recorded_micros,
        base=terms.base,
        amount=terms.amount,
        sums=drawing.sums,
        carried_in_minor=close.state.carried_minor,
        accrued_minor=settled.accrued_minor,
        carried_out_minor=settled.carried_minor,
        owed_after_minor=close.state.owed_minor + settled.accrued_minor,
        parts=drawing.parts,
        cut=drawing.cut,
    )
    if not settled.accrued_minor:
        return statement, numbers
    above, below = accrual_lines(settled.accrued_minor, parent.tenant_id, child.tenant_id)
    entry = close.posting.add(parent.tenant_id, child_journal(child.tenant_id), _draft(statement, above))
    child_entry = close.posting.add(child.tenant_id, GENERAL, _draft(statement, below))
    return replace(statement, entry_id=entry.entry_id, child_entry_id=child_entry.entry_id), numbers


def accrual_lines(minor: int, parent_id: str, child_id: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """What a parent owes its child for its subscribers, in the parent's book and in the child's."""
    return (
        (debit(COMMISSION_EXPENSE, minor, child_id), credit(COMMISSION_PAYABLE, minor, child_id)),
        (debit(COMMISSION_RECEIVABLE, minor, parent_id), credit(COMMISSION_REVENUE, minor, parent_id)),
    )


def _draft(statement: CommissionStatement, lines: tuple[Line, ...]) -> Draft:
    """An entry of the statement: it belongs to the last day of its month."""
    on = last_day(statement.month)
    return Draft(
        kind="commission-accrual",
        effective_on=on,
        service_on=on,
        memo=f"Commission {statement.number} of {month_text(statement.month)}",
        lines=lines,
        run=f"commission/{statement.statement_id}",
        reference=statement.number,
    )
