"""What each role may do: permission sets. A route names one permission; a role has it or is refused."""

from chalicelib.auth.model import Role

READS = frozenset(
    {
        "resellers:read",
        "plans:read",
        "tariffs:read",
        "funds:read",
        "subscribers:read",
        "settlements:read",
        "ledger:read",
        "users:read",
        "jobs:read",
        "access-log:read",
        "audit-log:read",
        "documents:read",
        "retail:read",
        "partners:read",
        "network:read",
    }
)
CREDENTIALS = frozenset(
    {"users:write", "password:write", "resellers:onboard", "resellers:login-as", "routers:write", "accesses:write"}
)
"""What nobody may do under login-as: touch credentials (a new reseller brings its owner's, a router and a service on it
their own), or log in as a third."""

OWNERS_OWN = frozenset({"periods:reopen", "doubts:dismiss"})
"""What takes the owner in person: a manager may not do it, nor anybody under login-as."""

_ANYONE = frozenset({"me:read", "password:write"})
_CHANGES = frozenset(
    {
        "resellers:write",
        "resellers:onboard",
        "plans:write",
        "tariffs:write",
        "funds:write",
        "subscribers:write",
        "settlements:write",
        "ledger:write",
        "ledger:approve",
        "ledger:settings",
        "periods:close",
        "users:write",
        "resellers:login-as",
        "billing:preview",
        "documents:write",
        "documents:settings",
        "retail:write",
        "retail:settings",
        "payments:write",
        "partners:write",
        "network:write",
        "network:access",
        "routers:write",
        "accesses:write",
    }
)

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.OWNER: _ANYONE | READS | _CHANGES | OWNERS_OWN,
    Role.MANAGER: _ANYONE | READS | (_CHANGES - {"users:write"}),
    Role.ACCOUNTANT: _ANYONE
    | (READS - {"users:read", "access-log:read", "network:read"})
    | {"funds:write", "ledger:write", "ledger:approve", "periods:close", "settlements:write", "documents:write"}
    | {"retail:write", "payments:write", "partners:write", "billing:preview"},
    Role.SUPPORT: _ANYONE
    | {
        "resellers:read",
        "plans:read",
        "subscribers:read",
        "subscribers:write",
        "funds:read",
        "jobs:read",
        "documents:read",
        "documents:write",
        "retail:read",
        "billing:preview",
        "network:read",
        "network:access",
        "accesses:write",
    },
    Role.COLLECTOR: _ANYONE
    | {"subscribers:read", "plans:read", "documents:read", "documents:write", "retail:read", "payments:write"},
    Role.TECHNICIAN: _ANYONE
    | {"subscribers:read", "plans:read", "jobs:read", "network:read", "network:access", "accesses:write"},
}

ALL_PERMISSIONS = frozenset().union(*PERMISSIONS.values())


def permissions_of(role: Role, *, acting_scope: str | None = None) -> frozenset[str]:
    """What a caller of that role may do; under login-as no credentials and nothing that is the owner's own, and in
    `read` scope only reads."""
    granted = PERMISSIONS[role]
    if acting_scope is None:
        return granted
    granted = granted - CREDENTIALS - OWNERS_OWN
    return granted if acting_scope == "write" else granted & (READS | {"me:read"})
