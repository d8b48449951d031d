"""Allocation: which documents money pays. Oldest first, or a named one first; what is left over is an advance. Pure.

An account never has an advance and something open at once: an advance pays whatever is opened, as soon as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from chalicelib.retail.account_model import OpenItem

DocumentT = TypeVar("DocumentT")


def share_out(
    open_minor: Mapping[DocumentT, int], amount_minor: int, named: Iterable[tuple[DocumentT, int]] = ()
) -> tuple[dict[DocumentT, int], int]:
    """How much of an amount each document takes of what is open of it, in their order, and what none of them took.

    `named` are documents that go first, and how much of the amount is for each at most.
    """
    taken: dict[DocumentT, int] = {}
    for document, most_minor in (*named, *open_minor.items()):
        part = min(most_minor, amount_minor, open_minor.get(document, 0) - taken.get(document, 0))
        if part > 0:
            taken[document] = taken.get(document, 0) + part
            amount_minor -= part
    return taken, amount_minor


class Allocated(NamedTuple):
    """What an amount did: `parts` are the documents it paid (local ids) and how much of each, `items` what is open now.

    `rest_minor` is what no open item took.
    """

    items: tuple[OpenItem, ...]
    parts: tuple[tuple[str, int], ...]
    rest_minor: int


def allocate(items: Sequence[OpenItem], amount_minor: int, first: str | None = None) -> Allocated:
    """Pay these items, which are in order of issue, with an amount: the oldest first, or that document before them."""
    open_minor = {item.local_id: item.remaining_minor for item in items}
    paid, rest_minor = share_out(open_minor, amount_minor, [] if first is None else [(first, amount_minor)])
    left = (item._replace(remaining_minor=item.remaining_minor - paid.get(item.local_id, 0)) for item in items)
    return Allocated(tuple(item for item in left if item.remaining_minor), tuple(paid.items()), rest_minor)


def lower(items: Sequence[OpenItem], local_id: str, amount_minor: int) -> Allocated:
    """Take an amount off one item alone, as a credit note does; `rest_minor` is what had been paid of it already."""
    off = allocate([item for item in items if item.local_id == local_id], amount_minor)
    left = [off.items[:1] if item.local_id == local_id else (item,) for item in items]
    return Allocated(tuple(item for some in left for item in some), off.parts, off.rest_minor)


def reopen(
    items: Sequence[OpenItem], candidates: Sequence[OpenItem], paid_minor: Mapping[str, int], amount_minor: int
) -> Allocated:
    """Take an amount back from the documents that a payment had paid, the newest first.

    `candidates` are these documents, in order of issue, with what that payment paid of each (`remaining_minor`), and
    `paid_minor` what is paid of each now: none is opened by more than either. `rest_minor` is what none of them took.
    What is open again stands before what is due on its day or later.
    """
    opened: dict[str, int] = {}
    for one in reversed(candidates):
        part = min(amount_minor, one.remaining_minor, paid_minor.get(one.local_id, 0))
        if part > 0:
            opened[one.local_id] = part
            amount_minor -= part
    still = {item.local_id for item in items}
    again = [one._replace(remaining_minor=opened[one.local_id]) for one in candidates if one.local_id in opened]
    now = [one for one in again if one.local_id not in still]
    now += [item._replace(remaining_minor=item.remaining_minor + opened.get(item.local_id, 0)) for item in items]
    return Allocated(tuple(sorted(now, key=lambda item: item.due_on)), tuple(opened.items()), amount_minor)
