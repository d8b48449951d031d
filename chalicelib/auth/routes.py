"""Routes of signing in, of people, and of logging in as a reseller."""

from typing import Any

from chalicelib.api.blueprint import PUBLIC, Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor, page_of
from chalicelib.api.standing import require_open
from chalicelib.auth import login_as as logging_in_as
from chalicelib.auth import people, sign_in
from chalicelib.auth.admit import NewUser, admit_user
from chalicelib.auth.model import Role, UserStatus
from chalicelib.auth.shapes import (
    AccessAnswer,
    LoginAsAnswer,
    LoginAsBody,
    LoginBody,
    MeActing,
    MeAnswer,
    MeTenant,
    MeUser,
    NamedTenant,
    NamedUser,
    NewUserBody,
    OwnPasswordBody,
    PasswordBody,
    RefreshBody,
    TokensAnswer,
    UserAnswer,
    UserChangeBody,
    show_access,
    show_user,
)
from chalicelib.auth.tokens import ACCESS_SECONDS
from chalicelib.core.errors import Conflict
from chalicelib.tenants.hierarchy import find_child, read_chain
from chalicelib.tenants.model import Status, effective_modules

bp = Blueprint(__name__, tag="Signing in and people")

UserPage = page_of(UserAnswer)
AccessPage = page_of(AccessAnswer)


def _may_enter(chain: tuple[str, ...]) -> None:
    require_open(chain, read_chain(chain))


def _show_tokens(tokens: sign_in.Tokens) -> TokensAnswer:
    return TokensAnswer(access_token=tokens.access_token, refresh_token=tokens.refresh_token, expires_in=ACCESS_SECONDS)


@bp.api(
    "POST",
    "/v1/auth/login",
    may=PUBLIC,
    body=LoginBody,
    answer=TokensAnswer,
    also={401: "wrong-credentials, tenant-disabled", 429: "too-many-attempts"},
)
def login(call: Call) -> TokensAnswer:
    """Sign in with e-mail and password."""
    body = call.body
    return _show_tokens(sign_in.sign_in(body.email, body.password, call.source_ip, call.now, _may_enter, call.notice))


@bp.api(
    "POST",
    "/v1/auth/refresh",
    may=PUBLIC,
    body=RefreshBody,
    answer=TokensAnswer,
    also={401: "refresh-invalid, refresh-expired, refresh-revoked, refresh-reused, tenant-disabled"},
)
def refresh(call: Call) -> TokensAnswer:
    """Spend a refresh token for the next pair. Using a spent one ends the whole sign-in."""
    return _show_tokens(sign_in.refresh(call.body.refresh_token, call.now, _may_enter, call.notice))


@bp.api("POST", "/v1/auth/logout", may=PUBLIC, body=RefreshBody, status=204)
def logout(call: Call) -> None:
    """End a sign-in with all its tokens; 204 also when it has ended before."""
    sign_in.sign_out(call.body.refresh_token, call.notice)


@bp.api("GET", "/v1/me", may="me:read", answer=MeAnswer)
def me(call: Call) -> MeAnswer:
    """Who is signed in, where, and what may be done."""
    caller, tenant = call.caller, call.tenant
    acting = None
    if caller.acting is not None:
        behind = caller.acting
        acting = MeActing(
            user=NamedUser(id=behind.user_id, name=behind.name),
            tenant=NamedTenant(id=behind.tenant_id, name=call.tenants[-2].name),
            reason=behind.reason,
            until=behind.until,
            scope="write" if behind.scope == "write" else "read",
        )
    return MeAnswer(
        user=MeUser(id=caller.user_id, name=caller.name, email=caller.email),
        tenant=MeTenant(
            id=tenant.tenant_id, name=tenant.name, code=tenant.code, timezone=tenant.timezone, depth=tenant.depth
        ),
        role=caller.role.value,
        permissions=sorted(caller.permissions),
        modules=sorted(effective_modules(call.tenants)),
        acting=acting,
    )


