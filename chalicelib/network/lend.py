"""Lend: let a direct reseller put its services on one's router, under names that begin with a prefix of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Delete, Operation, Put, Remember, read, write
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.crm.find import services_named_like
from chalicelib.network.find import find_router, lendings_of, read_accesses
from chalicelib.network.in_line import bring_in_line_soon
from chalicelib.network.model import Lending, Place, Router
from chalicelib.network.register import TRIES, busy
from chalicelib.network.store import LendingRow, lending_rows, to_lending, update_of_router, updates_of_lending
from chalicelib.tenants.model import Tenant


def lend_router(tenant: Tenant, text: str, child: Tenant, place: Place, remember: Remember) -> Lending:
    """Let the child use the router with that place on it. `NotFound`.

    `Conflict`: `already-lent`; `prefix-taken` where the prefix of another is the same, begins with it or begins it, or
    where a service of the lender's on the router has a username that begins with it: one of the two could have names that
    look like the other's. A username that comes meanwhile is met on the router (`give_access`).
    """
    for _ in range(TRIES):
        router = find_router(tenant.tenant_id, text)
        lending = Lending(router.router_id, child.tenant_id, place)
        under_child, under_router = lending_rows(lending)
        put = Put(under_child, LendingRow.pk.does_not_exist())
        _check_prefix(lending, lendings_of(router.router_id))
        _check_usernames(router, place.prefix)
        operations: list[Operation] = [
            # Any other lending moves the router's revision: no prefix can have come in between.
            update_of_router(router, router, lendings=1),
            put,
            Put(under_router, LendingRow.pk.does_not_exist()),
        ]
        try:
            write(*operations, *remember(lending))
            return lending
        except ConditionFailed as failure:
            if failure.failed(put):
                raise _already_lent() from None
    raise busy()


def change_lending(tenant: Tenant, text: str, child_id: str, place: Mapping[str, Any]) -> Lending:
    """Change what the child has on the router by the names of a place, but for its prefix, and bring its services in line.

    `NotFound`. An address that lies in none of the networks any more stays with the service that has it.
    """
    for _ in range(TRIES):
        router = find_router(tenant.tenant_id, text)
        row = read(LendingRow, keys.lent_router(child_id, router.router_id))
        if row is None:
            raise NotFound("lending")
        before = to_lending(router.router_id, row)
        after = replace(before, place=replace(before.place, **place))
        if after == before:
            return before
        after = replace(after, revision=before.revision + 1)
        try:
            write(*updates_of_lending(before, after))
        except ConditionFailed:
            continue
        bring_in_line_soon(router.router_id, f"lending.{child_id}.{after.revision}")
        return after
    raise busy()


def end_lending(tenant: Tenant, text: str, child_id: str) -> None:
    """Take the router back. `NotFound`; `Conflict` `router-in-use` while a service of the child is on it."""
    for _ in range(TRIES):
        router = find_router(tenant.tenant_id, text)
        row = read(LendingRow, keys.lent_router(child_id, router.router_id))
        if row is None:
            raise NotFound("lending")
        under_child, under_router = lending_rows(to_lending(router.router_id, row))
        unused = LendingRow.uses.does_not_exist() | (LendingRow.uses == 0)
        gone = Delete(LendingRow.at(under_child.key), LendingRow.pk.exists() & unused)
        try:
            write(update_of_router(router, router, lendings=-1), gone, Delete(LendingRow.at(under_router.key)))
        except ConditionFailed as failure:
            kept = failure.rows[gone] if failure.failed(gone) else None
            if isinstance(kept, LendingRow):
                message = f"Services of this reseller on the router: {kept.uses}, with those that are disconnected."
                raise Conflict("router-in-use", message) from None
            continue
        # Services that were taken off a moment ago may be there yet, under a prefix that is nobody's now.
        bring_in_line_soon(router.router_id, f"lending.{router.revision + 1}")
        return
    raise busy()


def _check_prefix(lending: Lending, others: Sequence[Lending]) -> None:
    if any(other.tenant_id == lending.tenant_id for other in others):
        raise _already_lent()
    prefix = lending.place.prefix
    for other in others:
        if prefix.startswith(other.place.prefix) or other.place.prefix.startswith(prefix):
            raise Conflict("prefix-taken", f"The prefix {other.place.prefix} of another reseller overlaps with it.")


def _check_usernames(router: Router, prefix: str) -> None:
    named = [(router.tenant_id, service) for service in services_named_like(router.tenant_id, prefix)]
    if here := len(read_accesses(router.router_id, named)):
        message = f"Services of yours on the router have usernames that begin with {prefix}: {here}."
        raise Conflict("prefix-taken", message)


def _already_lent() -> Conflict:
    return Conflict("already-lent", "The router is lent to this reseller already.")
