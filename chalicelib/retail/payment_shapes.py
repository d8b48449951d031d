"""What the routes of payments, credit notes, dues and statements take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Amount, Answer, Body, Day, DayOut, InstantOut, MoneyOut, Note, Reason
from chalicelib.api.paging import PageQuery
from chalicelib.core.dates import from_micros
from chalicelib.retail.document_model import Document, document_id
from chalicelib.retail.list_payments import TakenPayment

MethodName = Annotated[Literal["cash", "bank", "gateway"], Field(examples=["cash"])]
SubscriberId = Annotated[str, Field(examples=["tk7m2p9qx4abc.s12"])]
DocumentId = Annotated[str, Field(examples=["tk7m2p9qx4abc.i12"])]
InvoiceReference = Annotated[str, Field(min_length=1, max_length=80, examples=["tk7m2p9qx4abc.i12"])]
MAX_LINES = 20


class PaymentBody(Body):
    """Money of a subscriber. It pays `invoice`, where one is named, and then the oldest; what is left over is an advance.

    `received_on` defaults to today and may lie in the past.
    """

    amount: Amount = Field(examples=["500.00"])
    method: MethodName
    reference: Note = Field(default="", examples=["bKash 9XK2"])
    note: Note = Field(default="", examples=["paid at the counter"])
    received_on: Day | None = None
    invoice: InvoiceReference | None = None


class AdvanceRefundBody(Body):
    """Money back to a subscriber, out of what it has paid ahead."""

    amount: Amount = Field(examples=["200.00"])
    method: MethodName
    reference: Note = Field(default="", examples=["CH-88"])
    reason: Reason = Field(examples=["leaving at the end of the month"])


class ReasonBody(Body):
    """Why it is done."""

    reason: Reason = Field(examples=["the cheque bounced"])


class CreditLineBody(Body):
    """What is credited, in words, and how much of it, with tax."""

    text: Reason = Field(examples=["two days without a line"])
    amount: Amount = Field(examples=["53.33"])


class CreditNoteBody(Body):
    """An amount to take back of an invoice, or lines that sum to it: one of the two."""

    amount: Amount | None = Field(default=None, examples=["53.33"])
    lines: Annotated[list[CreditLineBody], Field(min_length=1, max_length=MAX_LINES)] | None = None
    reason: Reason = Field(examples=["two days without a line"])


class WriteOffBody(Body):
    """What to give up: everything that is open unless an amount is told, or one invoice alone."""

    amount: Amount | None = Field(default=None, examples=["500.00"])
    invoice: InvoiceReference | None = None
    reason: Reason = Field(examples=["moved away, not to be found"])


class PaymentsQuery(PageQuery):
    """Which payments to list: received between two days, by one method."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    method: MethodName | None = None


class AllocatedAnswer(Answer):
    """How much of an amount went to a document; below zero where it is open again."""

    document: DocumentId
    amount: MoneyOut


class RetailDocumentAnswer(Answer):
    """A document as it was issued. `about` is the document that it is about, `allocated` what it settled of others;
    `advance` is what it left as money paid ahead, or (below zero) took of it. `total` is `net` and `tax`."""

    id: DocumentId
    kind: str = Field(examples=["receipt"])
    number: str = Field(examples=["RC-2026-000012"])
    subscriber: SubscriberId
    customer_id: str = Field(examples=["BETA-000012"])
    customer_name: str = Field(examples=["Rahim Uddin"])
    issued_on: DayOut
    received_on: DayOut | None
    due_on: DayOut | None
    net: MoneyOut = Field(examples=["500.00"])
    tax: MoneyOut = Field(examples=["0.00"])
    total: MoneyOut = Field(examples=["500.00"])
    about: DocumentId | None
    allocated: list[AllocatedAnswer]
    advance: MoneyOut = Field(examples=["0.00"])
    balance_after: MoneyOut = Field(examples=["0.00"])
    method: str | None = Field(examples=["cash"])
    reference: str | None = Field(examples=["bKash 9XK2"])
    note: str | None = Field(examples=["paid at the counter"])
    recorded_at: InstantOut
    entry: str | None = Field(examples=["tk7m2p9qx4abc.o1795329000000000-retail-3"])


class PaymentAnswer(RetailDocumentAnswer):
    """A payment, and whether it was taken back."""

    reversed: bool = Field(examples=[False])


# From records


def show_retail_document(document: Document) -> RetailDocumentAnswer:
    return RetailDocumentAnswer.model_validate(_fields(document))


def show_payment(taken: TakenPayment) -> PaymentAnswer:
    return PaymentAnswer.model_validate({**_fields(taken.document), "reversed": taken.is_reversed})


def _fields(document: Document) -> dict[str, object]:
    biller_id = document.biller_id
    return {
        "id": document.document_id,
        "kind": document.kind.value,
        "number": document.number,
        "subscriber": document.subscriber_id,
        "customer_id": document.customer_id,
        "customer_name": document.customer_name,
        "issued_on": document.issued_on,
        "received_on": document.received_on,
        "due_on": document.due_on,
        "net": document.net_minor,
        "tax": document.tax_minor,
        "total": document.total_minor,
        "about": _about(document),
        "allocated": [
            AllocatedAnswer(document=document_id(biller_id, name), amount=minor) for name, minor in document.allocated
        ],
        "advance": document.advance_minor,
        "balance_after": document.balance_after_minor,
        "method": document.method or None,
        "reference": document.reference or None,
        "note": document.note or None,
        "recorded_at": from_micros(document.recorded_micros),
        "entry": document.entry_id,
    }


def _about(document: Document) -> str | None:
    return document_id(document.biller_id, document.about) if document.about else None
