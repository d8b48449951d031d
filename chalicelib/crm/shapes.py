"""What the routes of subscribers, their services and events take and answer."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Day, DayOut, InstantOut, Instead, Reference, parsed, shown
from chalicelib.api.paging import PageQuery
from chalicelib.billing.correction_shapes import CorrectionSummary, summary_of, waiting
from chalicelib.billing.corrections import Correction
from chalicelib.core.dates import from_micros
from chalicelib.core.text import clean_text
from chalicelib.crm.change import RecordedChange
from chalicelib.crm.contact import parse_mac, parse_name, parse_phone, parse_username, parse_zone
from chalicelib.crm.plan_shapes import PlanCode
from chalicelib.crm.service import Service
from chalicelib.crm.subscriber import Subscriber, service_id, subscriber_id

StatusName = Annotated[
    Literal["active", "suspended", "disabled", "scheduled", "disconnected"], Field(examples=["active"])
]
RecordedType = Literal["enable", "disable", "change_plan", "disconnect"]
EventType = Annotated[
    Literal["enable", "disable", "change_plan", "disconnect", "start", "withdraw"], Field(examples=["disable"])
]
PersonName = Annotated[str, parsed(parse_name), shown("Fatema Akter", minLength=1, maxLength=120)]
_GAPS = r"[\s().-]*"
_BYTES, _FOURS, _SIXES = "[0-9A-Fa-f]{2}", "[0-9A-Fa-f]{4}", "[0-9A-Fa-f]{6}"
_MAC = "|".join(
    [f"{_BYTES}({gap}{_BYTES}){{5}}" for gap in ":- "]
    + [f"{_FOURS}({gap}{_FOURS}){{2}}" for gap in (":", r"\.", "-")]
    + [f"{_SIXES}[:.-]?{_SIXES}"]
)

Phone = Annotated[
    str,
    parsed(parse_phone),
    shown("01711234567", pattern=rf"^{_GAPS}(\+{_GAPS})?([0-9]{_GAPS}){{5,15}}$"),
]
Zone = Annotated[str, parsed(parse_zone), shown("Mirpur-10", maxLength=60)]
Username = Annotated[str, parsed(parse_username), shown("bn700123", pattern="^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$")]
Mac = Annotated[str, parsed(parse_mac), shown("9C:53:00:07:00:7B", pattern=f"^({_MAC})$")]
SearchText = Annotated[str, parsed(clean_text), shown("karim 0171", maxLength=200), Field(max_length=200)]
SubscriberId = Annotated[str, Field(examples=["t4h8w2p5n6qr.s123"])]
ServiceId = Annotated[str, Field(examples=["t4h8w2p5n6qr.v123"])]
Text = Annotated[str, Field(examples=["Fatema Akter"])]


class LineBody(Body):
    """A service to connect; `start_on` defaults to today."""

    plan: Reference
    username: Username
    mac: Mac | None = None
    start_on: Day | None = None


class NewSubscriberBody(LineBody):
    """A subscriber to take on, with its first service."""

    name: PersonName
    phone: Phone | None = None
    zone: Zone | None = None


class ServiceChangeBody(Body):
    """What to change of one of the subscriber's services; a MAC of null is taken away."""

    id: ServiceId
    username: Username = Instead
    mac: Mac | None = None


class SubscriberChangeBody(Body):
    """What to change of a subscriber; a phone or zone of null is taken away."""

    name: PersonName = Instead
    phone: Phone | None = None
    zone: Zone | None = None
    services: Annotated[list[ServiceChangeBody], Field(max_length=16)] = Instead


class SubscribersQuery(PageQuery):
    """Which subscribers to list. `q` finds by the beginning of any word of name, phone, username, customer id and MAC;
    every word of it must be found. A page of a search holds at most 100; a filtered page may hold few and go on."""

    q: SearchText | None = None
    status: StatusName | None = None
    plan: Reference | None = None
    zone: Zone | None = None


