"""How often people may have routers asked, so that nobody keeps a router, or the way to all of them, from everybody else.

Plans and previews of imports, for which a router is read as a whole, are made one at a time for each tenant and router:
whoever it is lent to locks nobody else out. Tests of connections are so many a minute for each tenant: each keeps a place
on the way to all routers for up to six seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from chalicelib.aws import clock, keys
from chalicelib.aws.rows import CrmRow, IntegerAttribute, TextAttribute
from chalicelib.aws.tables import ConditionFailed, Delete, Put, Update, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import TooMany, Unavailable

TESTS_A_MINUTE = 60
COME_AGAIN_AFTER = 2
"""Seconds: most routers are read in one."""
_MINUTE = 60


class ReadingRow(CrmRow):
    """Somebody of a tenant has a router read as a whole; whoever it is has gone away by `until`."""

    token = TextAttribute()
    until = IntegerAttribute()
    expires_at = IntegerAttribute()


class ConnectionTestsRow(CrmRow):
    """The tests of a tenant's in one minute."""

    made = IntegerAttribute()
    expires_at = IntegerAttribute()


@contextmanager
def alone_with(tenant_id: str, router_id: str, seconds: float) -> Iterator[None]:
    """Nobody else of the tenant has the router read in the meantime, which is no longer than so many seconds. Other tenants
    that may use the router are neither kept out nor waited for.

    `TooMany` `router-being-read` while somebody of the tenant has.
    """
    now = clock.now()
    until, token = now + timedelta(seconds=seconds), clock.new_id("")
    key = keys.router_reading(router_id, tenant_id)
    row = ReadingRow.at(key, token=token, until=to_micros(until), expires_at=_seconds(until))
    held = Put(row, ReadingRow.pk.does_not_exist() | (ReadingRow.until <= to_micros(now)))
    try:
        write(held)
    except ConditionFailed:
        raise TooMany(
            "router-being-read",
            "You have this router read at this moment; please send the request again.",
            COME_AGAIN_AFTER,
        ) from None
    try:
        yield
    finally:
        _let_go(key, token)


def _let_go(key: keys.Key, token: str) -> None:
    try:
        write(Delete(ReadingRow.at(key), ReadingRow.token == token))
    except (ConditionFailed, Unavailable):
        return  # It took too long, and somebody else has it by now; or nobody has, when its time is over.


def count_test(tenant_id: str, now: datetime) -> None:
    """One more test of a connection in this minute. `TooMany` `too-many-tests` after sixty."""
    minute, passed = divmod(int(now.timestamp()), _MINUTE)
    row = ConnectionTestsRow.at(keys.connection_tests(tenant_id, minute))
    actions = [ConnectionTestsRow.made.add(1), ConnectionTestsRow.expires_at.set((minute + 2) * _MINUTE)]
    try:
        write(Update(row, actions, ConnectionTestsRow.pk.does_not_exist() | (ConnectionTestsRow.made < TESTS_A_MINUTE)))
    except ConditionFailed:
        raise TooMany(
            "too-many-tests", f"There have been {TESTS_A_MINUTE} tests of routers in this minute.", _MINUTE - passed
        ) from None


def _seconds(at: datetime) -> int:
    return int(at.timestamp()) + 1
