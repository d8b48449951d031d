"""Onboarding a reseller: a new tenant under its parent, with all that other packages give it, in one write."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chalicelib.aws import clock
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember, forget, write
from chalicelib.core.dates import day_at, to_micros
from chalicelib.core.errors import Conflict, FieldError, Invalid, invalid_field
from chalicelib.tenants.customer_id import check_format
from chalicelib.tenants.model import MAX_DEPTH, MODULES, CustomerIdFormat, Mode, Tenant, effective_modules
from chalicelib.tenants.store import ChildRow, child_row, profile_row, tree_row

LATEST_START = timedelta(days=366)
"""A first settled day further off is a slip of the pen, and it could not be corrected later."""


@dataclass(frozen=True)
class NewReseller:
    """What a parent says of a new reseller; what it leaves out (None) comes from the parent or from today."""

    name: str
    code: str
    mode: Mode
    timezone: str | None = None
    settles_from: date | None = None
    modules: Sequence[str] | None = None
    customer_id: CustomerIdFormat = field(default_factory=CustomerIdFormat)


def draft_reseller(chain: tuple[Tenant, ...], new: NewReseller, now: datetime) -> Tenant:
    """The tenant that the parent, last of the chain, asks for; nothing is written.

    422: `too-deep`, or the bad fields.
    """
    parent = chain[-1]
    if parent.depth >= MAX_DEPTH:
        message = f"Resellers go at most {MAX_DEPTH} levels below the operator."
        raise Invalid("too-deep", message, (FieldError("parent", message),))
    check_mode(parent, new.mode)
    check_format(new.customer_id)
    granted = effective_modules(chain)
    timezone = new.timezone or parent.timezone
    tenant_id = clock.new_id("t")
    return Tenant(
        tenant_id=tenant_id,
        chain=(*parent.chain, tenant_id),
        name=new.name,
        code=new.code,
        mode=new.mode,
        timezone=timezone,
        settles_from=_first_day(parent, new.settles_from, day_at(now, timezone)),
        modules=granted if new.modules is None else check_modules(new.modules, granted),
        customer_id=new.customer_id,
        created_at_micros=to_micros(now),
    )


def onboard_reseller(reseller: Tenant, also: Sequence[Operation] = (), remember: Remember = forget) -> Tenant:
    """Write a drafted reseller together with what makes it complete (its owner, its fund): all of it or nothing.

    409 `code-taken` when a sibling has the code; `ConditionFailed` when a condition in `also` does not hold.
    """
    child = Put(child_row(reseller), ChildRow.pk.does_not_exist())
    try:
        write(Put(profile_row(reseller)), child, Put(tree_row(reseller)), *also, *remember(reseller))
    except ConditionFailed as failure:
        if failure.failed(child):
            raise Conflict("code-taken", f"There is a reseller with the code {reseller.code} already.") from None
        raise
    return reseller


def check_mode(parent: Tenant, mode: Mode) -> None:
    """422 on the mode for anything but `percentage` under a parent that earns a percentage itself."""
    if parent.mode is Mode.PERCENTAGE and mode is not Mode.PERCENTAGE:
        raise invalid_field("settlement.mode", "can only be percentage under a reseller that earns a percentage itself")


def check_modules(modules: Sequence[str], granted: frozenset[str]) -> frozenset[str]:
    """The modules as a set; 422 naming each (`modules.2`) that is unknown, named twice, or not the parent's to give."""
    errors = []
    for number, module in enumerate(modules):
        if module not in MODULES:
            errors.append(FieldError(f"modules.{number}", "must be one of " + ", ".join(MODULES)))
        elif module in modules[:number]:
            errors.append(FieldError(f"modules.{number}", "is named twice"))
        elif module not in granted:
            errors.append(FieldError(f"modules.{number}", "cannot be granted by a tenant that does not have it"))
    if errors:
        raise Invalid("invalid", "Some modules cannot be granted.", tuple(errors))
    return frozenset(modules)


def _first_day(parent: Tenant, wanted: date | None, today: date) -> date:
    if wanted is None:
        return max(today, parent.settles_from)
    if wanted < parent.settles_from:
        raise invalid_field("settles_from", f"must not be before the parent's, {parent.settles_from}")
    if wanted > today + LATEST_START:
        raise invalid_field("settles_from", "must not be more than a year ahead")
    return wanted