class ServiceAnswer(Answer):
    """A service as it is today. `plan` is a plan code. `suspended_because` says whose fund was short: the id of the
    service's own tenant or of its parent, or `upstream` for any tenant above that. `router` is the id of the router that
    it is on."""

    id: ServiceId
    plan: PlanCode
    username: Annotated[str, Field(examples=["bn700123"])]
    mac: Annotated[str, Field(examples=["9C:53:00:07:00:7B"])] | None
    status: StatusName
    start_on: DayOut
    suspended_on: DayOut | None
    suspended_because: Annotated[str, Field(examples=["t4h8w2p5n6qr"])] | None
    disconnected_on: DayOut | None
    router: Annotated[str, Field(examples=["t4h8w2p5n6qr.r7k2m9p4x"])] | None


class SubscriberAnswer(Answer):
    """A subscriber as it is today, with its services in the order they were added."""

    id: SubscriberId
    customer_id: Annotated[str, Field(examples=["BN-000123"])]
    name: Text
    phone: Annotated[str, Field(examples=["01711234567"])] | None
    zone: Annotated[str, Field(examples=["Mirpur-10"])] | None
    status: StatusName
    services: list[ServiceAnswer]
    created_at: InstantOut


class NewEventBody(Body):
    """What happens to a service: `plan` belongs to `change_plan`; `service` may be left out where there is only one.

    `start` says that the service really began on that day, `withdraw` that the newest event of the type `withdraws` on
    that day was wrong.
    """

    type: EventType
    effective_on: Day
    plan: Reference | None = None
    service: ServiceId | None = None
    withdraws: RecordedType | None = None


class EventAnswer(Answer):
    """The event as it was recorded, and the subscriber after it. An event that is about days which are settled has a
    correction: asked again under the same key it is shown as it was then, before it was posted."""

    type: EventType
    effective_on: DayOut
    recorded_at: InstantOut
    service: ServiceId
    plan: PlanCode | None
    subscriber: SubscriberAnswer
    correction: CorrectionSummary | None = None


def show_subscriber(subscriber: Subscriber, today: date) -> SubscriberAnswer:
    return SubscriberAnswer(
        id=subscriber_id(subscriber.tenant_id, subscriber.number),
        customer_id=subscriber.customer_id,
        name=subscriber.name,
        phone=subscriber.phone,
        zone=subscriber.zone,
        status=subscriber.status_on(today).value,
        services=[_show_service(subscriber.tenant_id, service, today) for service in subscriber.services],
        created_at=from_micros(subscriber.created_at_micros),
    )


def _show_service(tenant_id: str, service: Service, today: date) -> ServiceAnswer:
    state = service.state_on(max(today, service.based_at[0]))
    suspension = None if state.disconnected_on else service.suspension_on(today)
    return ServiceAnswer(
        id=service_id(tenant_id, service.number),
        plan=state.plan,
        username=service.username,
        mac=service.mac,
        status=service.status_on(today).value,
        start_on=service.start_on,
        suspended_on=None if suspension is None else suspension.on,
        suspended_because=None if suspension is None else suspension.because,
        disconnected_on=state.disconnected_on,
        router=service.router,
    )


def show_event(recorded: RecordedChange, today: date, correction: Correction | None = None) -> EventAnswer:
    """The event; one that is late shows its correction, or that it follows."""
    event = recorded.event
    summary = summary_of(correction) if correction is not None else None
    if summary is None and recorded.late:
        summary = waiting(recorded.subscriber.tenant_id, recorded.late)
    return EventAnswer(
        type=recorded.kind.value,  # type: ignore[arg-type]
        effective_on=event.effective_on,
        recorded_at=from_micros(event.recorded_micros),
        service=service_id(recorded.subscriber.tenant_id, event.service_number),
        plan=event.plan,
        subscriber=show_subscriber(recorded.subscriber, today),
        correction=summary,
    )
