"""Making a valid request wrong: values that programs trip over, bodies that are no JSON, files that are no CSV."""

import copy
import random
from collections.abc import Callable
from typing import Any

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 2**31, 2**63, -(2**63) - 1, 10**30, [], [None], [[]], [{}], {}, {"": ""}, ["x"] * 300,
    "", " ", "0", "-0", "0.001", "-0.01", "1e3", "NaN", "00.10", "+1", "1,000.00", "\u0668\u0660\u0660", "null",
    "1000000000000000.00", "9999999999999.99", "10000000000000.00", "\x00", "a\x00b", "\u200b", "\u202e", "\ud800", "\ufffd",
    "\u00e9", "e\u0301", "\U0001f468\u200d\U0001f469", "x" * 70, "x" * 600, "x" * 5000, "../../etc/passwd", "#", "a#b", "/",
    "%00", "{zone}", "'; --", "<b>", "=1+1", "2026-02-30", "0001-01-01", "9999-12-31", "2199-12-31", "2000-01-01", "2026-13",
    "9999-12", "0000-00", "2026-11-22T25:00:00Z", "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "UTC",
)  # fmt: skip
"""Values that programs trip over, put where a valid request has another."""

RAW = (
    b"", b"{", b"[]", b"null", b'"x"', b"1e999", b"NaN", b'{"name": NaN}', b'{"a": 1, "a": 2}', b"\xff\xfe",
    b"\xef\xbb\xbf{}", b"[" * 5000, b'{"a":' * 3000, b'{"amount": 1' + b"0" * 5000 + b"}", b'{"name": "\\ud800"}', b"{} {}",
)  # fmt: skip
"""Bodies that are no JSON, or are no object, or only look like one."""


def spoil(part: dict[str, Any], chance: random.Random, in_address: bool) -> None:
    """Change one value of it, at any depth."""
    name = chance.choice(sorted(part))
    value = part[name]
    if isinstance(value, dict) and value and chance.random() < 0.7:
        return spoil(value, chance, in_address)
    if isinstance(value, list) and value and isinstance(value[0], dict) and chance.random() < 0.7:
        return spoil(chance.choice(value), chance, in_address)
    if in_address:
        part[name] = str(
            chance.choice([one for one in NASTY if isinstance(one, str | int) and one not in ("", "\ud800")])
        )
    elif chance.random() < 0.1:
        del part[name]
    elif chance.random() < 0.1:
        part["unknown"] = value
    else:
        part[name] = copy.deepcopy(chance.choice(NASTY))
    return None


def _cells(raw: bytes) -> list[list[str]]:
    return [line.split(",") for line in raw.decode().splitlines()]


def mixed_lines(raw: bytes, chance: random.Random) -> bytes:
    """A CSV file with its lines doubled and their names made new."""
    head, *lines = _cells(raw)
    made = []
    for number in range(chance.randint(1, 4)):
        line = list(chance.choice(lines)) if lines else []
        made.append([f"{cell}{number}" if cell.isalpha() and chance.random() < 0.5 else cell for cell in line])
    return "\n".join(",".join(line) for line in [head, *made]).encode()


def spoiled_lines(raw: bytes, chance: random.Random) -> bytes:
    """A CSV file with one cell, one line or its encoding wrong."""
    whole: list[Callable[[], bytes]] = [
        lambda: b"",
        lambda: raw.splitlines()[0],
        lambda: raw + b'"',
        lambda: raw + b"\xff\xfe\n",
        lambda: raw.decode().encode("utf-16"),
        lambda: raw.replace(b",", b";"),
        lambda: raw + b",,,,,,,,,,\n",
        lambda: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"),
    ]
    if chance.random() < 0.4:
        return chance.choice(whole)()
    cells = _cells(raw)
    line = chance.choice(cells)
    texts = [one for one in NASTY if isinstance(one, str) and one != "\ud800"]
    line[chance.randrange(len(line))] = chance.choice(texts)
    return "\n".join(",".join(line) for line in cells).encode()
