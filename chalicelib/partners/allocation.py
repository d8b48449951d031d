"""What money and credits do to the open invoices of a child: the oldest first, and what is left is an advance. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from chalicelib.partners.model import Account, Allocation, OpenItem
from chalicelib.retail.allocation import share_out


class Allocated(NamedTuple):
    """An account after an amount was taken off it: which invoices it went to, and what none of them took."""

    account: Account
    parts: tuple[Allocation, ...]
    advance_minor: int


def take_off(account: Account, amount_minor: int, named: Sequence[tuple[int, int]] = ()) -> Allocated:
    """Take an amount off what is owed. `named` are (serial, amount) of it that go to those invoices first."""
    open_minor = {item.serial: item.remaining_minor for item in account.open_items}
    taken, left = share_out(open_minor, amount_minor, named)
    items = (
        item._replace(remaining_minor=item.remaining_minor - taken.get(item.serial, 0)) for item in account.open_items
    )
    after = replace(
        account,
        open_items=tuple(item for item in items if item.remaining_minor),
        advance_minor=account.advance_minor + left,
    )
    return Allocated(after, tuple(Allocation(*part) for part in sorted(taken.items())), left)


def put_on(account: Account, item: OpenItem) -> tuple[Account, int]:
    """The account with a new invoice, and how much of it an earlier advance has paid."""
    paid = min(account.advance_minor, item.remaining_minor)
    left = item._replace(remaining_minor=item.remaining_minor - paid)
    opened = (*account.open_items, left) if left.remaining_minor else account.open_items
    return replace(account, open_items=opened, advance_minor=account.advance_minor - paid), paid
