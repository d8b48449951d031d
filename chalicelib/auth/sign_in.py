"""Signing in, refreshing and signing out.

Whether the tenant and everybody above it are open is not known here: callers hand in `may_enter`, which raises when a
chain is closed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.auth.model import User, UserStatus
from chalicelib.auth.passwords import hash_password, is_outdated, password_matches
from chalicelib.auth.sessions import RefreshToken, end_session, open_session, read_refresh_token, rotate
from chalicelib.auth.standing import session_holds
from chalicelib.auth.store import EmailRow, SessionRow, UserRow, to_user
from chalicelib.auth.throttle import attempt_failed, attempt_succeeded, begin_attempt, of_address, of_email
from chalicelib.auth.tokens import issue_access_token
from chalicelib.aws import keys
from chalicelib.aws.config import config
from chalicelib.aws.log import log, measure
from chalicelib.aws.tables import ConditionFailed, Update, read, write
from chalicelib.core.errors import NotSignedIn

MayEnter = Callable[[tuple[str, ...]], None]
"""Raises `NotSignedIn` when a tenant of the chain (ids from the operator down) is closed."""

Notice = Callable[[User | None], None]
"""Is told whose sign-in it is before anything of it changes, for the audit log; None when nobody has that e-mail."""


def _unnoticed(user: User | None) -> None:
    """Where nobody keeps an audit log."""


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives: a short access token and the refresh token for the next one."""

    access_token: str
    refresh_token: str


def sign_in(
    email: str, password: str, source_ip: str, now: datetime, may_enter: MayEnter, notice: Notice = _unnoticed
) -> Tokens:
    """A new session for the person with that e-mail and password.

    `NotSignedIn`: `wrong-credentials` for an unknown e-mail, a wrong password and a disabled user alike, in about the
    same time; what `may_enter` raises for a closed tenant. `TooMany` after five failures in fifteen minutes.
    """
    address = of_address(source_ip)
    begin_attempt(of_email(email), address, now)
    row = _find_by_email(email)
    notice(to_user(row) if row else None)
    matches = password_matches(row.password_hash if row else None, password)
    if row is None or not matches or row.status != UserStatus.ACTIVE.value:
        attempt_failed(address, now)
        measure("SignInsRefused", 1)
        raise NotSignedIn("wrong-credentials", "The e-mail address or the password is wrong.")
    attempt_succeeded(of_email(email))
    user = to_user(row)
    may_enter(user.chain)
    _renew_hash(row, password)
    return _tokens(user, open_session(user, now), now)


def refresh(refresh_token: str, now: datetime, may_enter: MayEnter, notice: Notice = _unnoticed) -> Tokens:
    """The next tokens of a session; the refresh token sent is spent.

    `NotSignedIn`: `refresh-invalid` (not ours), `refresh-expired`, `refresh-revoked` (signed out, password changed,
    user disabled), `refresh-reused` (spent before: the whole family is revoked), and what `may_enter` raises.
    """
    token, row = _find_session(refresh_token)
    if row.ended is not None:
        raise _revoked()
    if row.expires_at <= now.timestamp():
        raise NotSignedIn("refresh-expired", "The sign-in is too old; please sign in again.")
    user_row = read(UserRow, keys.user(token.tenant_id, row.user_id))
    if not token.is_newest(row):
        notice(to_user(user_row) if user_row else None)
        raise _reused(token)
    if user_row is None or user_row.status != UserStatus.ACTIVE.value:
        raise _revoked()
    user = to_user(user_row)
    if not session_holds(row, user, now):
        raise _revoked()
    may_enter(user.chain)
    notice(user)
    following = rotate(token, now)
    if following is None:
        raise _reused(token)
    return _tokens(user, following, now)


def sign_out(refresh_token: str, notice: Notice = _unnoticed) -> None:
    """End the session of that refresh token, newest or spent; nothing happens when there is none, or it has ended."""
    try:
        token, row = _find_session(refresh_token)
    except NotSignedIn:
        return
    if row.ended is not None:
        return
    user_row = read(UserRow, keys.user(token.tenant_id, row.user_id))
    notice(to_user(user_row) if user_row else None)
    end_session(token.key, "signed-out")


def _find_by_email(email: str) -> UserRow | None:
    """The user with that e-mail. An unknown one costs the same two requests as a known one."""
    found = read(EmailRow, keys.email(config().operator_id, email.casefold()))
    if found is None:
        read(UserRow, keys.user(config().operator_id, "nobody"))
        return None
    return read(UserRow, keys.user(found.tenant_id, found.user_id))


def _find_session(refresh_token: str) -> tuple[RefreshToken, SessionRow]:
    token = read_refresh_token(refresh_token)
    row = read(SessionRow, token.key) if token else None
    if token is None or row is None or not token.is_of(row):
        raise NotSignedIn("refresh-invalid", "The refresh token is not one of ours.")
    return token, row


def _reused(token: RefreshToken) -> NotSignedIn:
    end_session(token.key, "reused")
    log("a spent refresh token was used again; its session is ended", tenant=token.tenant_id, session=token.family_id)
    measure("RefreshTokensReused", 1)
    return NotSignedIn("refresh-reused", "This refresh token was used before; please sign in again.")


def _revoked() -> NotSignedIn:
    return NotSignedIn("refresh-revoked", "This sign-in has ended; please sign in again.")


def _renew_hash(row: UserRow, password: str) -> None:
    """Store the password under today's parameters, now that it is at hand."""
    if not is_outdated(row.password_hash):
        return
    renewed = UserRow.password_hash.set(hash_password(password))
    try:
        write(Update(UserRow.at(row.key), [renewed], UserRow.password_hash == row.password_hash))
    except ConditionFailed:
        return  # It was changed a moment ago, under today's parameters.


def _tokens(user: User, refresh_token: RefreshToken, now: datetime) -> Tokens:
    return Tokens(issue_access_token(user, refresh_token.family_id, now), refresh_token.text())