@bp.api(
    "POST",
    "/v1/me/password",
    may="password:write",
    body=OwnPasswordBody,
    status=204,
    also={422: "wrong-password", 429: "too-many-attempts"},
)
def change_my_password(call: Call) -> None:
    """Change one's own password; every token of this user ends, this one too."""
    caller, body = call.caller, call.body
    people.change_own_password(
        caller.tenant_id, caller.user_id, body.current_password, body.new_password, call.source_ip, call.now
    )


@bp.api("GET", "/v1/users", may="users:read", query=PageQuery, answer=UserPage)
def list_users(call: Call) -> Any:
    """The people of this tenant."""
    users, after = people.list_users(
        call.caller.tenant_id, limit=call.query.limit, after=decode_cursor(call.query.cursor)
    )
    return UserPage(items=[show_user(user) for user in users], next_cursor=encode_cursor(after))


@bp.api(
    "POST",
    "/v1/users",
    may="users:write",
    body=NewUserBody,
    answer=UserAnswer,
    status=201,
    repeatable=True,
    also={409: "email-taken, too-many-owners"},
)
def add_user(call: Call) -> UserAnswer:
    """Admit a person to this tenant."""
    body = call.body
    new = NewUser(body.name, body.email, body.password, Role(body.role))
    return show_user(admit_user(call.caller.chain, new, call.now, call.remember(show_user)))


@bp.api("GET", "/v1/users/{user_id}", may="users:read", answer=UserAnswer)
def get_user(call: Call, user_id: str) -> UserAnswer:
    """One person of this tenant."""
    return show_user(people.find_user(call.caller.tenant_id, user_id))


@bp.api(
    "PATCH",
    "/v1/users/{user_id}",
    may="users:write",
    body=UserChangeBody,
    answer=UserAnswer,
    also={409: "last-owner, too-many-owners"},
)
def change_user(call: Call, user_id: str) -> UserAnswer:
    """Change a person's name, role or status. Disabling ends every sign-in of that person."""
    body = call.body
    change = people.UserChange(
        name=body.name,
        role=Role(body.role) if body.role else None,
        status=UserStatus(body.status) if body.status else None,
    )
    return show_user(people.change_user(call.caller.tenant_id, user_id, change))


@bp.api(
    "POST",
    "/v1/users/{user_id}/password",
    may="users:write",
    body=PasswordBody,
    status=204,
    also={409: "own-password, changed-meanwhile"},
)
def set_user_password(call: Call, user_id: str) -> None:
    """Give another person a new password; every sign-in of that person ends."""
    people.set_password(call.caller.tenant_id, user_id, call.caller.user_id, call.body.password)


@bp.api(
    "POST",
    "/v1/resellers/{reseller_id}/login-as",
    may="resellers:login-as",
    module="resellers",
    body=LoginAsBody,
    answer=LoginAsAnswer,
    also={403: "not-allowed-when-acting", 409: "reseller-disabled"},
)
def login_as(call: Call, reseller_id: str) -> LoginAsAnswer:
    """A token of a direct reseller's owner, for at most fifteen minutes; the reseller sees who, why and until when."""
    child = find_child(call.tenant, reseller_id)
    if child.status is Status.DISABLED:
        raise Conflict("reseller-disabled", "Nobody signs in at a disabled reseller; activate it first.")
    granted = logging_in_as.login_as(
        call.caller, call.tenant.name, child.tenant_id, call.body.reason, call.body.scope, call.now
    )
    return LoginAsAnswer(access_token=granted.access_token, expires_in=int((granted.until - call.now).total_seconds()))


@bp.api("GET", "/v1/access-log", may="access-log:read", query=PageQuery, answer=AccessPage)
def list_accesses(call: Call) -> Any:
    """Who of the parent logged in as this tenant, newest first."""
    accesses, after = logging_in_as.list_accesses(
        call.caller.tenant_id, limit=call.query.limit, after=decode_cursor(call.query.cursor)
    )
    return AccessPage(items=[show_access(access) for access in accesses], next_cursor=encode_cursor(after))
