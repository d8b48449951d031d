"""The demo ISP: one month of a small ISP in Bangladesh, lived through day by day before the server listens.

Everything happens through the app as its users would do it, each request under an Idempotency-Key of its own: a fill
that was killed is done again from its first day, and what is there already answers as it did.
"""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import boto3

from chalicelib.auth.admit import NewUser, admit_user
from chalicelib.auth.model import Role
from chalicelib.aws import clock
from chalicelib.aws.config import config
from chalicelib.aws.log import flush_metrics
from chalicelib.billing.restore import restore_services
from chalicelib.billing.run import settle_through
from chalicelib.core.dates import last_ended_day, start_of
from chalicelib.core.errors import Conflict
from chalicelib.tenants.hierarchy import TreeNode, read_chain, read_tree
from local.boxes.process import Listening
from local.demo_desk import DemoClock, Desk, demo_time
from local.demo_isp import DAYS, PASSWORD, RESELLERS, STAFF
from local.demo_month import Act, acts_by_day
from local.demo_network import connect_lines

TIMEZONE: Final = "Asia/Dhaka"
OFFICE_OPENS: Final = timedelta(hours=10)
SETTLES_AT: Final = timedelta(minutes=5)
"""After midnight, for the day before."""


def fill(routers: Sequence[Listening] = ()) -> None:
    """Fill a fresh installation, or go on with one whose filling was cut off. Raises DemoRefusedError on a defect.

    `routers` are the simulated ones; without them nobody is on a router.
    """
    started = time.monotonic()
    with demo_time() as demo_clock:
        first = _first_day()
        _say(f"{len(RESELLERS)} resellers on three levels, from {first} on")
        demo_clock.put_to(start_of(first, TIMEZONE))
        _admit_operator_staff()
        month = _Month(first, demo_clock)
        for number in range(1, DAYS + 1):
            month.live(number)
            if number % 10 == 0:
                _say(f"{number} days lived and settled")
        demo_clock.put_to(datetime.now(UTC))
        month.connect_lines(routers)
    _settle(last_ended_day(clock.now(), TIMEZONE))
    _tell(first, time.monotonic() - started)


class _Month:
    """The month under way: whose id is what, and what is still to happen."""

    def __init__(self, first: date, demo_clock: DemoClock) -> None:
        self._first = first
        self._clock = demo_clock
        self._desk = Desk()
        self._acts = acts_by_day(first)
        self._ids: dict[str, str] = {}

    def live(self, number: int) -> None:
        """Do what happens on that day of the month, and settle it as soon as it has ended."""
        day = self._first + timedelta(days=number - 1)
        midnight = start_of(day, TIMEZONE)
        self._clock.put_to(midnight + OFFICE_OPENS)
        for place, act in enumerate(self._acts[number]):
            self._do(act, f"demo-{number}-{place}")
        self._clock.put_to(midnight + timedelta(days=1) + SETTLES_AT)
        _settle(day)

    def connect_lines(self, routers: Sequence[Listening]) -> None:
        """Put some of the subscribers on the routers."""
        if routers:
            lines = connect_lines(self._desk.ask, self._ids, routers)
            # Each line has told its router; one look is enough, and the first plan of the routers asks for it.
            boto3.client("sqs").purge_queue(QueueUrl=config().routers_queue_url)
            _say(f"{lines} lines are on {len(routers)} simulated routers")

    def _do(self, act: Act, key: str) -> None:
        answer = self._desk.ask(act.by, act.method, _named(act.path, self._ids), _named(act.body, self._ids), key)
        if act.makes is not None:
            self._ids[act.makes] = answer["id"]
        if act.recharges is not None and act.day > 1:
            _restore_below(self._ids[act.recharges])


def _named(value: Any, ids: dict[str, str]) -> Any:
    """The path or body with ids in place of `{CODE}`."""
    if isinstance(value, dict):
        return {name: _named(one, ids) for name, one in value.items()}
    if isinstance(value, str) and value.startswith(("/", "{")):
        return value.format_map(_Ids(ids))
    return value


class _Ids(dict[str, str]):
    """What is not the code of a reseller stays as it is: `{yyyymm}` belongs to customer ids."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _first_day() -> date:
    """Where the demo month begins: so that it ends yesterday, or as it was begun before a kill."""
    begun = next((node.settles_from for node in _nodes() if node.code == RESELLERS[0].code), None)
    return begun or last_ended_day(clock.now(), TIMEZONE) - timedelta(days=DAYS - 1)


def _admit_operator_staff() -> None:
    """The operator's owner is real and has a password of its own; its demo staff are admitted without asking it."""
    for user in STAFF:
        if user.tenant is None:
            new = NewUser(user.name, user.email, PASSWORD, Role(user.role))
            try:
                admit_user((config().operator_id,), new, clock.now())
            except Conflict:
                continue  # Admitted before a kill.


def _settle(day: date) -> None:
    outcome = settle_through(config().operator_id, day, clock.now(), lambda: True)
    flush_metrics()
    assert outcome.is_settled, f"{day} could not be settled for everybody"


def _restore_below(tenant_id: str) -> None:
    """What a worker does after a recharge; there is none before the server listens."""
    for node in reversed(_nodes()):
        if tenant_id in node.chain:
            restore_services(read_chain(node.chain), clock.now())


def _nodes() -> list[TreeNode]:
    return read_tree([config().operator_id])


def _tell(first: date, seconds: float) -> None:
    last = first + timedelta(days=DAYS - 1)
    _say(f"{DAYS} days are settled, {first} to {last}; KAZIPARA ran out of money; done in {seconds:.0f} s")
    _say(f"demo users sign in with the password {PASSWORD}; it is in the open, so keep no real data here:")
    _say("  manager@demo.test (the operator's manager), accountant@demo.test and others")
    _say("  owner@mirpur.test (a reseller with resellers), support@mirpur.test and others")
    _say("  owner@kazipara.test (the reseller that ran out of money)")


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)
