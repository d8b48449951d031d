"""What the routes of signing in and of people take and answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Day, Email, InstantOut, Instead, MoneyOut, Name, Reason
from chalicelib.api.paging import PageQuery
from chalicelib.auth.audit import Outcome
from chalicelib.auth.audit_log import AuditLine
from chalicelib.auth.login_as import Access
from chalicelib.auth.model import Role, User
from chalicelib.auth.passwords import LONGEST

UserId = Annotated[str, Field(examples=["u7k2m9x4c3ab"])]
TenantId = Annotated[str, Field(examples=["t4h8w2p5n6qr"])]
RoleName = Annotated[
    Literal["owner", "manager", "accountant", "support", "collector", "technician"], Field(examples=["accountant"])
]
UserState = Annotated[Literal["active", "disabled"], Field(examples=["active"])]
Scope = Annotated[Literal["read", "write"], Field(examples=["read"])]
SECRET: dict[str, Any] = {"writeOnly": True}
"""Declares a field of a body that is never shown again; the audit log keeps it out."""

Password = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST, examples=["correct horse battery staple"], json_schema_extra=SECRET),
]
"""A password as it was typed: never trimmed. What a new one must be is said in `passwords.py`."""

Ending = Annotated[Literal["done", "refused", "failed", "replayed", "unknown"], Field(examples=["done"])]
AccessToken = Annotated[str, Field(examples=["eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJ0cmlidXRhcnkifQ.c2ln"])]
RefreshToken = Annotated[str, Field(min_length=1, max_length=400, examples=["t4h8w2p5n6qr.s3f9.k2w8.m4n7"])]
Seconds = Annotated[int, Field(examples=[900])]


class LoginBody(Body):
    """Who signs in."""

    email: Email
    password: Password


class RefreshBody(Body):
    """The refresh token of a sign-in."""

    refresh_token: RefreshToken


class TokensAnswer(Answer):
    """An access token for the next fifteen minutes, and the refresh token that brings the next one."""

    access_token: AccessToken
    refresh_token: RefreshToken
    expires_in: Seconds
    token_type: Annotated[Literal["Bearer"], Field(examples=["Bearer"])] = "Bearer"


class LoginAsBody(Body):
    """Why somebody logs in as a reseller, and whether to look or to change."""

    reason: Reason
    scope: Scope = "read"


class LoginAsAnswer(Answer):
    """An access token of the reseller; it cannot be refreshed."""

    access_token: AccessToken
    expires_in: Seconds
    token_type: Annotated[Literal["Bearer"], Field(examples=["Bearer"])] = "Bearer"


class NewUserBody(Body):
    """A person to admit to this tenant."""

    name: Name
    email: Email
    role: RoleName
    password: Password


class UserChangeBody(Body):
    """What to change of a user; what is left out stays."""

    name: Name = Instead
    role: RoleName = Instead
    status: UserState = Instead


class OwnPasswordBody(Body):
    """One's own new password, with the current one."""

    current_password: Password
    new_password: Password


class PasswordBody(Body):
    """A new password for somebody else."""

    password: Password


class UserAnswer(Answer):
    """A person of this tenant."""

    id: UserId
    name: Annotated[str, Field(examples=["Rahima Khatun"])]
    email: Annotated[str, Field(examples=["rahima@beta.test"])]
    role: RoleName
    status: UserState
    created_at: InstantOut


class MeUser(Answer):
    """The user that the token is of."""

    id: UserId
    name: Annotated[str, Field(examples=["Rahima Khatun"])]
    email: Annotated[str, Field(examples=["rahima@beta.test"])]


class NamedUser(Answer):
    """A person, by id and name."""

    id: UserId
    name: Annotated[str, Field(examples=["Kamal Uddin"])]


class NamedTenant(Answer):
    """A tenant, by id and name."""

    id: TenantId
    name: Annotated[str, Field(examples=["Beta Net"])]


class MeTenant(NamedTenant):
    """The tenant that the token is of. `depth` is 0 for the operator."""

    code: Annotated[str, Field(examples=["BETA"])]
    timezone: Annotated[str, Field(examples=["Asia/Dhaka"])]
    depth: Annotated[int, Field(examples=[1])]


