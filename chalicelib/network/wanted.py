"""The wanted state: what a service should be on its router, from what it is in our books today."""

from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.core.dates import day_at, start_of
from chalicelib.crm.model import Plan
from chalicelib.crm.service import Service, ServiceStatus
from chalicelib.network.entries import PROFILE_MARK, PROFILE_NAME, Entry, Menu, ServiceKey, flag, mark_of
from chalicelib.network.model import Access, Method, NetworkTerms, Place, SuspendBy

NO_PLAN = "Its plan is not among those of its tenant."
EXPIRED_RATE = "128k/128k"
"""What a suspended service gets in the profile that we keep for the expired: enough for a page that asks to pay."""


@dataclass(frozen=True)
class Wanted:
    """What one service should be on its router: at most one entry in each menu, and the profiles that we keep for them.

    `listed`: the list that an address of it belongs in now, also where nothing else is known of it.
    `look_again` is the instant at which it changes by itself, None where nothing lies ahead. With an `obstacle` it is not
    known what it should be, and why.
    """

    access: Access
    sign_in_name: str
    status: ServiceStatus
    entries: tuple[Entry, ...]
    profiles: tuple[Entry, ...]
    look_again: datetime | None
    obstacle: str | None = None
    listed: str = ""

    @property
    def key(self) -> ServiceKey:
        return (self.access.tenant_id, self.access.service)

    @property
    def sign_in(self) -> tuple[Menu, str] | None:
        """The menu and the name that it signs in with; None where it does not sign in."""
        menu = {Method.PPPOE: Menu.SECRET, Method.HOTSPOT: Menu.HOTSPOT_USER}.get(self.access.method)
        return None if menu is None else (menu, self.sign_in_name)

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

    @property
    def active_list(self) -> str:
        """Where addresses are that are on. On a router of somebody else a tenant has lists of its own."""
        return self._list(self.terms.active_list)

    @property
    def expired_list(self) -> str:
        """Where addresses of the expired are."""
        return self._list(self.terms.expired_list)

    def _list(self, name: str) -> str:
        """With a full stop, so that no prefix and name together are a list of the lender's."""
        return f"{self.place.prefix}.{name}" if self.place.prefix else name

    @property
    def expired_profile(self) -> str | None:
        """The profile that others keep for the expired; on a router of somebody else a tenant cannot name one."""
        return None if self.place.prefix else self.terms.expired_profile

    def is_for_expired(self, profile: str) -> bool:
        """Whether a service in that profile is off for lack of money."""
        own = _profile_name(self.place, "")
        return profile == self.expired_profile or (profile.startswith(own) and profile.endswith("expired"))


def wanted_of(access: Access, service: Service, plan: Plan | None, setting: Setting, now: datetime) -> Wanted:
    """What the service should be on its router at that instant; without its plan that is not known."""
    today = day_at(now, setting.timezone)
    status = service.status_on(today)
    name = setting.place.prefix + service.username
    entries: tuple[Entry, ...] = ()
    profiles: tuple[Entry, ...] = ()
    is_there = status not in (ServiceStatus.SCHEDULED, ServiceStatus.DISCONNECTED)
    obstacle = NO_PLAN if is_there and plan is None else None
    if plan is not None and is_there:
        if access.method is Method.STATIC:
            entries = _static_entries(access, service, plan, setting, name, status)
        else:
            menu = Menu.PROFILE if access.method is Method.PPPOE else Menu.HOTSPOT_PROFILE
            profile, profiles = _profile(menu, plan, setting, status)
            entries = (_signs_in(access, service, setting.place, name, profile, status),)
    listed = _listed(status, setting) if is_there else ""
    again = _next_change(service, today, setting.timezone)
    return Wanted(access, name, status, entries, profiles, again, obstacle, listed)


def plan_code_on(service: Service, now: datetime, timezone: str) -> str:
    """The code of the plan that the service is on at that instant."""
    return service.state_on(max(day_at(now, timezone), service.based_at[0])).plan


def _next_change(service: Service, today: date, timezone: str) -> datetime | None:
    """When the next day begins on which the service is something else by itself."""
    days = [service.start_on, *(change.effective_on for change in service.changes)]
    days += [fact.on for fact in (service.suspension, service.resumption) if fact is not None]
    ahead = [day for day in days if day > today]
    return start_of(min(ahead), timezone) if ahead else None


