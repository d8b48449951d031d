"""What the routes of billing terms take and answer."""

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import (
    Answer,
    Body,
    Day,
    DayOut,
    MoneyOut,
    Price,
    RateBps,
)
from chalicelib.core.errors import invalid_field
from chalicelib.retail.dues import DuesKind
from chalicelib.retail.model import Cycle, DocumentKind, TaxKind, Terms, Timing
from chalicelib.retail.numbering import Numbering, check_prefix, check_template

BillingDay = Annotated[int, Field(ge=1, le=31, strict=True, examples=[10])]
Days = Annotated[int, Field(ge=0, le=365, strict=True, examples=[7])]
Template = Annotated[str, Field(max_length=60, examples=["{prefix}{year}-{sequence:6}"])]
Prefix = Annotated[str, Field(max_length=20, examples=["INV-"])]
CycleName = Literal["start_of_month", "anniversary", "custom_day"]
EARLIEST_START = timedelta(days=366)
"""How far back the first day may lie that is billed: all of it comes onto one invoice."""


class NumberingBody(Body):
    """How documents of a kind are numbered. The sequence begins anew each `year`, or `never`; it has no gaps."""

    template: Template = "{prefix}{year}-{sequence:6}"
    prefix: Prefix = ""
    restarts: Literal["year", "never"] = "year"


class NumbersBody(Body):
    """The numbers of each kind of document; a kind that is not named is numbered as before."""

    invoice: NumberingBody | None = None
    credit_note: NumberingBody | None = None
    receipt: NumberingBody | None = None


class LateFeeBody(Body):
    """What being overdue costs, once an invoice: an amount, or a rate of what is overdue."""

    amount: Price | None = Field(default=None, examples=["50.00"])
    bps: RateBps = 0


class BillingTermsBody(Body):
    """How a tenant bills its subscribers; what is left out is as it is by default."""

    cycle: CycleName = "start_of_month"
    billing_day: BillingDay | None = None
    timing: Literal["prepaid", "postpaid"] = "prepaid"
    tax_bps: RateBps = 0
    tax: Literal["inclusive", "exclusive"] = "exclusive"
    due_days: Days = 7
    grace_days: Days = 0
    late_fee: LateFeeBody = Field(default_factory=LateFeeBody)
    suspend_overdue: bool = False
    dues: Literal["cumulative", "monthly"] = "cumulative"
    numbers: NumbersBody = Field(default_factory=NumbersBody)
    starts_on: Day | None = None


class NumberingAnswer(Answer):
    """How documents of a kind are numbered."""

    template: str = Field(examples=["{prefix}{year}-{sequence:6}"])
    prefix: str = Field(examples=["INV-"])
    restarts: str = Field(examples=["year"])


class NumbersAnswer(Answer):
    """The numbers of each kind of document."""

    invoice: NumberingAnswer
    credit_note: NumberingAnswer
    receipt: NumberingAnswer


class LateFeeAnswer(Answer):
    """What being overdue costs."""

    amount: MoneyOut = Field(examples=["0.00"])
    bps: int = Field(examples=[0])


class BillingTermsAnswer(Answer):
    """How a tenant bills its subscribers. `revision` is 0 while nobody has said so; then nothing is invoiced by itself."""

    cycle: str = Field(examples=["start_of_month"])
    billing_day: int | None = Field(examples=[None])
    timing: str = Field(examples=["prepaid"])
    tax_bps: int = Field(examples=[500])
    tax: str = Field(examples=["exclusive"])
    due_days: int = Field(examples=[7])
    grace_days: int = Field(examples=[0])
    late_fee: LateFeeAnswer
    suspend_overdue: bool = Field(examples=[False])
    dues: str = Field(examples=["cumulative"])
    numbers: NumbersAnswer
    starts_on: DayOut
    revision: int = Field(examples=[1])


def terms_asked(body: BillingTermsBody, before: Terms, today: date) -> Terms:
    """The terms a body asks for; 422 for a number that would not be unique, and a billing day without its cycle."""
    if (body.cycle == Cycle.CUSTOM_DAY.value) != (body.billing_day is not None):
        message = "must be told for the cycle custom_day, and for no other"
        raise invalid_field("billing_day", message)
    if body.late_fee.amount and body.late_fee.bps:
        raise invalid_field("late_fee.bps", "must be 0 where there is an amount")
    numberings = dict(before.numberings)
    for kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE, DocumentKind.RECEIPT):
        asked = getattr(body.numbers, kind.value)
        if asked is not None:
            numberings[kind] = _numbering(asked, f"numbers.{kind.value}")
    starts_on = body.starts_on or (before.starts_on if before.revision else today)
    if starts_on < today - EARLIEST_START and starts_on != before.starts_on:
        raise invalid_field("starts_on", "must not lie more than 366 days back")
    return Terms(
        biller_id=before.biller_id,
        starts_on=starts_on,
        cycle=Cycle(body.cycle),
        billing_day=body.billing_day or 1,
        timing=Timing(body.timing),
        tax_bps=body.tax_bps,
        tax=TaxKind(body.tax),
        due_days=body.due_days,
        grace_days=body.grace_days,
        late_fee_minor=body.late_fee.amount or 0,
        late_fee_bps=body.late_fee.bps,
        suspend_overdue=body.suspend_overdue,
        dues=DuesKind(body.dues),
        numberings=numberings,
        revision=before.revision,
    )


def _numbering(asked: NumberingBody, field: str) -> Numbering:
    is_yearly = asked.restarts == "year"
    place = f"{field}.template"
    try:
        check_template(asked.template, yearly=is_yearly)
        place = f"{field}.prefix"
        check_prefix(asked.prefix)
    except ValueError as error:
        raise invalid_field(place, str(error)) from None
    return Numbering(asked.template, asked.prefix, is_yearly)


def show_terms(terms: Terms) -> BillingTermsAnswer:
    def numbering(kind: DocumentKind) -> NumberingAnswer:
        made = terms.numbering(kind)
        return NumberingAnswer(template=made.template, prefix=made.prefix, restarts="year" if made.yearly else "never")

    return BillingTermsAnswer(
        cycle=terms.cycle.value,
        billing_day=terms.billing_day if terms.cycle is Cycle.CUSTOM_DAY else None,
        timing=terms.timing.value,
        tax_bps=terms.tax_bps,
        tax=terms.tax.value,
        due_days=terms.due_days,
        grace_days=terms.grace_days,
        late_fee=LateFeeAnswer(amount=terms.late_fee_minor, bps=terms.late_fee_bps),
        suspend_overdue=terms.suspend_overdue,
        dues=terms.dues.value,
        numbers=NumbersAnswer(
            invoice=numbering(DocumentKind.INVOICE),
            credit_note=numbering(DocumentKind.CREDIT_NOTE),
            receipt=numbering(DocumentKind.RECEIPT),
        ),
        starts_on=terms.starts_on,
        revision=terms.revision,
    )
