"""Logging in as a reseller's owner, from its direct parent: short, named, and written where the reseller sees it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.auth.model import Caller, User, UserStatus
from chalicelib.auth.sessions import session_row
from chalicelib.auth.standing import session_holds
from chalicelib.auth.store import AccessRow, OwnersRow, SessionRow, UserRow, to_user
from chalicelib.auth.tokens import ActingClaims, issue_access_token
from chalicelib.aws import clock, keys
from chalicelib.aws.tables import Put, read_many, read_page, write
from chalicelib.core.dates import from_micros, to_micros
from chalicelib.core.errors import Conflict, NotAllowed, NotSignedIn

LOGIN_AS_SECONDS = 15 * 60


@dataclass(frozen=True)
class Access:
    """One line of a reseller's access log: who came in, from which tenant, why, with what scope, and until when."""

    token_id: str
    user_id: str
    user_name: str
    by_tenant_id: str
    by_tenant_name: str
    reason: str
    scope: str
    at: datetime
    until: datetime


@dataclass(frozen=True)
class LoginAs:
    """The token for the reseller, and until when it holds."""

    access_token: str
    until: datetime


def login_as(caller: Caller, caller_tenant_name: str, child_id: str, reason: str, scope: str, now: datetime) -> LoginAs:
    """A token of the reseller's longest-standing active owner for the caller; `child_id` is known to be a direct child.

    The token needs its session's row, and that is written together with the line in the reseller's access log: there is
    no token without the line. It ends with the caller's own sign-in. 403 when the caller is itself acting.
    """
    if caller.acting is not None:
        raise NotAllowed("not-allowed-when-acting", "Under login-as nobody logs in as a third.")
    actor, own_session, owner = _read_people(caller, child_id)
    if not session_holds(own_session, actor, now):
        raise NotSignedIn("token-revoked", "This sign-in has ended; please sign in again.")
    longest = now.replace(microsecond=0) + timedelta(seconds=LOGIN_AS_SECONDS)
    until = min(longest, from_micros(own_session.expires_at * 1_000_000))
    acting = ActingClaims(
        tenant_id=caller.tenant_id,
        user_id=caller.user_id,
        chain=caller.chain,
        credential_version=actor.credential_version,
        session_id=caller.session_id,
        reason=reason,
        until=until,
        scope=scope,
    )
    session_id, token_id = clock.new_id("s", 16), clock.new_id("a", 16)
    session = session_row(owner, session_id, now, until)
    line = _access_row(child_id, actor, caller_tenant_name, acting, token_id, now)
    write(Put(session), Put(line))
    return LoginAs(issue_access_token(owner, session_id, now, acting=acting, token_id=token_id), until)


def list_accesses(tenant_id: str, *, limit: int, after: str | None) -> tuple[list[Access], str | None]:
    """A page of the tenant's access log, newest first, one request."""
    page = read_page(AccessRow, keys.access_log(tenant_id), limit=limit, after=after, newest_first=True)
    return [_to_access(row) for row in page.rows], page.after


def _read_people(caller: Caller, child_id: str) -> tuple[User, SessionRow, User]:
    """The caller as a user, its session, and the owner of the reseller."""
    actor, session, owners = read_many(
        [
            (UserRow, keys.user(caller.tenant_id, caller.user_id)),
            (SessionRow, keys.session(caller.tenant_id, caller.session_id)),
            (OwnersRow, keys.owners(child_id)),
        ]
    )
    if actor is None or session is None:
        raise NotSignedIn("token-revoked", "This sign-in has ended; please sign in again.")
    assert owners is not None, "a tenant is made with its owner"
    (owner,) = read_many([(UserRow, keys.user(child_id, owners.user_ids[0]))])
    if owner is None or owner.status != UserStatus.ACTIVE.value:
        raise Conflict("changed-meanwhile", "The reseller's owners were changed meanwhile; please try again.")
    return to_user(actor), session, to_user(owner)


def _access_row(
    child_id: str, actor: User, tenant_name: str, acting: ActingClaims, token_id: str, now: datetime
) -> AccessRow:
    return AccessRow.at(
        keys.access(child_id, to_micros(now), token_id),
        token_id=token_id,
        user_id=actor.user_id,
        user_name=actor.name,
        by_tenant_id=actor.tenant_id,
        by_tenant_name=tenant_name,
        reason=acting.reason,
        scope=acting.scope,
        at_micros=to_micros(now),
        until_micros=to_micros(acting.until),
    )


def _to_access(row: AccessRow) -> Access:
    return Access(
        token_id=row.token_id,
        user_id=row.user_id,
        user_name=row.user_name,
        by_tenant_id=row.by_tenant_id,
        by_tenant_name=row.by_tenant_name,
        reason=row.reason,
        scope=row.scope,
        at=from_micros(row.at_micros),
        until=from_micros(row.until_micros),
    )
