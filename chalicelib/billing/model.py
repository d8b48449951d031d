"""Tariffs, a tenant's place in its run of days, and a settled day, as the rules see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from chalicelib.core.dates import ONE_DAY
from chalicelib.core.proration import DayCount, Span


class Timing(StrEnum):
    """When a tariff charges: each enabled day after it ends, or the rest of the period in advance."""

    DAILY = "daily"
    ADVANCE = "advance"


class RefundPolicy(StrEnum):
    """What comes back of an advance charge when a service ends early."""

    NONE = "none"
    UNUSED_DAYS = "unused_days"
    UNUSED_DAYS_LESS_FEE = "unused_days_less_fee"
    FULL = "full"


@dataclass(frozen=True)
class Tariff:
    """One version of what a parent asks of one child. `prices_minor` is by the parent's plan code, for a month.

    `span` is the period that is priced and, under `advance`, paid at once: as many months of that price.
    `refund_fee_minor` is kept of what comes back under `unused_days_less_fee`.
    """

    child_id: str
    effective_on: date
    recorded_micros: int
    timing: Timing
    day_count: DayCount
    refund_policy: RefundPolicy
    tax_bps: int
    prices_minor: Mapping[str, int]
    span: Span = Span.MONTH
    refund_fee_minor: int = 0

    @property
    def version(self) -> str:
        """Names this version among the child's: later by day, then by recording, is greater."""
        return f"{self.effective_on}#{self.recorded_micros:016d}"


SUSPEND = "suspend"
RESUME = "resume"


@dataclass(frozen=True)
class Mark:
    """Subscribers that still have to be told what settlement decided: suspended by a day's cut, or brought back."""

    kind: str
    on: date
    recorded_micros: int


@dataclass(frozen=True)
class Terms:
    """What a day is computed from, from the tenant's own edge upward: each edge's tariff version (empty where there is
    none yet), the buyer's first day of month and how it pays its parent (`tenants.model.Mode`); and through which late
    fact of the tenant's own the roster knows what happened before the day."""

    versions: tuple[str, ...] = ()
    month_starts: tuple[int, ...] = ()
    modes: tuple[str, ...] = ()
    late: int = 0


@dataclass(frozen=True)
class State:
    """How far a tenant's days are: settled through `last_day`, pinned through `pinned_through`.

    `terms` are what the newest pin fixed. `held` counts suspended services; `resumed_minor` is what those brought back
    since the last settled day cost each level a day. `marks` are state changes that a crash may have left undone.
    `parked` says why an alarm has taken it out of the run. `holds` are imports under way and the first day each is about:
    that day is not pinned before the import is over. `late` counts the facts recorded for days that were pinned already,
    `corrected` how many of them are posted. `ahead_on` is the last day on which a tenant that pays in advance was charged
    before its end, in `ahead` writes; it is `in_advance` if some level charged so when the newest day was pinned.
    """

    tenant_id: str
    last_day: date | None = None
    pinned_through: date | None = None
    terms: Terms = Terms()
    held: int = 0
    resumed_minor: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()
    parked: str | None = None
    holds: tuple[tuple[str, date], ...] = ()
    late: int = 0
    corrected: int = 0
    ahead_on: date | None = None
    ahead: int = 0
    in_advance: bool = False
    revision: int = 0

    def ahead_of(self, day: date) -> int:
        """How often the tenant was charged on that day before its end."""
        return self.ahead if self.ahead_on == day else 0

    def is_held(self, day: date) -> bool:
        """Whether an import that is under way is about that day or one before it."""
        return any(first <= day for _, first in self.holds)

    def next_day(self, settles_from: date) -> date:
        """The first day that is not settled."""
        return settles_from if self.last_day is None else self.last_day + ONE_DAY


@dataclass(frozen=True)
class SettledDay:
    """A posted day of one tenant. Amounts are by level from the tenant upward and include tax.

    `paid_minor` is what each level paid its parent for this tenant's own subscribers (below zero where more came back),
    `subtree_minor` for its whole sub-tree; `uncollected_minor` what those behind the cut would have cost; `earned_minor`
    what of this and of earlier payments was used, without tax. `prices_minor` is what the day costs by plan code and
    level, `counts` how many services each plan had that were billed. Beside the `charged` ones in the order of the cut,
    `covered` were billed and paid before. `terms` are those of its pin. Part of what was paid was charged before the day's
    end, in as many writes as `ahead` says.
    """

    tenant_id: str
    day: date
    charged: int
    suspended: int
    paid_minor: tuple[int, ...]
    tax_minor: tuple[int, ...]
    subtree_minor: tuple[int, ...]
    uncollected_minor: tuple[int, ...]
    short: str | None
    cut_at: tuple[int, int] | None
    entry_id: str | None
    sheet_hash: str
    sheet_parts: int
    terms: Terms
    day_counts: tuple[str, ...]
    prices_minor: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    earned_minor: tuple[int, ...] = ()
    covered: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    ahead: int = 0

    @property
    def net_minor(self) -> tuple[int, ...]:
        """What each level paid, without tax."""
        return tuple(paid - tax for paid, tax in zip(self.paid_minor, self.tax_minor, strict=True))

    @property
    def used_minor(self) -> tuple[int, ...]:
        """What the day used at each level, whenever it was paid, with the tax of what was paid."""
        return tuple(earned + tax for earned, tax in zip(self.earned_minor, self.tax_minor, strict=True))

    @property
    def tariffs(self) -> tuple[str, ...]:
        """Each edge's tariff version."""
        return self.terms.versions

    @property
    def total_minor(self) -> int:
        """What the tenant paid its parent for its own subscribers."""
        return self.paid_minor[0] if self.paid_minor else 0
