"""Tariffs, a tenant's place in its run of days, and a settled day, as the rules see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from chalicelib.core.dates import ONE_DAY
from chalicelib.core.proration import DayCount


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
    """One version of what a parent asks of one child. `prices_minor` is by the parent's plan code, for a month."""

    child_id: str
    effective_on: date
    recorded_micros: int
    timing: Timing
    day_count: DayCount
    refund_policy: RefundPolicy
    tax_bps: int
    prices_minor: Mapping[str, int]

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
    """What prices a day, from the tenant's own edge upward: each edge's tariff version (empty where there is none yet)
    and the buyer's first day of month."""

    versions: tuple[str, ...] = ()
    month_starts: tuple[int, ...] = ()


@dataclass(frozen=True)
class State:
    """How far a tenant's days are: settled through `last_day`, pinned through `pinned_through`.

    `terms` are what the newest pin fixed. `held` counts suspended services; `resumed_minor` is what those brought back
    since the last settled day cost each level a day. `marks` are state changes that a crash may have left undone.
    `parked` says why an alarm has taken it out of the run. `holds` are imports under way and the first day each is about:
    that day is not pinned before the import is over.
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
    revision: int = 0

    def is_held(self, day: date) -> bool:
        """Whether an import that is under way is about that day or one before it."""
        return any(first <= day for _, first in self.holds)

    def next_day(self, settles_from: date) -> date:
        """The first day that is not settled."""
        return settles_from if self.last_day is None else self.last_day + ONE_DAY


@dataclass(frozen=True)
class SettledDay:
    """A posted day of one tenant. Amounts are by level from the tenant upward and include tax.

    `paid_minor` is what each level paid its parent for this tenant's own subscribers, `subtree_minor` for its whole
    sub-tree; `uncollected_minor` what those behind the cut would have cost. `prices_minor` is by plan code and level.
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
    tariffs: tuple[str, ...]
    day_counts: tuple[str, ...]
    prices_minor: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def total_minor(self) -> int:
        """What the tenant paid its parent for its own subscribers."""
        return self.paid_minor[0] if self.paid_minor else 0
