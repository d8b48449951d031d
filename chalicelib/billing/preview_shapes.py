"""What the route of previews takes and answers."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Day, DayOut, MoneyOut, Price, RateBps, Reference, show_money
from chalicelib.billing.preview_model import Figures, FundEffect, LevelEffect, Preview
from chalicelib.billing.preview_words import steps_of
from chalicelib.billing.shapes import PriceBody
from chalicelib.partners.commission import following, month_text
from chalicelib.partners.commission_preview import CommissionPreview

PreviewType = Literal["activation", "change_plan", "disconnect", "enable", "disable", "tariff", "commission"]


class PreviewBody(Body):
    """An act that is only thought of.

    `activation`: `plan`, and perhaps `start_on`, `count`, and a direct `reseller` that it would be under (the plan is one
    of yours, which its plan is based on). `change_plan`, `disconnect`, `enable`, `disable`: `subscriber`, `effective_on`,
    `plan` for the first, `service` where there are several. `tariff`: `reseller` and the body of its tariff. `commission`:
    `reseller`, `rate_bps`, `base` and perhaps `amount`.
    """

    type: PreviewType = Field(examples=["activation"])
    reseller: Reference | None = None
    plan: Reference | None = None
    start_on: Day | None = None
    count: Annotated[int, Field(ge=1, le=1000, strict=True, examples=[1])] | None = None
    subscriber: Reference | None = Field(default=None, examples=["tk7m2p9qx4abc.s17"])
    service: Reference | None = Field(default=None, examples=["tk7m2p9qx4abc.v17"])
    effective_on: Day | None = None
    timing: Literal["daily", "advance"] | None = None
    day_count: Literal["calendar_month", "service_period", "fixed_30"] | None = None
    period: Literal["month", "quarter", "year"] | None = None
    refund_policy: Literal["none", "unused_days", "unused_days_less_fee", "full"] | None = None
    refund_fee: Price | None = Field(default=None, examples=["0.00"])
    tax_bps: RateBps | None = None
    prices: Annotated[list[PriceBody], Field(min_length=1, max_length=500)] | None = None
    rate_bps: RateBps | None = None
    base: Literal["payments", "invoices"] | None = None
    amount: Literal["before_tax", "after_tax"] | None = None


class PartyAnswer(Answer):
    """Who pays, or is paid."""

    id: str = Field(examples=["tk7m2p9qx4abc"])
    name: str = Field(examples=["Beta Net"])


class FiguresAnswer(Answer):
    """An amount, with tax, without the act and with it."""

    before: MoneyOut
    after: MoneyOut
    difference: MoneyOut


class PeriodAnswer(Answer):
    """The first and the last day of a period."""

    first: DayOut
    last: DayOut


class FundEffectAnswer(Answer):
    """The fund now and once what moves at once has moved; `lent` of it would be lent by the parent."""

    balance: MoneyOut
    after: MoneyOut
    lent: MoneyOut


class LevelEffectAnswer(Answer):
    """What the act does between two tenants: what the payer pays, below zero what it gets back.

    `now` moves with the act, `corrected` too, for days that are settled. `charged` and `credited` are the parts of the
    first day for the act's own services, without tax. `first_day`, `next_day` and `total` (to the end of the period) are
    what the payer pays for all services of the tenant, or under a tariff for everybody below.
    """

    payer: PartyAnswer
    payee: PartyAnswer
    mode: str = Field(examples=["prepaid"])
    timing: str | None = Field(examples=["advance"])
    day_count: str | None = Field(examples=["calendar_month"])
    refund_policy: str | None = Field(examples=["unused_days"])
    period: PeriodAnswer
    now: MoneyOut
    corrected: MoneyOut
    charged: MoneyOut
    credited: MoneyOut
    first_day: FiguresAnswer
    next_day: FiguresAnswer | None
    total: FiguresAnswer
    fund: FundEffectAnswer | None


class RefusedAnswer(Answer):
    """What the act would be refused with; `short_tenant` is whose fund is too low, or `upstream`."""

    code: str = Field(examples=["fund-too-low"])
    detail: str = Field(examples=["Your fund does not cover a new connection and keep its minimum balance."])
    short_tenant: str | None = Field(examples=["upstream"])


class NotCoveredAnswer(Answer):
    """How many of the act's services the funds, as they stand, would not cover on the first day: they are suspended then.
    The figures of days are those of a day that is covered."""

    services: int = Field(examples=[1])
    short_tenant: str = Field(examples=["upstream"])


class CorrectedAnswer(Answer):
    """Settled days that would be corrected."""

    days: int = Field(examples=[9])
    first: DayOut
    last: DayOut


class FullDayAnswer(Answer):
    """What a full day costs of the services that were billed on the newest settled days of everybody below."""

    services: int = Field(examples=[4505])
    before: MoneyOut
    after: MoneyOut
    difference: MoneyOut


class CommissionEffectAnswer(Answer):
    """The last full month counted again: what counts of it, and what the reseller earns, by the terms there are and by
    those asked for. `rate_bps_before` is null where nobody has set any."""

    month: str = Field(examples=["2026-10"])
    rate_bps_before: int | None = Field(examples=[3000])
    rate_bps_after: int = Field(examples=[3500])
    counted: FiguresAnswer
    commission: FiguresAnswer


class PreviewAnswer(Answer):
    """What the act would do, as funds, tariffs and events are known now. Nothing is done.

    `first_on` is the first unsettled day that it may change; of a commission, of the month that is counted again. `levels`
    are those that you may see, the lowest first: of what is above, only `upstream` says whether it would be short. `steps`
    says all of it in words.
    """

    type: PreviewType
    effective_on: DayOut
    first_on: DayOut
    levels: list[LevelEffectAnswer]
    refused: RefusedAnswer | None
    not_covered: NotCoveredAnswer | None
    corrected: CorrectedAnswer | None
    full_day: FullDayAnswer | None
    commission: CommissionEffectAnswer | None = None
    steps: list[str] = Field(examples=[["Beta Net pays Alpha Net 100.00 at once."]])


def show_preview(preview: Preview) -> PreviewAnswer:
    """The preview as it is answered."""
    refused, lost, corrected, full = preview.refused, preview.not_covered, preview.corrected, preview.full_day
    return PreviewAnswer.model_validate(
        {
            "type": preview.kind,
            "effective_on": preview.effective_on,
            "first_on": preview.first,
            "levels": [_level(level) for level in preview.levels],
            "refused": refused and RefusedAnswer(code=refused.code, detail=refused.detail, short_tenant=refused.short),
            "not_covered": lost and NotCoveredAnswer(services=lost.services, short_tenant=lost.short),
            "corrected": corrected and CorrectedAnswer(**corrected._asdict()),
            "full_day": full and _full_day(full, preview.services or 0),
            "steps": steps_of(preview, show_money),
        }
    )


def show_commission(found: CommissionPreview) -> PreviewAnswer:
    """The preview of a rate as it is answered: nothing moves with it, so that it has no levels."""
    counted = Figures(found.before.base_minor, found.after.base_minor)
    earned = Figures(found.before.commission_minor, found.after.commission_minor)
    rate = found.terms_before.rate_bps if found.terms_before else None
    effect = CommissionEffectAnswer(
        month=month_text(found.month),
        rate_bps_before=rate,
        rate_bps_after=found.terms_after.rate_bps,
        counted=_figures(counted),
        commission=_figures(earned),
    )
    words = f"Of what counts of {effect.month}, {show_money(counted.after_minor)}, it would have earned"
    return PreviewAnswer(
        type="commission",
        effective_on=following(found.month),
        first_on=found.month,
        levels=[],
        refused=None,
        not_covered=None,
        corrected=None,
        full_day=None,
        commission=effect,
        steps=[f"{words} {show_money(earned.after_minor)} instead of {show_money(earned.before_minor)}."],
    )


def _level(level: LevelEffect) -> LevelEffectAnswer:
    terms = level.terms
    return LevelEffectAnswer(
        payer=PartyAnswer(id=level.buyer.tenant_id, name=level.buyer.name),
        payee=PartyAnswer(id=level.seller.tenant_id, name=level.seller.name),
        mode=level.buyer.mode.value,
        timing=terms.timing.value if terms else None,
        day_count=terms.day_count.value if terms else None,
        refund_policy=terms.refund_policy.value if terms else None,
        period=PeriodAnswer(first=level.period.first, last=level.period.last),
        now=level.now_minor,
        corrected=level.corrected_minor,
        charged=level.charged_minor,
        credited=level.credited_minor,
        first_day=_figures(level.first_day),
        next_day=_figures(level.next_day) if level.next_day else None,
        total=_figures(level.total),
        fund=_fund(level.fund),
    )


def _figures(figures: Figures) -> FiguresAnswer:
    return FiguresAnswer(before=figures.before_minor, after=figures.after_minor, difference=figures.difference_minor)


def _full_day(full: Figures, services: int) -> FullDayAnswer:
    return FullDayAnswer(
        services=services, before=full.before_minor, after=full.after_minor, difference=full.difference_minor
    )


def _fund(fund: FundEffect | None) -> FundEffectAnswer | None:
    return fund and FundEffectAnswer(balance=fund.balance_minor, after=fund.after_minor, lent=fund.lent_minor)
