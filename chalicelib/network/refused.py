"""Refused changes: what a router has said no to too often. They wait here for a person, with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.aws import keys
from chalicelib.aws.rows import CrmRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import ConditionFailed, Delete, Operation, Put, read, read_all, read_many, read_page, write
from chalicelib.crm.access_change import AccessChange, escaped, unescaped
from chalicelib.crm.lanes import in_lanes
from chalicelib.network.failure import readable

AGAIN = "again"
"""The token of a refused change that is tried again."""


class RefusedRow(CrmRow):
    """A refused change, under its service: a newer one takes its place."""

    subscriber = IntegerAttribute()
    names = JsonAttribute()
    found_as = TextAttribute(null=True)
    due = IntegerAttribute()
    refused = IntegerAttribute()
    tries = IntegerAttribute()
    reason = TextAttribute()
    off_since = IntegerAttribute(null=True)


@dataclass(frozen=True)
class RefusedChange:
    """A change that is not tried any more. `due_micros` is when it was to hold, `refused_micros` when it was given up.

    `names` are the usernames that the service has had since it was as wanted last, `found_as` the names of its entries where
    a comparison told of them: under one of these its entry is there, if it is. `off_since_micros`: since then the service is
    off on the router that should be on; None where it is not off.
    """

    router_id: str
    tenant_id: str
    subscriber: int
    service: int
    names: tuple[str, ...]
    due_micros: int
    refused_micros: int
    tries: int
    reason: str
    off_since_micros: int | None = None
    found_as: tuple[str, ...] = ()

    @property
    def shown_names(self) -> tuple[str, ...]:
        """What a person knows the service by."""
        return self.names or tuple(map(readable, self.found_as))


def refuse(
    change: AccessChange,
    reason: str,
    now_micros: int,
    off_since_micros: int | None = None,
    before: RefusedChange | None = None,
) -> list[Operation]:
    """The write that keeps a change here that is taken out of the outbox; with since when the service is off for it, and the
    names of what was refused of the same service `before`."""
    key = keys.refused_change(change.router_id, change.tenant_id, change.service)
    names = dict.fromkeys([*change.names, *(() if before is None else before.names)])
    found_as = dict.fromkeys([*change.found_as, *(() if before is None else before.found_as)])
    row = RefusedRow.at(
        key,
        subscriber=change.subscriber,
        names=list(names),
        found_as=escaped(found_as),
        due=change.due_micros,
        refused=now_micros,
        tries=change.tries + 1,
        reason=reason,
        off_since=off_since_micros,
    )
    return [Put(row)]


def accepted(router_id: str, tenant_id: str, service: int) -> Operation:
    """The write that forgets that something of the service was refused: it is as wanted now."""
    return Delete(RefusedRow.at(keys.refused_change(router_id, tenant_id, service)))


def list_refused(
    router_id: str, limit: int, after: str | None = None, of: str | None = None
) -> tuple[list[RefusedChange], str | None]:
    """A page of what the router refused, by tenant and service; with `of` of that tenant's services alone."""
    first, last = (None, None) if of is None else keys.services_of(of)
    page = read_page(RefusedRow, keys.refused_changes(router_id), first=first, last=last, limit=limit, after=after)
    return [_to_refused(router_id, row) for row in page.rows], page.after


def find_refused(router_id: str, tenant_id: str, service: int) -> RefusedChange | None:
    """What the router refused of one service."""
    row = read(RefusedRow, keys.refused_change(router_id, tenant_id, service))
    return None if row is None else _to_refused(router_id, row)


def all_refused(router_id: str) -> list[RefusedChange]:
    """Everything that the router refused."""
    return [_to_refused(router_id, row) for row in read_all(RefusedRow, keys.refused_changes(router_id))]


def refused_of(router_id: str, services: Iterable[tuple[str, int]]) -> dict[tuple[str, int], RefusedChange]:
    """What was refused of these (tenant, service)."""
    rows = read_many([(RefusedRow, keys.refused_change(router_id, *service)) for service in services])
    found = [_to_refused(router_id, row) for row in rows if row is not None]
    return {(one.tenant_id, one.service): one for one in found}


def as_changes(refused: Sequence[RefusedChange], due_micros: int) -> list[AccessChange]:
    """The same as changes to be tried again, due at that instant; where a service is off for one, since it is."""
    return [
        AccessChange(
            one.router_id,
            one.tenant_id,
            one.subscriber,
            one.service,
            one.names,
            min(due_micros, one.off_since_micros or due_micros),
            AGAIN,
            reason=one.reason,
            found_as=one.found_as,
        )
        for one in refused
    ]


def forget_refused(refused: Sequence[RefusedChange]) -> None:
    """They are being tried again."""
    in_lanes(_forget, refused)


def _forget(one: RefusedChange) -> None:
    row = RefusedRow.at(keys.refused_change(one.router_id, one.tenant_id, one.service))
    try:
        write(Delete(row, RefusedRow.refused == one.refused_micros))
    except ConditionFailed:
        return  # It was refused anew since it was read, and that stays; or somebody else has forgotten it.


def _to_refused(router_id: str, row: RefusedRow) -> RefusedChange:
    tenant_id, _, service = row.sk.rpartition(".")
    return RefusedChange(
        router_id,
        tenant_id,
        row.subscriber,
        int(service),
        tuple(row.names),
        row.due,
        row.refused,
        row.tries,
        row.reason,
        row.off_since,
        unescaped(row.found_as),
    )
