"""Rows of commissions: where they stand, the terms, statements with their lines, payouts, and the parent's numbers."""

import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, BytesAttribute, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Put
from chalicelib.core.json import compact_json, read_json
from chalicelib.partners.commission import Base, CommissionLine, CommissionTerms, Sums, Taxed, month_text, parse_month
from chalicelib.partners.commission_model import (
    STATEMENT,
    CommissionPayout,
    CommissionState,
    CommissionStatement,
    Drawing,
)
from chalicelib.partners.numbers import Numbers
from chalicelib.partners.store import NumbersRow, to_numbers
from chalicelib.retail.numbering import Numbering

NUMBERING = Numbering(prefix="CS-")
LINES_COMPRESSED = 6


class CommissionRow(BooksRow):
    """Where the commissions of a child stand."""

    terms_revision = IntegerAttribute()
    through = TextAttribute(null=True)
    biller_id = TextAttribute(null=True)
    cut = IntegerAttribute()
    owed_minor = IntegerAttribute()
    carried_minor = IntegerAttribute()
    payouts = IntegerAttribute()
    drawing = JsonAttribute(null=True)
    revision = IntegerAttribute()


class CommissionTermsRow(BooksRow):
    """A version of the terms; written once."""

    terms = JsonAttribute()
    recorded_micros = IntegerAttribute()
    recorded_by = TextAttribute()
    acting_by = TextAttribute(null=True)


class StatementRow(BooksRow):
    """A statement; written once."""

    content = JsonAttribute()


class LinesRow(BooksRow):
    """Some lines of a statement, compressed; written once, with how far the statement is."""

    data = BytesAttribute()


class PayoutRow(BooksRow):
    """A payout; written once."""

    content = JsonAttribute()


def to_state(child_id: str, row: CommissionRow | None) -> CommissionState:
    if row is None:
        return CommissionState(child_id)
    return CommissionState(
        child_id,
        row.terms_revision,
        parse_month(row.through) if row.through else None,
        row.biller_id or "",
        row.cut,
        row.owed_minor,
        row.carried_minor,
        row.payouts,
        _to_drawing(row.drawing) if row.drawing else None,
        row.revision,
    )


def change_state(before: CommissionState, after: CommissionState) -> Put:
    """Move the state on, while it still is what was read."""
    row = CommissionRow.at(
        keys.commission_state(after.child_id),
        terms_revision=after.terms_revision,
        through=month_text(after.through) if after.through else None,
        biller_id=after.biller_id or None,
        cut=after.cut,
        owed_minor=after.owed_minor,
        carried_minor=after.carried_minor,
        payouts=after.payouts,
        drawing=_drawing_list(after.drawing) if after.drawing else None,
        revision=before.revision + 1,
    )
    unchanged: Condition = (
        CommissionRow.revision == before.revision if before.revision else CommissionRow.pk.does_not_exist()
    )
    return Put(row, unchanged)


def _drawing_list(drawing: Drawing) -> list[Any]:
    return [
        month_text(drawing.month),
        drawing.biller_id,
        drawing.cut,
        drawing.tenant_id,
        drawing.after,
        drawing.parts,
        _sums_list(drawing.sums),
        int(drawing.is_drawn),
    ]


def _to_drawing(kept: list[Any]) -> Drawing:
    month, biller_id, cut, tenant_id, after, parts, sums, is_drawn = kept
    return Drawing(parse_month(month), biller_id, cut, tenant_id, after, parts, _to_sums(sums), is_drawn == 1)


def _sums_list(sums: Sums) -> list[Any]:
    rates = [[rate, *one] for rate, one in sums.rates.items()]
    return [sums.lines, sums.base_minor, sums.commission_minor, sums.late_minor, rates, dict(sums.kinds)]


def _to_sums(kept: list[Any]) -> Sums:
    lines, base, commission, late, rates, kinds = kept
    return Sums(lines, base, commission, late, {one[0]: (one[1], one[2], one[3]) for one in rates}, kinds)


# Terms


