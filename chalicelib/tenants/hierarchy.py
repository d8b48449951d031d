"""Finding tenants: one's chain, one's direct children, one's sub-tree."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import read, read_all, read_many, read_page
from chalicelib.core.dates import from_micros
from chalicelib.core.errors import NotFound
from chalicelib.tenants.model import Mode, Status, Tenant
from chalicelib.tenants.store import ChildRow, ProfileRow, TreeRow, to_tenant

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class TreeNode:
    """A tenant of a sub-tree, with what the planner and the tree view need of it."""

    chain: tuple[str, ...]
    name: str
    code: str
    timezone: str
    settles_from: date
    status: Status
    created_at: datetime
    mode: Mode = Mode.PREPAID

    @property
    def tenant_id(self) -> str:
        return self.chain[-1]

    @property
    def depth(self) -> int:
        return len(self.chain) - 1


def chain_reads(chain: Sequence[str]) -> list[tuple[type[Row], Key]]:
    """What to read to know every tenant of a chain."""
    return [(ProfileRow, keys.tenant(tenant_id)) for tenant_id in chain]


def chain_of(rows: Sequence[ProfileRow | None]) -> tuple[Tenant, ...]:
    """The tenants of a chain from the rows that `chain_reads` asked for."""
    return tuple(to_tenant(row) for row in rows if row is not None)


def read_chain(chain: Sequence[str]) -> tuple[Tenant, ...]:
    """The tenants with those ids, one request."""
    return chain_of(read_many(chain_reads(chain)))


def find_tenant(tenant_id: str) -> Tenant:
    """The tenant with that id; `NotFound`."""
    row = read(ProfileRow, keys.tenant(tenant_id))
    if row is None:
        raise NotFound("reseller")
    return to_tenant(row)


def find_child(parent: Tenant, child_id: str) -> Tenant:
    """A direct child of the parent; anybody else, a grandchild too, is `NotFound`."""
    return find_child_with(parent, child_id, [])[0]


def find_child_with(parent: Tenant, child_id: str, more: Sequence[tuple[type[Row], Key]]) -> tuple[Tenant, list[Any]]:
    """A direct child as above, and the rows at other keys, in one request."""
    row, *others = read_many([(ProfileRow, keys.tenant(check_id(child_id))), *more])
    if row is None or (child := to_tenant(row)).parent_id != parent.tenant_id:
        raise NotFound("reseller")
    return child, others


def child_with_code(parent_id: str, code: str) -> Tenant | None:
    """The direct child of that code as the parent's own list has it, if there is one."""
    row = read(ChildRow, keys.child(parent_id, code))
    return None if row is None else to_tenant(row)


def list_children(
    parent_id: str, *, limit: int, after: str | None, status: Status | None = None
) -> tuple[list[Tenant], str | None]:
    """A page of the direct children (of that status), by code, and the code to go on after: one request.

    With a status, one request for each megabyte of children (over a thousand) until the page is full.
    """
    if status is None:
        page = read_page(ChildRow, keys.children(parent_id), limit=limit, after=after)
        return [to_tenant(row) for row in page.rows], page.after
    found: list[ChildRow] = []
    while True:
        page = read_page(ChildRow, keys.children(parent_id), after=after, filter_on=ChildRow.status == status.value)
        found += page.rows
        if len(found) > limit:
            return [to_tenant(row) for row in found[:limit]], found[limit - 1].sk
        if page.after is None:
            return [to_tenant(row) for row in found], None
        after = page.after


def children_ids(parent_id: str) -> list[str]:
    """The ids of all direct children, by code."""
    return [row.chain[-1] for row in read_all(ChildRow, keys.children(parent_id))]


def read_tree(chain: Sequence[str]) -> list[TreeNode]:
    """The tenant whose chain that is, and everybody below it, each parent before its children."""
    first = keys.tree_node(chain[0], tuple(chain)).sk
    rows = read_all(TreeRow, keys.tree(chain[0]), first=first, last=first + keys.LAST)
    return [
        TreeNode(
            chain=tuple(row.chain),
            name=row.name,
            code=row.code,
            timezone=row.timezone,
            settles_from=date.fromisoformat(row.settles_from),
            status=Status(row.status),
            created_at=from_micros(row.created_at_micros),
            mode=Mode(row.mode),
        )
        for row in rows
    ]


def read_child_tree(parent: Tenant, child_id: str) -> list[TreeNode]:
    """A direct child of the parent and everybody below it; anybody else is `NotFound`. One request."""
    nodes = read_tree((*parent.chain, check_id(child_id)))
    if not nodes:
        raise NotFound("reseller")
    return nodes


def check_id(tenant_id: str) -> str:
    """An id from a path can be anything; what cannot be an id is nobody's, and no key is built from it."""
    if _ID.fullmatch(tenant_id) is None:
        raise NotFound("reseller")
    return tenant_id
