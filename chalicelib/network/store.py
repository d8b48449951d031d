"""Rows of routers, lendings, accesses and terms, and how they become models and back."""

from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.aws import keys
from chalicelib.aws.rows import CrmRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Update
from chalicelib.network.model import (
    Access,
    Lending,
    Method,
    NetworkTerms,
    Place,
    Router,
    SuspendBy,
    Undelivered,
    owner_of,
)


class RouterRow(CrmRow):
    """A router as its owner describes it; the password is sealed.

    `uses` counts its owner's services on it, `lendings` whom it is lent to: it goes away only where both are nothing.
    `revision` moves with what its owner says of it and with every lending.
    """

    name = TextAttribute()
    data = JsonAttribute()
    password = TextAttribute()
    revision = IntegerAttribute()
    uses = IntegerAttribute(null=True)
    lendings = IntegerAttribute(null=True)


class DirectoryRow(CrmRow):
    """That there is a router, in the list of all of the installation."""

    owner = TextAttribute()


class LendingRow(CrmRow):
    """A lending, under the tenant that may use the router, with the count of its services there; and under the router by
    its prefix."""

    tenant = TextAttribute()
    place = JsonAttribute()
    revision = IntegerAttribute()
    uses = IntegerAttribute(null=True)


class AccessRow(CrmRow):
    """How a service gets on; router, tenant and service are in the key."""

    subscriber = IntegerAttribute()
    data = JsonAttribute()
    password = TextAttribute(null=True)
    revision = IntegerAttribute()


class AddressRow(CrmRow):
    """Which service has an address of a router for itself, as its access is keyed."""

    owner = TextAttribute()


class TermsRow(CrmRow):
    """How a tenant wants its services treated on routers."""

    data = JsonAttribute()
    revision = IntegerAttribute()


def router_row(router: Router) -> RouterRow:
    return RouterRow.at(
        keys.router(router.router_id),
        name=router.name,
        data={
            "address": router.address,
            "port": router.port,
            "tls": router.tls,
            "fingerprint": router.fingerprint,
            "username": router.username,
            "place": place_data(router.place),
            "enabled": router.enabled,
            "created_at_micros": router.created_at_micros,
        },
        password=router.password_sealed,
        revision=router.revision,
    )


def to_router(row: RouterRow) -> Router:
    data = row.data
    return Router(
        router_id=row.sk,
        name=row.name,
        address=data["address"],
        port=data["port"],
        tls=data["tls"],
        fingerprint=data["fingerprint"],
        username=data["username"],
        password_sealed=row.password,
        place=to_place(data["place"]),
        enabled=data["enabled"],
        created_at_micros=data["created_at_micros"],
        revision=row.revision,
        uses=row.uses or 0,
        lendings=row.lendings or 0,
    )


def update_of_router(before: Router, after: Router, lendings: int = 0) -> Update:
    """What is said of a router from now on, only while it is as `before` was read; so many more lendings.

    What its services count meanwhile is not touched. The revision grows by one.
    """
    row = router_row(after)
    actions: list[Action] = [
        RouterRow.name.set(row.name),
        RouterRow.data.set(row.data),
        RouterRow.password.set(row.password),
        RouterRow.revision.set(before.revision + 1),
    ]
    if lendings:
        actions.append(RouterRow.lendings.add(lendings))
    return Update(RouterRow.at(row.key), actions, RouterRow.revision == before.revision)


def counted(router_id: str, tenant_id: str, services: int) -> Update:
    """So many more services of the tenant on the router, only while it may use it: the router of its own, or what it is
    lent by. `services` is less than nothing where some were taken away."""
    if owner_of(router_id) == tenant_id:
        router = RouterRow.at(keys.router(router_id))
        return Update(router, [RouterRow.uses.add(services)], RouterRow.pk.exists())
    lending = LendingRow.at(keys.lent_router(tenant_id, router_id))
    return Update(lending, [LendingRow.uses.add(services)], LendingRow.pk.exists())


def place_data(place: Place) -> dict[str, Any]:
    return {
        "prefix": place.prefix,
        "profiles": dict(place.profiles),
        "pool": place.pool,
        "local_address": place.local_address,
        "hotspot_server": place.hotspot_server,
        "arp_interface": place.arp_interface,
        "networks": list(place.networks),
    }


def to_place(data: dict[str, Any]) -> Place:
    return Place(**{**data, "networks": tuple(data["networks"])})


def lending_rows(lending: Lending) -> tuple[LendingRow, LendingRow]:
    """The row under the tenant that uses the router, and the one under the router."""
    data: dict[str, Any] = {
        "tenant": lending.tenant_id,
        "place": place_data(lending.place),
        "revision": lending.revision,
    }
    return (
        LendingRow.at(keys.lent_router(lending.tenant_id, lending.router_id), **data),
        LendingRow.at(keys.router_lending(lending.router_id, lending.place.prefix), **data),
    )


def updates_of_lending(before: Lending, after: Lending) -> list[Update]:
    """What is lent from now on, only while it is as `before` was read; the prefix stays, and so does what is counted."""
    return [
        Update(
            LendingRow.at(row.key),
            [LendingRow.place.set(row.place), LendingRow.revision.set(after.revision)],
            LendingRow.revision == before.revision,
        )
        for row in lending_rows(after)
    ]


def to_lending(router_id: str, row: LendingRow) -> Lending:
    return Lending(router_id, row.tenant, to_place(row.place), row.revision, row.uses or 0)


def access_row(access: Access) -> AccessRow:
    return AccessRow.at(
        keys.router_access(access.router_id, access.tenant_id, access.service),
        subscriber=access.subscriber,
        data={
            "method": access.method.value,
            "address": access.address,
            "locks_mac": access.locks_mac,
            "password_version": access.password_version,
            "adopts": access.adopts,
        },
        password=access.password_sealed,
        revision=access.revision,
    )


def to_access(router_id: str, row: AccessRow) -> Access:
    tenant_id, _, service = row.sk.rpartition(".")
    data = row.data
    return Access(
        router_id=router_id,
        tenant_id=tenant_id,
        subscriber=row.subscriber,
        service=int(service),
        method=Method(data["method"]),
        address=data["address"],
        locks_mac=data["locks_mac"],
        password_sealed=row.password,
        password_version=data["password_version"],
        adopts=data["adopts"],
        revision=row.revision,
    )


def address_row(access: Access) -> AddressRow | None:
    """That the service has its address for itself; None where it has none of its own."""
    if access.address is None:
        return None
    owner = keys.router_access(access.router_id, access.tenant_id, access.service).sk
    return AddressRow.at(keys.router_address(access.router_id, access.address), owner=owner)


def terms_row(tenant_id: str, terms: NetworkTerms) -> TermsRow:
    data = {
        "suspend_by": terms.suspend_by.value,
        "expired_profile": terms.expired_profile,
        "expired_list": terms.expired_list,
        "active_list": terms.active_list,
        "undelivered": terms.undelivered.value,
        "mends_drift": terms.mends_drift,
    }
    return TermsRow.at(keys.network_terms(tenant_id), data=data, revision=terms.revision)


def to_terms(row: TermsRow | None) -> NetworkTerms:
    if row is None:
        return NetworkTerms()
    data = dict(row.data)
    return NetworkTerms(
        suspend_by=SuspendBy(data.pop("suspend_by")),
        undelivered=Undelivered(data.pop("undelivered")),
        revision=row.revision,
        **data,
    )
