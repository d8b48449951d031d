"""Tenants as the rules see them: the operator, and resellers under it at most eight levels deep."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

MAX_DEPTH = 8
"""Levels of resellers under the operator, which is at depth 0."""

MODULES = ("resellers", "subscribers", "ledger", "network", "payments", "messaging", "support", "payroll")
"""What a tenant may be granted, by its parent, and only if the parent has it itself."""


class Mode(StrEnum):
    """How a parent deals with a child (`domain.md`, partner modes)."""

    PREPAID = "prepaid"
    AGGREGATE = "aggregate"
    PERCENTAGE = "percentage"


class Status(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True)
class CustomerIdFormat:
    """How a tenant's customer ids are made: prefix + infix + digits + postfix.

    The three texts may hold `{zone}`, `{plan}` and `{yyyymm}`; `digits` is the least width of the running number.
    """

    prefix: str = ""
    infix: str = ""
    postfix: str = ""
    digits: int = 6


@dataclass(frozen=True)
class Tenant:
    """The operator or a reseller. `chain` is the ids from the operator down to this tenant, both included."""

    tenant_id: str
    chain: tuple[str, ...]
    name: str
    code: str
    mode: Mode
    timezone: str
    settles_from: date
    modules: frozenset[str]
    status: Status = Status.ACTIVE
    month_starts_on: int = 1
    customer_id: CustomerIdFormat = field(default_factory=CustomerIdFormat)
    created_at_micros: int = 0
    revision: int = 1

    @property
    def depth(self) -> int:
        """0 for the operator, 1 for its direct resellers."""
        return len(self.chain) - 1

    @property
    def parent_id(self) -> str | None:
        return self.chain[-2] if self.depth else None

    @property
    def is_operator(self) -> bool:
        return self.depth == 0

    @property
    def has_fund(self) -> bool:
        """Whether it pays its parent from a prepaid fund."""
        return self.depth > 0 and self.mode is Mode.PREPAID


def effective_modules(chain: tuple[Tenant, ...]) -> frozenset[str]:
    """What the last tenant of the chain may really use: a module that an ancestor lost is lost below it."""
    granted = chain[0].modules
    for tenant in chain[1:]:
        granted &= tenant.modules
    return granted


def first_disabled(chain: tuple[Tenant, ...]) -> Tenant | None:
    """The highest tenant of the chain that is disabled, or None: what stops a tenant stops its whole sub-tree."""
    return next((tenant for tenant in chain if tenant.status is Status.DISABLED), None)
