"""What the routes of aggregate mode take and answer."""

from typing import Any, Literal

from pydantic import Field

from chalicelib.api.fields import Amount, Answer, Body, Day, DayOut, InstantOut, MoneyOut, Note
from chalicelib.api.paging import PageQuery
from chalicelib.core.dates import from_micros
from chalicelib.partners.documents import InvoiceStanding
from chalicelib.partners.model import Issued, Line, Service, document_id


class AggregateInvoiceBody(Body):
    """An invoice by hand, over everything up to and including a day."""

    through: Day


class AggregateInvoicesQuery(PageQuery):
    """Which invoices to list."""

    status: Literal["open", "partly", "paid", "overdue"] | None = None


class DocumentLineAnswer(Answer):
    """A line without tax. `plan` is the parent's; a correction names the reseller and the days it is about, on a credit
    note the invoice too."""

    kind: Literal["use", "correction"] = Field(examples=["use"])
    plan: str | None = Field(examples=["HOME-10"])
    services: int = Field(examples=[2])
    days: int = Field(examples=[60])
    amount: MoneyOut
    correction: str | None = Field(examples=[None])
    reseller: str | None = Field(examples=[None])
    first_on: DayOut | None = Field(examples=[None])
    last_on: DayOut | None = Field(examples=[None])
    invoice: str | None = Field(examples=[None])


class AllocationAnswer(Answer):
    """How much of something went to which invoice."""

    invoice: str = Field(examples=["tk7m2p9qx4abc.ai3"])
    amount: MoneyOut


class AggregateInvoiceAnswer(Answer):
    """An invoice and how it stands. `entry` is the one in the caller's book, `services` how many lines its annex has."""

    id: str = Field(examples=["tk7m2p9qx4abc.ai3"])
    number: str = Field(examples=["AI-2026-000003"])
    issued_on: DayOut
    due_on: DayOut
    first_on: DayOut
    through: DayOut
    net: MoneyOut
    tax: MoneyOut
    total: MoneyOut
    remaining: MoneyOut
    status: Literal["open", "partly", "paid", "overdue"] = Field(examples=["open"])
    services: int = Field(examples=[2])
    entry: str = Field(examples=["op.o1795329000000000-child-tk7m2p9qx4abc-3"])
    recorded_at: InstantOut


class SettlingAnswer(Answer):
    """A payment or a credit note that went to an invoice, and how much of it; an advance was there before it."""

    kind: Literal["advance", "payment", "credit_note"] = Field(examples=["payment"])
    id: str | None = Field(examples=["tk7m2p9qx4abc.ap1"])
    on: DayOut
    amount: MoneyOut


class AggregateInvoiceDetailAnswer(AggregateInvoiceAnswer):
    """An invoice with its lines, and what was paid or credited of it."""

    lines: list[DocumentLineAnswer]
    settled_by: list[SettlingAnswer]


class InvoiceRunningAnswer(Answer):
    """An invoice that takes longer than a request: a worker makes it, and it is found in the list."""

    status: Literal["running"] = "running"
    through: DayOut


class AnnexLineAnswer(Answer):
    """A service on one plan: what it cost over the days of the invoice."""

    reseller: str = Field(examples=["tk7m2p9qx4abc"])
    subscriber: str = Field(examples=["tk7m2p9qx4abc.s1"])
    customer_id: str = Field(examples=["BETA-000001"])
    username: str = Field(examples=["karim"])
    plan: str = Field(examples=["HOME-10"])
    days: int = Field(examples=[30])
    amount: MoneyOut


class AggregatePaymentBody(Body):
    """Money from a reseller for its invoices: the oldest is paid first, what is left over is an advance."""

    amount: Amount = Field(examples=["279.90"])
    method: Literal["cash", "bank", "gateway"] = Field(examples=["bank"])
    reference: Note = Field(default="", examples=["TRX-1187"])
    note: Note = Field(default="", examples=["paid at the counter"])


class AggregatePaymentAnswer(Answer):
    """A payment, the invoices it went to, and what is an advance of it."""

    id: str = Field(examples=["tk7m2p9qx4abc.ap1"])
    amount: MoneyOut
    method: str = Field(examples=["bank"])
    reference: str | None = Field(examples=["TRX-1187"])
    note: str | None = Field(examples=[None])
    received_on: DayOut
    allocated: list[AllocationAnswer]
    advance: MoneyOut
    entry: str = Field(examples=["op.o1795329000000000-child-tk7m2p9qx4abc-4"])
    recorded_at: InstantOut


