"""Routes of what is not as wanted on a router: its plan, reconciliations, and the comparisons of the nights."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import PageQuery, answer_page, decode_cursor, encode_cursor, page_of
from chalicelib.core.dates import parse_day
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.network.ask_reconciliation import ask_reconciliation
from chalicelib.network.asking import PLAN_SECONDS, ask_router
from chalicelib.network.find import find_router, read_accesses, resellers_on, usable_router
from chalicelib.network.model import Router
from chalicelib.network.pace import alone_with
from chalicelib.network.plan import Item
from chalicelib.network.report_shapes import (
    DriftAnswer,
    FullDriftAnswer,
    FullReconciliationAnswer,
    Onlooker,
    PlanAnswer,
    ReconciliationAnswer,
    ReconciliationBody,
    own_services,
    show_counts,
    show_drift,
    show_full_drift,
    show_full_reconciliation,
    show_items,
    show_reconciliation,
)
from chalicelib.network.reports import (
    find_drift_report,
    find_reconciliation,
    list_drift_reports,
    list_reconciliations,
    to_item,
)

bp = Blueprint(__name__, tag="Network")

MOST_DIGITS = 16
_SILENT = {409: "router-disabled", 429: "router-being-read", 503: "router-did-not-answer"}


@bp.api(
    "GET",
    "/v1/routers/{router_id}/plan",
    may="network:read",
    module="network",
    query=PageQuery,
    answer=PlanAnswer,
    also=_SILENT,
)
def show_plan(call: Call, router_id: str) -> PlanAnswer:
    """What a reconciliation of the router would do now. Of a router that is lent to the tenant: to its own services.

    The router is read for each page, and for each tenant once at a time. With 503 the `reason` says why it could not be.
    """
    tenant_id = call.tenant.tenant_id
    router, _ = usable_router(tenant_id, router_id)
    is_own = router.tenant_id == tenant_id
    first = _position(call.query.cursor)
    question = {"ask": "plan", "only": None if is_own else tenant_id, "first": first, "limit": call.query.limit}
    with alone_with(tenant_id, router.router_id, PLAN_SECONDS):
        told = ask_router(tenant_id, router, question, PLAN_SECONDS)
    items = [to_item(item) for item in told["items"]]
    return PlanAnswer(
        entries=told["entries"] if is_own else None,
        counts=show_counts(told["counts"]),
        items=show_items(items, _onlooker(tenant_id, router, items)),
        next_cursor=encode_cursor(str(first + call.query.limit)) if told["more"] else None,
    )


@bp.api(
    "POST",
    "/v1/routers/{router_id}/reconciliations",
    may="network:write",
    module="network",
    body=ReconciliationBody,
    answer=ReconciliationAnswer,
    status=202,
    repeatable=True,
    also={409: "router-disabled, reconciliation-under-way"},
)
def create_reconciliation(call: Call, router_id: str) -> ReconciliationAnswer:
    """Have a router of one's own compared with what is wanted of it, and brought in line with that behind this request."""
    router = find_router(call.tenant.tenant_id, router_id)
    remember = call.remember(show_reconciliation)
    return show_reconciliation(ask_reconciliation(router, dry_run=call.body.dry_run, now=call.now, remember=remember))


@bp.api(
    "GET",
    "/v1/routers/{router_id}/reconciliations",
    may="network:read",
    module="network",
    query=PageQuery,
    answer=page_of(ReconciliationAnswer),
)
def show_reconciliations(call: Call, router_id: str) -> Any:
    """The reconciliations of a router of one's own, newest first. A page may be short and still go on."""
    router = find_router(call.tenant.tenant_id, router_id)
    reports, after = list_reconciliations(router.router_id, call.query.limit, decode_cursor(call.query.cursor))
    return answer_page(ReconciliationAnswer, [show_reconciliation(report) for report in reports], after)


@bp.api(
    "GET",
    "/v1/routers/{router_id}/reconciliations/{reconciliation_id}",
    may="network:read",
    module="network",
    answer=FullReconciliationAnswer,
)
def show_one_reconciliation(call: Call, router_id: str, reconciliation_id: str) -> FullReconciliationAnswer:
    """How far a reconciliation is, and what it found. While it runs, its numbers move."""
    router = find_router(call.tenant.tenant_id, router_id)
    report = find_reconciliation(router.router_id, _instant_in(reconciliation_id))
    return show_full_reconciliation(report, _onlooker(call.tenant.tenant_id, router, report.items))


@bp.api(
    "GET",
    "/v1/routers/{router_id}/drift",
    may="network:read",
    module="network",
    query=PageQuery,
    answer=page_of(DriftAnswer),
)
def show_drift_reports(call: Call, router_id: str) -> Any:
    """What was not as wanted on a router of one's own, night by night, newest first. A page may be short and still go on."""
    router = find_router(call.tenant.tenant_id, router_id)
    reports, after = list_drift_reports(router.router_id, call.query.limit, decode_cursor(call.query.cursor))
    shown = [show_drift(report, report.day) for report in reports if report.day is not None]
    return answer_page(DriftAnswer, shown, after)


@bp.api(
    "GET",
    "/v1/routers/{router_id}/drift/{date}",
    may="network:read",
    module="network",
    answer=FullDriftAnswer,
)
def show_one_drift_report(call: Call, router_id: str, date: str) -> FullDriftAnswer:
    """What was not as wanted in one night, by the day of the router's owner on which it ended."""
    router = find_router(call.tenant.tenant_id, router_id)
    day = _day(date)
    report = find_drift_report(router.router_id, day)
    return show_full_drift(report, day, _onlooker(call.tenant.tenant_id, router, report.items))


def _onlooker(tenant_id: str, router: Router, items: Sequence[Item]) -> Onlooker:
    """What has to be known to show these items to a tenant: a request for each hundred, and one where it lends."""
    accesses = read_accesses(router.router_id, own_services(items, tenant_id))
    resellers = resellers_on(tenant_id, router) if any(item.service is not None for item in items) else frozenset()
    return Onlooker(tenant_id, {(one.tenant_id, one.service): one.subscriber for one in accesses}, resellers)


def _position(cursor: str | None) -> int:
    after = decode_cursor(cursor) or "0"
    if not _is_number(after):
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return int(after)


def _instant_in(reconciliation_id: str) -> int:
    if not _is_number(reconciliation_id):
        raise NotFound("reconciliation")
    return int(reconciliation_id)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise invalid_field("date", str(error)) from None
