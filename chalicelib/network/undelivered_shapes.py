"""What the route of undelivered days takes and answers."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Day, DayOut
from chalicelib.api.paging import PageQuery
from chalicelib.crm.shapes import ServiceId, SubscriberId
from chalicelib.crm.subscriber import service_id, subscriber_id
from chalicelib.network.shapes import RouterId
from chalicelib.network.undelivered import UndeliveredDay


class UndeliveredQuery(PageQuery):
    """The days from which to which; all of them unless told."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None


class UndeliveredDayAnswer(Answer):
    """A day on which a service was active and its router had it off. It is `suspected` while the router does not answer,
    and then `confirmed` or `withdrawn`. A confirmed day was not paid for (`unpaid`); or it was, and is `credited` by the
    document `credit`, or without one where it was not invoiced yet and now never is, or only `reported`."""

    day: DayOut
    service: ServiceId
    subscriber: SubscriberId
    router: RouterId
    cause: Literal["router", "change"] = Field(examples=["router"])
    reason: str = Field(examples=["The router did not answer from 2026-11-20T10:00:00.000000Z on."])
    status: Literal["suspected", "confirmed", "withdrawn", "unpaid", "credited", "reported"] = Field(
        examples=["credited"]
    )
    note: str | None = Field(examples=[None])
    credit: str | None = Field(examples=["tk7m2p9qx4abc.c12"])


def show_undelivered(day: UndeliveredDay) -> UndeliveredDayAnswer:
    return UndeliveredDayAnswer(
        day=day.day,
        service=service_id(day.tenant_id, day.service),
        subscriber=subscriber_id(day.tenant_id, day.subscriber),
        router=day.router_id,
        cause=day.cause.value,
        reason=day.reason,
        status=day.status.value,
        note=day.note,
        credit=day.credit,
    )
