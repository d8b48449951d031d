"""Register: take a router on, change what is said of it, and let it go. The password is sealed before it is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.aws import clock, keys
from chalicelib.aws.queue import send_to_routers
from chalicelib.aws.tables import ConditionFailed, Delete, Operation, Put, Remember, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, Unavailable, invalid_field
from chalicelib.network.credentials import seal_router_password
from chalicelib.network.find import find_router, own_routers
from chalicelib.network.in_line import bring_in_line
from chalicelib.network.model import Place, Router
from chalicelib.network.silence import SilenceRow
from chalicelib.network.state import StateRow, read_state, switched_off
from chalicelib.network.store import DirectoryRow, RouterRow, router_row, update_of_router
from chalicelib.tenants.model import Tenant

MOST_ROUTERS = 1_000
"""Of a tenant. Each is asked how it is every five minutes, and what all tenants have is looked through every minute."""
TRIES = 8
ID_LENGTH = 8


@dataclass(frozen=True)
class NewRouter:
    """A router as its owner describes it."""

    name: str
    address: str
    port: int
    tls: bool
    fingerprint: str | None
    username: str
    password: str
    place: Place
    enabled: bool = True


@dataclass(frozen=True)
class RouterChange:
    """What a PATCH names: fields of the router and of the owner's place on it by name, and a new password."""

    fields: dict[str, Any] = field(default_factory=dict)
    place: dict[str, Any] = field(default_factory=dict)
    password: str | None = None


def register_router(tenant: Tenant, asked: NewRouter, now: datetime, remember: Remember) -> Router:
    """Take on a router of the tenant's, in the list of all of the installation too.

    `Conflict` `too-many-routers` for who has a thousand (two that come at once may both be let in). `Unavailable` without
    the key.
    """
    if len(own_routers(tenant.tenant_id)) >= MOST_ROUTERS:
        raise Conflict("too-many-routers", f"There are {MOST_ROUTERS} routers already; let one go first.")
    router_id = f"{tenant.tenant_id}.{clock.new_id('r', ID_LENGTH)}"
    router = Router(
        router_id=router_id,
        name=asked.name,
        address=asked.address,
        port=asked.port,
        tls=asked.tls,
        fingerprint=asked.fingerprint,
        username=asked.username,
        password_sealed=seal_router_password(router_id, asked.password),
        place=asked.place,
        enabled=asked.enabled,
        created_at_micros=to_micros(now),
    )
    write(
        Put(router_row(router), RouterRow.pk.does_not_exist()),
        Put(_listed(tenant, router_id)),
        *remember(router),
    )
    return router


def edit_router(tenant: Tenant, text: str, change: RouterChange) -> Router:
    """Change what is named, and have the router brought in line with it. `NotFound`.

    422 on `password`, which is required wherever the one that is kept could go to another machine than it was given for.
    Sent again it is the same router, and brought in line again.
    """
    router = find_router(tenant.tenant_id, text)
    sealed = None if change.password is None else seal_router_password(router.router_id, change.password)

    def changed(before: Router) -> Router:
        after = replace(before, **change.fields, place=replace(before.place, **change.place))
        if sealed is None and _may_lead_elsewhere(before, after):
            message = "is required where the address, the port or the encryption change or the fingerprint does"
            raise invalid_field("password", message)
        return after if sealed is None else replace(after, password_sealed=sealed)

    after = _write_changed(router, changed)
    send_to_routers([bring_in_line(after.router_id, f"router.{after.revision}")])
    return after


def _write_changed(router: Router, changed: Callable[[Router], Router]) -> Router:
    before = router
    for _ in range(TRIES):
        after = changed(before)
        if after == before:
            return before
        try:
            is_off_now = before.enabled and not after.enabled
            silenced = [switched_off(after.router_id, clock.now())] if is_off_now else []
            write(update_of_router(before, after), *silenced)
            return replace(after, revision=before.revision + 1)
        except ConditionFailed:
            before = find_router(before.tenant_id, before.router_id)
    raise busy()


def remove_router(tenant: Tenant, text: str) -> None:
    """Let a router go, with what is known of it; what is on it stays there. `NotFound`.

    `Conflict` `router-in-use` while a service is on it or it is lent to somebody.
    """
    router = find_router(tenant.tenant_id, text)
    unused = RouterRow.uses.does_not_exist() | (RouterRow.uses == 0)
    unused &= RouterRow.lendings.does_not_exist() | (RouterRow.lendings == 0)
    row = RouterRow.at(keys.router(router.router_id))
    gone = Delete(row, RouterRow.pk.exists() & unused)
    known: list[Operation] = [
        Delete(_listed(tenant, router.router_id)),
        Delete(StateRow.at(keys.router_state(router.router_id))),
    ]
    since = read_state(router.router_id).silent_since_micros
    if since is not None:
        # Nothing will ever end it: a router that is gone answers no more.
        known.append(Delete(SilenceRow.at(keys.router_silence(router.router_id, since))))
    try:
        write(gone, *known)
    except ConditionFailed as failure:
        kept = failure.rows[gone]
        if not isinstance(kept, RouterRow):
            return  # Somebody else let it go a moment ago.
        services = f"Services of yours on this router: {kept.uses or 0}, with those that are disconnected."
        raise Conflict("router-in-use", f"{services} Resellers that it is lent to: {kept.lendings or 0}.") from None


def busy() -> Unavailable:
    """Others keep changing the router."""
    return Unavailable("busy", "This router is being changed by others; please send the request again.")


def _may_lead_elsewhere(before: Router, after: Router) -> bool:
    """Whether somebody who does not know the password could have it sent to a machine of theirs by this change."""
    weaker = before.tls and not after.tls
    other_pin = before.fingerprint is not None and after.fingerprint != before.fingerprint
    return (after.address, after.port) != (before.address, before.port) or weaker or other_pin


def _listed(tenant: Tenant, router_id: str) -> DirectoryRow:
    return DirectoryRow.at(keys.one_of_all_routers(tenant.chain[0], router_id), owner=tenant.tenant_id)
