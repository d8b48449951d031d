"""What the routes of the terms and numbers of aggregate invoices take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, DayOut, Instead
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.partners.cycle import MAX_EVERY_DAYS, Cycle, CycleKind
from chalicelib.partners.model import AggregateTerms
from chalicelib.partners.numbers import Numbers
from chalicelib.partners.terms import MAX_DUE_DAYS
from chalicelib.retail.numbering import Numbering

KindName = Annotated[Literal["weekly", "days", "monthly", "quarterly"], Field(examples=["monthly"])]
Weekday = Annotated[int, Field(ge=1, le=7, examples=[1])]
EveryDays = Annotated[int, Field(ge=1, le=MAX_EVERY_DAYS, examples=[30])]
DayOfMonth = Annotated[int, Field(ge=1, le=31, examples=[1])]
DueDays = Annotated[int, Field(ge=0, le=MAX_DUE_DAYS, examples=[7])]
Template = Annotated[str, Field(min_length=1, max_length=60, examples=["{prefix}{year}-{sequence:6}"])]
NumberPrefix = Annotated[str, Field(max_length=20, examples=["AI-"])]
_OF_KIND = {"weekly": "weekday", "days": "every_days", "monthly": "day", "quarterly": "day"}


class CycleBody(Body):
    """When invoices are made: `weekly` on a `weekday` (1 is Monday), `every_days` days, `monthly` or `quarterly` on a
    `day` of the month (its last one where the month is too short). An invoice covers through the day before."""

    kind: KindName
    weekday: Weekday = Instead
    every_days: EveryDays = Instead
    day: DayOfMonth = Instead


class AggregateTermsBody(Body):
    """How a reseller is invoiced, from the day after the last one that is invoiced."""

    cycle: CycleBody
    due_days: DueDays
    block_when_overdue: bool = Field(default=True, examples=[True])


class CycleAnswer(Answer):
    """When invoices are made; what does not belong to the kind is null."""

    kind: KindName
    weekday: int | None = Field(examples=[None])
    every_days: int | None = Field(examples=[None])
    day: int | None = Field(examples=[1])


class AggregateTermsAnswer(Answer):
    """How a reseller is invoiced. `since` is the first day that these terms invoice."""

    cycle: CycleAnswer
    due_days: int = Field(examples=[7])
    block_when_overdue: bool = Field(examples=[True])
    since: DayOut
    revision: int = Field(examples=[1])


class NumberingBody(Body):
    """How numbers are made: `{prefix}`, `{year}` and `{sequence}` (or `{sequence:6}`); the count begins anew each year."""

    template: Template
    prefix: NumberPrefix = ""


class AggregateNumberingBody(Body):
    """How the aggregate invoices and credit notes of all one's resellers are numbered from now on."""

    invoice: NumberingBody = Instead
    credit_note: NumberingBody = Instead


class NumberingAnswer(Answer):
    """How numbers are made, and how many there are in each year."""

    template: Template
    prefix: NumberPrefix
    issued: dict[str, int] = Field(examples=[{"2026": 12}])


class AggregateNumberingAnswer(Answer):
    """How aggregate invoices and credit notes are numbered."""

    invoice: NumberingAnswer
    credit_note: NumberingAnswer


def to_cycle(body: CycleBody) -> Cycle:
    """The cycle asked for; 422 for what does not belong to its kind, or is missing for it."""
    own = _OF_KIND[body.kind]
    given = {name for name in ("weekday", "every_days", "day") if getattr(body, name) is not None}
    errors = [FieldError(f"cycle.{name}", f"is not a field of a {body.kind} cycle") for name in sorted(given - {own})]
    if own not in given:
        errors.append(FieldError(f"cycle.{own}", "is required"))
    if errors:
        raise Invalid("invalid", f"A {body.kind} cycle is told by its {own} alone.", tuple(errors))
    return Cycle(CycleKind(body.kind), **{own: getattr(body, own)})


def show_terms(terms: AggregateTerms) -> AggregateTermsAnswer:
    kind = terms.cycle.kind.value
    own = _OF_KIND[kind]
    fields = {name: getattr(terms.cycle, name) if name == own else None for name in ("weekday", "every_days", "day")}
    return AggregateTermsAnswer(
        cycle=CycleAnswer.model_validate({"kind": kind, **fields}),
        due_days=terms.due_days,
        block_when_overdue=terms.block_when_overdue,
        since=terms.since_on,
        revision=terms.revision,
    )


def to_numbering(body: NumberingBody) -> Numbering:
    return Numbering(body.template, body.prefix)


def show_numbers(numbers: Numbers) -> NumberingAnswer:
    return NumberingAnswer(
        template=numbers.numbering.template, prefix=numbers.numbering.prefix, issued=dict(numbers.series)
    )
