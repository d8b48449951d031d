"""What money and credits do to the open invoices of a child: the oldest first, and what is left is an advance. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from chalicelib.partners.model import Account, Allocation, OpenItem


class Allocated(NamedTuple):
    """An account after an amount was taken off it: which invoices it went to, and what none of them took."""

    account: Account
    parts: tuple[Allocation, ...]
    advance_minor: int


def take_off(account: Account, amount_minor: int, named: Sequence[tuple[int, int]] = ()) -> Allocated:
    """Take an amount off what is owed. `named` are (serial, amount) of it that go to those invoices first."""
    items = {item.serial: item for item in account.open_items}
    taken: dict[int, int] = {}
    left = amount_minor

    def pay(serial: int, most_minor: int) -> None:
        nonlocal left
        item = items.get(serial)
        part = min(most_minor, left, item.remaining_minor if item else 0)
        if item is not None and part > 0:
            items[serial] = item._replace(remaining_minor=item.remaining_minor - part)
            taken[serial] = taken.get(serial, 0) + part
            left -= part

    for serial, part in named:
        pay(serial, part)
    for serial in items:
        pay(serial, left)
    after = replace(
        account,
        open_items=tuple(item for item in items.values() if item.remaining_minor),
        advance_minor=account.advance_minor + left,
    )
    return Allocated(after, tuple(Allocation(*part) for part in sorted(taken.items())), left)


def put_on(account: Account, item: OpenItem) -> tuple[Account, int]:
    """The account with a new invoice, and how much of it an earlier advance has paid."""
    paid = min(account.advance_minor, item.remaining_minor)
    left = item._replace(remaining_minor=item.remaining_minor - paid)
    opened = (*account.open_items, left) if left.remaining_minor else account.open_items
    return replace(account, open_items=opened, advance_minor=account.advance_minor - paid), paid
