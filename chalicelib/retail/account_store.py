"""The row of a subscriber's account, and how it becomes a record and back.

An account lies in one attribute as JSON, as short as it may be: one invoice is a document and an account, and both have to
fit the kilobyte of a write unit.
"""

from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute
from chalicelib.aws.tables import Put
from chalicelib.retail.account_model import (
    NO_OWN_TERMS,
    Account,
    BilledPeriod,
    BilledService,
    Discount,
    OpenItem,
    OwnTerms,
    PriceUsed,
    WaitingCharge,
)
from chalicelib.retail.dues import MonthFigures
from chalicelib.retail.model import UNTAXED, Taxed, TaxKind

_day = date.fromisoformat


class AccountRow(BooksRow):
    """The account of a subscriber: all in one attribute, because a run reads and writes many."""

    data = JsonAttribute(attr_name="d")
    revision = IntegerAttribute(attr_name="n")


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
        undelivered=tuple([(number, _day(day)) for number, day in data.get("u", ())]),
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
    if account.undelivered:
        data["u"] = [[number, day.isoformat()] for number, day in account.undelivered]
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
    first, last, starts_on, amount, used, bps, off, taxed = period
    prices = [[plan, price, int(fixed)] for plan, price, fixed in used]
    data = [first.isoformat(), last.isoformat(), starts_on, amount, prices]
    if taxed.bps:
        return [*data, bps, off, taxed.bps, int(taxed.kind is TaxKind.INCLUSIVE)]
    return [*data, bps, off] if bps or off else data


def _to_billed(data: list[Any]) -> BilledService:
    number, through, periods = data
    return BilledService(number, _day(through), tuple([_to_period(*period) for period in periods]))


def _to_period(
    first: str,
    last: str,
    starts_on: int,
    amount: int,
    used: list[list[Any]],
    bps: int = 0,
    off: int = 0,
    tax_bps: int = 0,
    inclusive: int = 0,
) -> BilledPeriod:
    prices = tuple([PriceUsed(plan, price, fixed == 1) for plan, price, fixed in used])
    taxed = Taxed(tax_bps, TaxKind.INCLUSIVE if inclusive else TaxKind.EXCLUSIVE) if tax_bps else UNTAXED
    return BilledPeriod(_day(first), _day(last), starts_on, amount, prices, bps, off, taxed)


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
