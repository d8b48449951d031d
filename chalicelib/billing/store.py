"""Rows of billing: tariff versions, the state of a tenant's days, settled days and the parts of their sheets."""

from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, BytesAttribute, IntegerAttribute, JsonAttribute, TenantsRow, TextAttribute
from chalicelib.billing.model import Mark, RefundPolicy, SettledDay, State, Tariff, Terms, Timing
from chalicelib.core.proration import DayCount, Span


class TariffRow(TenantsRow):
    """A version of a child's tariff; never changed."""

    timing = TextAttribute()
    day_count = TextAttribute()
    refund_policy = TextAttribute()
    tax_bps = IntegerAttribute()
    prices = JsonAttribute()
    span = TextAttribute(null=True)
    refund_fee_minor = IntegerAttribute(null=True)


class TariffRevisionRow(TenantsRow):
    """Counts what must not happen at once to a child's prices: a new version, and a plan that relies on the versions."""

    revision = IntegerAttribute()


class StateRow(BooksRow):
    """How far a tenant's days are."""

    last_day = TextAttribute(null=True)
    pinned_through = TextAttribute(null=True)
    terms = JsonAttribute(null=True)
    held = IntegerAttribute(null=True)
    resumed = JsonAttribute(null=True)
    marks = JsonAttribute(null=True)
    parked = TextAttribute(null=True)
    holds = JsonAttribute(null=True)
    late = IntegerAttribute(null=True)
    corrected = IntegerAttribute(null=True)
    ahead_on = TextAttribute(null=True)
    ahead = IntegerAttribute(null=True)
    in_advance = IntegerAttribute(null=True)
    revision = IntegerAttribute()


class AheadRow(BooksRow):
    """One charge of a day before its end: amounts by level, and without tax by service."""

    moved = JsonAttribute()
    tax = JsonAttribute()
    entry = TextAttribute(null=True)
    lines = BytesAttribute()


class DayRow(BooksRow):
    """A settled day; written once, but for `subtree`, which counts descendants that came late."""

    charged = IntegerAttribute()
    suspended = IntegerAttribute()
    paid = JsonAttribute()
    tax = JsonAttribute()
    subtree = JsonAttribute()
    uncollected = JsonAttribute()
    short = TextAttribute(null=True)
    cut_at = JsonAttribute(null=True)
    entry = TextAttribute(null=True)
    sheet_hash = TextAttribute()
    sheet_parts = IntegerAttribute()
    terms = JsonAttribute()
    day_counts = JsonAttribute()
    prices = JsonAttribute()
    earned = JsonAttribute(null=True)
    covered = IntegerAttribute(null=True)
    counts = JsonAttribute()
    ahead = IntegerAttribute(null=True)


class SheetRow(BooksRow):
    """One part of a day's sheet; the first that is written wins."""

    sheet_hash = TextAttribute()
    data = BytesAttribute()


def tariff_row(tariff: Tariff) -> TariffRow:
    return TariffRow.at(
        keys.tariff(tariff.child_id, tariff.effective_on, tariff.recorded_micros),
        timing=tariff.timing.value,
        day_count=tariff.day_count.value,
        refund_policy=tariff.refund_policy.value,
        tax_bps=tariff.tax_bps,
        prices=dict(tariff.prices_minor),
        span=None if tariff.span is Span.MONTH else tariff.span.value,
        refund_fee_minor=tariff.refund_fee_minor or None,
    )


def to_tariff(row: TariffRow) -> Tariff:
    effective_on, _, recorded = row.sk.partition("#")
    return Tariff(
        child_id=row.pk.partition("#")[0],
        effective_on=date.fromisoformat(effective_on),
        recorded_micros=int(recorded),
        timing=Timing(row.timing),
        day_count=DayCount(row.day_count),
        refund_policy=RefundPolicy(row.refund_policy),
        tax_bps=row.tax_bps,
        prices_minor=row.prices,
        span=Span(row.span or Span.MONTH),
        refund_fee_minor=row.refund_fee_minor or 0,
    )


def to_state(tenant_id: str, row: StateRow | None) -> State:
    if row is None:
        return State(tenant_id)
    return State(
        tenant_id=tenant_id,
        last_day=_day(row.last_day),
        pinned_through=_day(row.pinned_through),
        terms=to_terms(row.terms) if row.terms else Terms(),
        held=row.held or 0,
        resumed_minor=tuple(row.resumed or ()),
        marks=tuple(Mark(kind, date.fromisoformat(on), micros) for kind, on, micros in row.marks or ()),
        parked=row.parked,
        holds=tuple((name, date.fromisoformat(first)) for name, first in row.holds or ()),
        late=row.late or 0,
        corrected=row.corrected or 0,
        ahead_on=_day(row.ahead_on),
        in_advance=bool(row.in_advance),
        ahead=row.ahead or 0,
        revision=row.revision,
    )


def terms_list(terms: Terms) -> list[object]:
    """Terms as they are kept."""
    return [list(terms.versions), list(terms.month_starts), list(terms.modes), terms.late]


def to_terms(kept: list[Any]) -> Terms:
    versions, month_starts, modes, late = kept
    return Terms(tuple(versions), tuple(month_starts), tuple(modes), late)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def day_row(day: SettledDay) -> DayRow:
    return DayRow.at(
        keys.settled_day(day.tenant_id, day.day),
        charged=day.charged,
        suspended=day.suspended,
        paid=list(day.paid_minor),
        tax=list(day.tax_minor),
        subtree=list(day.subtree_minor),
        uncollected=list(day.uncollected_minor),
        short=day.short,
        cut_at=list(day.cut_at) if day.cut_at else None,
        entry=day.entry_id,
        sheet_hash=day.sheet_hash,
        sheet_parts=day.sheet_parts,
        terms=terms_list(day.terms),
        day_counts=list(day.day_counts),
        prices={code: list(prices) for code, prices in day.prices_minor.items()},
        earned=list(day.earned_minor) if day.earned_minor != day.net_minor else None,
        covered=day.covered or None,
        counts=dict(day.counts),
        ahead=day.ahead or None,
    )


def to_day(row: DayRow) -> SettledDay:
    tenant_id = row.pk.partition("#")[0]
    return SettledDay(
        tenant_id=tenant_id,
        day=date.fromisoformat(row.sk.removeprefix("day#")),
        charged=row.charged,
        suspended=row.suspended,
        paid_minor=tuple(row.paid),
        tax_minor=tuple(row.tax),
        subtree_minor=tuple(row.subtree),
        uncollected_minor=tuple(row.uncollected),
        short=row.short,
        cut_at=(row.cut_at[0], row.cut_at[1]) if row.cut_at else None,
        entry_id=row.entry,
        sheet_hash=row.sheet_hash,
        sheet_parts=row.sheet_parts,
        terms=to_terms(row.terms),
        day_counts=tuple(row.day_counts),
        prices_minor={code: tuple(prices) for code, prices in row.prices.items()},
        earned_minor=tuple(paid - tax for paid, tax in zip(row.paid, row.tax, strict=True))
        if row.earned is None
        else tuple(row.earned),
        covered=row.covered or 0,
        counts=row.counts,
        ahead=row.ahead or 0,
    )
