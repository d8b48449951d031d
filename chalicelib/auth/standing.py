"""Whether the user and the session behind a token are still in order: read with the chain, judged without reading."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.auth.model import Acting, Caller, Role, User, UserStatus
from chalicelib.auth.roles import PERMISSIONS, permissions_of
from chalicelib.auth.store import SessionRow, UserRow, to_user
from chalicelib.auth.tokens import Claims
from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.rows import Row
from chalicelib.core.errors import NotSignedIn


def caller_reads(claims: Claims) -> list[tuple[type[Row], Key]]:
    """What to read to judge a caller: the user and its session, and under login-as the acting user and its session."""
    wanted: list[tuple[type[Row], Key]] = [
        (UserRow, keys.user(claims.tenant_id, claims.user_id)),
        (SessionRow, keys.session(claims.tenant_id, claims.session_id)),
    ]
    if claims.acting is not None:
        wanted += [
            (UserRow, keys.user(claims.acting.tenant_id, claims.acting.user_id)),
            (SessionRow, keys.session(claims.acting.tenant_id, claims.acting.session_id)),
        ]
    return wanted


def judge_caller(claims: Claims, rows: Sequence[Row | None], now: datetime) -> Caller:
    """Who calls, with the role and permissions of now; `NotSignedIn` (`token-revoked`) when the sign-in has ended.

    `rows` are those that `caller_reads` asked for, in its order. It has ended when a user is gone or disabled, has
    changed its password, or when a session is gone, over or revoked: of the user, and of who acts as it.
    """
    user = _judge(rows[0], rows[1], claims.user_id, claims.credential_version, now)
    acting = None
    if claims.acting is not None:
        behind = claims.acting
        actor = _judge(rows[2], rows[3], behind.user_id, behind.credential_version, now)
        if "resellers:login-as" not in PERMISSIONS[actor.role]:
            raise _ended()
        acting = Acting(behind.tenant_id, actor.user_id, actor.name, behind.reason, behind.until, behind.scope)
    role = Role(user.role)
    return Caller(
        tenant_id=claims.tenant_id,
        user_id=user.user_id,
        name=user.name,
        email=user.email,
        role=role,
        permissions=permissions_of(role, acting_scope=acting.scope if acting else None),
        chain=claims.chain,
        session_id=claims.session_id,
        acting=acting,
    )


def session_holds(session: SessionRow | None, user: User, now: datetime) -> bool:
    """Whether the session is this user's, neither ended nor over, and of the user's present credentials."""
    return (
        session is not None
        and session.user_id == user.user_id
        and session.ended is None
        and session.expires_at > now.timestamp()
        and session.credential_version == user.credential_version
    )


def _judge(row: Row | None, session: Row | None, user_id: str, credential_version: int, now: datetime) -> User:
    if not isinstance(row, UserRow):
        raise _ended()
    user = to_user(row)
    in_order = user.user_id == user_id and user.status is UserStatus.ACTIVE
    if not in_order or user.credential_version != credential_version:
        raise _ended()
    if not session_holds(session if isinstance(session, SessionRow) else None, user, now):
        raise _ended()
    return user


def _ended() -> NotSignedIn:
    return NotSignedIn("token-revoked", "This sign-in has ended; please sign in again.")