class MeActing(Answer):
    """Who is really behind a login-as token."""

    user: NamedUser
    tenant: NamedTenant
    reason: Annotated[str, Field(examples=["asked for help with an import"])]
    until: InstantOut
    scope: Scope


class MeAnswer(Answer):
    """Who is signed in, where, and what may be done."""

    user: MeUser
    tenant: MeTenant
    role: RoleName
    permissions: Annotated[list[str], Field(examples=[["me:read", "subscribers:read"]])]
    modules: Annotated[list[str], Field(examples=[["ledger", "resellers", "subscribers"]])]
    acting: MeActing | None


class AccessAnswer(Answer):
    """Somebody of the parent logged in as this tenant."""

    id: Annotated[str, Field(examples=["a5m8k2c7w4x9p6rt"])]
    user: NamedUser
    tenant: NamedTenant
    at: InstantOut
    reason: Annotated[str, Field(examples=["asked for help with an import"])]
    scope: Scope
    until: InstantOut


class AuditLogQuery(PageQuery):
    """Which lines of the audit log: by user, by login-as, by route, by how it ended, by day, by text."""

    user: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    acting: bool | None = None
    method: Literal["POST", "PUT", "PATCH", "DELETE"] | None = None
    route: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    outcome: Ending | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    q: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class AuditUser(Answer):
    """In whose name a request was."""

    id: UserId
    name: Annotated[str, Field(examples=["Rahima Khatun"])]
    email: Annotated[str, Field(examples=["rahima@beta.test"])]
    role: RoleName


class AuditActing(Answer):
    """Who was behind it under login-as."""

    user: NamedUser
    tenant: NamedTenant
    reason: Annotated[str, Field(examples=["asked for help with an import"])]
    scope: Scope


class AuditLineAnswer(Answer):
    """A request that may have changed something: in whose name, what was sent without its secrets, how it ended."""

    id: Annotated[str, Field(examples=["1795329000000000-k7m2x9c4w3ab"])]
    at: InstantOut
    user: AuditUser
    acting: AuditActing | None
    method: Annotated[str, Field(examples=["POST"])]
    route: Annotated[str, Field(examples=["/v1/resellers/{reseller_id}/recharges"])]
    path: Annotated[str, Field(examples=["/v1/resellers/t4h8w2p5n6qr/recharges"])]
    subject: Annotated[str, Field(examples=["t4h8w2p5n6qr"])]
    body: Annotated[str, Field(examples=['{"amount":"800.00","method":"cash"}'])]
    amount: MoneyOut | None
    outcome: Ending
    status: Annotated[int, Field(examples=[201])] | None
    code: Annotated[str, Field(examples=["fund-too-low"])] | None
    source_ip: Annotated[str, Field(examples=["203.0.113.7"])]
    correlation_id: Annotated[str, Field(examples=["6f1e8f0a-4a52-9b0c"])]


def show_user(user: User) -> UserAnswer:
    return UserAnswer(
        id=user.user_id,
        name=user.name,
        email=user.email,
        role=user.role.value,
        status=user.status.value,
        created_at=user.created_at,
    )


def show_access(access: Access) -> AccessAnswer:
    return AccessAnswer(
        id=access.token_id,
        user=NamedUser(id=access.user_id, name=access.user_name),
        tenant=NamedTenant(id=access.by_tenant_id, name=access.by_tenant_name),
        at=access.at,
        reason=access.reason,
        scope="write" if access.scope == "write" else "read",
        until=access.until,
    )


def show_audit_line(line: AuditLine) -> AuditLineAnswer:
    acting = None
    if line.acting is not None:
        behind = line.acting
        acting = AuditActing(
            user=NamedUser(id=behind.user_id, name=behind.user_name),
            tenant=NamedTenant(id=behind.tenant_id, name=behind.tenant_name),
            reason=behind.reason,
            scope="write" if behind.scope == "write" else "read",
        )
    return AuditLineAnswer(
        id=line.line_id,
        at=line.at,
        user=AuditUser(id=line.user_id, name=line.user_name, email=line.user_email, role=Role(line.role).value),
        acting=acting,
        method=line.method,
        route=line.route,
        path=line.path,
        subject=line.subject,
        body=line.body,
        amount=line.amount_minor,
        outcome=Outcome(line.outcome).value,
        status=line.status,
        code=line.code,
        source_ip=line.source_ip,
        correlation_id=line.correlation_id,
    )
