"""What corrections changed of days that were settled already, as aggregate invoices see it.

A correction is posted when it is found, at every level, long after its days. An invoice has to tell those that were
posted before it from those that come after.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.tables import read_page
from chalicelib.billing import corrections
from chalicelib.billing.correction_store import CorrectionRow, to_correction
from chalicelib.partners.model import CORRECTION, Account, Line

PAGE = 50


class CorrectedDay(NamedTuple):
    """One day of a correction: what was posted more (or less, below zero) at each level, from the tenant's edge upward."""

    day: date
    net_minor: tuple[int, ...]
    tax_minor: tuple[int, ...]


class Correction(NamedTuple):
    """A correction of one tenant's days, as it was posted at that instant, when the levels paid by these modes."""

    correction_id: str
    tenant_id: str
    recorded_micros: int
    modes: tuple[str, ...]
    days: tuple[CorrectedDay, ...]


class Part(NamedTuple):
    """What a correction changed on one edge: some of its days, which belong to one invoice or to none yet."""

    correction_id: str
    tenant_id: str
    recorded_micros: int
    first_on: date
    last_on: date
    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def line(self) -> Line:
        return Line(
            CORRECTION,
            self.net_minor,
            correction=self.correction_id,
            tenant_id=self.tenant_id,
            first_on=self.first_on,
            last_on=self.last_on,
        )


def read_corrections_of(tenant_id: str, since_micros: int) -> list[Correction]:
    """The corrections of a tenant's own days that were posted from that instant on, newest first."""
    found: list[Correction] = []
    after: str | None = None
    while True:
        page = read_page(CorrectionRow, keys.corrections(tenant_id), limit=PAGE, after=after, newest_first=True)
        for row in page.rows:
            if row.posted_micros < since_micros:
                return found
            found.append(_seen(to_correction(tenant_id, row)))
        if page.after is None:
            return found
        after = page.after


def _seen(posted: corrections.Correction) -> Correction:
    levels = range(len(posted.modes))
    days = []
    for change in posted.changes:
        uses = [change.use(level) for level in levels]
        net, tax = tuple(use.moved_minor for use in uses), tuple(use.tax_minor for use in uses)
        days.append(CorrectedDay(change.day, net, tax))
    return Correction(posted.correction_id, posted.tenant_id, posted.posted_micros, posted.modes, tuple(days))


class Pending(NamedTuple):
    """What corrections left unbilled: `ahead` of days that are not invoiced yet, by day; `charges` and `credits` of days
    that are, which go on the next invoice and on a credit note."""

    ahead: tuple[Part, ...]
    charges: tuple[Part, ...]
    credits: tuple[Part, ...]

    @property
    def total_minor(self) -> int:
        return sum(part.total_minor for parts in self for part in parts)


def sort_corrections(
    found: list[Correction], levels: Mapping[str, int], account: Account, covered: frozenset[str], mode: str
) -> Pending:
    """What is still unbilled of the corrections found, on the edge that is at `levels[tenant]` of each tenant's chain.

    A tenant that is not `covered` was not there at the last invoice: no day of it is invoiced.
    """
    ahead: list[Part] = []
    charges: list[Part] = []
    credits: list[Part] = []
    for one in found:
        level = levels[one.tenant_id]
        if level >= len(one.modes) or one.modes[level] != mode:
            continue
        days = [day for day in one.days if day.net_minor[level] or day.tax_minor[level]]
        through = account.invoiced_through if one.tenant_id in covered else None
        ahead += [_part(one, [day], level) for day in days if through is None or day.day > through]
        late = [day for day in days if through is not None and day.day <= through]
        if not late or one.recorded_micros <= account.invoiced_micros:
            continue
        part = _part(one, late, level)
        if part.total_minor >= 0:
            charges.append(part)
        elif one.recorded_micros > account.credited_micros:
            credits.append(part)
    return Pending(tuple(ahead), tuple(charges), tuple(credits))


def _part(correction: Correction, days: list[CorrectedDay], level: int) -> Part:
    return Part(
        correction.correction_id,
        correction.tenant_id,
        correction.recorded_micros,
        days[0].day,
        days[-1].day,
        sum(day.net_minor[level] for day in days),
        sum(day.tax_minor[level] for day in days),
    )


def joined(parts: list[Part]) -> list[Part]:
    """The parts of each correction as one: its lines on an invoice."""
    found: dict[tuple[str, str], Part] = {}
    for part in parts:
        key = (part.tenant_id, part.correction_id)
        before = found.get(key)
        found[key] = (
            part
            if before is None
            else before._replace(
                first_on=min(before.first_on, part.first_on),
                last_on=max(before.last_on, part.last_on),
                net_minor=before.net_minor + part.net_minor,
                tax_minor=before.tax_minor + part.tax_minor,
            )
        )
    return list(found.values())
