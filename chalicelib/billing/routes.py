"""Tariffs, settlements and the day-by-day bill over HTTP."""

import time
from datetime import date

from chalice.app import Response

from chalicelib.api.blueprint import Blueprint, render_with
from chalicelib.api.call import Call
from chalicelib.billing.corrections import correction_id
from chalicelib.billing.days import MAX_SPAN, BilledDay, bill_services, by_service, default_span
from chalicelib.billing.late_tariff import late_tariff
from chalicelib.billing.model import RefundPolicy, SettledDay, Tariff, Timing
from chalicelib.billing.price_book import read_tariffs, tariff_on
from chalicelib.billing.run import RunOutcome, outcome_of, read_records, settle_through
from chalicelib.billing.shapes import (
    DayAnswer,
    DaysAnswer,
    DaysQuery,
    ParkedAnswer,
    RunAnswer,
    SettlementAnswer,
    SettlementBody,
    TariffAnswer,
    TariffBody,
    TariffPriceAnswer,
)
from chalicelib.billing.state import read_days, read_state
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.dates import day_at, parse_day
from chalicelib.core.errors import NotAllowed, NotFound, invalid_field
from chalicelib.core.proration import DayCount, Span
from chalicelib.crm.events import read_whole_history
from chalicelib.crm.model import Plan, ServiceEvent
from chalicelib.crm.plans import plan_reads, plans_of, read_plans
from chalicelib.crm.subscriber import service_id, subscriber_number
from chalicelib.tenants.hierarchy import check_id, find_child, find_child_with, read_tree
from chalicelib.tenants.model import Tenant

bp = Blueprint(__name__, tag="Settlement")

INLINE_SECONDS = 20.0
"""How long a settlement by hand goes on within its request; the gateway gives up at 29."""


def _tariff(tariff: Tariff, plans: dict[str, Plan], seller_id: str) -> TariffAnswer:
    return TariffAnswer(
        effective_on=tariff.effective_on,
        timing=tariff.timing.value,
        day_count=tariff.day_count.value,
        period=tariff.span.value,
        refund_policy=tariff.refund_policy.value,
        refund_fee=tariff.refund_fee_minor,
        tax_bps=tariff.tax_bps,
        prices=[
            TariffPriceAnswer(
                plan=f"{seller_id}.{code}",
                code=code,
                name=plans[code].name if code in plans else code,
                monthly_price=price,
            )
            for code, price in sorted(tariff.prices_minor.items())
        ],
    )


@bp.api(
    "PUT",
    "/v1/resellers/{reseller_id}/tariff",
    may="tariffs:write",
    module="resellers",
    body=TariffBody,
    answer=TariffAnswer,
    also={409: "day-already-pinned or too-many-resellers-below"},
)
def put_tariff(call: Call, reseller_id: str) -> TariffAnswer:
    """Set what a direct child pays from a day on: a new version, never an overwrite.

    From a day that is settled already it corrects every settled day of the reseller and of those below it.
    """
    child = find_child(call.tenant, reseller_id)
    body: TariffBody = call.body
    terms = TariffTerms(
        body.effective_on,
        Timing(body.timing),
        DayCount(body.day_count),
        RefundPolicy(body.refund_policy),
        body.tax_bps,
        tuple((price.plan, price.monthly_price) for price in body.prices),
        Span(body.period),
        body.refund_fee,
    )
    tariff = set_tariff(call.tenant, child, terms, call.now, late_tariff)
    return _tariff(tariff, read_plans(call.tenant.tenant_id), call.tenant.tenant_id)


@bp.api("GET", "/v1/resellers/{reseller_id}/tariff", may="tariffs:read", module="resellers", answer=TariffAnswer)
def read_child_tariff(call: Call, reseller_id: str) -> TariffAnswer:
    """What a direct child pays today."""
    versions = read_tariffs(check_id(reseller_id))
    sold = sorted({code for version in versions for code in version.prices_minor})
    child, rows = find_child_with(call.tenant, reseller_id, plan_reads(call.tenant.tenant_id, sold))
    today = day_at(call.now, child.timezone)
    tariff = next((version for version in versions if version.effective_on <= today), None)
    if tariff is None:
        raise NotFound("tariff")
    return _tariff(tariff, plans_of(call.tenant.tenant_id, rows), call.tenant.tenant_id)


@bp.api("GET", "/v1/tariff", may="tariffs:read", answer=TariffAnswer, also={404: "not-found"})
def read_own_tariff(call: Call) -> TariffAnswer:
    """What this tenant pays its parent today."""
    tariff = tariff_on(call.tenant.tenant_id, call.today)  # the operator, who has no parent, has none
    parent_id = call.tenant.chain[-2]
    return _tariff(tariff, read_plans(parent_id), parent_id)


def _run(outcome: RunOutcome) -> RunAnswer:
    return RunAnswer(
        date=outcome.date,
        status="settled" if outcome.is_settled else "running",
        tenants=outcome.tenants,
        charged=outcome.charged,
        suspended=outcome.suspended,
        total=outcome.total_minor,
        parked=[ParkedAnswer(tenant=tenant_id, why=why) for tenant_id, why in outcome.parked],
    )


