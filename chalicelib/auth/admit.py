"""Admitting people: a new user of a tenant, and the first owner of a new tenant."""

from dataclasses import dataclass
from datetime import datetime

from pynamodb.expressions.update import Action

from chalicelib.auth.model import Role, User, UserStatus
from chalicelib.auth.passwords import check_password, hash_password
from chalicelib.auth.store import EmailRow, OwnersRow, user_row
from chalicelib.aws import clock, keys
from chalicelib.aws.config import config
from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember, Update, forget, read, write
from chalicelib.core.errors import Conflict, Refusal, Unavailable

MAX_OWNERS = 50
WRITE_TRIES = 5


@dataclass(frozen=True)
class NewUser:
    """Who is to be admitted."""

    name: str
    email: str
    password: str
    role: Role


def first_owner(chain: tuple[str, ...], new: NewUser, now: datetime, field: str = "owner.password") -> Guard:
    """What to add to the write that makes a tenant, so that it has its owner; refuses with `email-taken` (409).

    Raises 422 on `field` for a password that will not do.
    """
    check_password(new.password, new.email, field)
    user = _draft(chain, new, now)
    owners = OwnersRow.at(keys.owners(user.tenant_id), user_ids=[user.user_id], revision=1)
    return _admission(user, new.password, Put(owners, OwnersRow.pk.does_not_exist()))


def admit_user(chain: tuple[str, ...], new: NewUser, now: datetime, remember: Remember = forget) -> User:
    """Write a new user of the last tenant of the chain. 409 `email-taken`, `too-many-owners`; 422 on `password`."""
    check_password(new.password, new.email, "password")
    user = _draft(chain, new, now)
    for _ in range(WRITE_TRIES):
        guard = _admission(user, new.password, *_among_owners(user))
        try:
            write(*guard.operations, *remember(user))
            return user
        except ConditionFailed as failure:
            guard.refuse(failure)
    raise Unavailable("busy", "The owners of this tenant are being changed; please send the request again.")


def _draft(chain: tuple[str, ...], new: NewUser, now: datetime) -> User:
    return User(
        tenant_id=chain[-1],
        chain=chain,
        user_id=clock.new_id("u"),
        name=new.name,
        email=new.email,
        role=new.role,
        status=UserStatus.ACTIVE,
        credential_version=1,
        created_at=now,
    )


def _admission(user: User, password: str, *also: Operation) -> Guard:
    address = EmailRow.at(
        keys.email(config().operator_id, user.email.casefold()), tenant_id=user.tenant_id, user_id=user.user_id
    )
    taken = Put(address, EmailRow.pk.does_not_exist())
    person = Put(user_row(user, hash_password(password)), OwnersRow.pk.does_not_exist())

    def explain(failure: ConditionFailed) -> Refusal | None:
        if failure.failed(taken):
            return Conflict("email-taken", "There is a user with this e-mail address already.")
        return None

    return Guard((taken, person, *also), explain)


def _among_owners(user: User) -> tuple[Operation, ...]:
    """The change to the list of active owners that comes with this user."""
    if user.role is not Role.OWNER:
        return ()
    row = read(OwnersRow, keys.owners(user.tenant_id))
    assert row is not None, "a tenant is made with its owner"
    if len(row.user_ids) >= MAX_OWNERS:
        raise Conflict("too-many-owners", f"A tenant has at most {MAX_OWNERS} owners.")
    return (change_owners(row, [*row.user_ids, user.user_id]),)


def change_owners(row: OwnersRow, user_ids: list[str]) -> Update:
    """Set the active owners, if nobody has changed them since the row was read."""
    actions: list[Action] = [OwnersRow.user_ids.set(user_ids), OwnersRow.revision.set(row.revision + 1)]
    return Update(OwnersRow.at(row.key), actions, OwnersRow.revision == row.revision)
