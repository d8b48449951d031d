"""Who owes what: the accounts of a biller, a page at a time or all of them together; and receivables by age.

What everybody owes together is the balance of account 1100 in the biller's book, at every moment.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from chalicelib.core.errors import Invalid, invalid_field
from chalicelib.crm.find import read_subscribers
from chalicelib.ledger.chart import RECEIVABLE
from chalicelib.ledger.heads import read_heads, totals_of
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_pages import Place, place_behind, read_accounts
from chalicelib.retail.late_fees import is_late
from chalicelib.retail.model import Terms
from chalicelib.retail.statement import Dues, dues_of

TRIES = 3
LOOKS = 5
"""How many requests one page makes at most; then it is short and goes on."""
ACCOUNTS_A_LOOK = 1_000
MOST_ACCOUNTS = 100_000
"""How many accounts are added up within a request."""
BOUNDS = (30, 60, 90)
"""The last day of age of every bucket but the last."""


class Owing(NamedTuple):
    """An account that owes, and how much."""

    account: Account
    dues: Dues


def list_owing(
    terms: Terms, today: date, *, overdue: bool, limit: int, after: str | None
) -> tuple[list[Owing], str | None]:
    """A page of the subscribers that owe (with `overdue`: past a due day), by number, and where to go on.

    A page may be short and still go on.
    """
    place: Place | None = _place_in(after)
    kept: list[Owing] = []
    for _ in range(LOOKS):
        accounts, place = read_accounts(terms.biller_id, place or Place(), ACCOUNTS_A_LOOK)
        for account in accounts:
            dues = dues_of(account, terms, today)
            if dues.overdue_minor > 0 if overdue else account.balance_minor > 0:
                kept.append(Owing(account, dues))
                if len(kept) == limit:
                    return kept, _text_of(place_behind(account))
        if place is None:
            return kept, None
    return kept, _text_of(place)


def _text_of(place: Place | None) -> str | None:
    return None if place is None else f"{place.shard:04d} {place.after or ''}"


def _place_in(text: str | None) -> Place:
    if text is None:
        return Place()
    shard, _, after = text.partition(" ")
    if not (shard.isascii() and shard.isdigit() and len(shard) == 4):
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return Place(int(shard), after or None)


def all_accounts(biller_id: str) -> Iterator[Account]:
    """Every account of a biller, by number: a request for each megabyte, some two thousand accounts.

    422 `too-large` beyond a hundred thousand.
    """
    count = 0
    place: Place | None = Place()
    while place is not None:
        accounts, place = read_accounts(biller_id, place)
        count += len(accounts)
        if count > MOST_ACCOUNTS:
            raise Invalid("too-large", f"More than {MOST_ACCOUNTS} accounts are not added up at once.")
        yield from accounts


class TotalDues(NamedTuple):
    """What the subscribers of one tenant owe its biller together, and how many of them do."""

    tenant_id: str
    accounts: int = 0
    owing: int = 0
    cumulative_minor: int = 0
    monthly_minor: int = 0
    overdue_minor: int = 0
    advance_minor: int = 0
    balance_minor: int = 0


def total_dues(terms: Terms, today: date) -> list[TotalDues]:
    """The dues of each tenant whose subscribers are billed, by tenant id; the biller's own are there in any case."""
    totals = {terms.biller_id: TotalDues(terms.biller_id)}
    for account in all_accounts(terms.biller_id):
        one, dues = totals.get(account.tenant_id, TotalDues(account.tenant_id)), dues_of(account, terms, today)
        totals[account.tenant_id] = TotalDues(
            account.tenant_id,
            one.accounts + 1,
            one.owing + (account.balance_minor > 0),
            one.cumulative_minor + dues.cumulative_minor,
            one.monthly_minor + dues.monthly_minor,
            one.overdue_minor + dues.overdue_minor,
            one.advance_minor + dues.advance_minor,
            one.balance_minor + account.balance_minor,
        )
    return [totals[tenant_id] for tenant_id in sorted(totals)]


class Tied(NamedTuple):
    """What all accounts of a biller owe together, and what its book says they do; they are the same at every moment."""

    totals: list[TotalDues]
    receivable_minor: int

    @property
    def balance_minor(self) -> int:
        return sum(one.balance_minor for one in self.totals)

    @property
    def difference_minor(self) -> int:
        return self.receivable_minor - self.balance_minor


def tied_dues(terms: Terms, today: date) -> Tied:
    """The dues of each tenant, held against account 1100 of the book.

    The accounts are read one after the other: they are read again while something is posted in between, and after some
    tries the difference may be what is under way.
    """
    for _ in range(TRIES):
        before = _receivable(terms.biller_id)
        totals = total_dues(terms, today)
        after = _receivable(terms.biller_id)
        if after == before:
            break
    return Tied(totals, after[1])


def _receivable(biller_id: str) -> tuple[int, int]:
    """How many entries the book has, and the balance of its receivable."""
    heads = read_heads(biller_id)
    return sum(head.sequence for head in heads), totals_of(heads).get(RECEIVABLE, 0)


class AgedAccount(NamedTuple):
    """What a subscriber owes by days past the due day: not yet due, 1 to 30, 31 to 60, 61 to 90, and more."""

    account: Account
    name: str
    customer_id: str
    not_due_minor: int
    by_age_minor: tuple[int, int, int, int]

    @property
    def total_minor(self) -> int:
        """The balance: what is open less what is paid ahead."""
        return self.account.balance_minor


def age_account(account: Account, on: date) -> tuple[int, tuple[int, int, int, int]]:
    """What is open of an account: what is not due yet, and the rest by days past its due day."""
    not_due, ages = 0, [0, 0, 0, 0]
    for item in account.open_items:
        if not is_late(item, 0, on):
            not_due += item.remaining_minor
        else:
            days = (on - item.due_on).days
            ages[sum(days > bound for bound in BOUNDS)] += item.remaining_minor
    return not_due, (ages[0], ages[1], ages[2], ages[3])


def receivables_by_subscriber(biller_id: str, today: date) -> list[AgedAccount]:
    """Every account with a balance, as of now: what is open by age, by tenant and number. Their total is that of 1100."""
    accounts = [one for one in all_accounts(biller_id) if one.balance_minor or one.open_items]
    accounts.sort(key=lambda one: (one.tenant_id != biller_id, one.tenant_id, one.number))
    names = names_of(accounts)
    return [
        AgedAccount(one, *names.get((one.tenant_id, one.number), ("", "")), *age_account(one, today))
        for one in accounts
    ]


def names_of(accounts: Sequence[Account]) -> dict[tuple[str, int], tuple[str, str]]:
    """The name and the customer id of each of these subscribers: one request for each hundred of a tenant."""
    by_tenant: dict[str, list[int]] = {}
    for account in accounts:
        by_tenant.setdefault(account.tenant_id, []).append(account.number)
    found = {}
    for tenant_id, numbers in by_tenant.items():
        for subscriber in read_subscribers(tenant_id, numbers):
            if subscriber is not None:
                found[(tenant_id, subscriber.number)] = (subscriber.name, subscriber.customer_id)
    return found
