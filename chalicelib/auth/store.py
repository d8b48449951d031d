"""Rows of people: users, what finds them by e-mail, a tenant's owners, sessions, sign-in attempts, and what they did: the
access log and the audit log.

`expires_at` (whole seconds since 1970) is the table's TTL attribute. The database removes such rows days late, so every
reader checks the time itself.
"""

from chalicelib.auth.model import Role, User, UserStatus
from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, JsonAttribute, TenantsRow, TextAttribute
from chalicelib.core.dates import from_micros, to_micros


class UserRow(TenantsRow):
    """A person of a tenant, with the hash of its password."""

    user_id = TextAttribute()
    chain = JsonAttribute()
    name = TextAttribute()
    email = TextAttribute()
    role = TextAttribute()
    status = TextAttribute()
    credential_version = IntegerAttribute()
    password_hash = TextAttribute()
    created_at_micros = IntegerAttribute()


class EmailRow(TenantsRow):
    """Whose e-mail address this is: what makes it unique in the installation."""

    tenant_id = TextAttribute()
    user_id = TextAttribute()


class OwnersRow(TenantsRow):
    """The active owners of a tenant, first the oldest. Whoever changes it names the `revision` it read, so that two
    owners cannot disable each other at once."""

    user_ids = JsonAttribute()
    revision = IntegerAttribute()


class SessionRow(TenantsRow):
    """One sign-in: the family of refresh tokens that came from it, or a login-as, which has none.

    Only the hash of the newest refresh token's secret is kept; `family_hash` tells a spent token from an invented one.
    """

    user_id = TextAttribute()
    credential_version = IntegerAttribute()
    family_hash = TextAttribute(null=True)
    secret_hash = TextAttribute(null=True)
    ended = TextAttribute(null=True)
    created_at_micros = IntegerAttribute()
    expires_at = IntegerAttribute()


class AttemptsRow(TenantsRow):
    """Recent failures to sign in, of one e-mail address or from one network address, oldest first."""

    failed_at_micros = JsonAttribute()
    revision = IntegerAttribute()
    expires_at = IntegerAttribute()


class AccessRow(TenantsRow):
    """That somebody of the parent logged in as this tenant."""

    token_id = TextAttribute()
    user_id = TextAttribute()
    user_name = TextAttribute()
    by_tenant_id = TextAttribute()
    by_tenant_name = TextAttribute()
    reason = TextAttribute()
    scope = TextAttribute()
    at_micros = IntegerAttribute()
    until_micros = IntegerAttribute()


class AuditRow(BooksRow):
    """A request that may have changed something: who, what, and how it ended; nothing more once that is known.

    It is among the books because no function may delete there. `status` is there once the request has ended.
    """

    at_micros = IntegerAttribute()
    user_id = TextAttribute()
    user_name = TextAttribute()
    user_email = TextAttribute()
    role = TextAttribute()
    acting_tenant_id = TextAttribute(null=True)
    acting_tenant_name = TextAttribute(null=True)
    acting_user_id = TextAttribute(null=True)
    acting_user_name = TextAttribute(null=True)
    acting_reason = TextAttribute(null=True)
    acting_scope = TextAttribute(null=True)
    method = TextAttribute()
    route = TextAttribute()
    path = TextAttribute()
    subject = TextAttribute()
    body = TextAttribute()
    amount_minor = IntegerAttribute(null=True)
    source_ip = TextAttribute()
    correlation_id = TextAttribute()
    outcome = TextAttribute()
    status = IntegerAttribute(null=True)
    code = TextAttribute(null=True)


def user_row(user: User, password_hash: str) -> UserRow:
    return UserRow.at(
        keys.user(user.tenant_id, user.user_id),
        user_id=user.user_id,
        chain=list(user.chain),
        name=user.name,
        email=user.email,
        role=user.role.value,
        status=user.status.value,
        credential_version=user.credential_version,
        password_hash=password_hash,
        created_at_micros=to_micros(user.created_at),
    )


def to_user(row: UserRow) -> User:
    chain = tuple(row.chain)
    return User(
        tenant_id=chain[-1],
        chain=chain,
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        status=UserStatus(row.status),
        credential_version=row.credential_version,
        created_at=from_micros(row.created_at_micros),
    )
