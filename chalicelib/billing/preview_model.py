"""What a preview tells: the figures of an act at each level of a chain, before it is done."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chalicelib.billing.advance import EdgeTerms
from chalicelib.core.proration import Period
from chalicelib.tenants.model import Tenant


class Figures(NamedTuple):
    """An amount, with tax, as things stand and after the act."""

    before_minor: int
    after_minor: int

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor


class FundEffect(NamedTuple):
    """A fund as it stands and as it is once what moves at once has moved; `lent_minor` of that is lent by the parent."""

    balance_minor: int
    after_minor: int
    lent_minor: int


@dataclass(frozen=True)
class LevelEffect:
    """What the act does between one buyer and its seller. Amounts are what the buyer pays, below zero what it gets back.

    `terms` are those of the first day that the act changes, `period` the one that day lies in: it is from that day to the
    period's end that `total` counts, all services of the tenant together. `now_minor` leaves the fund with the act itself.
    `charged_minor` and `credited_minor` are the first day's parts, without tax. `corrected_minor` is the difference of
    days that are settled, posted with the act.
    """

    buyer: Tenant
    seller: Tenant
    terms: EdgeTerms | None
    period: Period
    now_minor: int
    charged_minor: int
    credited_minor: int
    first_day: Figures
    next_day: Figures | None
    total: Figures
    corrected_minor: int
    fund: FundEffect | None


class Refused(NamedTuple):
    """Why the act would not be taken; `short` names the tenant whose fund is too low, or is `upstream`."""

    code: str
    detail: str
    short: str | None


class NotCovered(NamedTuple):
    """How many services the funds, as they stand, would not cover on the first day, and who would be short."""

    services: int
    short: str


class Corrected(NamedTuple):
    """How many settled days the act changes, and the first and the last of them."""

    days: int
    first: date
    last: date


@dataclass(frozen=True)
class Preview:
    """An act before it is done. `first` is the first day that is not settled and may change by it."""

    kind: str
    effective_on: date
    first: date
    levels: tuple[LevelEffect, ...]
    refused: Refused | None = None
    not_covered: NotCovered | None = None
    corrected: Corrected | None = None
    full_day: Figures | None = None
    services: int | None = None
