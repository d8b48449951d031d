"""Give access: put a service on a router, change how it gets on there, move it to another one, or take it off.

One transaction: the subscriber, whose revision keeps two changes of one service apart; its access; the address that it
has for itself; the counts that keep a router or a lending from going while they are used; what the routers have to hear.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Delete, Operation, Put, Remember, forget, write
from chalicelib.core.dates import day_at, to_micros
from chalicelib.core.errors import Conflict, NotFound, Unavailable, invalid_field
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.outbox import add_changes, changed, wake, wake_routers
from chalicelib.crm.service import Service, ServiceStatus
from chalicelib.crm.subscriber import Subscriber
from chalicelib.crm.words import fold
from chalicelib.network.address import lies_in
from chalicelib.network.credentials import seal_service_password
from chalicelib.network.find import find_access, lendings_of, usable_router
from chalicelib.network.model import Access, Method, Place, Router
from chalicelib.network.store import AccessRow, AddressRow, access_row, address_row, counted
from chalicelib.tenants.model import Tenant

TRIES = 8


@dataclass(frozen=True)
class AskedAccess:
    """How a service is to get on: on which router, by its id. No password is the one that it has.

    `adopts`: an entry of the router that has its name and is nobody's here becomes the service's, with its password.
    """

    router: str
    method: Method
    address: str | None = None
    locks_mac: bool = False
    password: str | None = None
    adopts: bool = False


@dataclass(frozen=True)
class GivenAccess:
    """How a service gets on, and where: the router and the tenant's place on it."""

    subscriber: Subscriber
    service: Service
    access: Access
    router: Router
    place: Place

    @property
    def sign_in_name(self) -> str:
        """What the service signs in with."""
        return self.place.prefix + self.service.username


def give_access(
    tenant: Tenant,
    subscriber_number: int,
    service_number: int | None,
    asked: AskedAccess,
    now: datetime,
    remember: Remember = forget,
) -> GivenAccess:
    """Let a service get on that way from now on; asked for again it is as it was, and its router is looked after for it:
    somebody may have changed it there by hand.

    `NotFound` for the subscriber; 422 on `service`, `router`, `address`, `password`, `locks_mac` and `take_over`;
    `Conflict`: `service-disconnected`, `address-taken`, and `name-taken` where another tenant's names on the router begin
    so.
    """
    _check_method(asked)
    sealed: str | None = None
    for _ in range(TRIES):
        before = find_subscriber(tenant.tenant_id, subscriber_number)
        service = _service_asked(before, service_number)
        router, place = _router_asked(tenant, asked.router)
        _check_service(tenant, service, asked, now)
        if router.tenant_id != tenant.tenant_id:
            _check_lent(place, asked)
        _check_name(tenant, router, service)
        old = _access_of(tenant.tenant_id, service)
        if asked.password is not None and sealed is None:
            sealed = seal_service_password(tenant.tenant_id, service.number, asked.password)
        access = _access(before, service, asked, router, old, sealed)
        if access == old:
            _have_looked_at(before, service, access, now)
            return GivenAccess(before, service, access, router, place)
        after = _on_router(before, service, router.router_id)
        operations = [*changed(before, after, now, anyway=[service.number]), *_moves(old, access), *remember(access)]
        try:
            write(*operations)
        except ConditionFailed as failure:
            _refuse_taken(failure, access)
            continue
        wake_routers(operations)
        return GivenAccess(after, _service_asked(after, service.number), access, router, place)
    raise _busy()


def _have_looked_at(subscriber: Subscriber, service: Service, access: Access, now: datetime) -> None:
    again = AccessChange(
        router_id=access.router_id,
        tenant_id=access.tenant_id,
        subscriber=subscriber.number,
        service=service.number,
        names=(service.username,),
        due_micros=to_micros(now),
        token="given",
    )
    add_changes([again])
    wake([access.router_id])


def take_access(tenant: Tenant, subscriber_number: int, service_number: int | None, now: datetime) -> None:
    """Take a service off its router. `NotFound`, also where it is on none; 422 on `service`."""
    for _ in range(TRIES):
        before = find_subscriber(tenant.tenant_id, subscriber_number)
        service = _service_asked(before, service_number)
        old = _access_of(tenant.tenant_id, service)
        if old is None:
            raise NotFound("access")
        operations = [*changed(before, _on_router(before, service, None), now), *_moves(old, None)]
        try:
            write(*operations)
        except ConditionFailed:
            continue
        wake_routers(operations)
        return
    raise _busy()


def given_access(tenant: Tenant, subscriber_number: int, service_number: int | None) -> GivenAccess:
    """How a service gets on. `NotFound`, also where it is on no router; 422 on `service`."""
    subscriber = find_subscriber(tenant.tenant_id, subscriber_number)
    service = _service_asked(subscriber, service_number)
    access = _access_of(tenant.tenant_id, service)
    if access is None:
        raise NotFound("access")
    router, place = usable_router(tenant.tenant_id, access.router_id)
    return GivenAccess(subscriber, service, access, router, place)


def _check_method(asked: AskedAccess) -> None:
    if asked.method is not Method.STATIC:
        return
    if asked.address is None:
        raise invalid_field("address", "is required: a static service is known by its address")
    if asked.password is not None:
        raise invalid_field("password", "belongs to pppoe and hotspot only: a static service does not sign in")


