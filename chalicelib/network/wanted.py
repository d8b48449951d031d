"""The wanted state: what a service should be on its router, from what it is in our books today."""

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.core.dates import day_at, start_of
from chalicelib.crm.model import Plan
from chalicelib.crm.service import Service, ServiceStatus
from chalicelib.network.entries import PROFILE_MARK, PROFILE_NAME, Entry, Menu, ServiceKey, mark_of
from chalicelib.network.model import Access, Method, NetworkTerms, Place, SuspendBy

EXPIRED_RATE = "128k/128k"
"""What a suspended service gets in the profile that we keep for the expired: enough for a page that asks to pay."""


@dataclass(frozen=True)
class Wanted:
    """What one service should be on its router: at most one entry in each menu, and the profiles they name.

    `named` are profiles that others keep and that have to be there. `look_again` is the instant at which it changes by
    itself, None where nothing lies ahead.
    """

    access: Access
    sign_in_name: str
    status: ServiceStatus
    entries: tuple[Entry, ...]
    profiles: tuple[Entry, ...]
    look_again: datetime | None

    @property
    def key(self) -> ServiceKey:
        return (self.access.tenant_id, self.access.service)

    @property
    def is_on(self) -> bool:
        """Whether it may have a session."""
        return self.status in (ServiceStatus.ACTIVE, ServiceStatus.SUSPENDED)


@dataclass(frozen=True)
class Setting:
    """What the entries of one tenant's services on one router depend on beside the services."""

    place: Place
    terms: NetworkTerms
    timezone: str


def wanted_of(access: Access, service: Service, plan: Plan | None, setting: Setting, now: datetime) -> Wanted:
    """What the service should be on its router at that instant. A plan that is not known gives nothing to get on with."""
    today = day_at(now, setting.timezone)
    status = service.status_on(today)
    name = setting.place.prefix + service.username
    entries: tuple[Entry, ...] = ()
    profiles: tuple[Entry, ...] = ()
    if plan is not None and status not in (ServiceStatus.SCHEDULED, ServiceStatus.DISCONNECTED):
        if access.method is Method.STATIC:
            entries = _static_entries(access, service, plan, setting, name, status)
        else:
            menu = Menu.PROFILE if access.method is Method.PPPOE else Menu.HOTSPOT_PROFILE
            profile, profiles = _profile(menu, plan, setting, status)
            make = _secret if access.method is Method.PPPOE else _hotspot_user
            entries = (make(access, service, setting.place, name, profile, status),)
    return Wanted(access, name, status, entries, profiles, _next_change(service, today, setting.timezone))


def plan_code_on(service: Service, now: datetime, timezone: str) -> str:
    """The code of the plan that the service is on at that instant."""
    return service.state_on(max(day_at(now, timezone), service.based_at[0])).plan


def _next_change(service: Service, today: date, timezone: str) -> datetime | None:
    """When the next day begins on which the service is something else by itself."""
    days = [service.start_on, *(change.effective_on for change in service.changes)]
    days += [fact.on for fact in (service.suspension, service.resumption) if fact is not None]
    ahead = [day for day in days if day > today]
    return start_of(min(ahead), timezone) if ahead else None


def _secret(access: Access, service: Service, place: Place, name: str, profile: str, status: ServiceStatus) -> Entry:
    return Entry(
        Menu.SECRET,
        {
            "name": name,
            "service": "pppoe",
            "profile": profile,
            "caller-id": (service.mac or "") if access.locks_mac else "",
            "remote-address": access.address or "",
            "disabled": _yes(status is ServiceStatus.DISABLED),
            "comment": _mark(access),
        },
    )


def _hotspot_user(
    access: Access, service: Service, place: Place, name: str, profile: str, status: ServiceStatus
) -> Entry:
    return Entry(
        Menu.HOTSPOT_USER,
        {
            "name": name,
            "server": place.hotspot_server or "",
            "profile": profile,
            "mac-address": (service.mac or "") if access.locks_mac else "",
            "address": access.address or "",
            "disabled": _yes(status is ServiceStatus.DISABLED),
            "comment": _mark(access),
        },
    )


def _static_entries(
    access: Access, service: Service, plan: Plan, setting: Setting, name: str, status: ServiceStatus
) -> tuple[Entry, ...]:
    """A queue with the plan's speed, the address in the list of those that are on or of the expired, and who has it."""
    address = access.address or ""
    # Nothing here has a password, and entries without a name are found by this.
    mark = mark_of((access.tenant_id, access.service), 0)
    disabled = _yes(status is ServiceStatus.DISABLED)
    limit = f"{plan.upload_kbps * 1000}/{plan.download_kbps * 1000}"
    queue = {"name": name, "target": f"{address}/32", "max-limit": limit, "disabled": disabled}
    entries = [Entry(Menu.QUEUE, {**queue, "comment": mark})]
    if status is not ServiceStatus.DISABLED:
        is_expired = status is ServiceStatus.SUSPENDED
        listed = setting.terms.expired_list if is_expired else setting.terms.active_list
        row = {"list": listed, "address": address, "disabled": "false", "comment": mark}
        entries.append(Entry(Menu.ADDRESS, row))
    if setting.place.arp_interface is not None and access.locks_mac and service.mac is not None:
        row = {"address": address, "mac-address": service.mac, "interface": setting.place.arp_interface}
        entries.append(Entry(Menu.ARP, {**row, "disabled": disabled, "comment": mark}))
    return tuple(entries)


def _profile(menu: Menu, plan: Plan, setting: Setting, status: ServiceStatus) -> tuple[str, tuple[Entry, ...]]:
    """The profile that the service is in, and what we keep of it: nothing of one that others keep."""
    place, terms = setting.place, setting.terms
    is_expired = status is ServiceStatus.SUSPENDED
    own = f"{PROFILE_NAME}{place.prefix}{plan.code}"
    rate = f"{plan.upload_kbps}k/{plan.download_kbps}k"
    if is_expired and terms.suspend_by is SuspendBy.ADDRESS_LIST:
        return _kept(menu, f"{own}-expired", rate, place, terms.expired_list)
    if is_expired and terms.expired_profile is not None:
        return terms.expired_profile, ()
    if is_expired:
        return _kept(menu, f"{PROFILE_NAME}{place.prefix}expired", EXPIRED_RATE, place, terms.expired_list)
    if plan.code in place.profiles:
        return place.profiles[plan.code], ()
    return _kept(menu, own, rate, place, "")


def _kept(menu: Menu, name: str, rate: str, place: Place, listed: str) -> tuple[str, tuple[Entry, ...]]:
    attributes = {"name": name, "rate-limit": rate, "address-list": listed}
    if menu is Menu.PROFILE:
        attributes |= {
            "local-address": place.local_address or "",
            "remote-address": place.pool or "",
            "comment": PROFILE_MARK,
        }
    return name, (Entry(menu, attributes),)


def _mark(access: Access) -> str:
    return mark_of((access.tenant_id, access.service), access.password_version)


def _yes(is_so: bool) -> str:
    return "true" if is_so else "false"
