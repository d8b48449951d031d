"""What the routes of plans take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Code, Instead, MoneyOut, Name, Price, Reference, Speed
from chalicelib.crm.model import Plan

DayCountName = Annotated[Literal["calendar_month", "service_period", "fixed_30"], Field(examples=["calendar_month"])]
PlanId = Annotated[str, Field(examples=["t4h8w2p5n6qr.HOME-10"])]
PlanCode = Annotated[str, Field(examples=["HOME-10"])]


class NewPlanBody(Body):
    """A plan to offer. A reseller's names one of its parent's in `based_on`; the operator's have none."""

    name: Name
    code: Code
    download_kbps: Speed
    upload_kbps: Speed
    monthly_price: Price
    based_on: Reference | None = None
    day_count: DayCountName = "calendar_month"


class PlanChangeBody(Body):
    """What to change of a plan; its code and what it is based on never change."""

    name: Name = Instead
    download_kbps: Speed = Instead
    upload_kbps: Speed = Instead
    monthly_price: Price = Instead
    day_count: DayCountName = Instead


class PlanAnswer(Answer):
    """A plan. `based_on` is the id of the parent's plan, null for the operator's own."""

    id: PlanId
    code: PlanCode
    name: Annotated[str, Field(examples=["Home 10 Mbps"])]
    download_kbps: Speed
    upload_kbps: Speed
    monthly_price: MoneyOut
    based_on: PlanId | None
    day_count: DayCountName


def show_plan(plan: Plan) -> PlanAnswer:
    return PlanAnswer(
        id=plan.plan_id,
        code=plan.code,
        name=plan.name,
        download_kbps=plan.download_kbps,
        upload_kbps=plan.upload_kbps,
        monthly_price=plan.monthly_price_minor,
        based_on=plan.based_on,
        day_count=plan.day_count.value,
    )
