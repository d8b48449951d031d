"""Access tokens: JWTs signed with HS256, and nothing else accepted.

Claims are `iss aud sub tenant chain role sid ver exp nbf iat jti`, and under login-as `act` (RFC 8693) with the person
behind it. Signed with the `current` key of the installation, verified with whichever listed key the `kid` names: so a
key is rotated by listing a new one, making it current, and dropping the old one fifteen minutes later.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from chalicelib.auth.model import Role, User
from chalicelib.aws import clock
from chalicelib.aws.secrets import token_keys
from chalicelib.core.errors import NotSignedIn

ALGORITHM = "HS256"
ISSUER = "tributary"
AUDIENCE = "tributary-api"
ACCESS_SECONDS = 15 * 60
CLOCK_SKEW_SECONDS = 30
MAX_TOKEN_LENGTH = 8192
"""Room for eight levels and a long reason in a script that JSON escapes; API Gateway takes 10 KB of headers."""

LATEST_SECOND = 253_402_300_799
"""The last second that a `datetime` can say."""


@dataclass(frozen=True)
class ActingClaims:
    """The person behind a login-as token, as the token says it. `chain` leads down to that person's own tenant."""

    tenant_id: str
    user_id: str
    chain: tuple[str, ...]
    credential_version: int
    session_id: str
    reason: str
    until: datetime
    scope: str


@dataclass(frozen=True)
class Claims:
    """What a good access token says. It says who; what that person may do is read from the rows as they are now."""

    tenant_id: str
    user_id: str
    role: Role
    chain: tuple[str, ...]
    session_id: str
    credential_version: int
    token_id: str
    issued_at: datetime
    expires_at: datetime
    acting: ActingClaims | None = None

    @property
    def real_user_id(self) -> str:
        """The person at the keyboard: under login-as the one who acts."""
        return self.acting.user_id if self.acting else self.user_id


def issue_access_token(
    user: User, session_id: str, now: datetime, *, acting: ActingClaims | None = None, token_id: str | None = None
) -> str:
    """A token for the user that holds for fifteen minutes, or under login-as until `acting.until`."""
    expires_at = acting.until if acting else now + timedelta(seconds=ACCESS_SECONDS)
    payload: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user.user_id,
        "tenant": user.tenant_id,
        "chain": list(user.chain),
        "role": user.role.value,
        "sid": session_id,
        "ver": user.credential_version,
        "exp": int(expires_at.timestamp()),
        "nbf": int(now.timestamp()),
        "iat": int(now.timestamp()),
        "jti": token_id or clock.new_id("a", 16),
    }
    if acting is not None:
        payload["act"] = {
            "sub": acting.user_id,
            "tenant": acting.tenant_id,
            "chain": list(acting.chain),
            "ver": acting.credential_version,
            "sid": acting.session_id,
            "reason": acting.reason,
            "scope": acting.scope,
        }
    listed = token_keys()
    return jwt.encode(payload, _key(listed, listed["current"]), algorithm=ALGORITHM, headers={"kid": listed["current"]})


def read_access_token(text: str, now: datetime) -> Claims:
    """What the token says; `NotSignedIn` with code `token-expired`, or `token-invalid` for anything else about it."""
    if len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        raise _invalid()
    try:
        listed = token_keys()
        kid = jwt.get_unverified_header(text).get("kid")
        if not isinstance(kid, str) or kid not in listed["keys"]:
            raise _invalid()
        payload = jwt.decode(
            text, _key(listed, kid), algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE, options=_OURSELVES
        )
        claims = _read_claims(payload)
        not_before = _instant(payload, "nbf")
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise _invalid() from None
    skew = timedelta(seconds=CLOCK_SKEW_SECONDS)
    if claims.expires_at <= now:
        raise NotSignedIn("token-expired", "The access token has expired; refresh it.")
    if max(not_before, claims.issued_at) > now + skew:
        raise _invalid()
    return claims


LONGEST_CLAIM = 2_000
"""In bytes: the reason of a login-as may be 500 characters of Bangla."""

_OURSELVES: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "strict_aud": True}
"""PyJWT reads the machine's clock; ours is an argument, so times are judged here."""


def _invalid() -> NotSignedIn:
    return NotSignedIn("token-invalid", "The access token is not one of ours.")


def _key(listed: Mapping[str, Any], kid: str) -> bytes:
    text: str = listed["keys"][kid]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _read_claims(payload: Mapping[str, Any]) -> Claims:
    """The claims of a payload whose signature is good; `ValueError` when one is missing or of another type."""
    expires_at = _instant(payload, "exp")
    chain = _chain(payload)
    acting = _read_acting(payload["act"], expires_at, chain) if "act" in payload else None
    return Claims(
        tenant_id=chain[-1],
        user_id=_text(payload, "sub"),
        role=Role(_text(payload, "role")),
        chain=chain,
        session_id=_text(payload, "sid"),
        credential_version=_number(payload, "ver"),
        token_id=_text(payload, "jti"),
        issued_at=_instant(payload, "iat"),
        expires_at=expires_at,
        acting=acting,
    )


def _read_acting(act: Any, until: datetime, chain: tuple[str, ...]) -> ActingClaims:
    if not isinstance(act, dict):
        raise TypeError("act")
    above = _chain(act)
    scope = _text(act, "scope")
    # Only the direct parent may act, so its tenants are the chain without the last and need no reading of their own.
    if above != chain[:-1] or scope not in ("read", "write"):
        raise ValueError("act")
    return ActingClaims(
        tenant_id=above[-1],
        user_id=_text(act, "sub"),
        chain=above,
        credential_version=_number(act, "ver"),
        session_id=_text(act, "sid"),
        reason=_text(act, "reason"),
        until=until,
        scope=scope,
    )


def _chain(part: Mapping[str, Any]) -> tuple[str, ...]:
    chain = part.get("chain")
    if not isinstance(chain, list) or not chain or not all(isinstance(one, str) and one for one in chain):
        raise ValueError("chain")
    if chain[-1] != part.get("tenant"):
        raise ValueError("tenant")
    return tuple(chain)


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not 0 < len(value.encode()) <= LONGEST_CLAIM:
        raise ValueError(name)
    return value


def _number(part: Mapping[str, Any], name: str) -> int:
    value = part.get(name)
    if type(value) is not int or not 0 <= value <= LATEST_SECOND:
        raise ValueError(name)
    return value


def _instant(part: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromtimestamp(_number(part, name), UTC)
