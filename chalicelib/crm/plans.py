"""Plans: what a tenant sells. A reseller's plan stands on one of its parent's, and never moves to another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.aws import keys
from chalicelib.aws.guards import Guard, no_guard
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import ConditionFailed, Put, Remember, read, read_all, read_page, write
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.proration import DayCount
from chalicelib.crm.model import Plan
from chalicelib.crm.store import PlanRow, plan_row, to_plan


@dataclass(frozen=True)
class PlanChange:
    """What a PATCH names of a plan; None is left as it is."""

    name: str | None = None
    download_kbps: int | None = None
    upload_kbps: int | None = None
    monthly_price_minor: int | None = None
    day_count: DayCount | None = None


def create_plan(plan: Plan, remember: Remember, guard: Guard | None = None) -> Plan:
    """Put a plan on offer. `Conflict` `code-taken` when the tenant has one of that code; or what the guard says."""
    asked = guard or no_guard()
    put = Put(plan_row(plan), PlanRow.pk.does_not_exist())
    try:
        write(put, *asked.operations, *remember(plan))
    except ConditionFailed as failure:
        asked.refuse(failure)
        raise Conflict("code-taken", f"There is a plan with the code {plan.code} already.") from None
    return plan


def edit_plan(tenant_id: str, id_or_code: str, change: PlanChange) -> Plan:
    """Change what is named; `NotFound`. What is charged to a parent is the tariff's and does not change with it."""
    while True:
        before = find_plan(tenant_id, id_or_code)
        after = replace(before, **{name: value for name, value in vars(change).items() if value is not None})
        row = plan_row(before)
        same = (PlanRow.name == row.name) & (PlanRow.monthly_price_minor == row.monthly_price_minor)
        same &= (PlanRow.download_kbps == row.download_kbps) & (PlanRow.upload_kbps == row.upload_kbps)
        try:
            write(Put(plan_row(after), same & (PlanRow.day_count == row.day_count)))
            return after
        except ConditionFailed:
            continue  # Somebody else changed it in between: apply ours to theirs.


def find_plan(tenant_id: str, id_or_code: str) -> Plan:
    """The tenant's plan of that id or code; `NotFound` for any other, and for another tenant's."""
    code = plan_code(tenant_id, id_or_code)
    row = None if code is None else read(PlanRow, keys.plan(tenant_id, code))
    if row is None:
        raise NotFound("plan")
    return to_plan(tenant_id, row)


def plan_code(tenant_id: str, id_or_code: str) -> str | None:
    """The code that an id or code names in this tenant; None for another tenant's id and what can be neither."""
    code = id_or_code.removeprefix(f"{tenant_id}.")
    return code if 0 < len(code) <= 32 and "." not in code else None


def list_plans(tenant_id: str) -> list[Plan]:
    """All plans of the tenant, by code."""
    return [to_plan(tenant_id, row) for row in read_all(PlanRow, keys.plans(tenant_id))]


def plan_reads(tenant_id: str, codes: Sequence[str]) -> list[tuple[type[Row], keys.Key]]:
    """What to read to know the plans of these codes, along with something else."""
    return [(PlanRow, keys.plan(tenant_id, code)) for code in codes]


def plans_of(tenant_id: str, rows: Sequence[PlanRow | None]) -> dict[str, Plan]:
    """The plans in the rows that `plan_reads` asked for, by their code."""
    return {plan.code: plan for row in rows if row is not None for plan in (to_plan(tenant_id, row),)}


def read_plans(tenant_id: str) -> dict[str, Plan]:
    """All plans of the tenant by their code."""
    return {plan.code: plan for plan in list_plans(tenant_id)}


def page_of_plans(tenant_id: str, limit: int, after: str | None) -> tuple[list[Plan], str | None]:
    """A page of the plans, by code: one request."""
    page = read_page(PlanRow, keys.plans(tenant_id), limit=limit, after=after)
    return [to_plan(tenant_id, row) for row in page.rows], page.after
