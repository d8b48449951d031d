"""Rows of documents, of their numbers, and of which of them one write issued; and how they become records and back.

A document lies in one attribute as JSON, as short as it may be (`account_store.py` says why), and is written once.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute
from chalicelib.aws.tables import Check, Put
from chalicelib.retail.document_model import Batch, Counter, Document, DocumentLine, LineKind
from chalicelib.retail.model import KIND_OF_LETTER, DocumentKind, Taxed, TaxKind
from chalicelib.retail.numbering import Numbering

_day = date.fromisoformat


class DocumentRow(BooksRow):
    """A document, written once. Subscriber, instant, kind and serial are in the key."""

    data = JsonAttribute(attr_name="d")


class CounterRow(BooksRow):
    """The last numbers of a kind of document."""

    serial = IntegerAttribute()
    series = JsonAttribute()


class BatchRow(BooksRow):
    """Which documents one write issued; written once."""

    data = JsonAttribute(attr_name="d")


def put_document(document: Document) -> Put:
    """A document that is not there yet; that its account and its counter move in the same write keeps it unique."""
    key = keys.retail_document(
        document.biller_id, document.tenant_id, document.subscriber, document.recorded_micros, document.local_id
    )
    return Put(DocumentRow.at(key, data=_document_data(document)))


def _document_data(document: Document) -> dict[str, Any]:
    """What a document does not have is not there."""
    data: dict[str, Any] = {
        "no": document.number,
        "on": document.issued_on.isoformat(),
        "e": document.entry_sequence,
        "id": document.customer_id,
        "to": document.customer_name,
        "t": [document.net_minor, document.tax_minor, document.total_minor, document.balance_after_minor],
    }
    if document.due_on is not None:
        data["due"] = document.due_on.isoformat()
    if document.tax_bps:
        data["x"] = [document.tax_bps, document.tax.value]
    if document.lines:
        data["l"] = [_line_data(line) for line in document.lines]
    if document.allocated:
        data["al"] = document.allocated
    if document.received_on is not None:
        data["rec"] = document.received_on.isoformat()
    for name, value in zip(_PLAIN, _plain_of(document), strict=True):
        if value:
            data[name] = value
    return data


_PLAIN = ("about", "adv", "m", "ref", "note", "by", "act")


def _plain_of(document: Document) -> tuple[str | int, ...]:
    return (
        document.about,
        document.advance_minor,
        document.method,
        document.reference,
        document.note,
        document.recorded_by,
        document.acting_by,
    )


def _line_data(line: DocumentLine) -> list[Any]:
    first = line.first.isoformat() if line.first else None
    last = line.last.isoformat() if line.last else None
    fields = [
        line.kind.value,
        line.amount_minor,
        line.service,
        line.plan,
        first,
        last,
        line.text,
        line.code,
        line.taxed,
    ]
    while not fields[-1]:
        fields.pop()
    return fields


def _to_line(data: list[Any]) -> DocumentLine:
    kind, amount, service, plan, first, last, text, code, taxed = data + [None] * (9 - len(data))
    return DocumentLine(
        LineKind(kind),
        amount or 0,
        service or 0,
        plan or "",
        _day(first) if first else None,
        _day(last) if last else None,
        text or "",
        code or "",
        Taxed(taxed[0], TaxKind(taxed[1])) if taxed else None,
    )


def to_document(row: DocumentRow) -> Document:
    biller_id, _, place = row.pk.split("#")
    tenant_id, _, number = place.rpartition(".")
    micros, _, local_id = row.sk.partition("#")
    data = row.data
    net, tax, total, balance = data["t"]
    tax_bps, tax_kind = data.get("x", (0, TaxKind.EXCLUSIVE.value))
    return Document(
        biller_id=biller_id,
        tenant_id=tenant_id,
        subscriber=int(number),
        kind=KIND_OF_LETTER[local_id[0]],
        serial=int(local_id[1:]),
        number=data["no"],
        issued_on=_day(data["on"]),
        recorded_micros=int(micros),
        entry_sequence=data["e"],
        customer_id=data["id"],
        customer_name=data["to"],
        net_minor=net,
        tax_minor=tax,
        total_minor=total,
        balance_after_minor=balance,
        due_on=_day(data["due"]) if "due" in data else None,
        tax_bps=tax_bps,
        tax=TaxKind(tax_kind),
        lines=tuple([_to_line(line) for line in data.get("l", ())]),
        about=data.get("about", ""),
        allocated=tuple([(name, amount) for name, amount in data.get("al", ())]),
        advance_minor=data.get("adv", 0),
        method=data.get("m", ""),
        reference=data.get("ref", ""),
        note=data.get("note", ""),
        received_on=_day(data["rec"]) if "rec" in data else None,
        recorded_by=data.get("by", ""),
        acting_by=data.get("act", ""),
    )


def put_counter(before: Counter, after: Counter) -> Put:
    """The last numbers, while they are as `before` was read."""
    key = keys.retail_numbers(after.biller_id, after.kind.value)
    row = CounterRow.at(key, serial=after.serial, series=dict(after.series))
    return Put(row, CounterRow.serial == before.serial if before.serial else CounterRow.pk.does_not_exist())


def no_documents(biller_id: str, kind: DocumentKind) -> Check:
    """That nothing of that kind was ever issued by this biller."""
    return Check(CounterRow.at(keys.retail_numbers(biller_id, kind.value)), CounterRow.pk.does_not_exist())


def to_counter(biller_id: str, kind: DocumentKind, row: CounterRow | None) -> Counter:
    return Counter(biller_id, kind) if row is None else Counter(biller_id, kind, row.serial, row.series)


def put_batch(batch: Batch) -> Put:
    """Which documents this write issues; that the counter moves in the same write keeps it unique."""
    data = [
        batch.first_sequence,
        list(batch.numbering),
        batch.issued_on.isoformat(),
        batch.due_on.isoformat() if batch.due_on else None,
        batch.recorded_micros,
        _packed(batch.issued),
    ]
    return Put(BatchRow.at(keys.retail_batch(batch.biller_id, batch.kind.value, batch.first_serial), data=data))


def to_batch(biller_id: str, kind: DocumentKind, row: BatchRow) -> Batch:
    first_sequence, numbering, issued_on, due_on, micros, issued = row.data
    return Batch(
        biller_id,
        kind,
        int(row.sk),
        first_sequence,
        Numbering(*numbering),
        _day(issued_on),
        _day(due_on) if due_on else None,
        micros,
        tuple(_unpacked(issued)),
    )


def _packed(issued: Sequence[tuple[str, int, int]]) -> list[list[Any]]:
    """[tenant, number, total, number, total, ...] for each run of subscribers of one tenant."""
    runs: list[list[Any]] = []
    for tenant_id, number, total_minor in issued:
        if not runs or runs[-1][0] != tenant_id:
            runs.append([tenant_id])
        runs[-1] += (number, total_minor)
    return runs


def _unpacked(runs: list[list[Any]]) -> list[tuple[str, int, int]]:
    return [(run[0], run[at], run[at + 1]) for run in runs for at in range(1, len(run), 2)]
