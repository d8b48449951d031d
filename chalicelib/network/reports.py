"""Reports of a router: what was compared when, how it differed, and how far that was mended. Asked for, or each night."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import accumulate
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import CrmRow, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Operation, Put, read, read_page, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import NotFound
from chalicelib.core.json import compact_json
from chalicelib.network.plan import Drift, Item, Plan

ITEMS_KEPT = 300
"""Of a plan; all are counted, and those that cut somebody off come first."""
KEPT_BYTES = 250_000
"""Of those: names and comments of a router may be long, and a row of the database has 400 KB."""


class ReportRow(CrmRow):
    """A report, under the instant at which it was asked for, or under its day."""

    status = TextAttribute()
    data = JsonAttribute()


@dataclass(frozen=True)
class Report:
    """A comparison of a router. `status` is queued, running, done or failed, and then `reason` says why.

    `day` is there for the nightly one. `counts` are items by drift, `items` the first of them. `differing` services were
    found, of which `delivered` are as wanted by now and `refused` wait for a person. `mends`: what differs is delivered.
    """

    router_id: str
    asked_micros: int
    mends: bool
    day: date | None = None
    status: str = "queued"
    compared_micros: int | None = None
    ended_micros: int | None = None
    entries: int = 0
    differing: int = 0
    delivered_count: int = 0
    refused_count: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    reason: str | None = None

    @property
    def is_nightly(self) -> bool:
        return self.day is not None

    @property
    def has_ended(self) -> bool:
        return self.status in ("done", "failed")

    @property
    def key(self) -> keys.Key:
        if self.day is not None:
            return keys.drift_report(self.router_id, self.day)
        return keys.reconciliation(self.router_id, self.asked_micros)

    def told(self, plan: Plan, now: datetime) -> "Report":
        """With what was found."""
        order = list(Drift)
        items = sorted(plan.items, key=lambda item: order.index(item.drift))[:ITEMS_KEPT]
        sizes = accumulate(len(compact_json(item_data(item)).encode()) for item in items)
        items = [item for item, size in zip(items, sizes, strict=True) if size <= KEPT_BYTES]
        return replace(
            self,
            status="running",
            compared_micros=to_micros(now),
            entries=plan.entries,
            differing=len(plan.differing),
            counts=plan.counts,
            items=tuple(items),
        )

    def delivered(self, delivered: int, refused: int) -> "Report":
        """With how far the delivery is."""
        return replace(self, delivered_count=delivered, refused_count=refused)

    def ended(self, now: datetime, status: str, reason: str | None = None) -> "Report":
        """At its end."""
        return replace(self, status=status, reason=reason, ended_micros=to_micros(now))


def asked(report: Report) -> Operation:
    """The write of a report that was asked for now, only while none was at that instant."""
    return Put(_row(report), ReportRow.pk.does_not_exist())


def keep_report(report: Report) -> Report:
    """Keep the report as it is now."""
    write(Put(_row(report)))
    return report


def find_reconciliation(router_id: str, asked_micros: int) -> Report:
    """The report that was asked for at that instant; `NotFound`."""
    row = read(ReportRow, keys.reconciliation(router_id, asked_micros))
    if row is None:
        raise NotFound("reconciliation")
    return _to_report(router_id, row)


def find_drift_report(router_id: str, day: date) -> Report:
    """The report of a night; `NotFound`."""
    row = read(ReportRow, keys.drift_report(router_id, day))
    if row is None:
        raise NotFound("drift report")
    return _to_report(router_id, row)


def list_reconciliations(router_id: str, limit: int, after: str | None) -> tuple[list[Report], str | None]:
    """A page of what was asked for, newest first."""
    page = read_page(ReportRow, keys.reconciliations(router_id), limit=limit, after=after, newest_first=True)
    return [_to_report(router_id, row) for row in page.rows], page.after


def list_drift_reports(router_id: str, limit: int, after: str | None) -> tuple[list[Report], str | None]:
    """A page of the nights, newest first."""
    page = read_page(ReportRow, keys.drift_reports(router_id), limit=limit, after=after, newest_first=True)
    return [_to_report(router_id, row) for row in page.rows], page.after


def _row(report: Report) -> ReportRow:
    data: dict[str, Any] = {
        "asked": report.asked_micros,
        "mends": report.mends,
        "day": None if report.day is None else report.day.isoformat(),
        "compared": report.compared_micros,
        "ended": report.ended_micros,
        "entries": report.entries,
        "differing": report.differing,
        "delivered": report.delivered_count,
        "refused": report.refused_count,
        "counts": dict(report.counts),
        "items": [item_data(item) for item in report.items],
        "reason": report.reason,
    }
    return ReportRow.at(report.key, status=report.status, data=data)


def _to_report(router_id: str, row: ReportRow) -> Report:
    data = row.data
    return Report(
        router_id=router_id,
        asked_micros=data["asked"],
        mends=data["mends"],
        day=None if data["day"] is None else date.fromisoformat(data["day"]),
        status=row.status,
        compared_micros=data["compared"],
        ended_micros=data["ended"],
        entries=data["entries"],
        differing=data["differing"],
        delivered_count=data["delivered"],
        refused_count=data["refused"],
        counts=data["counts"],
        items=tuple(to_item(one) for one in data["items"]),
        reason=data["reason"],
    )


def item_data(item: Item) -> list[Any]:
    """The item as plain data."""
    changes = [list(change) for change in item.changes]
    return [item.drift.value, item.name, item.menu, item.action, item.service, changes, item.reason]


def to_item(data: list[Any]) -> Item:
    """The item that was made plain data of."""
    drift, name, menu, action, service, changes, reason = data
    key = None if service is None else (service[0], service[1])
    return Item(Drift(drift), name, menu, action, key, tuple((one[0], one[1], one[2]) for one in changes), reason)
