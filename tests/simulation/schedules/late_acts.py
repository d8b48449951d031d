"""Acts of what comes late: a fact about a settled day with its correction, and a tariff that begins on one."""

from __future__ import annotations

from datetime import date

from chalicelib.aws.tables import Remember
from chalicelib.billing.correct import correct_late_facts
from chalicelib.billing.late import filing_of
from chalicelib.billing.late_tariff import late_tariff
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.proration import DayCount
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.model import EventKind

from .acts import chain_of, sides
from .movement import Act
from .stage import FIRST, Stage


def late_fact(kind: EventKind, on: date, number: int, tenant_id: str = "beta") -> Act:
    """A fact is recorded, whatever is settled of its day."""

    def act(stage: Stage) -> None:
        chain = chain_of(stage, tenant_id)

        def record(remember: Remember) -> None:
            asked = AskedChange(kind, on, None, None)
            record_event(chain[-1], number, asked, filing_of(chain), stage.today, stage.now, remember)

        stage.claimed(f"late {kind} {number}", record)

    return act


def correction(stage: Stage) -> None:
    """Whatever is known late of Beta's days is corrected: by the request that recorded it, or by a worker."""
    correct_late_facts(chain_of(stage, "beta")[-1].chain, stage.now)


def tariff_from_the_past(home_minor: int, child_id: str = "beta") -> Act:
    """The parent asks another price of its child from the first settled day on."""
    prices = (("HOME", home_minor), ("FAST", 89_950))
    terms = TariffTerms(FIRST, Timing.DAILY, DayCount.CALENDAR_MONTH, RefundPolicy.UNUSED_DAYS, 0, prices)
    return lambda stage: set_tariff(*sides(stage, child_id), terms, stage.now, late_tariff)
