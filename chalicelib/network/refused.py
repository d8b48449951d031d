"""Refused changes: what a router has said no to too often. They wait here for a person, with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.aws import keys
from chalicelib.aws.rows import CrmRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Delete, Operation, Put, read_all, read_many, read_page, write
from chalicelib.crm.access_change import AccessChange


class RefusedRow(CrmRow):
    """A refused change, under its service: a newer one takes its place."""

    subscriber = IntegerAttribute()
    names = JsonAttribute()
    due = IntegerAttribute()
    refused = IntegerAttribute()
    tries = IntegerAttribute()
    reason = TextAttribute()


@dataclass(frozen=True)
class RefusedChange:
    """A change that is not tried any more. `due_micros` is when it was to hold, `refused_micros` when it was given up."""

    router_id: str
    tenant_id: str
    subscriber: int
    service: int
    names: tuple[str, ...]
    due_micros: int
    refused_micros: int
    tries: int
    reason: str


def refuse(change: AccessChange, reason: str, now_micros: int) -> list[Operation]:
    """The writes that take a change out of the outbox and keep it here."""
    key = keys.refused_change(change.router_id, change.tenant_id, change.service)
    row = RefusedRow.at(
        key,
        subscriber=change.subscriber,
        names=list(change.names),
        due=change.due_micros,
        refused=now_micros,
        tries=change.tries + 1,
        reason=reason,
    )
    return [Put(row)]


def accepted(router_id: str, tenant_id: str, service: int) -> Operation:
    """The write that forgets that something of the service was refused: it is as wanted now."""
    return Delete(RefusedRow.at(keys.refused_change(router_id, tenant_id, service)))


def list_refused(router_id: str, limit: int, after: str | None) -> tuple[list[RefusedChange], str | None]:
    """A page of what the router refused, by tenant and service."""
    page = read_page(RefusedRow, keys.refused_changes(router_id), limit=limit, after=after)
    return [_to_refused(router_id, row) for row in page.rows], page.after


def all_refused(router_id: str) -> list[RefusedChange]:
    """Everything that the router refused."""
    return [_to_refused(router_id, row) for row in read_all(RefusedRow, keys.refused_changes(router_id))]


def refused_among(router_id: str, services: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of these (tenant, service) that something was refused of."""
    asked = list(services)
    rows = read_many([(RefusedRow, keys.refused_change(router_id, *service)) for service in asked])
    return {service for service, row in zip(asked, rows, strict=True) if row is not None}


def as_changes(refused: Sequence[RefusedChange], due_micros: int) -> list[AccessChange]:
    """The same as changes to be tried again."""
    return [
        AccessChange(one.router_id, one.tenant_id, one.subscriber, one.service, one.names, due_micros, "again")
        for one in refused
    ]


def forget_refused(refused: Sequence[RefusedChange]) -> None:
    """They are being tried again."""
    for one in refused:
        write(accepted(one.router_id, one.tenant_id, one.service))


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
    )
