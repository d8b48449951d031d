"""Looking at services as they are in our books now, to know what they should be on a router."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.aws.tables import MAX_BATCH_GET
from chalicelib.crm.find import read_subscribers
from chalicelib.crm.lanes import chunks, in_lanes
from chalicelib.crm.model import Plan
from chalicelib.crm.plans import read_plans
from chalicelib.crm.subscriber import Subscriber
from chalicelib.network.entries import ServiceKey
from chalicelib.network.find import place_of, read_accesses, terms_of
from chalicelib.network.model import Access, Router
from chalicelib.network.wanted import Setting, Wanted, plan_code_on, wanted_of
from chalicelib.tenants.hierarchy import find_tenant


@dataclass
class Look:
    """One worker's look at a router: what its tenants' services depend on is read once."""

    router: Router
    _settings: dict[str, Setting] = field(default_factory=dict)
    _plans: dict[str, dict[str, Plan]] = field(default_factory=dict)

    def setting(self, tenant_id: str) -> Setting | None:
        """What the entries of a tenant's services depend on; None for one that the router is not lent to any more."""
        if tenant_id not in self._settings:
            place = place_of(self.router, tenant_id)
            if place is None:
                return None
            self._settings[tenant_id] = Setting(place, terms_of(tenant_id), find_tenant(tenant_id).timezone)
        return self._settings[tenant_id]

    def wanted(self, services: Iterable[ServiceKey], now: datetime) -> list[Wanted]:
        """What these services should be on the router; nothing of those that are not on it."""
        return self.wanted_of(read_accesses(self.router.router_id, list(services)), now)

    def wanted_of(self, accesses: Sequence[Access], now: datetime) -> list[Wanted]:
        """What services with these accesses should be on the router."""
        by_tenant: dict[str, list[Access]] = {}
        for access in accesses:
            by_tenant.setdefault(access.tenant_id, []).append(access)
        found: list[Wanted] = []
        for tenant_id, own in by_tenant.items():
            setting = self.setting(tenant_id)
            if setting is None:
                continue
            subscribers = _subscribers(tenant_id, {access.subscriber for access in own})
            on = [(access, subscribers[access.subscriber].service(access.service)) for access in own]
            here = [(access, one) for access, one in on if one is not None and one.router == self.router.router_id]
            codes = [plan_code_on(service, now, setting.timezone) for _, service in here]
            plans = self._plans_of(tenant_id, codes)
            found += [
                wanted_of(access, service, plans.get(code), setting, now)
                for (access, service), code in zip(here, codes, strict=True)
            ]
        return found

    def names(self, tenant_id: str, usernames: Iterable[str]) -> list[str]:
        """What services of the tenant sign in with here, that have these usernames."""
        setting = self.setting(tenant_id)
        prefix = "" if setting is None else setting.place.prefix
        return [prefix + username for username in usernames]

    def _plans_of(self, tenant_id: str, codes: Iterable[str]) -> dict[str, Plan]:
        """The tenant's plans; read again for one that was made since they were."""
        known = self._plans.get(tenant_id, {})
        if not known.keys() >= set(codes):
            known = self._plans[tenant_id] = read_plans(tenant_id)
        return known


def _subscribers(tenant_id: str, numbers: Iterable[int]) -> dict[int, Subscriber]:
    groups = list(chunks(sorted(numbers), MAX_BATCH_GET))
    read = in_lanes(lambda group: read_subscribers(tenant_id, group), groups)
    return {one.number: one for group in read for one in group if one is not None}
