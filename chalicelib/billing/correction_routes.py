"""Corrections over HTTP: what was believed of days that were posted, and what is known of them."""

import re

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.billing.correction_shapes import (
    CorrectionAnswer,
    CorrectionsQuery,
    CorrectionSummary,
    show_correction,
    summary_of,
    waiting,
)
from chalicelib.billing.correction_store import find_correction, list_corrections
from chalicelib.billing.corrections import Correction
from chalicelib.billing.state import read_state
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.crm.subscriber import subscriber_number

bp = Blueprint(__name__, tag="Settlement")

LOOKS_A_PAGE = 5
"""How many pages of corrections are searched for those that are wanted, before a page is short and is gone on with."""

_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


@bp.api("GET", "/v1/corrections", may="settlements:read", query=CorrectionsQuery, answer=page_of(CorrectionSummary))
def list_all_corrections(call: Call) -> Answer:
    """One's own corrections, newest first: all, or those of one subscriber, or those about some days."""
    query, tenant_id = call.query, call.tenant.tenant_id
    subscriber = None if query.subscriber is None else _named(tenant_id, query.subscriber)
    after = decode_cursor(query.cursor)
    found: list[Correction] = []
    for _ in range(LOOKS_A_PAGE):
        looked, after = list_corrections(tenant_id, limit=query.limit - len(found), after=after)
        found += [one for one in looked if _is_wanted(one, subscriber, query)]
        if after is None or len(found) == query.limit:
            break
    items = [summary_of(one) for one in found]
    page: Answer = page_of(CorrectionSummary)(items=items, next_cursor=encode_cursor(after))
    return page


def _named(tenant_id: str, text: str) -> int:
    """The number of a subscriber that a query names."""
    try:
        return subscriber_number(tenant_id, text)
    except NotFound:
        raise invalid_field("subscriber", "is not one of your subscribers") from None


def _is_wanted(one: Correction, subscriber: int | None, query: CorrectionsQuery) -> bool:
    days = [change.day for change in one.changes] or [one.first]
    if query.from_ is not None and max(days) < query.from_:
        return False
    if query.to is not None and min(days) > query.to:
        return False
    return subscriber is None or any(fact.subscriber_number == subscriber for fact in one.facts)


@bp.api("GET", "/v1/corrections/{correction_id}", may="settlements:read", answer=CorrectionAnswer)
def show_one_correction(call: Call, correction_id: str) -> CorrectionAnswer:
    """One correction: the facts behind it, and day by day what was believed and what is known.

    The number of a late fact names it too, also before it is posted.
    """
    tenant_id = call.tenant.tenant_id
    digits = correction_id.removeprefix(f"{tenant_id}.c")
    if digits == correction_id or _NUMBER.fullmatch(digits) is None:
        raise NotFound("correction")
    correction = find_correction(tenant_id, int(digits))
    if correction is not None:
        return show_correction(correction)
    if int(digits) > read_state(tenant_id).late:
        raise NotFound("correction")
    follows = waiting(tenant_id, int(digits)).model_dump()
    return CorrectionAnswer(**follows, tariff=None, facts=[], corrected_days=[])
