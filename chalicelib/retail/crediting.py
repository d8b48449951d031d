"""Credit notes: how much of an invoice may still be taken back, and from which accounts. Pure.

What is taken back is taken in the invoice's own proportion of revenue and tax. The proportion is rounded on everything
credited so far and not on each credit note, so that however an invoice is credited, when all of it is, every account has
back exactly what the invoice posted to it.
"""

from collections.abc import Mapping

from chalicelib.core.errors import Conflict, invalid_field
from chalicelib.core.money import round_half_up


def creditable_minor(total_minor: int, credited_minor: int, written_off_minor: int = 0) -> int:
    """What may still be taken back of an invoice, whether it was paid or not: what it came to less earlier credits, and
    less what was written off, which nobody has paid and nobody owes."""
    return total_minor - credited_minor - written_off_minor


def check_credit(left_minor: int, amount_minor: int) -> None:
    """409 `credit-above-invoice` for more than what is left of the invoice; 422 for an amount that is not above zero."""
    if amount_minor <= 0:
        raise invalid_field("amount", "must be more than zero")
    if amount_minor > left_minor:
        raise Conflict(
            "credit-above-invoice", "A credit cannot be more than what the invoice came to less earlier ones."
        )


def taken_back(parts: Mapping[str, int], credited_minor: int, amount_minor: int) -> dict[str, int]:
    """How much of a credit note comes out of each account, by code; they sum to its amount.

    `parts` is what the invoice posted to each account (revenue, tax), together its total. `credited_minor` was credited
    before. A part may be negative where the rest makes up for it. Accounts that get nothing are left out.
    """
    through = _credited_parts(parts, credited_minor + amount_minor)
    before = _credited_parts(parts, credited_minor)
    taken = {account: through[account] - before[account] for account in parts}
    return {account: minor for account, minor in taken.items() if minor}


def _credited_parts(parts: Mapping[str, int], credited_minor: int) -> dict[str, int]:
    """What all credits together have taken of each part.

    One part after the other takes its share of what is left for it and those behind it, so that no share ever shrinks
    when more is credited; negative ones first, so that what is left stays above zero.
    """
    left, share = sum(parts.values()), credited_minor
    found: dict[str, int] = {}
    for account in sorted(parts, key=lambda code: (parts[code] > 0, code)):
        part = parts[account]
        found[account] = round_half_up(part * share, left) if left else 0
        left -= part
        share -= found[account]
    return found
