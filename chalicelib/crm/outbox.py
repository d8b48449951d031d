"""The outbox: which services on routers changed. A row is written in the transaction of the change itself.

A row says that something changed and from when it holds, not what to do: whoever delivers it looks at the service as it
is then. So a row may be delivered twice, late, or together with others.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.aws import clock, keys
from chalicelib.aws.keys import Key
from chalicelib.aws.log import log
from chalicelib.aws.queue import send_to_routers
from chalicelib.aws.tables import (
    MAX_BATCH_WRITE,
    ConditionFailed,
    Delete,
    Operation,
    Put,
    Update,
    put_many,
    read_page,
    write,
)
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Unavailable
from chalicelib.crm.access_change import AccessChange, changes_between
from chalicelib.crm.lanes import chunks
from chalicelib.crm.outbox_store import ChangeRow, change_row, to_change
from chalicelib.crm.store import update_of
from chalicelib.crm.subscriber import Subscriber

MOST_LOOKS = 5
"""Requests in which what waits on a router is looked through for one service: some 25,000 changes."""


def changed(before: Subscriber, after: Subscriber, now: datetime, anyway: Collection[int] = ()) -> list[Operation]:
    """The write of a subscriber that changed, only while it is as `before` was read, and what its routers have to hear;
    of the services that are told of `anyway` also where they are as they were.

    The first of the operations is the subscriber's.
    """
    return [update_of(before, after), *told(before, after, now, anyway)]


def told(before: Subscriber | None, after: Subscriber, now: datetime, anyway: Collection[int] = ()) -> list[Operation]:
    """What the routers have to hear of the change alone (`access_change.py`)."""
    return [Put(change_row(change)) for change in changes_between(before, after, now, anyway)]


def due_changes(
    router_id: str, now: datetime, *, limit: int, after: Key | None = None, of: str | None = None
) -> tuple[list[AccessChange], bool]:
    """The changes of a router that hold by now, oldest first, and whether there are more behind them.

    Of one tenant alone with `of`: those among the first `limit` of the router, all of which are read.
    """
    page = read_page(
        ChangeRow,
        keys.access_changes(router_id),
        last=keys.due_bound(to_micros(now)),
        after=None if after is None else after.sk,
        limit=limit,
        filter_on=None if of is None else ChangeRow.tenant == of,
    )
    return [to_change(router_id, row) for row in page.rows], page.after is not None


def waiting_change(router_id: str, tenant_id: str, service: int, now: datetime) -> tuple[AccessChange | None, bool]:
    """The change of one service that has waited for longest to be delivered, and, where none was found, whether more waits
    on the router than was looked through for it: some five thousand changes a request, and five requests."""
    is_of_service = (ChangeRow.tenant == tenant_id) & (ChangeRow.service == service)
    last, after = keys.due_bound(to_micros(now)), None
    for _ in range(MOST_LOOKS):
        page = read_page(ChangeRow, keys.access_changes(router_id), last=last, after=after, filter_on=is_of_service)
        if page.rows:
            return to_change(router_id, page.rows[0]), False
        if page.after is None:
            return None, False
        after = page.after
    return None, True


def add_changes(changes: Sequence[AccessChange]) -> None:
    """Have these services looked at again on their router, each row for itself; twenty-five in a request."""
    for some in chunks(changes, MAX_BATCH_WRITE):
        put_many([change_row(change) for change in some])


def delivered(change: AccessChange) -> Operation:
    """The write that takes a delivered change out. One that is gone already is none the worse."""
    return Delete(ChangeRow.at(change.key))


def looked_after(change: AccessChange, due_micros: int) -> Operation:
    """The write that has the same service looked at again at that instant, once however often it is written."""
    return Put(change_row(replace(change, due_micros=due_micros, token="day", tries=0, reason=None, after_micros=0)))


def put_off(change: AccessChange, reason: str, after_micros: int) -> None:
    """The router refused it: it is tried again, not before that instant. Nothing happens to one that was delivered."""
    actions = [
        ChangeRow.tries.set(change.tries + 1),
        ChangeRow.reason.set(reason),
        ChangeRow.after.set(after_micros),
    ]
    try:
        write(Update(ChangeRow.at(change.key), actions, ChangeRow.pk.exists()))
    except ConditionFailed:
        return


def hurry(change: AccessChange) -> None:
    """It is not left alone any longer. Nothing happens to one that was delivered."""
    try:
        write(Update(ChangeRow.at(change.key), [ChangeRow.after.remove()], ChangeRow.pk.exists()))
    except ConditionFailed:
        return


def wake_routers(operations: Iterable[Operation]) -> None:
    """Tell the workers of the routers that these writes are about, after they were written.

    The plan of each minute tells them too, so that a message that cannot be sent costs a minute and no change.
    """
    now_micros = to_micros(clock.now())
    routers: dict[str, None] = {}
    for operation in operations:
        if isinstance(operation.row, ChangeRow) and int(operation.row.sk.split("#", 1)[0]) <= now_micros:
            routers[operation.row.pk.rpartition("#")[2]] = None
    wake(routers)


def wake(routers: Iterable[str]) -> None:
    """Tell the workers of these routers that something waits for them."""
    messages = [(one, clock.new_id(""), {"do": "deliver", "router": one}) for one in routers]
    if not messages:
        return
    try:
        send_to_routers(messages)
    except Unavailable as refusal:
        log("routers not woken", routers=len(messages), reason=refusal.detail)
