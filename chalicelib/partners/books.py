"""Both sides of an aggregate edge as they stand, read together; and what is posted in both books for a document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import read_many
from chalicelib.core.dates import day_at
from chalicelib.ledger.chart import ACCRUED_PAYABLE, PAYABLE_TO_PARENT, RESELLER_RECEIVABLE, UNBILLED_RECEIVABLE
from chalicelib.ledger.journal import GENERAL, Draft, Line, child_journal, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.partners.model import CREDIT_NOTE, ENTRY_KINDS, INVOICE, Account, document_id
from chalicelib.partners.numbers import Numbers
from chalicelib.partners.store import AccountRow, CoveredRow, NumbersRow, to_account, to_numbers
from chalicelib.tenants.model import Tenant

Lines = tuple[tuple[Line, ...], tuple[Line, ...]]
"""The lines of the parent's entry and of the child's."""


@dataclass(frozen=True)
class Standing:
    """One edge: the child's account, whom its last invoice covered, the parent's numbers, and both journals.

    `unbilled_minor` is what the parent's book says is not invoiced yet, as of its entries up to `posted_micros`.
    """

    parent: Tenant
    child: Tenant
    now: datetime
    account: Account
    covered: frozenset[str]
    numbers: Mapping[str, Numbers]
    posting: Posting
    unbilled_minor: int
    posted_micros: int

    @property
    def today(self) -> date:
        """The day on which a document is issued: the child's."""
        return day_at(self.now, self.child.timezone)


def read_standing(parent: Tenant, child: Tenant, now: datetime) -> Standing:
    """The edge as it stands: one request."""
    journals = [(parent.tenant_id, child_journal(child.tenant_id)), (child.tenant_id, GENERAL)]
    own: list[tuple[type[Row], keys.Key]] = [
        (AccountRow, keys.aggregate_account(child.tenant_id)),
        (CoveredRow, keys.aggregate_covered(child.tenant_id)),
        *((NumbersRow, keys.aggregate_numbers(parent.tenant_id, kind)) for kind in (INVOICE, CREDIT_NOTE)),
    ]
    account, covered, invoices, credits, *heads = read_many([*own, *head_reads(journals)])
    return Standing(
        parent,
        child,
        now,
        to_account(child.tenant_id, account),
        frozenset(covered.tenants if covered else ()),
        {kind: to_numbers(parent.tenant_id, kind, row) for kind, row in ((INVOICE, invoices), (CREDIT_NOTE, credits))},
        Posting(journals, heads, now),
        heads[0].totals.get(UNBILLED_RECEIVABLE, 0) if heads[0] else 0,
        heads[0].recorded_micros if heads[0] else 0,
    )


def invoice_lines(total_minor: int, parent_id: str, child_id: str) -> Lines:
    """What was accrued becomes billed."""
    return (
        (debit(RESELLER_RECEIVABLE, total_minor, child_id), credit(UNBILLED_RECEIVABLE, total_minor, child_id)),
        (debit(ACCRUED_PAYABLE, total_minor, parent_id), credit(PAYABLE_TO_PARENT, total_minor, parent_id)),
    )


def credit_lines(total_minor: int, parent_id: str, child_id: str) -> Lines:
    """What came back after it was billed: the reverse of an invoice."""
    above, below = invoice_lines(total_minor, parent_id, child_id)
    return tuple(line.mirrored for line in above), tuple(line.mirrored for line in below)


def payment_lines(money: str, amount_minor: int, parent_id: str, child_id: str) -> Lines:
    """Money for what was billed."""
    return (
        (debit(money, amount_minor, child_id), credit(RESELLER_RECEIVABLE, amount_minor, child_id)),
        (debit(PAYABLE_TO_PARENT, amount_minor, parent_id), credit(money, amount_minor, parent_id)),
    )


@dataclass(frozen=True)
class Words:
    """What the entries of a document say beside their lines. `service_on` is None for the day they are posted on."""

    memo: str
    reference: str
    author: Author
    service_on: date | None = None


def post_both(standing: Standing, kind: str, lines: Lines, words: Words) -> tuple[str, str]:
    """The entries of a document in the parent's book and the child's; their ids."""
    serial = standing.account.serial(kind) + 1
    sides: Sequence[tuple[Tenant, str, tuple[Line, ...]]] = (
        (standing.parent, child_journal(standing.child.tenant_id), lines[0]),
        (standing.child, GENERAL, lines[1]),
    )
    ids = []
    for tenant, journal, own in sides:
        today = day_at(standing.now, tenant.timezone)
        draft = Draft(
            kind=ENTRY_KINDS[kind],
            effective_on=today,
            service_on=words.service_on or today,
            memo=words.memo,
            lines=own,
            run=f"aggregate/{document_id(standing.child.tenant_id, kind, serial)}",
            reference=words.reference,
            recorded_by=words.author.user_id,
            acting_by=words.author.acting_id,
        )
        ids.append(standing.posting.add(tenant.tenant_id, journal, draft).entry_id)
    return ids[0], ids[1]
