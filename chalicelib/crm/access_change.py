"""What a change of a service has to say to the router that the service is on."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.core.dates import to_micros
from chalicelib.core.json import read_json
from chalicelib.crm.subscriber import Subscriber


@dataclass(frozen=True)
class AccessChange:
    """A change of a service that its router has to hear of. `service` and `subscriber` are numbers of `tenant_id`.

    The router is to be looked after from `due_micros` on. `names` are usernames of it that may be there,
    `found_as` what entries of it were named when the router was read.
    """

    router_id: str
    tenant_id: str
    subscriber: int
    service: int
    names: tuple[str, ...]
    due_micros: int
    token: str
    tries: int = 0
    reason: str | None = None
    after_micros: int = 0
    found_as: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return keys.access_change(self.router_id, self.due_micros, self.tenant_id, self.service, self.token)


def changes_between(
    before: Subscriber | None, after: Subscriber, now: datetime, anyway: Collection[int] = ()
) -> list[AccessChange]:
    """What the routers have to hear when the one becomes the other: of every service on a router that is not as it was.

    Also what the service will be on a day to come is told now: whoever delivers it sees when to look again. Services
    that are told of `anyway`, by their numbers, are as they were, and get on otherwise.
    """
    changes = []
    due = to_micros(now)
    token = "1" if before is None else str(before.revision + 1)
    for service in after.services:
        old = None if before is None else before.service(service.number)
        if old == service and service.number not in anyway:
            continue
        routers = {one.router for one in (old, service) if one is not None and one.router is not None}
        names = tuple(dict.fromkeys(one.username for one in (old, service) if one is not None))
        changes += [
            AccessChange(router_id, after.tenant_id, after.number, service.number, names, due, token)
            for router_id in sorted(routers)
        ]
    return changes


def escaped(names: Iterable[str]) -> str | None:
    """Names of a router as they are kept. They may hold bytes that are no text: so as escapes, which `compact_json` does not
    write."""
    found = list(names)
    return json.dumps(found) if found else None


def unescaped(kept: str | None) -> tuple[str, ...]:
    """The names that were kept so."""
    return tuple(read_json(kept or "[]"))
