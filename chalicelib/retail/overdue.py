"""The daily look for who is overdue: late fees, suspension, and the return of who has paid.

Once on each local day of the biller every account is looked at, page by page; how far that is stands in one row, so that
what was broken off goes on there. Between these looks only those are brought back who are noted as waiting for it.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.log import alarm
from chalicelib.aws.tables import Put, read, write
from chalicelib.ledger.chart import LATE_FEES, RECEIVABLE
from chalicelib.ledger.journal import credit, debit
from chalicelib.retail.account_model import Account, OpenItem
from chalicelib.retail.account_pages import Place, read_accounts
from chalicelib.retail.desk import issue
from chalicelib.retail.document_model import DocumentLine, LineKind
from chalicelib.retail.find import read_credited, read_terms
from chalicelib.retail.late_fees import LateFee, late_fees
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.moves import charge
from chalicelib.retail.ruling import BY_ITSELF, Issued, Matter, Ruling, Visit
from chalicelib.retail.store import OverdueRow
from chalicelib.retail.suspend import Chaser, FileOf, bring_back, bring_back_paid, suspend_late
from chalicelib.tenants.model import Mode, Tenant, first_disabled

ACCOUNTS_A_PAGE = 200
FEES_TOGETHER = 40
"""Invoices of one account that one late fee note is about; each takes an operation of its write."""


class Chased(NamedTuple):
    """What a look for overdue accounts came to."""

    accounts: int = 0
    fees: int = 0
    suspended: int = 0
    returned: int = 0
    is_over: bool = False


def charge_late_fees(visit: Visit) -> Issued | None:
    """Charge what being late costs on every invoice that is late and was not charged yet: one note, one write.

    Dr receivable / Cr late fees. None where nothing is due. A fee is never charged twice, whoever runs it how often.
    """

    def rule(matter: Matter) -> Ruling | None:
        fees = late_fees(matter.account.open_items, matter.terms, matter.today)[:FEES_TOGETHER]
        known = read_credited(visit.biller.tenant_id, [fee.local_id for fee in fees])
        due = [fee for fee in fees if not known[fee.local_id].late_fee]
        total = sum(fee.amount_minor for fee in due)
        if not total:
            return None
        due_on = matter.today + timedelta(days=matter.terms.due_days)
        item = OpenItem(matter.local_id, due_on, total, fee_charged=True)
        told = _with_fees_charged(matter.account, due)
        return Ruling(
            moved=charge(told, DocumentKind.LATE_FEE, item, matter.today),
            total_minor=total,
            booked=(debit(RECEIVABLE, total), credit(LATE_FEES, total)),
            due_on=due_on,
            about=due[0].local_id,
            lines=tuple(DocumentLine(LineKind.LATE_FEE, fee.amount_minor, text=fee.local_id) for fee in due),
            credited=tuple(
                (known[fee.local_id], known[fee.local_id]._replace(late_fee=matter.local_id)) for fee in due
            ),
        )

    return issue(visit, DocumentKind.LATE_FEE, rule)


def _with_fees_charged(account: Account, fees: Sequence[LateFee]) -> Account:
    charged = {fee.local_id for fee in fees}
    items = (one._replace(fee_charged=True) if one.local_id in charged else one for one in account.open_items)
    return account._replace(open_items=tuple(items))


def chase_account(chaser: Chaser, account: Account) -> Chased:
    """Whatever is due for one account today: late fees first, then suspension, or return. Safe to repeat."""
    fees = 0
    if late_fees(account.open_items, chaser.terms, chaser.today):
        visit = Visit(chaser.biller, account.tenant_id, account.number, BY_ITSELF, chaser.now)
        issued = charge_late_fees(visit)
        if issued is not None:
            account, fees = issued.account, 1
    if chaser.late(account):
        after = suspend_late(chaser, account)
        return Chased(1, fees, suspended=int(after.suspended_for != account.suspended_for))
    after = bring_back(chaser, account)
    return Chased(1, fees, returned=int(after.suspended_for != account.suspended_for))


def chase_due(
    chain: Sequence[Tenant],
    now: datetime,
    file_of: FileOf,
    may_go_on: Callable[[], bool] = lambda: True,
) -> Chased | None:
    """Look after the accounts of a biller if its local day has not seen it yet, and after those who wait to come back.

    None for whoever does not bill, or has said nothing about how. Safe to repeat; two at once do the same and write once.
    """
    biller = chain[-1]
    terms = read_terms(biller)
    if biller.mode is Mode.PERCENTAGE or not terms.revision or first_disabled(tuple(chain)) is not None:
        return None
    chaser = Chaser(biller, terms, now, file_of)
    total = Chased(returned=bring_back_paid(biller, now, file_of))
    place = _where(biller.tenant_id, chaser.today)
    while place is not None:
        accounts, place = read_accounts(biller.tenant_id, place, ACCOUNTS_A_PAGE)
        for account in accounts:
            if account.suspended_for or account.disabled_services or chaser.late(account):
                total = _plus(total, _chased_or_told(chaser, account))
        _keep(biller.tenant_id, chaser.today, place)
        if place is not None and not may_go_on():
            return total
    return total._replace(is_over=True)


def _chased_or_told(chaser: Chaser, account: Account) -> Chased:
    """One account that cannot be looked after does not keep the others from it."""
    try:
        return chase_account(chaser, account)
    except (LookupError, ValueError, AssertionError) as defect:
        alarm("An overdue account could not be looked after.", subscriber=account.subscriber_id, why=repr(defect))
        return Chased(1)


def _plus(one: Chased, other: Chased) -> Chased:
    return Chased(
        one.accounts + other.accounts,
        one.fees + other.fees,
        one.suspended + other.suspended,
        one.returned + other.returned,
    )


def _where(biller_id: str, today: date) -> Place | None:
    """Where to go on today: at the beginning, if the last look was another day's; None once all accounts are done."""
    row = read(OverdueRow, keys.retail_overdue(biller_id))
    if row is None or row.day < today.isoformat():
        return Place()
    return None if row.shard is None else Place(row.shard, row.after)


def _keep(biller_id: str, day: date, place: Place | None) -> None:
    """Write how far the look is. Two workers at once may write over each other: then something is looked at once more."""
    shard, after = (None, None) if place is None else place
    write(Put(OverdueRow.at(keys.retail_overdue(biller_id), day=day.isoformat(), shard=shard, after=after)))
