"""Users and callers as the rules see them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person is in its tenant; `roles.py` says what each may do."""

    OWNER = "owner"
    MANAGER = "manager"
    ACCOUNTANT = "accountant"
    SUPPORT = "support"
    COLLECTOR = "collector"
    TECHNICIAN = "technician"


class UserStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True)
class User:
    """A person of one tenant. `credential_version` grows when the password changes or the user is disabled, which ends
    every token issued before. `chain` is the ids from the operator down to the tenant: a tenant's parent never changes,
    so neither does it."""

    tenant_id: str
    chain: tuple[str, ...]
    user_id: str
    name: str
    email: str
    role: Role
    status: UserStatus
    credential_version: int
    created_at: datetime


@dataclass(frozen=True)
class Acting:
    """Who is really behind a login-as token: a user of the parent, why, until when, and if it may change things."""

    tenant_id: str
    user_id: str
    name: str
    reason: str
    until: datetime
    scope: str


@dataclass(frozen=True)
class Caller:
    """Who makes a call, checked against the rows as they stand: a user of a tenant with what its role permits.

    `chain` is the ids from the operator down to the tenant. Under login-as the user is the reseller's owner and
    `acting` names the person behind it.
    """

    tenant_id: str
    user_id: str
    name: str
    email: str
    role: Role
    permissions: frozenset[str]
    chain: tuple[str, ...]
    session_id: str
    acting: Acting | None = None

    @property
    def author(self) -> "Author":
        """Who an entry of the book names as its author."""
        if self.acting is None:
            return Author(self.user_id)
        return Author(self.user_id, f"{self.acting.tenant_id}/{self.acting.user_id}")


@dataclass(frozen=True)
class Author:
    """Who did something, as books remember it: a user, and under login-as `tenant/user` of the person behind it."""

    user_id: str
    acting_id: str = ""