class AggregateCreditNoteAnswer(Answer):
    """What came back of days that were invoiced: its lines, and the invoices it lowered."""

    id: str = Field(examples=["tk7m2p9qx4abc.ac1"])
    number: str = Field(examples=["AC-2026-000001"])
    issued_on: DayOut
    net: MoneyOut
    tax: MoneyOut
    total: MoneyOut
    lines: list[DocumentLineAnswer]
    allocated: list[AllocationAnswer]
    advance: MoneyOut
    entry: str = Field(examples=["op.o1795329000000000-child-tk7m2p9qx4abc-5"])
    recorded_at: InstantOut


def _lines(issued: Issued) -> list[DocumentLineAnswer]:
    def show(line: Line) -> DocumentLineAnswer:
        return DocumentLineAnswer(
            kind="use" if line.kind == "use" else "correction",
            plan=line.plan or None,
            services=line.services,
            days=line.days,
            amount=line.amount_minor,
            correction=line.correction or None,
            reseller=line.tenant_id or None,
            first_on=line.first_on,
            last_on=line.last_on,
            invoice=document_id(issued.child_id, "invoice", line.invoice) if line.invoice else None,
        )

    return [show(line) for line in issued.lines]


def _allocated(issued: Issued) -> list[AllocationAnswer]:
    return [
        AllocationAnswer(invoice=document_id(issued.child_id, "invoice", part.serial), amount=part.amount_minor)
        for part in issued.allocated
    ]


def _entry(issued: Issued, caller_id: str) -> str:
    return issued.child_entry_id if caller_id == issued.child_id else issued.entry_id


def invoice_fields(standing: InvoiceStanding, caller_id: str) -> dict[str, Any]:
    """An invoice as the tenant that asks sees it."""
    invoice = standing.invoice
    return {
        "id": invoice.document_id,
        "number": invoice.number,
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
        "first_on": invoice.first_on,
        "through": invoice.through,
        "net": invoice.net_minor,
        "tax": invoice.tax_minor,
        "total": invoice.total_minor,
        "remaining": standing.remaining_minor,
        "status": standing.status,
        "services": invoice.services,
        "entry": _entry(invoice, caller_id),
        "recorded_at": from_micros(invoice.recorded_micros),
    }


def show_detail(standing: InvoiceStanding, settled_by: list[Issued], caller_id: str) -> AggregateInvoiceDetailAnswer:
    """An invoice with its lines and what settled it."""
    invoice = standing.invoice
    advances = [
        SettlingAnswer(kind="advance", id=None, on=invoice.issued_on, amount=part.amount_minor)
        for part in invoice.allocated
    ]
    others = [
        SettlingAnswer.model_validate(
            {
                "kind": one.kind,
                "id": one.document_id,
                "on": one.issued_on,
                "amount": sum(part.amount_minor for part in one.allocated if part.serial == invoice.serial),
            }
        )
        for one in settled_by
    ]
    fields = invoice_fields(standing, caller_id) | {"lines": _lines(invoice), "settled_by": [*advances, *others]}
    return AggregateInvoiceDetailAnswer.model_validate(fields)


def show_payment(payment: Issued, caller_id: str) -> AggregatePaymentAnswer:
    return AggregatePaymentAnswer(
        id=payment.document_id,
        amount=payment.total_minor,
        method=payment.method,
        reference=payment.reference or None,
        note=payment.note or None,
        received_on=payment.issued_on,
        allocated=_allocated(payment),
        advance=payment.advance_minor,
        entry=_entry(payment, caller_id),
        recorded_at=from_micros(payment.recorded_micros),
    )


def show_credit_note(note: Issued, caller_id: str) -> AggregateCreditNoteAnswer:
    return AggregateCreditNoteAnswer(
        id=note.document_id,
        number=note.number,
        issued_on=note.issued_on,
        net=note.net_minor,
        tax=note.tax_minor,
        total=note.total_minor,
        lines=_lines(note),
        allocated=_allocated(note),
        advance=note.advance_minor,
        entry=_entry(note, caller_id),
        recorded_at=from_micros(note.recorded_micros),
    )


def show_service(service: Service) -> AnnexLineAnswer:
    return AnnexLineAnswer(
        reseller=service.tenant_id,
        subscriber=f"{service.tenant_id}.s{service.subscriber}",
        customer_id=service.customer_id,
        username=service.username,
        plan=service.plan,
        days=service.days,
        amount=service.amount_minor,
    )