def put_terms(child_id: str, terms: CommissionTerms, micros: int, by: str, acting: str) -> Put:
    """A version that is not there yet."""
    row = CommissionTermsRow.at(
        keys.commission_terms_version(child_id, terms.month, terms.revision),
        terms=[terms.rate_bps, terms.base.value, terms.amount.value, dict(terms.plans), dict(terms.subscribers)],
        recorded_micros=micros,
        recorded_by=by,
        acting_by=acting or None,
    )
    return Put(row, CommissionTermsRow.pk.does_not_exist())


def to_terms(row: CommissionTermsRow) -> CommissionTerms:
    month, _, revision = row.sk.partition("#")
    rate, base, amount, plans, subscribers = row.terms
    return CommissionTerms(parse_month(month), rate, Base(base), Taxed(amount), plans, subscribers, int(revision))


# Statements


def put_lines(child_id: str, month: date, part: int, lines: Sequence[CommissionLine]) -> Put:
    """Some lines of a statement that is being made."""
    kept = [[*line[:4], month_text(line.month), *line[5:]] for line in lines]
    data = zlib.compress(compact_json(kept).encode(), LINES_COMPRESSED)
    row = LinesRow.at(keys.commission_lines(child_id, month, part), data=data)
    return Put(row, LinesRow.pk.does_not_exist())


def to_lines(row: LinesRow) -> list[CommissionLine]:
    kept = read_json(zlib.decompress(row.data).decode())
    lines = [CommissionLine(*one) for one in kept]
    return [line._replace(month=parse_month(str(line.month))) for line in lines]


def put_statement(statement: CommissionStatement) -> Put:
    """A statement that is not there yet."""
    content = {
        "parent": statement.parent_id,
        "biller": statement.biller_id,
        "number": statement.number,
        "issued_on": statement.issued_on.isoformat(),
        "recorded": statement.recorded_micros,
        "of": [statement.base.value, statement.amount.value],
        "sums": _sums_list(statement.sums),
        "minor": [
            statement.carried_in_minor,
            statement.accrued_minor,
            statement.carried_out_minor,
            statement.owed_after_minor,
        ],
        "parts": statement.parts,
        "cut": statement.cut,
        "entries": [statement.entry_id, statement.child_entry_id],
    }
    row = StatementRow.at(keys.commission_statement(statement.child_id, statement.month), content=content)
    return Put(row, StatementRow.pk.does_not_exist())


def to_statement(row: StatementRow) -> CommissionStatement:
    kept = row.content
    base, amount = kept["of"]
    carried_in, accrued, carried_out, owed = kept["minor"]
    entry_id, child_entry_id = kept["entries"]
    return CommissionStatement(
        kept["parent"],
        row.pk.partition("#")[0],
        kept["biller"],
        parse_month(row.sk),
        kept["number"],
        date.fromisoformat(kept["issued_on"]),
        kept["recorded"],
        Base(base),
        Taxed(amount),
        _to_sums(kept["sums"]),
        carried_in,
        accrued,
        carried_out,
        owed,
        kept["parts"],
        kept["cut"],
        entry_id,
        child_entry_id,
    )


def to_statement_numbers(parent_id: str, row: NumbersRow | None) -> Numbers:
    """How a parent's statements are numbered: one count for all its children, without a gap, anew each year."""
    return Numbers(parent_id, STATEMENT, NUMBERING, {}, 0) if row is None else to_numbers(parent_id, STATEMENT, row)


# Payouts


def put_payout(payout: CommissionPayout) -> Put:
    """A payout that is not there yet."""
    kept = {name: value for name, value in vars(payout).items() if name not in ("child_id", "serial")}
    content = kept | {"paid_on": payout.paid_on.isoformat()}
    row = PayoutRow.at(keys.commission_payout(payout.child_id, payout.serial), content=content)
    return Put(row, PayoutRow.pk.does_not_exist())


def to_payout(row: PayoutRow) -> CommissionPayout:
    kept = row.content | {"paid_on": date.fromisoformat(row.content["paid_on"])}
    return CommissionPayout(child_id=row.pk.partition("#")[0], serial=int(row.sk), **kept)
