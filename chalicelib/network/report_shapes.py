"""What the routes of plans, reconciliations and drift answer: what is not as wanted on a router."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.fields import Answer, Body, DayOut, InstantOut
from chalicelib.core.dates import from_micros
from chalicelib.crm.shapes import ServiceId, SubscriberId
from chalicelib.crm.subscriber import service_id, subscriber_id
from chalicelib.network.entries import ServiceKey
from chalicelib.network.plan import Drift, Item
from chalicelib.network.reports import Report

Count = Annotated[int, Field(examples=[3])]
DriftName = Annotated[
    Literal["should_be_on", "should_be_off", "wrong_profile", "wrong", "profile", "in_the_way", "unknown"],
    Field(examples=["should_be_off"]),
]
ReportStatus = Annotated[Literal["queued", "running", "done", "failed"], Field(examples=["done"])]


class ReconciliationBody(Body):
    """Whether to tell only what would be done."""

    dry_run: bool = False


class PropertyAnswer(Answer):
    """A property of an entry that is not as wanted. Passwords are never among them."""

    model_config = ConfigDict(serialize_by_alias=True)

    property: Annotated[str, Field(examples=["profile"])]
    is_: Annotated[str, Field(serialization_alias="is", examples=["tb-HOME"])]
    should_be: Annotated[str, Field(examples=["tb-expired"])]


class ItemAnswer(Answer):
    """One thing that is not as wanted on a router, and what is done about it when it is reconciled.

    `service` and `subscriber` are there for services of one's own, `reseller` names the direct child whose service it is.
    """

    drift: DriftName
    name: Annotated[str, Field(examples=["bn700123"])]
    menu: Annotated[str, Field(examples=["/ppp/secret"])]
    action: Annotated[Literal["add", "set", "remove", "hang_up", "nothing"], Field(examples=["set"])]
    service: ServiceId | None
    subscriber: SubscriberId | None
    reseller: Annotated[str, Field(examples=["t4h8w2p5n6qr"])] | None
    changes: list[PropertyAnswer]
    reason: Annotated[str, Field(examples=["uncle's line"])] | None


class CountsAnswer(Answer):
    """How many things there are of each kind."""

    should_be_on: Count
    should_be_off: Count
    wrong_profile: Count
    wrong: Count
    profile: Count
    in_the_way: Count
    unknown: Count


class PlanAnswer(Answer):
    """What a reconciliation would do now. `entries` were read of the router; of one that is lent that is not told."""

    entries: Count | None
    counts: CountsAnswer
    items: list[ItemAnswer]
    next_cursor: str | None


class ReportAnswer(Answer):
    """A comparison of a router with what is wanted of it: `differing` services were found, of which `delivered` are as
    wanted by now and `refused` wait for a person."""

    status: ReportStatus
    entries: Count
    counts: CountsAnswer
    differing: Count
    delivered: Count
    refused: Count
    compared_at: InstantOut | None
    ended_at: InstantOut | None
    reason: Annotated[str, Field(examples=["The router did not answer within 45 s."])] | None


class ReconciliationAnswer(ReportAnswer):
    """A comparison that was asked for. A dry run brings nothing about."""

    id: Annotated[str, Field(examples=["1795327200000000"])]
    dry_run: bool
    asked_at: InstantOut


class FullReconciliationAnswer(ReconciliationAnswer):
    """The same with the first 300 things that were not as wanted, those that cut somebody off in front."""

    items: list[ItemAnswer]


class DriftAnswer(ReportAnswer):
    """The comparison of a night."""

    date: DayOut


class FullDriftAnswer(DriftAnswer):
    """The same with the first 300 things that were not as wanted, those that cut somebody off in front."""

    items: list[ItemAnswer]


@dataclass(frozen=True)
class Onlooker:
    """Who is shown items: a tenant, with the subscribers of its services among them, and to whom it lends the router."""

    tenant_id: str
    subscribers: Mapping[ServiceKey, int]
    resellers: Collection[str]


def show_item(item: Item, by: Onlooker) -> ItemAnswer:
    key = item.service
    is_own = key is not None and key[0] == by.tenant_id
    number = by.subscribers.get(key) if key is not None and is_own else None
    return ItemAnswer(
        drift=item.drift.value,
        name=item.name,
        menu=item.menu,
        action=item.action,  # type: ignore[arg-type]
        service=service_id(*key) if key is not None and is_own else None,
        subscriber=None if number is None else subscriber_id(by.tenant_id, number),
        reseller=key[0] if key is not None and key[0] in by.resellers else None,
        changes=[PropertyAnswer(property=name, is_=now, should_be=wanted) for name, now, wanted in item.changes],
        reason=item.reason,
    )


def show_items(items: Iterable[Item], by: Onlooker) -> list[ItemAnswer]:
    return [show_item(item, by) for item in items]


def show_counts(counts: Mapping[str, int]) -> CountsAnswer:
    return CountsAnswer(**{drift.value: counts.get(drift.value, 0) for drift in Drift})


def show_reconciliation(report: Report) -> ReconciliationAnswer:
    return ReconciliationAnswer(**_of_reconciliation(report))


def show_full_reconciliation(report: Report, by: Onlooker) -> FullReconciliationAnswer:
    return FullReconciliationAnswer(**_of_reconciliation(report), items=show_items(report.items, by))


def show_drift(report: Report, day: date) -> DriftAnswer:
    return DriftAnswer(**_of_report(report), date=day)


def show_full_drift(report: Report, day: date, by: Onlooker) -> FullDriftAnswer:
    return FullDriftAnswer(**_of_report(report), date=day, items=show_items(report.items, by))


def own_services(items: Sequence[Item], tenant_id: str) -> list[ServiceKey]:
    """The services of a tenant that these items are about, each once."""
    keys = (item.service for item in items)
    return list(dict.fromkeys(key for key in keys if key is not None and key[0] == tenant_id))


def _of_reconciliation(report: Report) -> dict[str, Any]:
    return {
        **_of_report(report),
        "id": f"{report.asked_micros}",
        "dry_run": not report.mends,
        "asked_at": from_micros(report.asked_micros),
    }


def _of_report(report: Report) -> dict[str, Any]:
    return {
        "status": report.status,
        "entries": report.entries,
        "counts": show_counts(report.counts),
        "differing": report.differing,
        "delivered": report.delivered_count,
        "refused": report.refused_count,
        "compared_at": _instant(report.compared_micros),
        "ended_at": _instant(report.ended_micros),
        "reason": report.reason,
    }


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
