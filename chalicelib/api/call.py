"""One call of a route, as a view sees it: who is calling, what was sent, and how to make it repeatable."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from chalicelib.auth.audit import NOBODY, Doer, Trail
from chalicelib.auth.model import Author, Caller, User
from chalicelib.aws import keys
from chalicelib.aws.log import log
from chalicelib.aws.rows import BooksRow, IntegerAttribute, TextAttribute
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember, Update, forget, write
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.tenants.model import Tenant


class ClaimRow(BooksRow):
    """A request that was carried out under a client's key: what was asked (hashed) and what was answered."""

    request = TextAttribute()
    status = IntegerAttribute()
    answer = TextAttribute()


@dataclass(frozen=True)
class Claim:
    """A client's idempotency key on this request; `earlier` is what an earlier call under it left."""

    key: keys.Key
    request: str
    earlier: ClaimRow | None

    def check_same(self) -> None:
        """409 `idempotency-mismatch` when the key was used with another body."""
        if self.earlier is not None and self.earlier.request != self.request:
            raise Conflict("idempotency-mismatch", "This Idempotency-Key was used before with another request.")


@dataclass(frozen=True)
class Call:
    """What a view works with. `caller` and `tenants` (the chain from the operator down) are None on public routes."""

    now: datetime
    body: Any
    query: Any
    raw_body: bytes
    headers: Any
    source_ip: str
    correlation_id: str
    status: int
    signed_in: Caller | None = None
    tenants: tuple[Tenant, ...] = ()
    claim: Claim | None = None
    trail: Trail = field(default_factory=Trail)

    @property
    def caller(self) -> Caller:
        assert self.signed_in is not None, "a public route has no caller"
        return self.signed_in

    @property
    def tenant(self) -> Tenant:
        """The caller's own tenant."""
        return self.tenants[-1]

    @property
    def author(self) -> Author:
        """Who the books name for what this call does."""
        return self.caller.author

    @property
    def today(self) -> date:
        """Today in the caller's tenant."""
        return day_at(self.now, self.tenant.timezone)

    def notice(self, user: User | None) -> None:
        """Name who is behind a public request before it changes anything (None: who it names is not there).

        Its line in the audit log begins with this; that of a signed-in caller has begun. `Unavailable` when it cannot.
        """
        self.trail.begin(NOBODY if user is None else Doer.of_user(user))

    def remember(self, render: Callable[[Any], BaseModel], status: int | None = None) -> Remember:
        """What a use case adds to its write so that the same request is answered the same and not done again."""
        claim = self.claim
        if claim is None:
            return forget

        def operations(outcome: Any) -> Sequence[Operation]:
            row = ClaimRow.at(
                claim.key, request=claim.request, status=status or self.status, answer=to_json(render(outcome))
            )
            return [Put(row, ClaimRow.pk.does_not_exist(), claims=True)]

        return operations

    def answer_again_with(self, answer: BaseModel) -> None:
        """Answer the same request with this from now on, in place of what was kept with its write: for what became known
        a moment later. Where it cannot be kept the earlier answer stays, which was true when it was written."""
        claim = self.claim
        if claim is None or claim.earlier is not None:
            return
        row = ClaimRow.at(claim.key)
        try:
            write(Update(row, [ClaimRow.answer.set(to_json(answer))]))
        except (ConditionFailed, Unavailable) as why:
            log("a later answer was not kept", why=type(why).__name__)


def to_json(answer: BaseModel) -> str:
    """An answer as it goes out."""
    return answer.model_dump_json()


def hash_request(client_key: str, path: str, body: bytes) -> str:
    """What tells a repeated request from a changed one.

    A body may hold a password: the client's key, which is stored nowhere, keeps the hash from being a way to guess it.
    """
    return hmac.new(client_key.encode(), path.encode() + b"\n" + body, hashlib.sha256).hexdigest()
