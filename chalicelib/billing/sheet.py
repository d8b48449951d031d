"""The sheet of a settled day as it is stored: columns of small numbers, compressed to about a byte a service.

The hash is over the canonical content before compression, so that it does not depend on a compressor's version.
"""

import hashlib
import sys
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from operator import sub
from typing import Any

from chalicelib.billing.advance import to_paid
from chalicelib.billing.columns import Columns, Covers
from chalicelib.core.json import compact_json, read_json

MAX_PART_BYTES = 300_000
MAX_SERVICES = 2_000_000
_PLAIN, _WITH_COVERS = 1, 2
"""Formats: the second has what is paid in advance behind everything that the first has."""


class DamagedSheetError(ValueError):
    """The stored parts do not make up the sheet whose hash they carry."""


@dataclass(frozen=True)
class StoredSheet:
    """A sheet as it is kept: its hash, and its bytes in parts of at most 300 KB."""

    hash: str
    parts: tuple[bytes, ...]


def encode_sheet(sheet: Columns, tenant_id: str, day: str, prices: dict[str, list[int]]) -> StoredSheet:
    """The stored form of a day's sheet. `prices` is the day's price of each plan at every level, by plan code."""
    if len(sheet) > MAX_SERVICES:
        raise ValueError(f"a sheet holds at most {MAX_SERVICES} services")
    covers = sheet.covers
    fields = [_WITH_COVERS if covers else _PLAIN, tenant_id, day, len(sheet), list(sheet.plan_codes), prices]
    if covers:
        fields.append([[paid and paid.as_list for paid in cover] for cover in covers.table])
    header = compact_json(fields).encode()
    columns = [
        _deltas(sheet.starts),
        _deltas(sheet.numbers),
        _deltas([a - b for a, b in zip(sheet.numbers, sheet.subscribers, strict=True)]),
        _little_endian(array("i", sheet.plans)),
    ]
    if covers:
        columns += [_little_endian(array("i", covers.before)), _little_endian(array("i", covers.after))]
    content = b"".join((len(header).to_bytes(4, "little"), header, *map(_planes, columns), bytes(sheet.marks)))
    packed = zlib.compress(content, 6)
    parts = tuple(packed[start : start + MAX_PART_BYTES] for start in range(0, len(packed), MAX_PART_BYTES))
    return StoredSheet(hashlib.sha256(content).hexdigest(), parts)


def decode_sheet(parts: Sequence[bytes], expected_hash: str) -> tuple[Columns, dict[str, list[int]]]:
    """The sheet and its prices by plan code; `DamagedSheetError` when the content does not have that hash."""
    try:
        content = zlib.decompress(b"".join(parts))
    except zlib.error as error:
        raise DamagedSheetError(str(error)) from None
    if hashlib.sha256(content).hexdigest() != expected_hash:
        raise DamagedSheetError("the content has another hash")
    size = int.from_bytes(content[:4], "little")
    _, _, day, count, plan_codes, prices, *tables = read_json(content[4 : 4 + size].decode())
    view = content[4 + size :]
    width = 6 if tables else 4
    starts, numbers, offsets, plans, *indices = (
        _from_planes(view[4 * count * i : 4 * count * (i + 1)]) for i in range(width)
    )
    starts, numbers, offsets = (list(accumulate(column)) for column in (starts, numbers, offsets))
    subscribers = list(map(sub, numbers, offsets))
    marks = bytearray(view[4 * width * count :])
    covers = _covers(date.fromisoformat(day).toordinal(), tables[0], indices) if tables else None
    return Columns(tuple(plan_codes), starts, numbers, subscribers, list(plans), marks, covers), prices


def _covers(day: int, table: list[list[Any]], indices: list[list[int]]) -> Covers:
    return Covers(day, tuple(tuple(map(to_paid, cover)) for cover in table), *indices)


def _deltas(values: list[int]) -> bytes:
    """Each value less the one before it: nearly all small, so that they compress."""
    return _little_endian(array("i", values[:1] + list(map(sub, values[1:], values))))


def _little_endian(column: "array[int]") -> bytes:
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _planes(raw: bytes) -> bytes:
    """The four bytes of each number apart: the high ones are nearly all alike."""
    return raw[0::4] + raw[1::4] + raw[2::4] + raw[3::4]


def _from_planes(planes: bytes) -> list[int]:
    count = len(planes) // 4
    raw = bytearray(len(planes))
    for i in range(4):
        raw[i::4] = planes[count * i : count * (i + 1)]
    column = array("i")
    column.frombytes(bytes(raw))
    if sys.byteorder == "big":
        column.byteswap()
    return list(column)
