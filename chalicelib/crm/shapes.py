"""What the routes of plans, subscribers and imports take and answer."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.fields import (
    Answer,
    Body,
    Code,
    Day,
    DayOut,
    InstantOut,
    MoneyOut,
    Name,
    Price,
    Reference,
    Speed,
    parsed,
    shown,
)
from chalicelib.api.paging import PageQuery
from chalicelib.billing.correction_shapes import CorrectionSummary, summary_of, waiting
from chalicelib.billing.corrections import Correction
from chalicelib.core.dates import from_micros
from chalicelib.core.text import clean_text
from chalicelib.crm.change import RecordedChange
from chalicelib.crm.contact import parse_mac, parse_name, parse_phone, parse_username, parse_zone
from chalicelib.crm.csv_file import Fault
from chalicelib.crm.import_outcome import ImportResult
from chalicelib.crm.job import Job
from chalicelib.crm.model import Plan
from chalicelib.crm.service import Service
from chalicelib.crm.subscriber import Subscriber, service_id, subscriber_id

DayCountName = Annotated[Literal["calendar_month", "service_period", "fixed_30"], Field(examples=["calendar_month"])]
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
Count = Annotated[int, Field(examples=[400])]
SubscriberId = Annotated[str, Field(examples=["t4h8w2p5n6qr.s123"])]
ServiceId = Annotated[str, Field(examples=["t4h8w2p5n6qr.v123"])]
PlanId = Annotated[str, Field(examples=["t4h8w2p5n6qr.HOME-10"])]
PlanCode = Annotated[str, Field(examples=["HOME-10"])]
Text = Annotated[str, Field(examples=["Fatema Akter"])]
Instead: Any = Field(default_factory=lambda: None)
"""The default of a field that may be left out of a change, but may not be null."""


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
    name: Text
    download_kbps: Speed
    upload_kbps: Speed
    monthly_price: MoneyOut
    based_on: PlanId | None
    day_count: DayCountName


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
    service's own tenant or of its parent, or `upstream` for any tenant above that."""

    id: ServiceId
    plan: PlanCode
    username: Annotated[str, Field(examples=["bn700123"])]
    mac: Annotated[str, Field(examples=["9C:53:00:07:00:7B"])] | None
    status: StatusName
    start_on: DayOut
    suspended_on: DayOut | None
    suspended_because: Annotated[str, Field(examples=["t4h8w2p5n6qr"])] | None
    disconnected_on: DayOut | None


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


class ImportQuery(Body):
    """Whether to check the file only."""

    dry_run: Annotated[bool, Field(examples=[True])] = False


class LineErrorAnswer(Answer):
    """What is wrong with a field of a line; the header is line 1."""

    line: Annotated[int, Field(examples=[17])]
    field: Annotated[str, Field(examples=["mac"])]
    message: Annotated[str, Field(examples=["must be a MAC address, such as AA:BB:CC:DD:EE:FF"])]


class JobResultAnswer(Answer):
    """What a job came to: lines written, and lines that were not, because somebody took their names meanwhile."""

    written: Count
    refused: Annotated[int, Field(examples=[0])]


class JobAnswer(Answer):
    """An import under way or ended: `done` of `lines` are written. `errors` are the first 100 for lines it could not
    write any more. One that `failed` was stopped as a whole, and goes on when its file is sent again."""

    id: Annotated[str, Field(examples=["s5f1c0a9be27d44e8a1b2c3d4e5f60718"])]
    kind: Annotated[Literal["subscribers-import", "service-events-import"], Field(examples=["subscribers-import"])]
    status: Annotated[Literal["queued", "running", "done", "failed"], Field(examples=["running"])]
    lines: Annotated[int, Field(examples=[5000])]
    done: Annotated[int, Field(examples=[1200])]
    errors: list[LineErrorAnswer]
    started_at: InstantOut | None
    finished_at: InstantOut | None
    result: JobResultAnswer | None


class _ImportAnswer(Answer):
    """What became of a file."""

    dry_run: Annotated[bool, Field(examples=[False])]
    lines: Count
    unchanged: Annotated[int, Field(examples=[0])]
    errors: list[LineErrorAnswer]
    error_count: Annotated[int, Field(examples=[0])]
    job: JobAnswer | None


class SubscriberImportAnswer(_ImportAnswer):
    """What became of a roster: `created` now (or would be, in a dry run), `unchanged` were there from the same file;
    `errors` are the first of `error_count`, at most 1,000: of lines that were refused. `job` is there when
    the file goes on being written."""

    created: Count


class EventImportAnswer(_ImportAnswer):
    """What became of a file of events: `recorded` now (or would be), `unchanged` were there from the same file;
    `errors` are of lines that were refused."""

    recorded: Count


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


def show_roster_import(result: ImportResult) -> SubscriberImportAnswer:
    return SubscriberImportAnswer(created=result.written, **_import_fields(result))


def show_event_import(result: ImportResult) -> EventImportAnswer:
    return EventImportAnswer(recorded=result.written, **_import_fields(result))


def _import_fields(result: ImportResult) -> dict[str, Any]:
    return {
        "dry_run": result.dry_run,
        "lines": result.lines,
        "unchanged": result.unchanged,
        "errors": [_show_fault(fault) for fault in result.faults],
        "error_count": result.fault_count,
        "job": None if result.job is None else show_job(result.job),
    }


def _show_fault(fault: Fault) -> LineErrorAnswer:
    return LineErrorAnswer(line=fault.line, field=fault.field, message=fault.message)


def show_job(job: Job) -> JobAnswer:
    is_over = job.finished_micros is not None and job.status.value in ("done", "failed")
    return JobAnswer(
        id=job.job_id,
        kind=job.kind.value,
        status=job.status.value,
        lines=job.lines,
        done=job.done,
        errors=[_show_fault(fault) for fault in job.faults],
        started_at=None if job.started_micros is None else from_micros(job.started_micros),
        finished_at=from_micros(job.finished_micros) if is_over and job.finished_micros else None,
        result=JobResultAnswer(written=job.done, refused=job.lines - job.done) if is_over else None,
    )
