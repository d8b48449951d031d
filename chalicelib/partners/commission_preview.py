"""What another rate would have come to: the last full month counted again, once by the terms there are and once by others.

It is counted as a statement counts it, of everything that the biller's journal holds by now of that month alone: what is
told late of earlier months is left out. Nothing is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict
from chalicelib.ledger.heads import read_head
from chalicelib.ledger.journal import RETAIL
from chalicelib.partners.commission import Base, CommissionTerms, Sums, Taxed, Versions, month_of
from chalicelib.partners.commission_counting import SUBSCRIBERS_A_PAGE, Counting, count_page
from chalicelib.partners.commission_model import CommissionState, Drawing
from chalicelib.partners.commission_terms import check_percentage, read_versions
from chalicelib.tenants.model import Mode, Tenant

MAX_PAGES = 20


@dataclass(frozen=True)
class CommissionPreview:
    """A month under the terms that hold (None: nobody has said yet) and under those asked for."""

    month: date
    terms_before: CommissionTerms | None
    terms_after: CommissionTerms
    before: Sums
    after: Sums


def preview_commission(
    chain: Sequence[Tenant], child: Tenant, rate_bps: int, base: Base, amount: Taxed, now: datetime
) -> CommissionPreview:
    """The child of the chain's last tenant under another general rate; what plans and subscribers earn otherwise stays.

    409 `not-percentage`; `not-biller` for a tenant that does not bill these subscribers itself; `too-many-subscribers`.
    """
    parent = chain[-1]
    check_percentage(child)
    if parent.mode is Mode.PERCENTAGE:
        raise Conflict("not-biller", "Only who bills these subscribers itself can count a month of theirs again.")
    month = month_of(month_of(day_at(now, parent.timezone)) - timedelta(days=1))
    versions = read_versions(child.tenant_id)
    there = versions.of(month)
    asked = replace(there or CommissionTerms(month, rate_bps), rate_bps=rate_bps, base=base, amount=amount)
    newest = max((one.revision for one in versions.in_order), default=0)
    asked = replace(asked, month=month, revision=newest + 1)
    cut = read_head(parent.tenant_id, RETAIL).sequence
    before = _count(Counting(parent, parent, child, versions), month, cut) if there is not None else Sums()
    after = _count(Counting(parent, parent, child, Versions((*versions.in_order, asked))), month, cut)
    return CommissionPreview(month, there, asked, before, after)


def _count(counting: Counting, month: date, cut: int) -> Sums:
    """What the month comes to: as if everything of the months before it had been counted up to now."""
    biller_id = counting.biller.tenant_id
    state = CommissionState(
        counting.child.tenant_id, through=month_of(month - timedelta(days=1)), biller_id=biller_id, cut=cut
    )
    drawing = Drawing(month, biller_id, cut)
    for _ in range(MAX_PAGES):
        drawing, _lines = count_page(counting, state, drawing)
        if drawing.is_drawn:
            return drawing.sums
    at_most = MAX_PAGES * SUBSCRIBERS_A_PAGE
    raise Conflict("too-many-subscribers", f"A preview counts a month of at most some {at_most} subscribers.")
