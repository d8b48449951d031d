"""What a fact about settled days would change of them: the correction that would follow, computed and not posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.billing.columns import Columns
from chalicelib.billing.corrections import DayChange, day_changes, service_changes, total_use
from chalicelib.billing.difference import read_ground, tax_rule
from chalicelib.billing.legs import Use
from chalicelib.billing.levels import Levels
from chalicelib.billing.outlook import Outlook
from chalicelib.billing.patch import Told, patched_roster
from chalicelib.billing.post_correction import ToPost
from chalicelib.billing.service_days import KnownDays, ServiceReplay, Setting
from chalicelib.core.dates import days_between
from chalicelib.crm.events import known_events, read_whole_history
from chalicelib.crm.model import ServiceEvent


@dataclass(frozen=True)
class LateEffect:
    """The days that change, what each level pays for it, and the roster after the last settled day as it is then known."""

    changes: tuple[DayChange, ...]
    uses: tuple[Use, ...]
    levels: Levels
    roster: Columns


def foresee_correction(outlook: Outlook, events: Sequence[ServiceEvent]) -> LateEffect | None:
    """What these filed events change of settled days; None where none of them is about one.

    `NotPricedError` where a plan would have been billed without a price.
    """
    late = [event for event in events if event.late]
    last_day = outlook.state.last_day
    if not late or last_day is None:
        return None
    tenant, state = outlook.tenant, outlook.state
    number = late[0].late
    first = max(tenant.settles_from, min(event.effective_on for event in late))
    ground, begin = read_ground(tenant.tenant_id, outlook.book, tenant.settles_from, first, last_day)
    setting = Setting(ground.records, ground.prices_on, begin)
    service, subscriber = late[0].service_number, late[0].subscriber_number
    recorded = read_whole_history(tenant.tenant_id, subscriber)
    facts = [*(event for event in recorded if event.service_number == service), *events]
    known = KnownDays(facts, setting, last_day)
    days = [day for day in days_between(max(first, begin), last_day) if ground.records[day].terms.late < number]
    after = known.at(number)
    services = service_changes(
        service,
        subscriber,
        {day: known.posted(day, state.late) for day in days},
        {day: after[day] for day in days},
    )
    changed = sorted({change.day for change in services})
    count = len(outlook.book.buyers)
    changes = day_changes(services, count, tax_rule(ground, changed, state.late))
    modes = ToPost(outlook.chain, changes, "", "", None).modes
    return LateEffect(
        changes,
        tuple(total_use(changes, level) for level in range(count)),
        Levels(outlook.book.buyers, modes),
        _roster_then(outlook, facts, setting, number, last_day),
    )


def _roster_then(
    outlook: Outlook, facts: Sequence[ServiceEvent], setting: Setting, number: int, last_day: date
) -> Columns:
    known = [event for event in known_events(facts, number) if event.effective_on <= last_day]
    replay = ServiceReplay(known, setting)
    for _ in replay.play(last_day):
        pass
    service = facts[-1].service_number
    place = replay.place if len(replay.roster) else (0, service)
    return patched_roster(outlook.roster, [Told(service, facts[-1].subscriber_number, place, replay.roster)], last_day)
