"""A settled day computed again from its sheet and its tariffs, against what is kept of it: pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.billing.charging import Ahead, Charging, price_table
from chalicelib.billing.columns import Columns, billable_positions, paid_positions
from chalicelib.billing.legs import Use
from chalicelib.billing.model import SettledDay
from chalicelib.billing.post import billed_by_plan, uses_of
from chalicelib.billing.price_book import DayPrices
from chalicelib.billing.sheet import encode_sheet
from chalicelib.proof.model import Finding, order_of
from chalicelib.proof.money import amount


def day_thing(tenant_id: str, day: date) -> str:
    """What a settled day is called in findings and doubts."""
    return f"{tenant_id}:day:{day}"


@dataclass(frozen=True)
class Recomputed:
    """A day as its events and tariffs make it: its sheet, each plan's price at each level, and what was charged.

    `posted` is what was left of it to be posted at its end.
    """

    record: SettledDay
    sheet: Columns
    buyers: tuple[str, ...]
    prices_minor: dict[str, list[int]]
    uses: tuple[Use, ...]
    posted: tuple[Use, ...]
    uncollected_minor: tuple[int, ...]
    counts: dict[str, int]
    sheet_hash: str

    @property
    def paid_minor(self) -> tuple[int, ...]:
        return tuple(use.gross_minor for use in self.uses)

    @property
    def tax_minor(self) -> tuple[int, ...]:
        return tuple(use.tax_minor for use in self.uses)

    @property
    def earned_minor(self) -> tuple[int, ...]:
        return tuple(use.earned_minor for use in self.uses)


def recompute(record: SettledDay, charging: Charging, prices: DayPrices, ahead: Ahead) -> Recomputed:
    """The day again, from its sheet with what that costs. The cut is taken as recorded, and the terms of its pin."""
    sheet = charging.sheet
    used = {sheet.plans[i] for i in (*billable_positions(sheet), *paid_positions(sheet))}
    table = _as_kept_where_unused(record, sheet, price_table(sheet, prices, ()), used)
    by_plan = {code: list(price) for code, price in zip(sheet.plan_codes, table, strict=True)}
    uses = uses_of(charging, prices, record.charged, ahead)
    whole = uses_of(charging, prices, len(charging.lines), ahead)
    return Recomputed(
        record,
        sheet,
        prices.levels,
        by_plan,
        tuple(uses),
        tuple(ahead.left_of(uses)),
        tuple(all_.gross_minor - paid.gross_minor for all_, paid in zip(whole, uses, strict=True)),
        billed_by_plan(sheet, record.charged),
        encode_sheet(sheet, record.tenant_id, record.day.isoformat(), by_plan).hash,
    )


def _as_kept_where_unused(
    record: SettledDay, sheet: Columns, table: Sequence[tuple[int, ...]], used: set[int]
) -> list[tuple[int, ...]]:
    """A plan that nobody was billed for may have had no price then, which is kept as zeros."""
    return [
        price if plan in used or any(record.prices_minor.get(code, price)) else tuple(0 for _ in price)
        for plan, (code, price) in enumerate(zip(sheet.plan_codes, table, strict=True))
    ]


def differences(again: Recomputed) -> Iterator[Finding]:
    """What is kept otherwise than computed again: counts, cut, prices, and the amounts of every level."""
    record, own = again.record, again.record.tenant_id
    billable = len(billable_positions(again.sheet))
    if record.charged + record.suspended != billable:
        kept = f"{record.charged} charged and {record.suspended} suspended"
        yield _about(again, own, f"keeps {kept}; {billable} services were billable")
    covered = len(paid_positions(again.sheet))
    if record.covered != covered or record.counts != again.counts:
        kept = f"{record.covered} paid in advance and {dict(record.counts)} by plan"
        yield _about(again, own, f"keeps {kept}; computed again {covered} and {again.counts}")
    if record.cut_at != _cut(again) or (record.short is None) != (record.charged == billable):
        yield _about(again, own, f"keeps a cut at {record.cut_at}; behind {record.charged} services is {_cut(again)}")
    if record.tariffs and len(record.day_counts) != len(record.tariffs):
        yield _about(again, own, "keeps another number of day counts than of tariffs")
    yield from _price_differences(again)
    figures = (
        ("paid", record.paid_minor, again.paid_minor),
        ("tax", record.tax_minor, again.tax_minor),
        ("earned", record.earned_minor, again.earned_minor),
        ("uncollected", record.uncollected_minor, again.uncollected_minor),
    )
    for name, kept_minor, right_minor in figures:
        if len(kept_minor) != len(right_minor):
            yield _about(again, own, f"{name}: keeps {len(kept_minor)} levels of {len(right_minor)}")
            continue
        for buyer, kept_one, right_one in zip(again.buyers, kept_minor, right_minor, strict=True):
            if kept_one != right_one:
                yield _about(again, buyer, f"{name}: keeps {amount(kept_one)}, computed again {amount(right_one)}")


def _price_differences(again: Recomputed) -> Iterator[Finding]:
    for code, right in sorted(again.prices_minor.items()):
        kept = again.record.prices_minor.get(code)
        if kept is None or len(kept) != len(right):
            yield _about(again, again.record.tenant_id, f"keeps no whole price of {code}")
            continue
        for buyer, kept_one, right_one in zip(again.buyers, kept, right, strict=True):
            if kept_one != right_one:
                what = f"price of {code}: keeps {amount(kept_one)}, by the tariff {amount(right_one)}"
                yield _about(again, buyer, what)


def sheet_difference(again: Recomputed, kept: Columns) -> str:
    """The first service of which the kept sheet says something else than the events do."""
    sheet = again.sheet
    for at in range(max(len(sheet), len(kept))):
        mine, theirs = _service(sheet, at), _service(kept, at)
        if mine != theirs:
            return f"place {at + 1}: kept {theirs}, by the events {mine}"
    return "the same services, other plans or prices beside them"


def _service(sheet: Columns, at: int) -> str:
    if at >= len(sheet):
        return "nobody"
    plan = sheet.plan_codes[sheet.plans[at]]
    start = date.fromordinal(sheet.starts[at])
    return f"service {sheet.numbers[at]} of {start} on {plan}, state {sheet.marks[at]}"


def _cut(again: Recomputed) -> tuple[int, int] | None:
    billable = billable_positions(again.sheet)
    if again.record.charged >= len(billable):
        return None
    at = billable[again.record.charged]
    return again.sheet.starts[at], again.sheet.numbers[at]


def _about(again: Recomputed, book: str, what: str) -> Finding:
    record = again.record
    on = record.day if book == record.tenant_id else None
    return Finding(book, day_thing(record.tenant_id, record.day), what, on, order_of(record.day))
