"""Sessions: one sign-in each, with its family of refresh tokens, of which only the newest is good.

A refresh token is `tenant.family.family-secret.secret`. The row keeps hashes of both secrets: a token with the right
family secret and another secret was good once and is spent, which is how a stolen one is noticed. A made-up one does
not have the family secret and can end nobody's session.
"""

import hashlib
import hmac
import math
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.auth.model import User
from chalicelib.auth.store import SessionRow
from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Put, Update, write
from chalicelib.core.dates import to_micros

REFRESH_SECONDS = 30 * 24 * 60 * 60
"""A refresh token holds for thirty days, and each one taken holds for thirty days again."""

SECRET_LENGTH = 32
_TOKEN = re.compile(r"([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([a-z0-9]{32})\.([a-z0-9]{32})", re.ASCII)


@dataclass(frozen=True)
class RefreshToken:
    """What a client holds and we do not."""

    tenant_id: str
    family_id: str
    family_secret: str
    secret: str

    def text(self) -> str:
        return f"{self.tenant_id}.{self.family_id}.{self.family_secret}.{self.secret}"

    @property
    def key(self) -> keys.Key:
        return keys.session(self.tenant_id, self.family_id)

    def is_of(self, row: SessionRow) -> bool:
        """Whether it is of this family, newest or spent."""
        return hmac.compare_digest(row.family_hash or "", hash_secret(self.family_secret))

    def is_newest(self, row: SessionRow) -> bool:
        return hmac.compare_digest(row.secret_hash or "", hash_secret(self.secret))

    def next(self) -> "RefreshToken":
        return replace(self, secret=clock.new_id("", SECRET_LENGTH))


def read_refresh_token(text: str) -> RefreshToken | None:
    """The parts of a refresh token, or None when it does not look like one."""
    match = _TOKEN.fullmatch(text)
    return RefreshToken(*match.groups()) if match else None


def open_session(user: User, now: datetime) -> RefreshToken:
    """Write a new session of the user and return its first refresh token."""
    token = RefreshToken(
        user.tenant_id, clock.new_id("s", 16), clock.new_id("", SECRET_LENGTH), clock.new_id("", SECRET_LENGTH)
    )
    row = session_row(user, token.family_id, now, now + timedelta(seconds=REFRESH_SECONDS))
    row.family_hash = hash_secret(token.family_secret)
    row.secret_hash = hash_secret(token.secret)
    write(Put(row))
    return token


def session_row(user: User, session_id: str, now: datetime, until: datetime) -> SessionRow:
    """A session without refresh tokens."""
    return SessionRow.at(
        keys.session(user.tenant_id, session_id),
        user_id=user.user_id,
        credential_version=user.credential_version,
        created_at_micros=to_micros(now),
        expires_at=math.ceil(until.timestamp()),
    )


def rotate(token: RefreshToken, now: datetime) -> RefreshToken | None:
    """Spend the token and return the next of its family; None when another call has spent it, or ended the family."""
    following = token.next()
    rotation = Update(
        SessionRow.at(token.key),
        [
            SessionRow.secret_hash.set(hash_secret(following.secret)),
            SessionRow.expires_at.set(math.ceil(now.timestamp()) + REFRESH_SECONDS),
        ],
        (SessionRow.secret_hash == hash_secret(token.secret)) & SessionRow.ended.does_not_exist(),
    )
    try:
        write(rotation)
    except ConditionFailed as failure:
        found = failure.rows[rotation]
        # The client of the database repeats a request whose answer was lost: then it is our own write that is there.
        if not isinstance(found, SessionRow) or found.ended is not None or not following.is_newest(found):
            return None
    return following


def end_session(key: keys.Key, why: str) -> None:
    """End the session and all its tokens; nothing happens when it has ended before or never was."""
    is_open = SessionRow.pk.exists() & SessionRow.ended.does_not_exist()
    try:
        write(Update(SessionRow.at(key), [SessionRow.ended.set(why)], is_open))
    except ConditionFailed:
        return


def hash_secret(secret: str) -> str:
    """A secret of 158 random bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
