"""What was charged of a day before its end, as it is kept beside the day."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise

from chalicelib.aws import keys
from chalicelib.aws.tables import Put, read_many
from chalicelib.billing.charging import Ahead, Amounts, nothing_ahead
from chalicelib.billing.legs import Use
from chalicelib.billing.sheet import DamagedSheetError
from chalicelib.billing.store import AheadRow
from chalicelib.core.json import compact_json, read_json


@dataclass(frozen=True)
class KeptAhead:
    """One charge of a day before its end: by level, by service, and the tenant's own entry."""

    uses: tuple[Use, ...]
    lines: Mapping[int, Amounts]
    entry_id: str | None


def read_each_ahead(tenant_id: str, day: date, count: int) -> list[KeptAhead]:
    """Every charge of that day before its end, in their order."""
    rows = read_many([(AheadRow, keys.ahead(tenant_id, day, number)) for number in range(count)])
    if None in rows:
        raise DamagedSheetError(f"{tenant_id} {day} lacks what was charged ahead")
    return [
        KeptAhead(
            tuple(Use(moved, 0, tax) for moved, tax in zip(row.moved, row.tax, strict=True)),
            _unpacked(row.lines),
            row.entry,
        )
        for row in rows
    ]


def read_ahead(tenant_id: str, day: date, count: int, levels: int) -> Ahead:
    """All that was charged on that day before its end, in that many writes."""
    nothing = nothing_ahead(levels)
    if not count:
        return nothing
    lines: dict[int, Amounts] = {}
    uses = nothing.uses
    for kept in read_each_ahead(tenant_id, day, count):
        uses = tuple(Use(*map(sum, zip(one, other, strict=True))) for one, other in zip(uses, kept.uses, strict=True))
        for number, amounts in kept.lines.items():
            lines[number] = tuple(map(sum, zip(lines.get(number, (0,) * levels), amounts, strict=True)))
    return Ahead(count, lines, uses)


def keep_ahead(
    tenant_id: str, day: date, number: int, uses: Sequence[Use], lines: Mapping[int, Amounts], entry_id: str | None
) -> Put:
    """The charge of that number of a day, in the write that moves the tenant's state on."""
    row = AheadRow.at(
        keys.ahead(tenant_id, day, number),
        moved=[use.moved_minor for use in uses],
        tax=[use.tax_minor for use in uses],
        entry=entry_id,
        lines=_packed(lines),
    )
    return Put(row, AheadRow.pk.does_not_exist())


def _packed(lines: Mapping[int, Amounts]) -> bytes:
    """Service numbers by what they moved, as differences: a hundred thousand renewals of a morning are a few kilobytes."""
    by_amounts: dict[Amounts, list[int]] = {}
    for number in sorted(lines):
        by_amounts.setdefault(lines[number], []).append(number)
    groups = [
        [amounts, [number - before for before, number in pairwise([0, *numbers])]]
        for amounts, numbers in sorted(by_amounts.items())
    ]
    return zlib.compress(compact_json(groups).encode(), 6)


def _unpacked(packed: bytes) -> dict[int, Amounts]:
    groups = read_json(zlib.decompress(packed).decode())
    return {number: tuple(amounts) for amounts, steps in groups for number in accumulate(steps)}
