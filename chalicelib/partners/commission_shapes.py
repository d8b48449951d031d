"""What the routes of commissions take and answer."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.fields import (
    Amount,
    Answer,
    Body,
    DayOut,
    InstantOut,
    MoneyOut,
    Note,
    RateBps,
    Reference,
    parsed,
    shown,
)
from chalicelib.core.dates import from_micros
from chalicelib.core.errors import invalid_field
from chalicelib.crm.subscriber import subscriber_id
from chalicelib.partners.commission import (
    Base,
    CommissionLine,
    CommissionTerms,
    Taxed,
    Versions,
    month_text,
    parse_month,
)
from chalicelib.partners.commission_model import CommissionPayout, CommissionState, CommissionStatement
from chalicelib.partners.commission_terms import MAX_OVERRIDES, WARNINGS


def _month(text: str) -> str:
    return month_text(parse_month(text))


MonthName = Annotated[str, parsed(_month), shown("2026-11", pattern="^2[01][0-9]{2}-(0[1-9]|1[0-2])$")]
MonthOut = Annotated[str, Field(examples=["2026-11"])]
RateOut = Annotated[int, Field(examples=[3_000])]
BaseName = Annotated[Literal["payments", "invoices"], Field(examples=["payments"])]
TaxedName = Annotated[Literal["before_tax", "after_tax"], Field(examples=["after_tax"])]


class PlanRateBody(Body):
    """Another rate for a plan: one of your own, by id or code; the plans that stand on it have it too."""

    plan: Reference
    rate_bps: RateBps


class SubscriberRateBody(Body):
    """Another rate for a subscriber of the reseller or of somebody below it; it is before that of a plan."""

    subscriber: Reference
    rate_bps: RateBps


class CommissionTermsBody(Body):
    """What a reseller earns from a month on: a rate of what its subscribers pay, or are invoiced."""

    effective_month: MonthName
    rate_bps: RateBps
    base: BaseName
    amount: TaxedName = "after_tax"
    plans: Annotated[list[PlanRateBody], Field(max_length=MAX_OVERRIDES)] = []
    subscribers: Annotated[list[SubscriberRateBody], Field(max_length=MAX_OVERRIDES)] = []


class PlanRateAnswer(Answer):
    """The rate of a plan of the parent."""

    plan: str = Field(examples=["HOME-10"])
    rate_bps: RateOut


class SubscriberRateAnswer(Answer):
    """The rate of a subscriber."""

    subscriber: str = Field(examples=["tk7m2p9qx4abc.s1"])
    rate_bps: RateOut


class CommissionTermsAnswer(Answer):
    """A version of the terms."""

    effective_month: MonthOut
    rate_bps: RateOut
    base: BaseName
    amount: TaxedName
    plans: list[PlanRateAnswer]
    subscribers: list[SubscriberRateAnswer]
    revision: int = Field(examples=[1])


class WarningAnswer(Answer):
    """Something to think about; nothing was refused."""

    code: str = Field(examples=["rate-above-own"])
    message: str = Field(examples=[WARNINGS["rate-above-own"]])


class CommissionTermsSetAnswer(CommissionTermsAnswer):
    """The version that was set."""

    warnings: list[WarningAnswer]


class CommissionTermsInForceAnswer(Answer):
    """The version that holds this month (null before the first), and all versions, the newest first."""

    in_force: CommissionTermsAnswer | None
    versions: list[CommissionTermsAnswer]


class CommissionBalanceAnswer(Answer):
    """How commissions stand: `owed` was stated and not paid out, `carried` lowers the next statement, `through` is the last
    month that was counted."""

    owed: MoneyOut
    carried: MoneyOut
    through: MonthOut | None
    payouts: int = Field(examples=[2])


class CommissionStatementAnswer(Answer):
    """A month's commission. With `carried_in` (zero or less) it makes `accrued`; `late` is what of it is of months before.

    `biller` is who billed the subscribers, `entry` the entry in the caller's book, null where nothing accrued.
    """

    id: str = Field(examples=["tk7m2p9qx4abc.2026-11"])
    number: str = Field(examples=["CS-2026-000001"])
    month: MonthOut
    issued_on: DayOut
    biller: str = Field(examples=["op"])
    base: BaseName
    amount: TaxedName
    base_total: MoneyOut
    commission: MoneyOut
    late: MoneyOut
    carried_in: MoneyOut
    accrued: MoneyOut
    carried_out: MoneyOut
    owed_after: MoneyOut
    lines: int = Field(examples=[2])
    entry: str | None = Field(examples=["op.o1795329000000000-child-tk7m2p9qx4abc-3"])
    recorded_at: InstantOut


class CommissionRateAnswer(Answer):
    """What earned one rate."""

    rate_bps: RateOut
    subscribers: int = Field(examples=[2])
    base: MoneyOut
    commission: MoneyOut


class CommissionKindAnswer(Answer):
    """What documents of one kind moved of the base."""

    kind: str = Field(examples=["receipt"])
    base: MoneyOut


class CommissionStatementDetailAnswer(CommissionStatementAnswer):
    """A statement with what it is made of."""

    rates: list[CommissionRateAnswer]
    kinds: list[CommissionKindAnswer]


class CommissionLineAnswer(Answer):
    """What a subscriber came to at one rate. `late` is the earlier month that it belongs to, of what was told late."""

    subscriber: str = Field(examples=["tk7m2p9qx4abc.s1"])
    reseller: str = Field(examples=["tk7m2p9qx4abc"])
    customer_id: str = Field(examples=["BETA-000001"])
    name: str = Field(examples=["Karim Uddin"])
    rate_bps: RateOut
    base: MoneyOut
    commission: MoneyOut
    late: MonthOut | None


class CommissionPayoutBody(Body):
    """Money paid to a reseller of what it is owed."""

    amount: Amount = Field(examples=["390.00"])
    method: Literal["cash", "bank", "gateway"] = Field(examples=["bank"])
    reference: Note = Field(default="", examples=["TRX-1187"])
    note: Note = Field(default="", examples=["November"])


class CommissionPayoutAnswer(Answer):
    """A payout, and what is owed after it."""

    id: str = Field(examples=["tk7m2p9qx4abc.p1"])
    amount: MoneyOut
    method: str = Field(examples=["bank"])
    reference: str | None = Field(examples=["TRX-1187"])
    note: str | None = Field(examples=[None])
    paid_on: DayOut
    owed_after: MoneyOut
    entry: str = Field(examples=["op.o1795329000000000-child-tk7m2p9qx4abc-4"])
    recorded_at: InstantOut


def to_terms(body: CommissionTermsBody) -> CommissionTerms:
    """The terms asked for; 422 for a plan or a subscriber that is named twice."""
    plans: dict[str, int] = {}
    for at, one in enumerate(body.plans):
        if one.plan in plans:
            raise invalid_field(f"plans.{at}.plan", "is named twice")
        plans[one.plan] = one.rate_bps
    subscribers: dict[str, int] = {}
    for at, other in enumerate(body.subscribers):
        if other.subscriber in subscribers:
            raise invalid_field(f"subscribers.{at}.subscriber", "is named twice")
        subscribers[other.subscriber] = other.rate_bps
    month = parse_month(body.effective_month)
    return CommissionTerms(month, body.rate_bps, Base(body.base), Taxed(body.amount), plans, subscribers)


def _terms_fields(terms: CommissionTerms) -> dict[str, Any]:
    return {
        "effective_month": month_text(terms.month),
        "rate_bps": terms.rate_bps,
        "base": terms.base.value,
        "amount": terms.amount.value,
        "plans": [{"plan": plan, "rate_bps": rate} for plan, rate in terms.plans.items()],
        "subscribers": [{"subscriber": one, "rate_bps": rate} for one, rate in terms.subscribers.items()],
        "revision": terms.revision,
    }


def show_set(terms: CommissionTerms, warnings: list[str]) -> CommissionTermsSetAnswer:
    told = [WarningAnswer(code=code, message=WARNINGS[code]) for code in warnings]
    return CommissionTermsSetAnswer.model_validate(_terms_fields(terms) | {"warnings": told})


def show_versions(versions: Versions, month: date) -> CommissionTermsInForceAnswer:
    shown = [CommissionTermsAnswer.model_validate(_terms_fields(one)) for one in reversed(versions.in_order)]
    now = versions.of(month)
    return CommissionTermsInForceAnswer(
        in_force=None if now is None else CommissionTermsAnswer.model_validate(_terms_fields(now)), versions=shown
    )


def show_balance(state: CommissionState) -> CommissionBalanceAnswer:
    return CommissionBalanceAnswer(
        owed=state.owed_minor,
        carried=state.carried_minor,
        through=month_text(state.through) if state.through else None,
        payouts=state.payouts,
    )


def statement_fields(statement: CommissionStatement, caller_id: str) -> dict[str, Any]:
    """A statement as the tenant that asks sees it."""
    entry = statement.child_entry_id if caller_id == statement.child_id else statement.entry_id
    return {
        "id": statement.statement_id,
        "number": statement.number,
        "month": month_text(statement.month),
        "issued_on": statement.issued_on,
        "biller": statement.biller_id,
        "base": statement.base.value,
        "amount": statement.amount.value,
        "base_total": statement.sums.base_minor,
        "commission": statement.sums.commission_minor,
        "late": statement.sums.late_minor,
        "carried_in": statement.carried_in_minor,
        "accrued": statement.accrued_minor,
        "carried_out": statement.carried_out_minor,
        "owed_after": statement.owed_after_minor,
        "lines": statement.sums.lines,
        "entry": entry or None,
        "recorded_at": from_micros(statement.recorded_micros),
    }


def show_statement(statement: CommissionStatement, caller_id: str) -> CommissionStatementDetailAnswer:
    rates = [
        {"rate_bps": rate, "subscribers": count, "base": base, "commission": commission}
        for rate, (count, base, commission) in statement.sums.rates.items()
    ]
    kinds = [{"kind": kind, "base": minor} for kind, minor in statement.sums.kinds.items()]
    fields = statement_fields(statement, caller_id) | {"rates": rates, "kinds": kinds}
    return CommissionStatementDetailAnswer.model_validate(fields)


def show_line(line: CommissionLine, month: date) -> CommissionLineAnswer:
    return CommissionLineAnswer(
        subscriber=subscriber_id(line.tenant_id, line.number),
        reseller=line.tenant_id,
        customer_id=line.customer_id,
        name=line.name,
        rate_bps=line.rate_bps,
        base=line.base_minor,
        commission=line.commission_minor,
        late=month_text(line.month) if line.month < month else None,
    )


def show_payout(payout: CommissionPayout, caller_id: str) -> CommissionPayoutAnswer:
    return CommissionPayoutAnswer(
        id=payout.payout_id,
        amount=payout.amount_minor,
        method=payout.method,
        reference=payout.reference or None,
        note=payout.note or None,
        paid_on=payout.paid_on,
        owed_after=payout.owed_after_minor,
        entry=payout.child_entry_id if caller_id == payout.child_id else payout.entry_id,
        recorded_at=from_micros(payout.recorded_micros),
    )
