"""The people of a tenant: finding them, changing them, and setting their passwords."""

import re
from dataclasses import dataclass
from datetime import datetime

from pynamodb.expressions.update import Action

from chalicelib.auth.admit import MAX_OWNERS, WRITE_TRIES, change_owners
from chalicelib.auth.model import Role, User, UserStatus
from chalicelib.auth.passwords import check_password, hash_password, password_matches
from chalicelib.auth.store import OwnersRow, UserRow, to_user
from chalicelib.auth.throttle import attempt_failed, attempt_succeeded, begin_attempt, of_address, of_email
from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Operation, Update, read, read_many, read_page, write
from chalicelib.core.errors import Conflict, NotFound, Unavailable, invalid_field

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class UserChange:
    """What to change of a user; None leaves it as it is."""

    name: str | None = None
    role: Role | None = None
    status: UserStatus | None = None


def list_users(tenant_id: str, *, limit: int, after: str | None) -> tuple[list[User], str | None]:
    """A page of a tenant's users, one request."""
    page = read_page(UserRow, keys.users(tenant_id), limit=limit, after=after)
    return [to_user(row) for row in page.rows], page.after


def find_user(tenant_id: str, user_id: str) -> User:
    """The user of that tenant; `NotFound`."""
    return to_user(_find(tenant_id, user_id))


def change_user(tenant_id: str, user_id: str, change: UserChange) -> User:
    """Change a user's name, role or status. Disabling ends its sign-ins; a new role holds from its next call.

    409 `last-owner` when the tenant would be left without an active owner, `too-many-owners`; `NotFound`.
    """
    for _ in range(WRITE_TRIES):
        row, owners = read_many(
            [(UserRow, keys.user(tenant_id, _checked(user_id))), (OwnersRow, keys.owners(tenant_id))]
        )
        if row is None:
            raise NotFound("user")
        after, operations = _decide(row, owners, change)
        if not operations:
            return after
        try:
            write(*operations)
            return after
        except ConditionFailed:
            continue  # Somebody else changed this user or the owners meanwhile: decide again on what is there now.
    raise Unavailable("busy", "This user is being changed by others; please send the request again.")


def change_own_password(tenant_id: str, user_id: str, current: str, new: str, source_ip: str, now: datetime) -> None:
    """Set one's own password, which ends every sign-in of this user, the present one too.

    422 on `current_password` (`wrong-password`) or `new_password`; 429 after five wrong ones in fifteen minutes.
    """
    row = _find(tenant_id, user_id)
    check_password(new, row.email, "new_password")
    begin_attempt(of_email(row.email), of_address(source_ip), now)
    if not password_matches(row.password_hash, current):
        attempt_failed(of_address(source_ip), now)
        raise invalid_field("current_password", "is not your password", "wrong-password")
    attempt_succeeded(of_email(row.email))
    _set_password(row, new)


def set_password(tenant_id: str, user_id: str, by_user_id: str, new: str) -> None:
    """Give another user of the tenant a new password, which ends every sign-in of that user; `NotFound`.

    One's own is changed only by who knows it (409 `own-password`): a stolen token must not be able to.
    """
    if user_id == by_user_id:
        raise Conflict("own-password", "Change your own password at /v1/me/password, with the current one.")
    row = _find(tenant_id, user_id)
    check_password(new, row.email, "password")
    _set_password(row, new)


def _set_password(row: UserRow, new: str) -> None:
    password_hash = hash_password(new)
    actions: list[Action] = [
        UserRow.password_hash.set(password_hash),
        UserRow.credential_version.set(row.credential_version + 1),
    ]
    update = Update(UserRow.at(row.key), actions, UserRow.credential_version == row.credential_version)
    try:
        write(update)
    except ConditionFailed as failure:
        found = failure.rows[update]
        # The client of the database repeats a request whose answer was lost: then it is our own write that is there.
        if not isinstance(found, UserRow) or found.password_hash != password_hash:
            raise Conflict("changed-meanwhile", "This user was changed meanwhile; please try again.") from None


def _find(tenant_id: str, user_id: str) -> UserRow:
    row = read(UserRow, keys.user(tenant_id, _checked(user_id)))
    if row is None:
        raise NotFound("user")
    return row


def _checked(user_id: str) -> str:
    """An id from a path can be anything; what cannot be an id is nobody's, and no key is built from it."""
    if _ID.fullmatch(user_id) is None:
        raise NotFound("user")
    return user_id


def _decide(row: UserRow, owners: OwnersRow, change: UserChange) -> tuple[User, list[Operation]]:
    """The user as it will be and the operations that make it so; none when nothing changes."""
    before = to_user(row)
    disabled = change.status is UserStatus.DISABLED and before.status is UserStatus.ACTIVE
    after = User(
        tenant_id=before.tenant_id,
        chain=before.chain,
        user_id=before.user_id,
        name=change.name or before.name,
        email=before.email,
        role=change.role or before.role,
        status=change.status or before.status,
        credential_version=before.credential_version + disabled,
        created_at=before.created_at,
    )
    if after == before:
        return after, []
    actions: list[Action] = [
        UserRow.name.set(after.name),
        UserRow.role.set(after.role.value),
        UserRow.status.set(after.status.value),
        UserRow.credential_version.set(after.credential_version),
    ]
    as_read = (
        (UserRow.name == before.name)
        & (UserRow.role == before.role.value)
        & (UserRow.status == before.status.value)
        & (UserRow.credential_version == before.credential_version)
    )
    operations: list[Operation] = [Update(UserRow.at(row.key), actions, as_read)]
    return after, operations + _change_of_owners(owners, before, after)


def _change_of_owners(owners: OwnersRow, before: User, after: User) -> list[Operation]:
    was, is_ = _is_active_owner(before), _is_active_owner(after)
    if was == is_:
        return []
    if was:
        left = [user_id for user_id in owners.user_ids if user_id != before.user_id]
        if not left:
            raise Conflict("last-owner", "A tenant keeps at least one active owner.")
        return [change_owners(owners, left)]
    if len(owners.user_ids) >= MAX_OWNERS:
        raise Conflict("too-many-owners", f"A tenant has at most {MAX_OWNERS} owners.")
    return [change_owners(owners, [*owners.user_ids, after.user_id])]


def _is_active_owner(user: User) -> bool:
    return user.role is Role.OWNER and user.status is UserStatus.ACTIVE
