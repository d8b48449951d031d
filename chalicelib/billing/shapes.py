"""What the routes of tariffs, settlements and bills take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Day, DayOut, MoneyOut, Price, RateBps, Reference, Zero


class PriceBody(Body):
    """What one of the caller's plans costs the reseller for a month."""

    plan: Reference
    monthly_price: Price = Field(examples=["575.00"])


class TariffBody(Body):
    """A new version of what a reseller pays, from a day on.

    A `period` of several months costs as many monthly prices and is prorated over its days. `refund_fee` is kept of what
    comes back of an advance charge under `unused_days_less_fee`.
    """

    effective_on: Day
    timing: Literal["daily", "advance"] = "daily"
    day_count: Literal["calendar_month", "service_period", "fixed_30"] = "calendar_month"
    period: Literal["month", "quarter", "year"] = "month"
    refund_policy: Literal["none", "unused_days", "unused_days_less_fee", "full"] = "unused_days"
    refund_fee: Annotated[Price, Field(examples=["0.00"])] = Zero
    tax_bps: RateBps = 0
    prices: Annotated[list[PriceBody], Field(min_length=1, max_length=500)]


class TariffPriceAnswer(Answer):
    """What one plan of the seller costs for a month."""

    plan: str = Field(examples=["op.HOME-10"])
    code: str = Field(examples=["HOME-10"])
    name: str = Field(examples=["Home 10 Mbps"])
    monthly_price: MoneyOut = Field(examples=["575.00"])


class TariffAnswer(Answer):
    """A version of a tariff."""

    effective_on: DayOut
    timing: str = Field(examples=["daily"])
    day_count: str = Field(examples=["calendar_month"])
    period: str = Field(examples=["month"])
    refund_policy: str = Field(examples=["unused_days"])
    refund_fee: MoneyOut = Field(examples=["0.00"])
    tax_bps: int = Field(examples=[0])
    prices: list[TariffPriceAnswer]


class SettlementBody(Body):
    """Through which day to settle."""

    date: Day


class ParkedAnswer(Answer):
    """A tenant that does not go on, and why: an alarm (a run by hand tries it again), or an import that holds its days."""

    tenant: str = Field(examples=["tk7m2p9qx4abc"])
    why: str = Field(examples=["2026-11-14: NotPricedError"])


class RunAnswer(Answer):
    """A date over every tenant: sums of those that are settled."""

    date: DayOut
    status: Literal["settled", "running"] = Field(examples=["settled"])
    tenants: int = Field(examples=[12])
    charged: int = Field(examples=[4505])
    suspended: int = Field(examples=[0])
    total: MoneyOut = Field(examples=["128679.51"])
    parked: list[ParkedAnswer] = Field(examples=[[]])


class SettlementAnswer(Answer):
    """One's own settled day. `total` is what it paid for its own subscribers, `subtree_total` for everybody below too."""

    date: DayOut
    status: Literal["settled", "running"] = Field(examples=["settled"])
    subscribers_charged: int = Field(examples=[4505])
    subscribers_suspended: int = Field(examples=[0])
    total: MoneyOut = Field(examples=["128679.51"])
    subtree_total: MoneyOut = Field(examples=["128679.51"])
    uncollected: MoneyOut = Field(examples=["0.00"])
    uncollected_by_level: list[MoneyOut]
    entry: str | None = Field(examples=["tk7m2p9qx4abc.f1795329000000000-general-3"])
    sheet_hash: str | None = Field(examples=["9f2c61b0" * 8])


class DayAnswer(Answer):
    """One day of one service, as it is known now. `charge` is null until the day is settled; `correction` names the last
    one that changed the day since."""

    date: DayOut
    service: str = Field(examples=["tk7m2p9qx4abc.v17"])
    state: Literal["scheduled", "enabled", "disabled", "suspended", "disconnected"] = Field(examples=["enabled"])
    plan: str | None = Field(examples=["HOME-10"])
    buying_price: MoneyOut | None = Field(examples=["18.54"])
    charge: MoneyOut | None = Field(examples=["18.54"])
    rule: str | None = Field(examples=["calendar_month: day 16 of 31"])
    entry: str | None = Field(examples=["tk7m2p9qx4abc.f1795329000000000-general-3"])
    correction: str | None = Field(default=None, examples=[None])


class DaysAnswer(Answer):
    """The days asked for, oldest first, of each service in turn; `charged` is their sum."""

    items: list[DayAnswer]
    charged: MoneyOut = Field(examples=["575.00"])
    next_cursor: None = None


class DaysQuery(Body):
    """Which days (this month until yesterday unless told), and of which service (all unless told)."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    service: str | None = Field(default=None, examples=["tk7m2p9qx4abc.v17"])