def _signs_in(access: Access, service: Service, place: Place, name: str, profile: str, status: ServiceStatus) -> Entry:
    """The secret, or the user of the hotspot, that the service signs in with."""
    both = {
        "name": name,
        "profile": profile,
        "disabled": flag(status is ServiceStatus.DISABLED),
        "comment": mark_of((access.tenant_id, access.service), access.password_version),
    }
    mac, address = (service.mac or "") if access.locks_mac else "", access.address or ""
    if access.method is Method.PPPOE:
        return Entry(Menu.SECRET, {**both, "service": "pppoe", "caller-id": mac, "remote-address": address})
    of_hotspot = {"server": place.hotspot_server or "", "mac-address": mac, "address": address}
    return Entry(Menu.HOTSPOT_USER, {**both, **of_hotspot})


def _static_entries(
    access: Access, service: Service, plan: Plan, setting: Setting, name: str, status: ServiceStatus
) -> tuple[Entry, ...]:
    """A queue with the plan's speed, the address in the list of those that are on or of the expired, and who has it.

    The queue stays on for a line that is off: whatever still gets through has no more than its speed.
    """
    address = access.address or ""
    # Nothing here has a password, and entries without a name are found by this.
    mark = mark_of((access.tenant_id, access.service), 0)
    limit = f"{plan.upload_kbps * 1000}/{plan.download_kbps * 1000}"
    queue = {"name": name, "target": f"{address}/32", "max-limit": limit}
    row = {"list": _listed(status, setting), "address": address}
    entries = [
        Entry(menu, {**attributes, "disabled": "false", "comment": mark})
        for menu, attributes in ((Menu.QUEUE, queue), (Menu.ADDRESS, row))
    ]
    if setting.place.arp_interface is not None and access.locks_mac and service.mac is not None:
        row = {"address": address, "mac-address": service.mac, "interface": setting.place.arp_interface}
        disabled = flag(status is ServiceStatus.DISABLED)
        entries.append(Entry(Menu.ARP, {**row, "disabled": disabled, "comment": mark}))
    return tuple(entries)


def _listed(status: ServiceStatus, setting: Setting) -> str:
    """In which list a static address is: always in one, so that routers may let through what is in the one, or stop what
    is in the other."""
    return setting.active_list if status is ServiceStatus.ACTIVE else setting.expired_list


def _profile(menu: Menu, plan: Plan, setting: Setting, status: ServiceStatus) -> tuple[str, tuple[Entry, ...]]:
    """The profile that the service is in, and what we keep of it: nothing of one that others keep."""
    place, terms = setting.place, setting.terms
    is_expired = status is ServiceStatus.SUSPENDED
    rate = f"{plan.upload_kbps}k/{plan.download_kbps}k"
    if is_expired and terms.suspend_by is SuspendBy.ADDRESS_LIST:
        return _kept(menu, _profile_name(place, f"{plan.code}-expired"), rate, place, setting.expired_list)
    if is_expired and setting.expired_profile is not None:
        return setting.expired_profile, ()
    if is_expired:
        return _kept(menu, _profile_name(place, "expired"), EXPIRED_RATE, place, setting.expired_list)
    if plan.code in place.profiles:
        return place.profiles[plan.code], ()
    return _kept(menu, _profile_name(place, _plain_code(plan.code)), rate, place, "")


def _profile_name(place: Place, what: str) -> str:
    """No code of a plan has a full stop: a reseller's `x-` and HOME are not its lender's x-HOME."""
    return f"{PROFILE_NAME}{place.prefix}.{what}" if place.prefix else f"{PROFILE_NAME}{what}"


def _plain_code(code: str) -> str:
    """A plan may have the code `expired`, and is none of the profiles for the expired."""
    return f"{code}." if code.endswith("expired") else code


def _kept(menu: Menu, name: str, rate: str, place: Place, listed: str) -> tuple[str, tuple[Entry, ...]]:
    attributes = {"name": name, "rate-limit": rate, "address-list": listed}
    if menu is Menu.PROFILE:
        attributes |= {
            "local-address": place.local_address or "",
            "remote-address": place.pool or "",
            "comment": PROFILE_MARK,
        }
    return name, (Entry(menu, attributes),)
