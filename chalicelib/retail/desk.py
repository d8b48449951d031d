"""The desk: one document of one account, written with all that belongs to it, or not at all.

One write holds the document, the account, the numbers of its kind, its place in the list of all, the entry in the journal
`retail`, and the claim of the request. When anything of it moved meanwhile, everything is read and built again.
"""

from collections.abc import Sequence

from chalicelib.aws import clock, keys
from chalicelib.aws.keys import Key
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import ConditionFailed, Operation, read_many, write
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.subscriber import Subscriber
from chalicelib.ledger.chart import RECEIVABLE
from chalicelib.ledger.journal import RETAIL, Draft
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_store import AccountRow, put_account, to_account
from chalicelib.retail.document_model import Credited, Document, batch_of
from chalicelib.retail.document_store import CounterRow, put_batch, put_counter, put_document, to_counter
from chalicelib.retail.find import terms_of
from chalicelib.retail.late_fees import late_items
from chalicelib.retail.model import DocumentKind, TaxKind
from chalicelib.retail.ruling import Issued, Matter, Rule, Ruling, Visit
from chalicelib.retail.store import (
    CreditedRow,
    ReturnsRow,
    TermsRow,
    put_credited,
    put_returns,
    to_credited,
    to_returns,
)

TRIES = 16


def issue(visit: Visit, kind: DocumentKind, rule: Rule, about: Sequence[str] = ()) -> Issued | None:
    """Write the document that the rule makes; None when it makes none. `about` are documents it has to know of.

    `NotFound` for a subscriber that is not there; `Unavailable` when others are at it all the time. One write.
    """
    customer = find_subscriber(visit.tenant_id, visit.number)
    for attempt in range(TRIES):
        clock.back_off(attempt)
        matter = _read(visit, kind, about)
        ruling = rule(matter)
        if ruling is None:
            return None
        document, account, operations = _drawn_up(matter, ruling, customer)
        issued = Issued(document, account)
        try:
            write(*operations, *visit.remember(issued))
        except ConditionFailed:
            continue
        return issued
    raise Unavailable("busy", "This account is moving all the time; please send the request again.")


def issued_of(outcome: Issued | None) -> Issued:
    """What a rule that always makes a document has made."""
    if outcome is None:
        raise NotFound("document")
    return outcome


def _read(visit: Visit, kind: DocumentKind, about: Sequence[str]) -> Matter:
    biller_id = visit.biller.tenant_id
    journals = [(biller_id, RETAIL)]
    wanted: list[tuple[type[Row], Key]] = [
        (TermsRow, keys.retail_terms(biller_id)),
        (AccountRow, keys.retail_account(biller_id, visit.tenant_id, visit.number)),
        (CounterRow, keys.retail_numbers(biller_id, kind.value)),
        (ReturnsRow, keys.retail_returns(biller_id)),
        *((CreditedRow, keys.retail_credited(biller_id, local_id)) for local_id in about),
    ]
    terms, account_row, counter, returns, *rows = read_many([*wanted, *head_reads(journals)])
    account = to_account(biller_id, visit.tenant_id, visit.number, account_row)
    known: dict[str, Credited] = {
        local_id: to_credited(biller_id, local_id, row) for local_id, row in zip(about, rows[: len(about)], strict=True)
    }
    posting = Posting(journals, rows[len(about) :], visit.now, account.last_recorded_micros)
    return Matter(
        visit,
        kind,
        terms_of(visit.biller, terms),
        account,
        to_counter(biller_id, kind, counter),
        known,
        to_returns(returns),
        posting,
    )


def _drawn_up(matter: Matter, ruling: Ruling, customer: Subscriber) -> tuple[Document, Account, list[Operation]]:
    """The document, the account after it, and the writes of both and of all that moves with them."""
    visit, kind, today = matter.visit, matter.kind, matter.today
    numbering = matter.terms.numbering(kind)
    serial, sequence = matter.counter.following(numbering, today)
    number = numbering.number(today, sequence)
    posting = matter.posting
    entry = posting.add(visit.biller.tenant_id, RETAIL, _draft(matter, ruling, number))
    account = ruling.moved.account._replace(last_recorded_micros=posting.recorded_micros)
    document = Document(
        biller_id=visit.biller.tenant_id,
        tenant_id=visit.tenant_id,
        subscriber=visit.number,
        kind=kind,
        serial=serial,
        number=number,
        issued_on=today,
        recorded_micros=posting.recorded_micros,
        entry_sequence=entry.sequence,
        customer_id=customer.customer_id,
        customer_name=customer.name,
        net_minor=ruling.total_minor - ruling.tax_minor,
        tax_minor=ruling.tax_minor,
        total_minor=ruling.total_minor,
        balance_after_minor=account.balance_minor,
        due_on=ruling.due_on,
        tax_bps=ruling.tax_bps,
        tax=TaxKind.INCLUSIVE if ruling.tax_bps else TaxKind.EXCLUSIVE,
        lines=ruling.lines,
        about=ruling.about,
        allocated=ruling.moved.allocated,
        advance_minor=ruling.moved.advance_minor,
        method=ruling.method,
        reference=ruling.reference,
        note=ruling.note,
        received_on=ruling.on,
        recorded_by=visit.author.user_id,
        acting_by=visit.author.acting_id,
    )
    batch = batch_of([document], numbering, sequence)
    operations: list[Operation] = [
        put_document(document),
        put_account(matter.account, account),
        put_counter(matter.counter, matter.counter.after(batch)),
        put_batch(batch),
        *(put_credited(before, after) for before, after in ruling.credited),
        *posting.operations(),
        *_returning(matter, account),
    ]
    return document, account.written(), operations


def _returning(matter: Matter, account: Account) -> list[Operation]:
    """Where services were disabled for what is no longer late, a note that they are to come back: it outlives a crash."""
    place = (account.tenant_id, account.number)
    is_late = bool(late_items(account.open_items, matter.terms.grace_days, matter.today))
    if account.suspended_for is None or is_late or place in matter.returns.waiting:
        return []
    return [put_returns(account.biller_id, matter.returns, (*matter.returns.waiting, place))]


def _draft(matter: Matter, ruling: Ruling, number: str) -> Draft:
    visit = matter.visit
    party = "" if visit.tenant_id == visit.biller.tenant_id else visit.tenant_id
    on = ruling.on or matter.today
    named = f"{matter.kind.value.replace('_', ' ')} {number}"
    return Draft(
        kind=matter.kind.entry_kind,
        effective_on=on,
        service_on=on,
        memo=f"{named}: {ruling.note}"[:500] if ruling.note else named,
        lines=tuple(
            line._replace(counterparty=party) if line.account == RECEIVABLE else line for line in ruling.booked
        ),
        reference=number,
        recorded_by=visit.author.user_id,
        acting_by=visit.author.acting_id,
    )
