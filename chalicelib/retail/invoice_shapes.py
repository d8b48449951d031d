"""What the routes of invoices and invoice runs take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import (
    Answer,
    Body,
    Day,
    DayOut,
    InstantOut,
    MoneyOut,
    Reference,
)
from chalicelib.api.paging import PageQuery
from chalicelib.core.dates import from_micros
from chalicelib.crm.subscriber import service_id, subscriber_id
from chalicelib.retail.document_model import Document, document_id
from chalicelib.retail.invoice_run import InvoiceRun
from chalicelib.retail.list_invoices import Listed, Standing

StatusName = Literal["open", "overdue", "paid", "void"]


class InvoiceBody(Body):
    """Whom to invoice now."""

    subscriber: Reference


class InvoicesQuery(PageQuery):
    """Which invoices, newest first."""

    subscriber: Reference | None = None
    status: StatusName | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None


class InvoiceListedAnswer(Answer):
    """An invoice in a list."""

    id: str = Field(examples=["tk7m2p9qx4abc.i12"])
    number: str = Field(examples=["INV-2026-000012"])
    subscriber: str = Field(examples=["tk7m2p9qx4abc.s12"])
    issued_on: DayOut
    due_on: DayOut
    total: MoneyOut = Field(examples=["630.00"])
    remaining: MoneyOut = Field(examples=["630.00"])
    credited: MoneyOut = Field(examples=["0.00"])
    status: str = Field(examples=["open"])


class DocumentLineAnswer(Answer):
    """A line as it was issued; amounts hold the tax where it is inclusive."""

    kind: str = Field(examples=["service"])
    service: str | None = Field(examples=["tk7m2p9qx4abc.v12"])
    plan: str | None = Field(examples=["Home 10 Mbps"])
    text: str | None = Field(examples=[None])
    first: DayOut | None
    last: DayOut | None
    amount: MoneyOut = Field(examples=["600.00"])


class InvoiceAnswer(Answer):
    """A document as it was issued. An invoice that comes to less than nothing is a `credit_note`."""

    id: str = Field(examples=["tk7m2p9qx4abc.i12"])
    kind: str = Field(examples=["invoice"])
    number: str = Field(examples=["INV-2026-000012"])
    subscriber: str = Field(examples=["tk7m2p9qx4abc.s12"])
    customer_id: str = Field(examples=["BETA-000012"])
    customer_name: str = Field(examples=["Rahim Uddin"])
    issued_on: DayOut
    due_on: DayOut | None
    lines: list[DocumentLineAnswer]
    net: MoneyOut = Field(examples=["600.00"])
    tax: MoneyOut = Field(examples=["30.00"])
    tax_bps: int = Field(examples=[500])
    tax_kind: str = Field(examples=["exclusive"])
    total: MoneyOut = Field(examples=["630.00"])
    balance_after: MoneyOut = Field(examples=["630.00"])
    recorded_at: InstantOut
    entry: str | None = Field(examples=["tk7m2p9qx4abc.o1795329000000000-retail-3"])


class IssuedInvoiceAnswer(InvoiceAnswer):
    """An invoice with how it stands now."""

    remaining: MoneyOut = Field(examples=["630.00"])
    credited: MoneyOut = Field(examples=["0.00"])
    status: str = Field(examples=["open"])


class InvoiceRunBody(Body):
    """For which day to invoice everybody who is due."""

    date: Day


class RefusedAnswer(Answer):
    """A subscriber whose invoice could not be made, and why."""

    subscriber: str = Field(examples=["tk7m2p9qx4abc.s12"])
    why: str


class InvoiceRunAnswer(Answer):
    """An invoice run: how far it is, and what it issued."""

    id: str = Field(examples=["2026-12-01"])
    date: DayOut
    status: str = Field(examples=["done"])
    invoices: int = Field(examples=[240])
    invoiced: MoneyOut = Field(examples=["151200.00"])
    credit_notes: int = Field(examples=[0])
    credited: MoneyOut = Field(examples=["0.00"])
    refused: int = Field(examples=[0])
    refusals: list[RefusedAnswer]
    started_at: InstantOut
    finished_at: InstantOut | None


def show_listed(one: Listed, standing: Standing) -> InvoiceListedAnswer:
    return InvoiceListedAnswer(
        id=document_id(one.biller_id, one.local_id),
        number=one.number,
        subscriber=subscriber_id(one.tenant_id, one.subscriber),
        issued_on=one.issued_on,
        due_on=one.due_on,
        total=one.total_minor,
        remaining=standing.remaining_minor,
        credited=standing.credited_minor,
        status=standing.status.value,
    )


def _document_fields(document: Document) -> dict[str, object]:
    return {
        "id": document.document_id,
        "kind": document.kind.value,
        "number": document.number,
        "subscriber": document.subscriber_id,
        "customer_id": document.customer_id,
        "customer_name": document.customer_name,
        "issued_on": document.issued_on,
        "due_on": document.due_on,
        "lines": [
            DocumentLineAnswer(
                kind=line.kind.value,
                service=service_id(document.tenant_id, line.service) if line.service else None,
                plan=line.plan or None,
                text=line.text or None,
                first=line.first,
                last=line.last,
                amount=line.amount_minor,
            )
            for line in document.lines
        ],
        "net": document.net_minor,
        "tax": document.tax_minor,
        "tax_bps": document.tax_bps,
        "tax_kind": document.tax.value,
        "total": document.total_minor,
        "balance_after": document.balance_after_minor,
        "recorded_at": from_micros(document.recorded_micros),
        "entry": document.entry_id,
    }


def show_document(document: Document) -> InvoiceAnswer:
    return InvoiceAnswer.model_validate(_document_fields(document))


def show_invoice(document: Document, standing: Standing) -> IssuedInvoiceAnswer:
    return IssuedInvoiceAnswer.model_validate(
        {
            **_document_fields(document),
            "remaining": standing.remaining_minor,
            "credited": standing.credited_minor,
            "status": standing.status.value,
        }
    )


def show_run(run: InvoiceRun) -> InvoiceRunAnswer:
    return InvoiceRunAnswer(
        id=run.run_id,
        date=run.day,
        status=run.status.value,
        invoices=run.invoices,
        invoiced=run.invoiced_minor,
        credit_notes=run.credit_notes,
        credited=run.credited_minor,
        refused=run.refused_count,
        refusals=[RefusedAnswer(subscriber=who, why=why) for who, why in run.refused],
        started_at=from_micros(run.started_micros),
        finished_at=None if run.finished_micros is None else from_micros(run.finished_micros),
    )
