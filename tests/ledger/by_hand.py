"""What the tests of books by hand share: short ways to ask for things, and somebody who acts between two calls."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from chalicelib.auth.model import Author
from chalicelib.core.errors import Refusal
from chalicelib.ledger.hand.manual import record_voucher
from chalicelib.ledger.hand.vouchers import MANUAL, Voucher
from chalicelib.ledger.journal import GENERAL, Entry, Line
from chalicelib.ledger.periods import CLOSE, Change, change_periods, read_periods
from chalicelib.ledger.settings import change_settings
from chalicelib.ledger.statements import read_heads
from chalicelib.tenants.model import Tenant
from tests.ledger.entries import TODAY, sale
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW

CLERK = Author("uclerk")
ON_BEHALF = Author("uboss", "op/uhelper")
"""Somebody of the operator's, signed in as the boss."""

PowerCut = type("PowerCut", (BaseException,), {})


def voucher(lines: tuple[Line, ...] | None = None, journal: str = GENERAL, on: date = TODAY, **more: Any) -> Voucher:
    return Voucher(MANUAL, journal, on, "by hand", sale() if lines is None else lines, **more)


def post(tenant: Tenant, asked: Voucher, author: Author = BOSS, now: datetime = NOW) -> Entry:
    return record_voucher(tenant, asked, author, now)


def limit(tenant: Tenant, minor: int | None) -> None:
    """Set the amount above which a second person approves."""
    change_settings(tenant.tenant_id, {"approval_above_minor": minor})


def close_through(tenant: Tenant, day: date) -> None:
    """Close the book through a day, whether anybody has settled it or not."""
    change = Change(CLOSE, f"{day:%Y-%m}", day, BOSS, "", NOW)
    change_periods(read_periods(tenant.tenant_id), change, lambda _: ([], ()))


def net(tenant_id: str, code: str) -> int:
    """The net debit of an account by the heads."""
    return sum(head.totals.get(code, 0) for head in read_heads(tenant_id))


def refusal(act: Callable[..., object], *of: Any) -> str:
    """The code of the refusal that an act ends in, or "" when it is carried out."""
    try:
        act(*of)
    except Refusal as refused:
        return refused.code
    return ""


def calls_of(engine: MemoryDynamoDB, act: Callable[[], object]) -> int:
    """How many requests an act makes."""
    with engine.measured() as meter:
        act()
    return meter.requests


def between(engine: MemoryDynamoDB, at: int, other: Callable[..., object], *of: Any) -> None:
    """Let somebody else act just before the at-th call from here on."""
    seen = 0

    def hook(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal seen
        if phase == "before":
            seen += 1
            if seen == at + 1:
                engine.faults = None
                other(*of)

    engine.faults = hook


def power_cut(engine: MemoryDynamoDB, at: int, phase: str) -> None:
    """The process is gone before or after the at-th call from here on."""
    seen = 0

    def hook(when: str, number: int, operation: str, params: Any) -> None:
        nonlocal seen
        seen += when == phase
        if when == phase and seen == at + 1:
            raise PowerCut

    engine.faults = hook
