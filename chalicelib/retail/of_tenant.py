"""The accounts that a biller keeps of the subscribers of one tenant, page by page."""

from collections.abc import Sequence
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.tables import read_many
from chalicelib.crm.find import Wanted, list_subscribers
from chalicelib.crm.subscriber import Subscriber
from chalicelib.retail.model import Account
from chalicelib.retail.store import AccountRow, to_account

EVERYBODY = Wanted(date.min)


def accounts_of_tenant(
    biller_id: str, tenant_id: str, *, limit: int, after: str | None
) -> tuple[list[tuple[Subscriber, Account]], str | None]:
    """A page of a tenant's subscribers, each with its account (of revision 0 where there is none), and where to go on."""
    subscribers, following = list_subscribers(tenant_id, EVERYBODY, limit=limit, after=after)
    return list(zip(subscribers, _accounts(biller_id, tenant_id, subscribers), strict=True)), following


def _accounts(biller_id: str, tenant_id: str, subscribers: Sequence[Subscriber]) -> list[Account]:
    numbers = [one.number for one in subscribers]
    rows = read_many([(AccountRow, keys.retail_account(biller_id, tenant_id, number)) for number in numbers])
    return [to_account(biller_id, tenant_id, number, row) for number, row in zip(numbers, rows, strict=True)]
