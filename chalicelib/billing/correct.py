"""Correcting: posting the difference that late facts make to days that are posted, in one transaction.

What the books say of a day is its sheet and the corrections up to now; what is known is everything up to the facts that
are corrected here. Both are computed from the events by the same rules (`difference.py`); the difference is posted today.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from chalicelib.aws import clock
from chalicelib.aws.log import alarm, log, measure
from chalicelib.aws.tables import ConditionFailed, Operation, write
from chalicelib.billing.correction_store import find_correction, put_correction, read_late_facts
from chalicelib.billing.corrections import Correction, LateFact, correctable, run_of
from chalicelib.billing.difference import Difference, compute_difference, read_ground
from chalicelib.billing.marks import finish_marks
from chalicelib.billing.model import State
from chalicelib.billing.post_correction import ToPost, build_post
from chalicelib.billing.price_book import NotPricedError, read_price_book
from chalicelib.billing.state import change_state
from chalicelib.core.errors import Unavailable
from chalicelib.tenants.hierarchy import read_chain
from chalicelib.tenants.model import Tenant

TRIES = 40
MAX_FACTS = 20
"""Late facts that one correction posts at most; what is more is the next one's."""


def correct_late_facts(chain_ids: Sequence[str], now: datetime) -> list[Correction]:
    """Post whatever is to be corrected of the last tenant of the chain; the corrections that were made.

    Facts about a day that is pinned and not posted yet wait for it. Repeating it finds nothing more to do.
    """
    made = []
    while (correction := _correct_once(chain_ids, now)) is not None:
        made.append(correction)
    return made


def correct_soon(chain_ids: Sequence[str], now: datetime, late: int) -> Correction | None:
    """Correct within a request that recorded the late fact of that number (0: none): its correction, or None while it
    has to wait. Whatever comes of it, the fact is recorded, and the planner's next run finds it."""
    if not late:
        return None
    try:
        correct_late_facts(chain_ids, now)
    except Unavailable as why:
        log("a correction waits", tenant=chain_ids[-1], why=str(why))
    return find_correction(chain_ids[-1], late)


def _correct_once(chain_ids: Sequence[str], now: datetime) -> Correction | None:
    for attempt in range(TRIES):
        clock.back_off(attempt)
        state = finish_marks(read_chain(chain_ids))
        if correctable(state) <= state.corrected:
            return None
        # Read again: until its late facts are corrected, nobody's mode in the chain changes any more.
        chain = tuple(read_chain(chain_ids))
        facts = read_late_facts(state.tenant_id, state.corrected, correctable(state))[:MAX_FACTS]
        try:
            correction, operations = _build(chain, state, facts, now)
        except NotPricedError as error:
            alarm("A late fact has no price.", tenant=state.tenant_id, fact=state.corrected + 1, why=str(error))
            return None
        after = replace(state, corrected=correction.number)
        try:
            write(change_state(state, after), put_correction(correction), *operations)
        except ConditionFailed:
            continue
        log("days corrected", tenant=state.tenant_id, facts=len(facts), days=len(correction.changes))
        measure("DaysCorrected", len(correction.changes))
        return correction
    raise Unavailable(
        "busy", "The funds above this tenant are moving all the time; the correction will be tried again."
    )


def _build(
    chain: tuple[Tenant, ...], state: State, facts: Sequence[LateFact], now: datetime
) -> tuple[Correction, tuple[Operation, ...]]:
    tenant, number, last_day = chain[-1], facts[-1].number, state.last_day
    assert last_day is not None, "a fact is late because a day was pinned, and it is posted by now"
    book = read_price_book(chain)
    first = max(tenant.settles_from, min(fact.effective_on for fact in facts))
    ground, begin = read_ground(tenant.tenant_id, book, tenant.settles_from, first, last_day)
    found = compute_difference(ground, begin, facts, state.corrected, number, last_day)
    mends = ground.records[found.changes[0].day] if found.changes else None
    to_post = ToPost(chain, found.changes, run_of(tenant.tenant_id, number), memo_of(tenant, found), mends)
    posted = build_post(to_post, now)
    correction = Correction(
        tenant_id=tenant.tenant_id,
        number=number,
        since=state.corrected + 1,
        first=found.first,
        through=found.through,
        posted_micros=posted.recorded_micros,
        effective_on=posted.effective_on,
        levels=tuple(buyer.tenant_id for buyer in to_post.buyers),
        modes=to_post.modes,
        facts=tuple(facts),
        changes=found.changes,
        services=found.services,
        entries=posted.entries,
        loans_minor=posted.loans_minor,
        versions=found.versions,
    )
    return correction, posted.operations


def memo_of(tenant: Tenant, found: Difference) -> str:
    """What the entries of a correction say they are."""
    if not found.changes:
        return ""
    services = {change.service_number for change in found.services}
    what = "1 service" if len(services) == 1 else f"{len(services)} services"
    return f"Correction of {span(found.changes[0].day, found.changes[-1].day)}: {what} of {tenant.code}"


def span(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"
