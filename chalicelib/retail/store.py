"""Rows of retail billing, and how they become records and back.

Each record lies in one attribute as JSON, as short as it may be: one invoice is a document and an account, and both have to
fit the kilobyte of a write unit. Every condition is on the count that moves with the record.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.aws.tables import Put
from chalicelib.retail.dues import DuesKind, MonthFigures
from chalicelib.retail.model import (
    KIND_OF_LETTER,
    NO_OWN_TERMS,
    Account,
    Batch,
    BilledPeriod,
    BilledService,
    Counter,
    Credited,
    Cycle,
    Discount,
    Document,
    DocumentKind,
    DocumentLine,
    LineKind,
    OpenItem,
    OwnTerms,
    PriceUsed,
    Returns,
    TaxKind,
    Terms,
    Timing,
    WaitingCharge,
)
from chalicelib.retail.numbering import Numbering


class TermsRow(BooksRow):
    """How a biller bills."""

    data = JsonAttribute()
    revision = IntegerAttribute()


class AccountRow(BooksRow):
    """The account of a subscriber: all in one attribute, because a run reads and writes many."""

    data = JsonAttribute(attr_name="d")
    revision = IntegerAttribute(attr_name="n")


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


class CreditedRow(BooksRow):
    """What was credited of an invoice."""

    amount_minor = IntegerAttribute()
    is_void = IntegerAttribute()
    written_off_minor = IntegerAttribute(null=True)
    late_fee = TextAttribute(null=True)
    revision = IntegerAttribute()


class ReturnsRow(BooksRow):
    """Accounts that are paid again and whose services are still to be enabled: [tenant id, subscriber number] each."""

    waiting = JsonAttribute()
    revision = IntegerAttribute()


class OverdueRow(BooksRow):
    """How far the look for overdue accounts is: the day, the shard and the sort key behind which it goes on."""

    day = TextAttribute()
    shard = IntegerAttribute(null=True)
    after = TextAttribute(null=True)


# Terms


def put_terms(before: Terms, after: Terms) -> Put:
    """The terms, with the next revision, while they are as `before` was read."""
    data = {
        "starts_on": after.starts_on.isoformat(),
        "cycle": after.cycle.value,
        "billing_day": after.billing_day,
        "timing": after.timing.value,
        "tax_bps": after.tax_bps,
        "tax": after.tax.value,
        "due_days": after.due_days,
        "grace_days": after.grace_days,
        "late_fee_minor": after.late_fee_minor,
        "late_fee_bps": after.late_fee_bps,
        "suspend_overdue": after.suspend_overdue,
        "dues": after.dues.value,
        "numberings": {kind.value: list(numbering) for kind, numbering in after.numberings.items()},
    }
    row = TermsRow.at(keys.retail_terms(after.biller_id), data=data, revision=before.revision + 1)
    return Put(row, TermsRow.revision == before.revision if before.revision else TermsRow.pk.does_not_exist())


def to_terms(biller_id: str, row: TermsRow) -> Terms:
    data = row.data
    return Terms(
        biller_id=biller_id,
        starts_on=date.fromisoformat(data["starts_on"]),
        cycle=Cycle(data["cycle"]),
        billing_day=data["billing_day"],
        timing=Timing(data["timing"]),
        tax_bps=data["tax_bps"],
        tax=TaxKind(data["tax"]),
        due_days=data["due_days"],
        grace_days=data["grace_days"],
        late_fee_minor=data["late_fee_minor"],
        late_fee_bps=data["late_fee_bps"],
        suspend_overdue=data["suspend_overdue"],
        dues=DuesKind(data["dues"]),
        numberings={DocumentKind(kind): Numbering(*numbering) for kind, numbering in data["numberings"].items()},
        revision=row.revision,
    )


# Accounts


def put_account(before: Account, after: Account) -> Put:
    """The account as it is after, with the next revision, while it is as `before` was read."""
    key = keys.retail_account(after.biller_id, after.tenant_id, after.number)
    row = AccountRow.at(key, data=_account_data(after), revision=before.revision + 1)
    return Put(row, AccountRow.revision == before.revision if before.revision else AccountRow.pk.does_not_exist())


def to_account(biller_id: str, tenant_id: str, number: int, row: AccountRow | None) -> Account:
    """The account of a row; one that nothing was written of yet where there is none."""
    if row is None:
        return Account(biller_id, tenant_id, number)
    data = row.data
    return Account(
        biller_id=biller_id,
        tenant_id=tenant_id,
        number=number,
        balance_minor=data["b"],
        advance_minor=data.get("a", 0),
        open_items=tuple([_to_open(one) for one in data.get("o", ())]),
        services=tuple([_to_billed(one) for one in data.get("s", ())]),
        next_invoice_on=_day(data["n"]) if "n" in data else None,
        seen=tuple(data.get("v", (0, 0))),
        own=_to_own(data["t"]) if "t" in data else NO_OWN_TERMS,
        charges=tuple([WaitingCharge(text, amount, _day(on)) for text, amount, on in data.get("c", ())]),
        suspended_for=data.get("f"),
        disabled_services=tuple(data.get("x", ())),
        month=MonthFigures(*data["q"]) if "q" in data else None,
        last_recorded_micros=data.get("m", 0),
        revision=row.revision,
    )


def account_place(row: AccountRow) -> tuple[str, int]:
    """Whose account it is: tenant id and subscriber number."""
    tenant_id, _, number = row.sk.rpartition(".")
    return tenant_id, int(number)


def _account_data(account: Account) -> dict[str, Any]:
    """What an account does not have is not there."""
    data: dict[str, Any] = {"b": account.balance_minor}
    if account.advance_minor:
        data["a"] = account.advance_minor
    if account.open_items:
        data["o"] = [_open_data(item) for item in account.open_items]
    if account.services:
        data["s"] = [_billed_data(service) for service in account.services]
    if account.next_invoice_on is not None:
        data["n"] = account.next_invoice_on.isoformat()
    if account.seen != (0, 0):
        data["v"] = account.seen
    if account.own != NO_OWN_TERMS:
        data["t"] = _own_data(account.own)
    if account.charges:
        data["c"] = [[text, amount, on.isoformat()] for text, amount, on in account.charges]
    if account.suspended_for is not None:
        data["f"] = account.suspended_for
    if account.disabled_services:
        data["x"] = account.disabled_services
    if account.month is not None:
        data["q"] = account.month
    data["m"] = account.last_recorded_micros
    return data


def _open_data(item: OpenItem) -> list[Any]:
    fields = [item.local_id, item.due_on.isoformat(), item.remaining_minor]
    return [*fields, 1] if item.fee_charged else fields


def _to_open(data: list[Any]) -> OpenItem:
    return OpenItem(data[0], _day(data[1]), data[2], len(data) > 3)


def _billed_data(service: BilledService) -> list[Any]:
    return [service.number, service.through.isoformat(), [_period_data(period) for period in service.periods]]


def _period_data(period: BilledPeriod) -> list[Any]:
    first, last, starts_on, amount, used, bps, off = period
    prices = [[plan, price, int(fixed)] for plan, price, fixed in used]
    data = [first.isoformat(), last.isoformat(), starts_on, amount, prices]
    return [*data, bps, off] if bps or off else data


def _to_billed(data: list[Any]) -> BilledService:
    number, through, periods = data
    return BilledService(number, _day(through), tuple([_to_period(*period) for period in periods]))


def _to_period(
    first: str, last: str, starts_on: int, amount: int, used: list[list[Any]], bps: int = 0, off: int = 0
) -> BilledPeriod:
    prices = tuple([PriceUsed(plan, price, fixed == 1) for plan, price, fixed in used])
    return BilledPeriod(_day(first), _day(last), starts_on, amount, prices, bps, off)


def _own_data(own: OwnTerms) -> list[Any]:
    discount = own.discount
    until = discount.until.isoformat() if discount and discount.until else None
    return [
        own.billing_day,
        None if discount is None else [discount.bps, discount.amount_minor, until],
        own.prices_minor,
        own.commission_bps,
    ]


def _to_own(data: list[Any]) -> OwnTerms:
    billing_day, discount, prices, commission_bps = data
    return OwnTerms(
        billing_day,
        discount and Discount(discount[0], discount[1], _day(discount[2]) if discount[2] else None),
        tuple([(number, price) for number, price in prices]),
        commission_bps,
    )


_day = date.fromisoformat

# Documents


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
    fields = [line.kind.value, line.amount_minor, line.service, line.plan, first, last, line.text, line.code]
    while not fields[-1]:
        fields.pop()
    return fields


def _to_line(data: list[Any]) -> DocumentLine:
    kind, amount, service, plan, first, last, text, code = data + [None] * (8 - len(data))
    return DocumentLine(
        LineKind(kind),
        amount or 0,
        service or 0,
        plan or "",
        _day(first) if first else None,
        _day(last) if last else None,
        text or "",
        code or "",
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


# Numbers, batches, what was credited


def put_counter(before: Counter, after: Counter) -> Put:
    """The last numbers, while they are as `before` was read."""
    key = keys.retail_numbers(after.biller_id, after.kind.value)
    row = CounterRow.at(key, serial=after.serial, series=dict(after.series))
    return Put(row, CounterRow.serial == before.serial if before.serial else CounterRow.pk.does_not_exist())


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


def put_credited(before: Credited, after: Credited) -> Put:
    """What was credited of an invoice, while it is as `before` was read."""
    row = CreditedRow.at(
        keys.retail_credited(after.biller_id, after.local_id),
        amount_minor=after.amount_minor,
        is_void=int(after.is_void),
        written_off_minor=after.written_off_minor or None,
        late_fee=after.late_fee or None,
        revision=before.revision + 1,
    )
    return Put(row, CreditedRow.revision == before.revision if before.revision else CreditedRow.pk.does_not_exist())


def to_credited(biller_id: str, local_id: str, row: CreditedRow | None) -> Credited:
    if row is None:
        return Credited(biller_id, local_id)
    return Credited(
        biller_id=biller_id,
        local_id=local_id,
        amount_minor=row.amount_minor,
        is_void=row.is_void == 1,
        written_off_minor=row.written_off_minor or 0,
        late_fee=row.late_fee or "",
        revision=row.revision,
    )


# What waits


def to_returns(row: ReturnsRow | None) -> Returns:
    """The accounts of a row; nobody waits where there is none."""
    return Returns() if row is None else Returns(tuple([(one[0], one[1]) for one in row.waiting]), row.revision)


def put_returns(biller_id: str, before: Returns, waiting: Sequence[tuple[str, int]]) -> Put:
    """Those who wait now, while they are as `before` was read."""
    row = ReturnsRow.at(keys.retail_returns(biller_id), waiting=list(waiting), revision=before.revision + 1)
    return Put(row, ReturnsRow.revision == before.revision if before.revision else ReturnsRow.pk.does_not_exist())
