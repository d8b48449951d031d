"""Rows of tenants: the profile, the parent's list of children, and the tree of the installation."""

from datetime import date
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.rows import IntegerAttribute, JsonAttribute, TenantsRow, TextAttribute
from chalicelib.tenants.model import CustomerIdFormat, Mode, Status, Tenant


class ProfileRow(TenantsRow):
    """A tenant as itself and its descendants read it."""

    chain = JsonAttribute()
    name = TextAttribute()
    code = TextAttribute()
    mode = TextAttribute()
    timezone = TextAttribute()
    settles_from = TextAttribute()
    modules = JsonAttribute()
    status = TextAttribute()
    month_starts_on = IntegerAttribute()
    customer_id = JsonAttribute()
    created_at_micros = IntegerAttribute()
    revision = IntegerAttribute()


class ChildRow(ProfileRow):
    """A direct child in its parent's list, by code: what makes the code unique there.

    It repeats the child's profile, so that a list is one request; profile, list and tree are always written together.
    """


class TreeRow(TenantsRow):
    """A tenant in the tree of the installation, as the planner reads it."""

    chain = JsonAttribute()
    name = TextAttribute()
    code = TextAttribute()
    timezone = TextAttribute()
    settles_from = TextAttribute()
    status = TextAttribute()
    mode = TextAttribute()
    created_at_micros = IntegerAttribute()


def profile_row(tenant: Tenant) -> ProfileRow:
    return ProfileRow.at(keys.tenant(tenant.tenant_id), **_attributes(tenant))


def child_row(tenant: Tenant) -> ChildRow:
    assert tenant.parent_id is not None, "the operator is nobody's child"
    return ChildRow.at(keys.child(tenant.parent_id, tenant.code), **_attributes(tenant))


def _attributes(tenant: Tenant) -> dict[str, Any]:
    form = tenant.customer_id
    return {
        "chain": list(tenant.chain),
        "name": tenant.name,
        "code": tenant.code,
        "mode": tenant.mode.value,
        "timezone": tenant.timezone,
        "settles_from": tenant.settles_from.isoformat(),
        "modules": sorted(tenant.modules),
        "status": tenant.status.value,
        "month_starts_on": tenant.month_starts_on,
        "customer_id": [form.prefix, form.infix, form.postfix, form.digits],
        "created_at_micros": tenant.created_at_micros,
        "revision": tenant.revision,
    }


def to_tenant(row: ProfileRow) -> Tenant:
    chain = tuple(row.chain)
    return Tenant(
        tenant_id=chain[-1],
        chain=chain,
        name=row.name,
        code=row.code,
        mode=Mode(row.mode),
        timezone=row.timezone,
        settles_from=date.fromisoformat(row.settles_from),
        modules=frozenset(row.modules),
        status=Status(row.status),
        month_starts_on=row.month_starts_on,
        customer_id=CustomerIdFormat(*row.customer_id),
        created_at_micros=row.created_at_micros,
        revision=row.revision,
    )


def tree_row(tenant: Tenant) -> TreeRow:
    return TreeRow.at(
        keys.tree_node(tenant.chain[0], tenant.chain),
        chain=list(tenant.chain),
        name=tenant.name,
        code=tenant.code,
        timezone=tenant.timezone,
        settles_from=tenant.settles_from.isoformat(),
        status=tenant.status.value,
        mode=tenant.mode.value,
        created_at_micros=tenant.created_at_micros,
    )
