"""Cut off: services that are active in our books and that their router has off, because a change has not got there.

That is seen where a change is delivered: before anything is done, the router is read. What has been off since a change was
due has not been delivered on the days in between, whatever comes of the delivery.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from chalicelib.core.dates import format_instant, from_micros
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.outbox import due_changes
from chalicelib.network.difference import Read
from chalicelib.network.entries import Menu, Observed, ServiceKey, entry_name, read_mark
from chalicelib.network.look import Look
from chalicelib.network.model import Method, Router
from chalicelib.network.refused import RefusedChange, all_refused
from chalicelib.network.undelivered import (
    SHORTEST_DAY,
    Cause,
    UndeliveredDay,
    active_days,
    confirm,
    suspect,
    whole_days,
    withdraw,
)
from chalicelib.network.wanted import Setting, Wanted

LOOKED_AT = 1_000
"""Changes of a router that have waited for long, looked at in an hour."""
WAS_ON = "It was on when the router was read."

_MENUS = {Method.PPPOE: Menu.SECRET, Method.HOTSPOT: Menu.HOTSPOT_USER, Method.STATIC: Menu.ADDRESS}
"""Where the entry lies that lets a service on."""


def note_cut_off(
    look: Look,
    changes: Sequence[AccessChange],
    wanted: Sequence[Wanted],
    read: Read,
    refused: Mapping[ServiceKey, RefusedChange],
    now: datetime,
) -> dict[ServiceKey, int]:
    """Tell of the days that services of these changes were cut off, and since when those are that are so now (micros).

    `read` is the router before anything is done, `refused` what it refused of them before. A second time the same days are
    told, which changes nothing.
    """
    due = _oldest(changes)
    by_key = {one.key: one for one in wanted}
    off = {key: due[key] for key, one in by_key.items() if key in due and _is_cut_off(one, read, look)}
    for key in due.keys() & refused.keys():
        due[key] = min(due[key], refused[key].off_since_micros or due[key])
        if key in off:
            off[key] = due[key]
    subscribers = {(one.tenant_id, one.service): one.subscriber for one in changes if one.subscriber}
    confirm(_told(look, off, subscribers, now))
    withdraw(_told(look, {key: since for key, since in due.items() if key not in off}, subscribers, now), WAS_ON)
    return off


def look_through_changes(router: Router, now: datetime, *, is_silent: bool) -> int:
    """Suspect the days that are over of what the router has refused and of what waits for it; how many are new.

    Somebody may have turned on by hand what was refused: the next delivery of it reads the router, and tells. What waits
    for a router that is silent is not looked at: everything on it is suspected.
    """
    look = Look(router)
    refused = {(one.tenant_id, one.service): one for one in all_refused(router.router_id) if one.off_since_micros}
    subscribers = {key: one.subscriber for key, one in refused.items()}
    since = {key: one.off_since_micros or one.due_micros for key, one in refused.items()}
    count = suspect(_told(look, since, subscribers, now))
    if is_silent:
        return count
    changes, _ = due_changes(router.router_id, now - SHORTEST_DAY, limit=LOOKED_AT)
    waiting = {(one.tenant_id, one.service): one.subscriber for one in changes if one.subscriber}
    return count + suspect(_told(look, _oldest(changes), waiting, now))


def _oldest(changes: Iterable[AccessChange]) -> dict[ServiceKey, int]:
    """Since when the oldest change of each service waits."""
    found: dict[ServiceKey, int] = {}
    for change in changes:
        key = (change.tenant_id, change.service)
        found[key] = min(found.get(key, change.due_micros), change.due_micros)
    return found


def _told(
    look: Look, since: Mapping[ServiceKey, int], subscribers: Mapping[ServiceKey, int], now: datetime
) -> list[UndeliveredDay]:
    """The whole days since those instants on which these services were active."""
    by_tenant: dict[str, list[tuple[int, int, list[date]]]] = {}
    for (tenant_id, service), micros in since.items():
        setting = look.setting(tenant_id)
        subscriber = subscribers.get((tenant_id, service))
        if setting is None or subscriber is None or from_micros(micros) > now - SHORTEST_DAY:
            continue
        days = whole_days(from_micros(micros), now, setting.timezone)
        by_tenant.setdefault(tenant_id, []).append((subscriber, service, days))
    return [
        UndeliveredDay(
            tenant_id,
            day,
            service,
            subscriber,
            look.router.router_id,
            Cause.CHANGE,
            f"A change of {format_instant(from_micros(since[(tenant_id, service)]))} had not got to the router.",
        )
        for tenant_id, wanted in by_tenant.items()
        for subscriber, service, day in active_days(tenant_id, wanted)
    ]


def _is_cut_off(one: Wanted, read: Read, look: Look) -> bool:
    """Whether no entry on the router lets the service on. That it is to be off by now says nothing of the days before.

    Its own entries do, in whichever menu a change of method has left them; and entries of others with its name or address:
    whether we may touch them or not, somebody who knows that name is on.
    """
    setting = look.setting(one.access.tenant_id)
    if setting is None:
        return False
    return not any(
        _lets_on(menu, row, setting)
        for menu in _MENUS.values()
        for row in read.get(menu, ())
        if _is_its_own(one, row) or (menu is _MENUS[one.access.method] and _has_its_name(one, row, setting))
    )


def _is_its_own(one: Wanted, row: Observed) -> bool:
    mark = read_mark(row.get("comment"))
    return mark is not None and mark[0] == one.key


def _has_its_name(one: Wanted, row: Observed, setting: Setting) -> bool:
    """Whether the row has the name of the service, and is nobody's that we know of."""
    if read_mark(row.get("comment")) is not None:
        return False
    if one.access.method is Method.STATIC:
        listed = {"list": setting.active_list, "address": one.access.address or ""}
        return entry_name(Menu.ADDRESS, row) == entry_name(Menu.ADDRESS, listed)
    return row.get("name") == one.sign_in_name


def _lets_on(menu: Menu, row: Observed, setting: Setting) -> bool:
    if row.get("disabled") in ("true", "yes"):
        return False
    if menu is Menu.ADDRESS:
        return row.get("list") != setting.expired_list
    return not setting.is_for_expired(row.get("profile", ""))
