"""What an invoice comes to: the days and corrections it takes of what is unbilled, and its lines. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.billing.model import SettledDay
from chalicelib.partners.corrected import Part, joined
from chalicelib.partners.model import Line, Service
from chalicelib.partners.unbilled import Unbilled
from chalicelib.partners.usage import plan_lines


@dataclass(frozen=True)
class Weight:
    """What is invoiced through a day: its days and the parts of corrections. `use_minor` is the days' without tax."""

    through: date
    days: Sequence[SettledDay]
    parts: Sequence[Part]
    use_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        return self.use_minor + sum(part.net_minor for part in self.parts)

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def service_days(self) -> int:
        return sum(sum(day.counts.values()) for day in self.days)


@dataclass(frozen=True)
class Bill:
    """What a document is made of, before it has a number. `services` is its annex."""

    first_on: date
    through: date
    lines: tuple[Line, ...]
    net_minor: int
    tax_minor: int
    services: Sequence[Service]

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


def weigh(unbilled: Unbilled, through: date) -> Weight:
    """The days up to and including `through`, the corrections of these, and later charges of days invoiced before.

    Tax is what the days and the corrections posted: nothing is rounded here.
    """
    days = [day for day in unbilled.days if day.day <= through]
    ahead = [part for part in unbilled.pending.ahead if part.last_on <= through]
    parts = [part for part in joined([*ahead, *unbilled.pending.charges]) if part.net_minor or part.tax_minor]
    levels = unbilled.levels
    tax = sum(day.tax_minor[levels[day.tenant_id]] for day in days) + sum(part.tax_minor for part in parts)
    return Weight(through, days, parts, sum(day.net_minor[levels[day.tenant_id]] for day in days), tax)


def draw_up(weight: Weight, services: Sequence[Service]) -> Bill:
    """The bill of what was weighed: a line for each plan of the parent, and one for each correction."""
    return Bill(
        min((day.day for day in weight.days), default=weight.through),
        weight.through,
        (*plan_lines(services), *(part.line for part in weight.parts)),
        weight.net_minor,
        weight.tax_minor,
        services,
    )
