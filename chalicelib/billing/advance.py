"""Advance charging: what one level pays for one service on one day, and which part of it is earned. Pure.

Under `daily` a day that is billed is paid and earned at once. Under `advance` the day on which a service is first billed
in a period pays the rest of the period; every day that passes then earns its own share, whether the subscriber uses it or
has it disabled. A day on which the service is suspended is never billed: its share comes back. On disconnection what
comes back of the days that are left is told by the refund policy, and on a change of plan all of them come back. What is
paid and not earned yet is deferred in both books (`domain.md`, funds and books).

Every level of a chain is on its own here: one may pay in advance for a quarter and the next one daily.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.core.proration import DayCount, cumulative, period_of


class EdgeTerms(NamedTuple):
    """How a parent charges one child, by one version of its tariff: the same for every plan."""

    timing: Timing
    day_count: DayCount
    months: int
    month_starts_on: int
    refund_policy: RefundPolicy
    refund_fee_minor: int


class Paid(NamedTuple):
    """A period that one level has paid for one service: from the ordinal day `since` to the period's last day.

    `price_minor` is for the whole period; plan, rule and policy are those it was charged by, whatever comes later.
    `returned_minor` came back for days on which the service was suspended.
    """

    since: int
    first: int
    last: int
    plan: str
    price_minor: int
    day_count: DayCount
    months: int
    refund_policy: RefundPolicy
    refund_fee_minor: int
    returned_minor: int = 0

    def rest_minor(self, day: int) -> int:
        """What the days from this one to the period's last cost."""
        length = self.last - self.first + 1
        return self.price_minor - cumulative(self.price_minor, day - self.first, length, self.day_count, self.months)

    def refund_minor(self, day: int) -> int:
        """What comes back when the service ends on that day, which is not unused."""
        left = self.rest_minor(day + 1)
        if self.refund_policy is RefundPolicy.NONE:
            return 0
        if self.refund_policy is RefundPolicy.UNUSED_DAYS:
            return left
        if self.refund_policy is RefundPolicy.UNUSED_DAYS_LESS_FEE:
            return max(0, left - self.refund_fee_minor)
        return self.rest_minor(self.since) - self.returned_minor

    @property
    def as_list(self) -> list[int | str]:
        """As it is kept in a sheet."""
        return [one.value if isinstance(one, (DayCount, RefundPolicy)) else one for one in self]


def to_paid(kept: list[int | str] | None) -> Paid | None:
    """What `as_list` made, or None."""
    if kept is None:
        return None
    since, first, last, plan, price, day_count, months, policy, fee, returned = kept
    return Paid(
        int(since),
        int(first),
        int(last),
        str(plan),
        int(price),
        DayCount(str(day_count)),
        int(months),
        RefundPolicy(str(policy)),
        int(fee),
        int(returned),
    )


Cover = tuple[Paid | None, ...]
"""What each level has paid for a service in advance, from its seller's edge upward; empty where none has anything."""


class Step(NamedTuple):
    """What a day does at one level: the money that leaves the fund (or comes back, below zero), what of it and of
    earlier payments is earned, and what is paid after it; `back_minor` is what of earlier payments comes back in it."""

    moved_minor: int
    earned_minor: int
    paid: Paid | None
    back_minor: int = 0


class DayOfService(NamedTuple):
    """What a service's day was: `billed` when it counts as used, `suspended` when it is never billed; `ends` when the
    service is disconnected that day."""

    billed: bool
    suspended: bool = False
    ends: bool = False


def step(paid: Paid | None, terms: EdgeTerms | None, plan: str, price_minor: int, day: date, was: DayOfService) -> Step:
    """One level's day. `price_minor` is the plan's price for the whole period by these terms; no terms: no charge."""
    today = day.toordinal()
    if paid is not None and paid.last < today:
        paid = None
    moved = back = 0
    if was.billed:
        if paid is not None and paid.plan != plan:
            back, paid = paid.rest_minor(today), None
            moved = -back
        if paid is None:
            if terms is None:
                return Step(moved, 0, None, back)
            paid = charge(terms, plan, price_minor, day)
            if terms.timing is Timing.DAILY:
                price = paid.rest_minor(today) - paid.rest_minor(today + 1)
                return Step(moved + price, price, None, back)
            moved += paid.rest_minor(today)
    if paid is None:
        return Step(moved, 0, None)
    price = paid.rest_minor(today) - paid.rest_minor(today + 1)
    earned = price
    if was.suspended:
        moved, earned, back = moved - price, 0, back + price
        paid = paid._replace(returned_minor=paid.returned_minor + price)
    if not was.ends:
        return Step(moved, earned, paid if paid.last > today else None, back)
    ended = paid.refund_minor(today)
    return Step(moved - ended, earned + paid.rest_minor(today + 1) - ended, None, back + ended)


def charge(terms: EdgeTerms, plan: str, price_minor: int, day: date) -> Paid:
    """The rest of the period that the day lies in, as it is charged on that day."""
    period = period_of(day, terms.day_count, terms.month_starts_on, terms.months)
    return Paid(
        day.toordinal(),
        period.first.toordinal(),
        period.last.toordinal(),
        plan,
        price_minor,
        terms.day_count,
        terms.months,
        terms.refund_policy,
        terms.refund_fee_minor,
    )


def cover_of(paid: Sequence[Paid | None]) -> Cover:
    """The levels' payments as one cover: empty where there is none."""
    return tuple(paid) if any(paid) else ()


def spared(cover: Cover, day: int) -> Cover:
    """What is left of a cover after a day on which the service was suspended or behind the cut."""
    suspended = DayOfService(billed=False, suspended=True)
    return cover_of([step(paid, None, "", 0, date.fromordinal(day), suspended).paid for paid in cover])


def is_outside_the_cut(cover: Cover, moved_minor: Sequence[int]) -> bool:
    """Whether a service that is billed costs nobody anything that day, because some level paid for it before."""
    return bool(cover) and max(moved_minor) <= 0