def _service_asked(subscriber: Subscriber, number: int | None) -> Service:
    if number is None and len(subscriber.services) > 1:
        raise invalid_field("service", "is required: this subscriber has several services")
    service = subscriber.services[0] if number is None else subscriber.service(number)
    if service is None:
        raise invalid_field("service", "is not a service of this subscriber")
    return service


def _router_asked(tenant: Tenant, text: str) -> tuple[Router, Place]:
    try:
        return usable_router(tenant.tenant_id, text)
    except NotFound:
        raise invalid_field("router", "is not a router that you may use") from None


def _check_service(tenant: Tenant, service: Service, asked: AskedAccess, now: datetime) -> None:
    if service.status_on(day_at(now, tenant.timezone)) is ServiceStatus.DISCONNECTED:
        raise Conflict("service-disconnected", "The service is disconnected: there is nothing to get on with.")
    if asked.locks_mac and service.mac is None:
        raise invalid_field("locks_mac", "needs the MAC address of the service")


def _check_lent(place: Place, asked: AskedAccess) -> None:
    """On a router of somebody else an address must be one that it lets the tenant have: any other is another's. So is an
    entry that is there already, whatever its name begins with."""
    if asked.adopts:
        raise invalid_field("take_over", "belongs to routers of your own: what is on this one already is its owner's")
    if asked.address is not None and not lies_in(asked.address, place.networks):
        raise invalid_field("address", "lies in none of the networks that this router's owner lets you use")


def _check_name(tenant: Tenant, router: Router, service: Service) -> None:
    """A name of the owner's that begins like those of a tenant that the router is lent to could be one of theirs.

    A lending that comes meanwhile, or another username (`crm/edit.py` knows of no lendings), is met on the router: it
    takes no name twice, entries are told apart by their marks, and nobody is shown the line of another's entry.
    """
    if router.tenant_id != tenant.tenant_id or not router.lendings:
        return
    begins = fold(service.username).startswith
    if any(begins(lending.place.prefix) for lending in lendings_of(router.router_id)):
        message = f"The username {service.username} begins like those of a reseller that the router is lent to."
        raise Conflict("name-taken", message)


def _access_of(tenant_id: str, service: Service) -> Access | None:
    return None if service.router is None else find_access(service.router, tenant_id, service.number)


def _access(
    subscriber: Subscriber, service: Service, asked: AskedAccess, router: Router, old: Access | None, sealed: str | None
) -> Access:
    """The access as it will be; the same as the old one where nothing is to change."""
    stays = old is not None and old.router_id == router.router_id
    known = sealed or (old.password_sealed if old is not None else None)
    version = old.password_version if old is not None else 0
    if asked.method is Method.STATIC:
        known = None
    elif known is None and not asked.adopts and not (stays and old is not None and old.method is asked.method):
        raise invalid_field("password", "is required: none of this service is known")
    access = Access(
        router_id=router.router_id,
        tenant_id=subscriber.tenant_id,
        subscriber=subscriber.number,
        service=service.number,
        method=asked.method,
        address=asked.address,
        locks_mac=asked.locks_mac,
        password_sealed=known,
        password_version=version if sealed is None else version + 1,
        adopts=asked.adopts or (stays and old is not None and old.adopts),
        revision=old.revision if stays and old is not None else 1,
    )
    return replace(access, revision=access.revision + 1) if stays and access != old else access


def _on_router(before: Subscriber, service: Service, router_id: str | None) -> Subscriber:
    services = tuple(replace(one, router=router_id) if one.number == service.number else one for one in before.services)
    return replace(before, services=services, revision=before.revision + 1)


def _moves(old: Access | None, new: Access | None) -> list[Operation]:
    """The writes that make the one the other, with addresses and counts; either may be none."""
    stays = old is not None and new is not None and old.router_id == new.router_id
    operations: list[Operation] = []
    if new is not None:
        as_read = AccessRow.revision == old.revision if old is not None and stays else AccessRow.pk.does_not_exist()
        operations.append(Put(access_row(new), as_read))
    if old is not None and not stays:
        operations.append(Delete(_access_at(old), AccessRow.revision == old.revision))
    if not stays:
        operations += [
            counted(one.router_id, one.tenant_id, by) for one, by in ((new, 1), (old, -1)) if one is not None
        ]
    return operations + _address_moves(old, new)


def _address_moves(old: Access | None, new: Access | None) -> list[Operation]:
    before, after = (None if one is None else address_row(one) for one in (old, new))
    if before is not None and after is not None and before.key == after.key:
        return []
    operations: list[Operation] = []
    if after is not None:
        operations.append(Put(after, AddressRow.pk.does_not_exist() | (AddressRow.owner == after.owner)))
    if before is not None:
        operations.append(Delete(AddressRow.at(before.key), AddressRow.owner == before.owner))
    return operations


def _access_at(access: Access) -> AccessRow:
    return AccessRow.at(keys.router_access(access.router_id, access.tenant_id, access.service))


def _refuse_taken(failure: ConditionFailed, access: Access) -> None:
    """Raise when another service has the address; anything else moved meanwhile, and is read again."""
    if any(isinstance(operation, Put) and isinstance(operation.row, AddressRow) for operation in failure.rows):
        raise Conflict("address-taken", f"Another service on this router has the address {access.address}.")


def _busy() -> Unavailable:
    return Unavailable("busy", "This subscriber is being changed by others; please send the request again.")
