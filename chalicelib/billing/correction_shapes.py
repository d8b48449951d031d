"""What the routes of corrections answer: what was believed, what is known, and what that changes for the caller alone."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Day, DayOut, InstantOut, MoneyOut
from chalicelib.api.paging import PageQuery
from chalicelib.aws.config import config
from chalicelib.billing.corrections import Correction, LateFact, ServiceChange, correction_id
from chalicelib.billing.service_days import ServiceDay
from chalicelib.core.dates import from_micros
from chalicelib.core.money import format_money
from chalicelib.crm.subscriber import service_id, subscriber_id

CorrectionId = Annotated[str, Field(examples=["tk7m2p9qx4abc.c3"])]


class CorrectionSummary(Answer):
    """A correction. `waiting` until the days that it is about are posted; then `difference` is what it costs this tenant
    more, with tax (below zero where money comes back), and `lent` what its fund lacked and its parent lent it."""

    id: CorrectionId
    status: Literal["posted", "waiting"] = Field(examples=["posted"])
    posted_at: InstantOut | None
    effective_on: DayOut | None
    first_day: DayOut | None
    last_day: DayOut | None
    days: int = Field(examples=[11])
    difference: MoneyOut | None = Field(examples=["-203.94"])
    lent: MoneyOut | None = Field(examples=["0.00"])
    entry: str | None = Field(examples=["tk7m2p9qx4abc.f1795329000000000-general-3"])


class LateFactAnswer(Answer):
    """What was recorded late: of which day, and when."""

    type: str = Field(examples=["disable"])
    effective_on: DayOut
    recorded_at: InstantOut
    service: str = Field(examples=["tk7m2p9qx4abc.v17"])
    subscriber: str = Field(examples=["tk7m2p9qx4abc.s17"])


class ServiceStateAnswer(Answer):
    """A day of a service: what it was, and what this tenant was charged for it, without tax."""

    state: str = Field(examples=["enabled"])
    plan: str | None = Field(examples=["HOME-10"])
    charge: MoneyOut = Field(examples=["18.54"])


class CorrectedServiceAnswer(Answer):
    """One service on one day, as the books had it and as it is known; `says` is the same in words."""

    service: str = Field(examples=["tk7m2p9qx4abc.v17"])
    subscriber: str = Field(examples=["tk7m2p9qx4abc.s17"])
    believed: ServiceStateAnswer
    known: ServiceStateAnswer
    says: str = Field(examples=["10 November 2026: believed enabled on HOME-10, 18.54; known disabled all day, 0.00"])


class CorrectedDayAnswer(Answer):
    """A day that was corrected: what it costs this tenant more, with tax, and which services are behind it."""

    date: DayOut
    believed: MoneyOut = Field(examples=["18.54"])
    known: MoneyOut = Field(examples=["0.00"])
    tax: MoneyOut = Field(examples=["0.00"])
    difference: MoneyOut = Field(examples=["-18.54"])
    services: list[CorrectedServiceAnswer]


class CorrectionAnswer(CorrectionSummary):
    """A correction with the facts behind it and every day that it changes. A late tariff is a correction without facts."""

    tariff: str | None = Field(examples=[None])
    facts: list[LateFactAnswer]
    corrected_days: list[CorrectedDayAnswer]


class CorrectionsQuery(PageQuery):
    """Which corrections: of one subscriber, and about days from one to another; all of them unless told."""

    subscriber: str | None = Field(default=None, examples=["tk7m2p9qx4abc.s17"])
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None


def waiting(tenant_id: str, number: int) -> CorrectionSummary:
    """A correction that follows when its days are posted."""
    return CorrectionSummary(
        id=correction_id(tenant_id, number),
        status="waiting",
        posted_at=None,
        effective_on=None,
        first_day=None,
        last_day=None,
        days=0,
        difference=None,
        lent=None,
        entry=None,
    )


def summary_of(correction: Correction) -> CorrectionSummary:
    """A correction as its own tenant sees it."""
    return CorrectionSummary.model_validate(_summary(correction))


def _summary(one: Correction) -> dict[str, object]:
    days = [change.day for change in one.changes]
    return {
        "id": one.correction_id,
        "status": "posted",
        "posted_at": from_micros(one.posted_micros),
        "effective_on": one.effective_on,
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
        "days": len(days),
        "difference": one.total_minor(0) if one.levels else 0,
        "lent": one.loans_minor[0] if one.loans_minor else 0,
        "entry": (one.entries[0][1] if one.entries else None) or None,
    }


def show_correction(one: Correction) -> CorrectionAnswer:
    """A correction day by day, as its own tenant sees it: what it pays itself, and nothing of what others do."""
    by_day: dict[date, list[ServiceChange]] = {}
    for change in one.services:
        by_day.setdefault(change.day, []).append(change)
    return CorrectionAnswer.model_validate(
        {
            **_summary(one),
            "tariff": one.tariff,
            "facts": [_fact(one.tenant_id, fact) for fact in one.facts],
            "corrected_days": [
                {
                    "date": day.day,
                    "believed": day.believed.moved_minor[0],
                    "known": day.known.moved_minor[0],
                    "tax": day.tax_minor[0],
                    "difference": day.use(0).gross_minor,
                    "services": [_service(one.tenant_id, change) for change in by_day.get(day.day, ())],
                }
                for day in one.changes
            ],
        }
    )


def _fact(tenant_id: str, fact: LateFact) -> dict[str, object]:
    return {
        "type": fact.kind.value,
        "effective_on": fact.effective_on,
        "recorded_at": from_micros(fact.recorded_micros),
        "service": service_id(tenant_id, fact.service_number),
        "subscriber": subscriber_id(tenant_id, fact.subscriber_number),
    }


def _service(tenant_id: str, change: ServiceChange) -> dict[str, object]:
    day = change.day
    told = f"{day.day} {day:%B} {day.year}: believed {_words(change.believed)}; known {_words(change.known)}"
    return {
        "service": service_id(tenant_id, change.service_number),
        "subscriber": subscriber_id(tenant_id, change.subscriber_number),
        "believed": _state(change.believed),
        "known": _state(change.known),
        "says": told,
    }


def _state(day: ServiceDay) -> dict[str, object]:
    return {"state": day.state, "plan": day.plan or None, "charge": day.moved_minor[0]}


def _words(day: ServiceDay) -> str:
    """What a day was, as one says it: `enabled on HOME-10, 18.54`."""
    charge = format_money(day.moved_minor[0], config().decimals)
    if day.is_behind:
        return f"not covered by the funds on {day.plan}, {charge}"
    said = {
        "enabled": f"enabled on {day.plan}",
        "disabled": "disabled all day",
        "suspended": "suspended all day",
        "disconnected": "disconnected",
        "scheduled": "not started",
    }[day.state]
    return f"{said}, {charge}"
