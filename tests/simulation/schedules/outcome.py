"""What a schedule leaves: everything that changed in the database, but for instants and what follows from them."""

from __future__ import annotations

import re
from typing import Any

from tests.simulation import MemoryDynamoDB
from tests.simulation.storage import Record

LEFT_OUT = frozenset(("pk", "sk", "h", "hash", "revision", "fence", "book_hash", "sequences"))
"""Hashes cover the instant of recording. A revision counts attempts, and so does the fence of a period. How a book stood
when a period was closed (`book_hash`, `sequences`) may have in it what came between the first step and the last."""
COUNTED_BY_FENCE = "#period-events"
INSTANT = re.compile(r"\d{16}")

View = tuple[tuple[str, str, str, str], ...]
"""Each changed row: its table, its key, and what is in it."""


def view_since(engine: MemoryDynamoDB, moment: int) -> View:
    """What is different from that moment on, in one order, with every instant of recording made the same."""
    changed = []
    for (table, partition, sort), (before, now) in engine.changed_since(moment).items():
        then, there = _shown_then(before), _shown(now)
        if then != there:
            changed.append((table, partition, _place(partition, sort), there))
    changed.sort()
    return tuple(changed)


_THEN: dict[int, tuple[Record, str]] = {}
"""What was shown of the records that a schedule begins with, which are the same ones for all of them."""


def _shown_then(record: Record | None) -> str:
    if record is None:
        return ""
    known = _THEN.get(id(record))
    if known is None or known[0] is not record:
        if len(_THEN) > 20_000:
            _THEN.clear()
        known = _THEN[id(record)] = (record, _shown(record))
    return known[1]


def _place(partition: str, sort: str) -> str:
    return "*" if partition.endswith(COUNTED_BY_FENCE) else INSTANT.sub("*", sort)


def _shown(record: Record | None) -> str:
    if record is None:
        return ""
    kept = {name: value for name, value in sorted(record.item.items()) if name not in LEFT_OUT}
    return INSTANT.sub("*", repr(kept))


def difference(one: View, other: View) -> str:
    """What two views do not share, for people."""
    lines = [f"  - {' '.join(row)}" for row in one if row not in other]
    return "\n".join(lines + [f"  + {' '.join(row)}" for row in other if row not in one])


def digest_of(engine: MemoryDynamoDB, moment: int) -> Any:
    """The state of the database, exactly: equal for two schedules after which everything there is the same."""
    return frozenset(
        (where, repr(sorted(now.item.items())) if now else "")
        for where, (_, now) in engine.changed_since(moment).items()
    )
