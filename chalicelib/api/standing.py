"""The one check before every route: is the token good, are the user, the session and every tenant above still in order.

One request to the database tells all of it, and the claim of an idempotency key along with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.api.call import Claim, ClaimRow, hash_request
from chalicelib.auth.model import Caller
from chalicelib.auth.standing import caller_reads, judge_caller
from chalicelib.auth.tokens import Claims, read_access_token
from chalicelib.aws import keys
from chalicelib.aws.tables import read_many
from chalicelib.core.errors import NotSignedIn, invalid_field
from chalicelib.tenants.hierarchy import chain_of, chain_reads
from chalicelib.tenants.model import Tenant, first_disabled

MAX_KEY_LENGTH = 200


@dataclass(frozen=True)
class Standing:
    """Who calls, the tenants from the operator down to the caller's, and the claim when a key came along."""

    caller: Caller
    tenants: tuple[Tenant, ...]
    claim: Claim | None


def bearer_claims(authorization: str | None, now: datetime) -> Claims:
    """What the token of an `Authorization: Bearer` header says; `NotSignedIn` when it is missing or not good."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotSignedIn("not-signed-in", "Send an access token as Authorization: Bearer.")
    return read_access_token(token.strip(), now)


def standing_of(claims: Claims, now: datetime, claim: Callable[[Claims], Claim | None]) -> Standing:
    """Check the token's claims against the rows as they are now; `NotSignedIn` when any of them no longer holds."""
    asked = claim(claims)
    people = caller_reads(claims)
    chain = chain_reads(claims.chain)
    rows = read_many([*people, *chain, *([(ClaimRow, asked.key)] if asked else [])])
    caller = judge_caller(claims, rows[: len(people)], now)
    tenants = chain_of(rows[len(people) : len(people) + len(chain)])
    require_open(claims.chain, tenants)
    return Standing(caller, tenants, Claim(asked.key, asked.request, rows[-1]) if asked else None)


def require_open(chain: tuple[str, ...], tenants: tuple[Tenant, ...]) -> None:
    """`NotSignedIn` unless every tenant of the chain is there and none is disabled."""
    if len(tenants) != len(chain):
        raise NotSignedIn("not-signed-in", "This tenant is no longer here.")
    if first_disabled(tenants) is not None:
        raise NotSignedIn("tenant-disabled", "This reseller, or one above it, is disabled.")


def claim_of(route: str, key: str | None, path: str, body: bytes) -> Callable[[Claims], Claim | None]:
    """The claim that a request with this `Idempotency-Key` makes; a key belongs to tenant, user and route."""
    if key is None:
        return lambda claims: None
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isprintable() or not key.isascii():
        raise invalid_field("Idempotency-Key", f"must be 1 to {MAX_KEY_LENGTH} printable ASCII characters")

    def make(claims: Claims) -> Claim:
        return Claim(keys.claim(claims.tenant_id, claims.real_user_id, route, key), hash_request(key, path, body), None)

    return make
