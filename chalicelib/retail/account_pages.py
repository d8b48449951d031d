"""The accounts that a biller keeps, page by page: all of them by number, or those of one tenant with their subscribers."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all, read_page
from chalicelib.crm.find import Wanted, list_subscribers
from chalicelib.crm.numbers import last_subscriber
from chalicelib.crm.subscriber import Subscriber
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_store import AccountRow, account_place, to_account

EVERYBODY = Wanted(date.min)


class Place(NamedTuple):
    """Where a list of accounts goes on: in that shard, behind that sort key (at its beginning, if None)."""

    shard: int = 0
    after: str | None = None


def place_behind(account: Account) -> Place:
    """The place right behind an account."""
    key = keys.retail_account(account.biller_id, account.tenant_id, account.number)
    return Place(account.number // keys.SUBSCRIBERS_PER_PARTITION, key.sk)


def read_accounts(biller_id: str, place: Place, limit: int | None = None) -> tuple[list[Account], Place | None]:
    """The accounts behind a place, by number, and where to go on; None at the end. One request, at the end three.

    Who was never billed has no account, so shards in between may be empty: the end is behind the biller's last subscriber,
    and for those of the tenants below it behind an empty shard that another one follows.
    """
    page = read_page(AccountRow, keys.retail_accounts(biller_id, place.shard), after=place.after, limit=limit)
    accounts = [to_account(biller_id, *account_place(row), row) for row in page.rows]
    if page.after is not None:
        return accounts, Place(place.shard, page.after)
    following = Place(place.shard + 1)
    is_end = not page.rows and _is_empty(biller_id, following.shard) and _is_behind(biller_id, following.shard)
    return accounts, None if is_end else following


def _is_empty(biller_id: str, shard: int) -> bool:
    return not read_page(AccountRow, keys.retail_accounts(biller_id, shard), limit=1).rows


def _is_behind(biller_id: str, shard: int) -> bool:
    """Whether no subscriber of the biller itself has so high a number."""
    return last_subscriber(biller_id) < shard * keys.SUBSCRIBERS_PER_PARTITION


def accounts_of_tenant(
    biller_id: str, tenant_id: str, *, limit: int, after: str | None
) -> tuple[list[tuple[Subscriber, Account]], str | None]:
    """A page of a tenant's subscribers, each with its account (of revision 0 where there is none), and where to go on."""
    subscribers, following = list_subscribers(tenant_id, EVERYBODY, limit=limit, after=after)
    known = _accounts(biller_id, tenant_id, subscribers)
    return [(one, known.get(one.number) or Account(biller_id, tenant_id, one.number)) for one in subscribers], following


def _accounts(biller_id: str, tenant_id: str, subscribers: Sequence[Subscriber]) -> dict[int, Account]:
    """The accounts of these subscribers, who are in order, by number: a request for each megabyte of a shard."""
    found: dict[int, Account] = {}
    for shard in sorted({one.number // keys.SUBSCRIBERS_PER_PARTITION for one in subscribers}):
        rows = read_all(
            AccountRow,
            keys.retail_accounts(biller_id, shard),
            first=keys.retail_account(biller_id, tenant_id, subscribers[0].number).sk,
            last=keys.retail_account(biller_id, tenant_id, subscribers[-1].number).sk,
        )
        for row in rows:
            number = account_place(row)[1]
            found[number] = to_account(biller_id, tenant_id, number, row)
    return found
