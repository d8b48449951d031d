"""The route of days that were not delivered."""

from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import answer_page, decode_cursor, page_of
from chalicelib.core.errors import invalid_field
from chalicelib.network.undelivered import list_undelivered
from chalicelib.network.undelivered_shapes import UndeliveredDayAnswer, UndeliveredQuery, show_undelivered

bp = Blueprint(__name__, tag="Network")


@bp.api(
    "GET",
    "/v1/network/undelivered-days",
    may="network:read",
    module="network",
    query=UndeliveredQuery,
    answer=page_of(UndeliveredDayAnswer),
)
def list_undelivered_days(call: Call) -> Any:
    """Whole days on which services of the tenant were active and their router had them off, the newest day first."""
    query: UndeliveredQuery = call.query
    if query.from_ is not None and query.to is not None and query.from_ > query.to:
        raise invalid_field("from", "must not lie behind to")
    after = decode_cursor(query.cursor)
    days, further = list_undelivered(call.tenant.tenant_id, query.from_, query.to, query.limit, after)
    return answer_page(UndeliveredDayAnswer, [show_undelivered(day) for day in days], further)
