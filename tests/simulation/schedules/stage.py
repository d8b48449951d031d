"""The world that schedules play in: built once, and back to any earlier moment of it in microseconds.

Operator, Alpha, Beta under Alpha, Gamma beside Alpha (`tests/world.py`), prices on both edges, days from 20 November on,
and today is the 22nd. Beta has five services and a fund that covers three of them for a day; Alpha has one, and
Gamma one that starts a day later.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

from chalicelib.api.call import ClaimRow
from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys, log, rows
from chalicelib.aws.tables import AlreadyDone, Operation, Put, Remember, read
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Refusal
from tests.conftest import create_tables
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

FIRST = date(2026, 11, 20)
"""The first day that is settled; it and the one after it have ended."""
TODAY = date(2026, 11, 22)
ALPHA_MINOR, BETA_MINOR, GAMMA_MINOR = 100_000, 6_000, 5_000
AUTHOR = Author("uboss")


class Stage:
    """The engine, the world in it, and the clock that both go by."""

    def __init__(self, engine: MemoryDynamoDB) -> None:
        self.engine = engine
        self.now = NOW
        world = World.build(FIRST)
        world.fund(ALPHA_MINOR, BETA_MINOR)
        world.recharge(world.operator, world.gamma, GAMMA_MINOR)
        for number in range(1, 6):
            world.connect(world.beta_chain, f"s{number}", "HOME", FIRST)
        world.connect(world.alpha_chain, "a1", "FAST", FIRST)
        world.connect(world.gamma_chain, "g1", "HOME", FIRST + timedelta(days=1))
        self.world = world
        self.base = engine.remember()

    @property
    def today(self) -> date:
        """The day that it is for everybody here."""
        return day_at(self.now, self.world.beta.timezone)

    def wait(self, seconds: float) -> None:
        """Let time go by; back, for a worker whose clock is slow."""
        self.now += timedelta(seconds=seconds)

    def reset(self) -> None:
        """The world as it was built."""
        self.engine.faults = None
        self.engine.rewind(self.base)
        self.now = NOW

    def claimed(self, request: str, act: Callable[[Remember], object]) -> None:
        """Do it as the API does for a client's idempotency key: once, however often it is asked for.

        Two at once under one key can refuse each other, so a refusal is only told while the claim is not there.
        """
        key = keys.claim("op", AUTHOR.user_id, "POST /v1/schedules", request)
        if read(ClaimRow, key) is not None:
            return
        row = ClaimRow.at(key, request=request, status=201, answer="{}")
        try:
            act(lambda outcome: _claim(row))
        except AlreadyDone:
            return
        except Refusal:
            if read(ClaimRow, key) is None:
                raise


def _claim(row: ClaimRow) -> list[Operation]:
    return [Put(row, ClaimRow.pk.does_not_exist(), claims=True)]


@contextmanager
def open_stage() -> Iterator[Stage]:
    """A stage for this process, whose clock stands still unless it is told to `wait`."""
    engine = MemoryDynamoDB()
    now: list[Callable[[], datetime]] = [lambda: NOW]
    restore = clock.replace(now=lambda: now[0](), sleep=lambda seconds: None, pick=lambda choices: choices[0])
    logging.disable(logging.CRITICAL)
    try:
        with engine.installed(), patch.object(log, "_metrics", SimpleNamespace(add_metric=lambda **_: None)):
            rows.forget_connections()
            create_tables()
            stage = Stage(engine)
            now[0] = lambda: stage.now
            # As in the functions themselves: what is there for good is not looked through again and again.
            gc.collect()
            gc.freeze()
            yield stage
    finally:
        gc.unfreeze()
        logging.disable(logging.NOTSET)
        restore()
        rows.forget_connections()
