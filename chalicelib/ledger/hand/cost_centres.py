"""Cost centres: what a line of an entry by hand may be put down to, such as a zone of the tenant's area."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Put, Remember, Update, forget, read, read_page, write
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.ledger.hand.store import CENTRE_OPEN, CostCentreRow, rules_moved


@dataclass(frozen=True)
class CostCentre:
    """A cost centre. `zone` is the subscribers' zone that it stands for, as free text. A closed one takes no line."""

    code: str
    name: str
    zone: str | None
    status: str = CENTRE_OPEN


def add_cost_centre(tenant_id: str, centre: CostCentre, remember: Remember = forget) -> CostCentre:
    """Add a cost centre; 409 `code-taken`."""
    row = CostCentreRow.at(
        keys.cost_centre(tenant_id, centre.code), name=centre.name, zone=centre.zone, status=centre.status
    )
    put = Put(row, CostCentreRow.pk.does_not_exist())
    try:
        write(put, *remember(centre))
    except ConditionFailed:
        raise Conflict("code-taken", f"There is a cost centre {centre.code} already.") from None
    return centre


def page_of_cost_centres(tenant_id: str, *, limit: int, after: str | None) -> tuple[list[CostCentre], str | None]:
    """A page of a tenant's cost centres, by code."""
    page = read_page(CostCentreRow, keys.cost_centres(tenant_id), limit=limit, after=after)
    return [_to_centre(row) for row in page.rows], page.after


def find_cost_centre(tenant_id: str, code: str) -> CostCentre:
    """The cost centre of that code; `NotFound`."""
    row = read(CostCentreRow, keys.cost_centre(tenant_id, code)) if 0 < len(code) <= 32 else None
    if row is None:
        raise NotFound("cost centre")
    return _to_centre(row)


def change_cost_centre(tenant_id: str, code: str, changes: Mapping[str, Any]) -> CostCentre:
    """Rename, close or open a cost centre: `changes` names what of `name` and `status`. `NotFound`.

    It moves the count of the posting rules: an entry that saw it open is posted before it is closed, or not at all.
    """
    after = replace(find_cost_centre(tenant_id, code), **changes)
    row = CostCentreRow.at(keys.cost_centre(tenant_id, code))
    actions = [getattr(CostCentreRow, name).set(value) for name, value in changes.items()]
    if actions:
        write(Update(row, actions), rules_moved(tenant_id))
    return after


def _to_centre(row: CostCentreRow) -> CostCentre:
    return CostCentre(row.sk, row.name, row.zone, row.status)
