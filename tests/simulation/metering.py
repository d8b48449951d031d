"""What requests cost: capacity units as AWS charges them, and a Meter that adds them up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096


def write_units(before_bytes: int, after_bytes: int) -> int:
    """Units of one plain write: a unit for each KB begun of the larger version; nothing written costs one as well."""
    larger = before_bytes if before_bytes > after_bytes else after_bytes
    return -(-larger // WRITE_UNIT_BYTES) or 1


def read_units(size_bytes: int, consistent: bool) -> float:
    """Units of one plain read: one for each 4 KB begun, half of it eventually consistent; a missing item costs one."""
    units = -(-size_bytes // READ_UNIT_BYTES) or 1
    return float(units) if consistent else units / 2


@dataclass
class Meter:
    """Units and requests since some moment. `items` counts the items asked for, written, checked or read."""

    write_units: int = 0
    read_units: float = 0.0
    requests: int = 0
    items: int = 0
    by_operation: Counter[str] = field(default_factory=Counter)
    written_by: Counter[str] = field(default_factory=Counter)
    """Write units of each operation."""

    def add(self, charge: Charge) -> None:
        """Count one request."""
        self.requests += 1
        self.by_operation[charge.operation] += 1
        self.items += charge.items
        for reads, writes in charge.tables.values():
            self.read_units += reads
            self.write_units += writes
            self.written_by[charge.operation] += writes

    def snapshot(self) -> Meter:
        """The figures of this moment."""
        return replace(self, by_operation=Counter(self.by_operation), written_by=Counter(self.written_by))

    def __sub__(self, earlier: Meter) -> Meter:
        """The figures since an earlier snapshot."""
        return Meter(
            self.write_units - earlier.write_units,
            self.read_units - earlier.read_units,
            self.requests - earlier.requests,
            self.items - earlier.items,
            self.by_operation - earlier.by_operation,
            self.written_by - earlier.written_by,
        )


class Charge:
    """What one request costs, table by table; filled while it runs, and kept when it is refused half way."""

    __slots__ = ("operation", "tables", "items")

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self.tables: dict[str, list[Any]] = {}
        self.items = 0

    def write(self, table: str, units: int, items: int = 1) -> None:
        """Add write units."""
        self.tables.setdefault(table, [0.0, 0])[1] += units
        self.items += items

    def read(self, table: str, units: float, items: int = 1) -> None:
        """Add read units."""
        self.tables.setdefault(table, [0.0, 0])[0] += units
        self.items += items

    def consumed(self, wanted: str, transactional: bool = False) -> list[dict[str, Any]]:
        """ConsumedCapacity, an entry for each table, at the level ReturnConsumedCapacity asked for."""
        entries = []
        for table, (reads, writes) in self.tables.items():
            units: dict[str, Any] = {"CapacityUnits": float(reads + writes)}
            if transactional:
                units["WriteCapacityUnits" if writes else "ReadCapacityUnits"] = float(reads + writes)
            entry = {"TableName": table, **units}
            if wanted == "INDEXES":
                entry["Table"] = dict(units)
            entries.append(entry)
        return entries
