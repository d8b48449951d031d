"""What goes over the lines of a router: made up, but steady to look at, within the limits, and counted on."""

import math
from typing import Final

from local.routeros.menu import Row
from local.routeros.values import bits

UNLIMITED_BPS: Final = 100_000_000
_MEAN: Final = 0.45
_BYTES_A_PACKET: Final = 900


def limits(rate: str | None) -> tuple[int, int]:
    """Bits a second that a rate limit leaves the subscriber, up and down: `5M/10M`; of one number for both."""
    halves = (rate or "").split(" ")[0].split("/")
    up, down = bits(halves[0]), bits(halves[-1])
    return up or UNLIMITED_BPS, down or UNLIMITED_BPS


def bps(seed: int, limit: int, now: float) -> int:
    """Bits a second at an instant: it rises and falls between a tenth and four fifths of the limit."""
    wave = math.sin(now / 7 + seed) * 0.6 + math.sin(now / 31 + seed * 1.7) * 0.4
    return int(limit * (_MEAN + 0.35 * wave))


def count(limit: int, seconds: float) -> int:
    """Bytes that went over in so many seconds."""
    return int(limit * _MEAN * max(0.0, seconds) / 8)


def monitored(name: str, up: int, down: int) -> Row:
    """What `monitor-traffic` prints of an interface. What the router receives is what the subscriber sends up."""
    printed = {"name": name}
    for direction, rate in (("rx", up), ("tx", down)):
        printed |= {
            f"{direction}-packets-per-second": str(rate // 8 // _BYTES_A_PACKET),
            f"{direction}-bits-per-second": str(rate),
            f"fp-{direction}-packets-per-second": "0",
            f"fp-{direction}-bits-per-second": "0",
            f"{direction}-drops-per-second": "0",
            f"{direction}-errors-per-second": "0",
        }
    return printed