@bp.api(
    "POST",
    "/v1/settlements",
    may="settlements:write",
    body=SettlementBody,
    answer=RunAnswer,
    also={202: "still running"},
)
def create_settlement(call: Call) -> Response:
    """Settle every unsettled day up to this one for every tenant whose day has ended. Only the operator may.

    Settled days answer the same again and move nothing. What takes longer than a request goes on behind it: ask again.
    """
    if not call.tenant.is_operator:
        raise NotAllowed("operator-only", "Only the operator settles days by hand.")
    until = time.monotonic() + INLINE_SECONDS
    outcome = settle_through(call.tenant.tenant_id, call.body.date, call.now, lambda: time.monotonic() < until)
    return render_with(200 if outcome.is_settled else 202, _run(outcome))


@bp.api("GET", "/v1/settlements/{date}", may="settlements:read", answer=SettlementAnswer)
def read_settlement(call: Call, date: str) -> SettlementAnswer:
    """One's own day: 404 until it is settled or running. The operator sees what its direct resellers paid."""
    try:
        day = parse_day(date)
    except ValueError as error:
        raise invalid_field("date", str(error)) from None
    if call.tenant.is_operator:
        return _operator_day(call, day)
    settled = read_days([(call.tenant.tenant_id, day)])[0]
    if settled is not None:
        return _settlement(settled)
    state = read_state(call.tenant.tenant_id)
    if state.pinned_through is None or state.pinned_through != day:
        raise NotFound("settled day")
    return SettlementAnswer(
        date=day,
        status="running",
        subscribers_charged=0,
        subscribers_suspended=0,
        total=0,
        subtree_total=0,
        uncollected=0,
        uncollected_by_level=[],
        entry=None,
        sheet_hash=None,
    )


def _settlement(settled: SettledDay) -> SettlementAnswer:
    return SettlementAnswer(
        date=settled.day,
        status="settled",
        subscribers_charged=settled.charged + settled.covered,
        subscribers_suspended=settled.suspended,
        total=settled.total_minor,
        subtree_total=settled.subtree_minor[0] if settled.subtree_minor else 0,
        uncollected=settled.uncollected_minor[0] if settled.uncollected_minor else 0,
        uncollected_by_level=list(settled.uncollected_minor),
        entry=settled.entry_id,
        sheet_hash=settled.sheet_hash,
    )


def _operator_day(call: Call, day: date) -> SettlementAnswer:
    """The operator buys from nobody: its day is what its whole tree used, and what left the funds for it."""
    nodes = [node for node in read_tree(call.tenant.chain) if node.depth]
    records = read_records(nodes, day)
    outcome = outcome_of(nodes, records, day, call.now)
    if not outcome.tenants:
        raise NotFound("settled day")
    direct = [records[node.tenant_id] for node in nodes if node.depth == 1 and node.tenant_id in records]
    earned = sum(record.subtree_minor[0] for record in direct)
    return SettlementAnswer(
        date=day,
        status="settled" if outcome.is_settled else "running",
        subscribers_charged=outcome.charged,
        subscribers_suspended=outcome.suspended,
        total=0,
        subtree_total=earned,
        uncollected=0,
        uncollected_by_level=[],
        entry=None,
        sheet_hash=None,
    )


@bp.api(
    "GET",
    "/v1/subscribers/{subscriber_id}/days",
    may="subscribers:read",
    module="subscribers",
    query=DaysQuery,
    answer=DaysAnswer,
)
def list_days(call: Call, subscriber_id: str) -> DaysAnswer:
    """A subscriber's bill day by day: what each day was, what it cost this tenant, by which rule, in which entry."""
    tenant = call.tenant
    first, last = _span(call.query, call.today)
    history = read_whole_history(tenant.tenant_id, subscriber_number(tenant.tenant_id, subscriber_id))
    if not history:
        raise NotFound("subscriber")
    billed = bill_services(call.tenants, _histories(history, tenant, call.query.service), first, last)
    items = [_day(tenant.tenant_id, day) for day in billed]
    return DaysAnswer(items=items, charged=sum(day.charge_minor or 0 for day in billed))


def _span(query: DaysQuery, today: date) -> tuple[date, date]:
    default_first, default_last = default_span(today)
    last = query.to or (default_last if query.from_ is None else max(query.from_, default_last))
    first = query.from_ or min(default_first, last)
    if first > last:
        raise invalid_field("to", "must not lie before from")
    if last - first > MAX_SPAN:
        raise invalid_field("to", f"must lie within {MAX_SPAN.days} days of from")
    return first, last


def _histories(history: list[ServiceEvent], tenant: Tenant, wanted: str | None) -> list[list[ServiceEvent]]:
    services = by_service(history)
    if wanted is not None:
        services = {n: events for n, events in services.items() if service_id(tenant.tenant_id, n) == wanted}
        if not services:
            raise NotFound("service")
    return [services[number] for number in sorted(services)]


def _day(tenant_id: str, day: BilledDay) -> DayAnswer:
    return DayAnswer.model_validate(
        {
            "date": day.day,
            "service": service_id(tenant_id, day.service_number),
            "state": day.state,
            "plan": day.plan or None,
            "buying_price": day.buying_price_minor,
            "charge": day.charge_minor,
            "rule": day.rule or None,
            "entry": day.entry_id,
            "correction": None if day.correction is None else correction_id(tenant_id, day.correction),
        }
    )
