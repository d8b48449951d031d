"""Issuing the invoices of many subscribers of one tenant in one write: documents, accounts, numbers and one entry.

An invoice costs two rows that way, and a share of the entry, its journal's head, the counter and the row of the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import Operation
from chalicelib.crm.subscriber import Subscriber
from chalicelib.ledger.chart import RECEIVABLE
from chalicelib.ledger.journal import RETAIL, Draft, Line
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.retail.account_model import Account, OpenItem
from chalicelib.retail.account_store import put_account
from chalicelib.retail.document_model import Document, DocumentLine, batch_of
from chalicelib.retail.document_store import CounterRow, put_batch, put_counter, put_document, to_counter
from chalicelib.retail.invoicing import Due
from chalicelib.retail.model import DocumentKind, TaxKind, Terms
from chalicelib.retail.moves import charge, credit
from chalicelib.retail.totals import Totals, parts_of

INVOICED_TOGETHER = 40
"""Of each a document and an account; with all that they share they stay below the hundred operations of a write."""

KINDS = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)
"""What invoicing issues: a credit note where more is taken back than is charged."""


class Drawn(NamedTuple):
    """An invoice that is to be issued: to whom, the account as it was read, and what is due."""

    subscriber: Subscriber
    before: Account
    due: Due


@dataclass(frozen=True)
class Occasion:
    """Under what invoices are issued: the biller's terms, the subscribers' tenant, the day, by whom."""

    terms: Terms
    tenant_id: str
    issued_on: date
    author: Author

    @property
    def counterparty(self) -> str:
        """Whom the lines of the entry name: the tenant whose subscribers they are, if it is not the biller."""
        return "" if self.tenant_id == self.terms.biller_id else self.tenant_id


def issuing_reads(biller_id: str) -> list[tuple[type[Row], Key]]:
    """What to read, right before the write, for `Issuing`."""
    counters: list[tuple[type[Row], Key]] = [(CounterRow, keys.retail_numbers(biller_id, kind.value)) for kind in KINDS]
    return [*counters, *head_reads([(biller_id, RETAIL)])]


class Issuing:
    """Invoices of one occasion as operations of one write, which fails as a whole when anything moved meanwhile."""

    def __init__(self, occasion: Occasion, rows: Sequence[Any], now: datetime, drawn: Sequence[Drawn]) -> None:
        biller_id = occasion.terms.biller_id
        self._occasion = occasion
        self._before = {kind: to_counter(biller_id, kind, row) for kind, row in zip(KINDS, rows, strict=False)}
        newest = max(one.before.last_recorded_micros for one in drawn)
        self._posting = Posting([(biller_id, RETAIL)], rows[len(KINDS) :], now, newest)
        head = rows[len(KINDS)]
        lines = _entry_lines(occasion, drawn)
        self._entry_sequence = (1 if head is None else head.sequence + 1) if lines else 0
        self._accounts: list[Operation] = []
        self.documents: dict[DocumentKind, list[Document]] = {kind: [] for kind in KINDS}
        for one in drawn:
            self._issue(one)
        if lines:
            self._post(lines)

    @property
    def issued(self) -> list[Document]:
        """All documents, invoices first."""
        return [document for documents in self.documents.values() for document in documents]

    def total_minor(self, kind: DocumentKind) -> int:
        return sum(document.total_minor for document in self.documents[kind])

    def operations(self) -> list[Operation]:
        """Everything that is written with these invoices."""
        operations: list[Operation] = [*map(put_document, self.issued), *self._accounts]
        for kind, documents in self.documents.items():
            if documents:
                before, numbering = self._before[kind], self._occasion.terms.numbering(kind)
                _, first_sequence = before.following(numbering, self._occasion.issued_on)
                batch = batch_of(documents, numbering, first_sequence)
                operations += [put_counter(before, before.after(batch)), put_batch(batch)]
        return operations + self._posting.operations()

    def _issue(self, drawn: Drawn) -> None:
        """Put a document and its account."""
        terms, day, due = self._occasion.terms, self._occasion.issued_on, drawn.due
        kind = due.kind
        before, issued = self._before[kind], len(self.documents[kind])
        serial, sequence = (first + issued for first in before.following(terms.numbering(kind), day))
        item = OpenItem(f"{kind.letter}{serial}", day + timedelta(days=terms.due_days), due.totals.total_minor)
        if kind is DocumentKind.INVOICE:
            lines, totals = due.lines, due.totals
            moved = charge(due.account, kind, item, day)
        else:
            lines, totals = _taken_back(due.lines), Totals(-due.totals.net_minor, -due.totals.tax_minor)
            moved = credit(due.account, "", totals.total_minor, day)
        account = moved.account._replace(last_recorded_micros=self._posting.recorded_micros)
        self._accounts.append(put_account(drawn.before, account))
        self.documents[kind].append(
            Document(
                terms.biller_id,
                account.tenant_id,
                account.number,
                kind,
                serial,
                terms.numbering(kind).number(day, sequence),
                day,
                self._posting.recorded_micros,
                self._entry_sequence,
                drawn.subscriber.customer_id,
                drawn.subscriber.name,
                totals.net_minor,
                totals.tax_minor,
                totals.total_minor,
                account.balance_minor,
                due_on=item.due_on if kind is DocumentKind.INVOICE else None,
                tax_bps=terms.tax_bps,
                tax=terms.tax if terms.tax_bps else TaxKind.EXCLUSIVE,
                lines=lines,
                allocated=moved.allocated,
                advance_minor=moved.advance_minor,
                recorded_by=self._occasion.author.user_id,
                acting_by=self._occasion.author.acting_id,
            )
        )

    def _post(self, lines: tuple[Line, ...]) -> None:
        """The one entry of all documents."""
        day, issued = self._occasion.issued_on, self.issued
        between = f"{issued[0].number} to {issued[-1].number}" if len(issued) > 1 else issued[0].number
        draft = Draft(
            kind=DocumentKind.INVOICE.entry_kind,
            effective_on=day,
            service_on=day,
            memo=f"Invoices {between}" if len(issued) > 1 else f"Invoice {between}",
            lines=lines,
            reference=f"{issued[0].local_id}-{len(issued)}",
            recorded_by=self._occasion.author.user_id,
            acting_by=self._occasion.author.acting_id,
        )
        self._posting.add(self._occasion.terms.biller_id, RETAIL, draft)


def _entry_lines(occasion: Occasion, drawn: Sequence[Drawn]) -> tuple[Line, ...]:
    """What all documents post together: what invoices charge and what credit notes take back, apart."""
    terms, party = occasion.terms, occasion.counterparty
    parts: dict[DocumentKind, dict[str, int]] = {kind: {} for kind in KINDS}
    for one in drawn:
        of_kind = parts[one.due.kind]
        for code, minor in parts_of(one.due.lines, one.due.totals, terms.tax_bps, terms.tax).items():
            of_kind[code] = of_kind.get(code, 0) + minor
    lines: list[Line] = []
    for of_kind in parts.values():
        charged = [(RECEIVABLE, sum(of_kind.values())), *((code, -minor) for code, minor in sorted(of_kind.items()))]
        lines += [_line(code, debit_minor, party) for code, debit_minor in charged if debit_minor]
    return tuple(lines)


def _line(account: str, debit_minor: int, counterparty: str) -> Line:
    """A debit, or a credit where the amount is below zero."""
    return Line(account, max(0, debit_minor), max(0, -debit_minor), counterparty)


def _taken_back(lines: Sequence[DocumentLine]) -> tuple[DocumentLine, ...]:
    """The lines as a credit note has them: what it takes back is more than zero."""
    return tuple([line._replace(amount_minor=-line.amount_minor) for line in lines])
