"""Shared silence: all routers of a tenant fell silent together and came back together. Then it was our way to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core.dates import from_micros
from chalicelib.network.model import Router

TOGETHER_MICROS = 10 * 60 * 1_000_000
"""Each router is asked every five minutes, and later while it is left alone for a while."""
WAITS_FOR_OTHERS = timedelta(minutes=15)


@dataclass(frozen=True)
class SilentTime:
    """From when to when a router did not answer; `answered_micros` is None while it does not."""

    router_id: str
    since_micros: int
    answered_micros: int | None


def was_shared(
    silence: SilentTime, of_owner: Sequence[SilentTime], sampled: Iterable[Router], now: datetime
) -> bool | None:
    """Whether all routers of the owner, two at least, fell silent within ten minutes and answered within ten minutes.

    `of_owner` are all silences of the owner's routers, `sampled` the routers that are asked for their health. One that had
    fallen silent long before, or that came later, tells nothing. None while another one may still answer in time.
    """
    assert silence.answered_micros is not None, "the router has answered"
    group = [silence]
    for router in sampled:
        own = [one for one in of_owner if one.router_id == router.router_id]
        if router.router_id == silence.router_id or router.created_at_micros > silence.since_micros:
            continue
        near = [one for one in own if abs(one.since_micros - silence.since_micros) <= TOGETHER_MICROS]
        if not near and any(_was_on(one, silence.since_micros) for one in own):
            continue
        if not near:
            return False
        group.append(near[-1])
    if len(group) < 2 or not _is_together([one.since_micros for one in group]):
        return False
    answered = [one.answered_micros for one in group if one.answered_micros is not None]
    if not _is_together(answered):
        return False
    if len(answered) < len(group):
        return None if now < from_micros(silence.answered_micros) + WAITS_FOR_OTHERS else False
    return True


def _was_on(silence: SilentTime, at_micros: int) -> bool:
    """Whether it had begun by then and went on."""
    is_over = silence.answered_micros is not None and silence.answered_micros <= at_micros
    return silence.since_micros < at_micros and not is_over


def _is_together(instants: Sequence[int]) -> bool:
    return max(instants) - min(instants) <= TOGETHER_MICROS
