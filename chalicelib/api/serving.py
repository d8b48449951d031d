"""Serving a request: everything that a view does not have to care about, once for all routes.

The standing of the caller, permission and module, the body, the idempotency key, the line in the audit log, refusals,
and the line in the log.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalice.app import Request, Response
from pydantic import BaseModel

from chalicelib.api.call import Call, Claim, to_json
from chalicelib.api.endpoint import Endpoint
from chalicelib.api.problem import problem
from chalicelib.api.reading import raw_body, read_body, read_query
from chalicelib.api.recording import asked_of, correlation_id, doer_of, made_by, source_ip, with_body
from chalicelib.api.standing import Standing, bearer_claims, claim_of, standing_of
from chalicelib.auth.audit import Trail
from chalicelib.aws import clock
from chalicelib.aws.log import alarm, flush_metrics, log, logger, measure
from chalicelib.aws.tables import AlreadyDone
from chalicelib.core.errors import Conflict, NotAllowed, Refusal
from chalicelib.tenants.model import effective_modules

REPLAYED = "Idempotency-Replayed"


class Shown(Response):
    """An answer as it goes out, with the model that it was made of."""

    def __init__(self, answer: BaseModel, status: int) -> None:
        headers: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        super().__init__(body=to_json(answer), status_code=status, headers=headers)
        self.answer = answer


@dataclass
class _Trace:
    """What a request leaves behind: the caller for its line in the log, and its line in the audit log."""

    standing: Standing | None = None
    trail: Trail = field(default_factory=Trail)


def serve(endpoint: Endpoint, request: Request, variables: dict[str, str]) -> Response:
    """The answer to a request of that route, whatever happens. `variables` are those of its path."""
    started = time.perf_counter()
    trace, code = _Trace(), ""
    try:
        response = _answer(endpoint, request, variables, trace)
    except Refusal as refusal:
        response, code = problem(refusal), refusal.code
    except Exception as error:
        alarm("A request failed in a way nobody foresaw.", error=type(error).__name__, route=endpoint.name)
        logger.exception("unforeseen")
        code = "internal"
        response = problem(Refusal(code, "Something went wrong on our side; it has been recorded."))
    trace.trail.end(response.status_code, code, made_by(response), replayed=REPLAYED in response.headers)
    _log_request(endpoint, request, response, trace, time.perf_counter() - started)
    return response


def _answer(endpoint: Endpoint, request: Request, variables: dict[str, str], trace: _Trace) -> Response:
    now = clock.now()
    raw = raw_body(request)
    trail, standing = trace.trail, None
    if endpoint.changes:
        trail.asked = asked_of(endpoint, request, variables, now)
    if not endpoint.is_public:
        standing = trace.standing = _standing(endpoint, request, raw, now)
        _check_allowed(endpoint, standing, trail)
    sent = read_body(endpoint, raw)
    call = Call(
        now=now,
        body=sent.body,
        query=read_query(endpoint, request),
        raw_body=raw,
        headers=request.headers,
        source_ip=source_ip(request),
        correlation_id=correlation_id(request),
        status=endpoint.status,
        signed_in=standing.caller if standing else None,
        tenants=standing.tenants if standing else (),
        claim=standing.claim if standing else None,
        trail=trail,
    )
    if call.claim is not None:
        call.claim.check_same()
        if call.claim.earlier is not None:
            return _replayed(call.claim)
    if trail.asked is not None:
        trail.asked = with_body(trail.asked, endpoint, request, raw, sent)
        if standing is not None:
            trail.begin(doer_of(standing))
    return _view(endpoint, request, variables, call)


def _view(endpoint: Endpoint, request: Request, variables: dict[str, str], call: Call) -> Response:
    try:
        return _to_response(endpoint, endpoint.view(call, **variables))
    except AlreadyDone:
        return _replayed(_claim_again(endpoint, request, call.now))
    except Conflict:
        # What stands in the way may be the effect of this very request, carried out a moment ago under the same key.
        if call.claim is None or (claim := _claim_again(endpoint, request, call.now)).earlier is None:
            raise
        return _replayed(claim)


def _standing(endpoint: Endpoint, request: Request, raw: bytes, now: datetime) -> Standing:
    claims = bearer_claims(request.headers.get("authorization"), now)
    key = request.headers.get("idempotency-key") if endpoint.repeatable else None
    path = request.context.get("path") or endpoint.path
    return standing_of(claims, now, claim_of(endpoint.name, key, path, raw))


def _claim_again(endpoint: Endpoint, request: Request, now: datetime) -> Claim:
    """Two requests under one key ran at once: the claim as the other one may have left it meanwhile."""
    claim = _standing(endpoint, request, raw_body(request), now).claim
    assert claim is not None, "only a request with a key is asked for its claim again"
    claim.check_same()
    return claim


def _check_allowed(endpoint: Endpoint, standing: Standing, trail: Trail) -> None:
    try:
        _check_permission(endpoint, standing)
    except NotAllowed as refusal:
        trail.refuse(doer_of(standing), refusal)
        raise


def _check_permission(endpoint: Endpoint, standing: Standing) -> None:
    caller = standing.caller
    if endpoint.may not in caller.permissions:
        if caller.acting is not None:
            raise NotAllowed("not-allowed-when-acting", "A login-as token of this scope may not do that.")
        raise NotAllowed("role-not-allowed", f"The role {caller.role.value} may not do that.")
    if endpoint.module is not None and endpoint.module not in effective_modules(standing.tenants):
        raise NotAllowed("module-not-granted", f"The module {endpoint.module} is not granted to this tenant.")


def _replayed(claim: Claim) -> Response:
    assert claim.earlier is not None
    headers: dict[str, str | list[str]] = {
        "Content-Type": "application/json",
        REPLAYED: "true",
        "Cache-Control": "no-store",
    }
    return Response(body=claim.earlier.answer, status_code=claim.earlier.status, headers=headers)


def _to_response(endpoint: Endpoint, outcome: Any) -> Response:
    if isinstance(outcome, Response):
        return outcome
    return Response(body="", status_code=204, headers={}) if outcome is None else Shown(outcome, endpoint.status)


def _log_request(endpoint: Endpoint, request: Request, response: Response, trace: _Trace, seconds: float) -> None:
    fields: dict[str, Any] = {
        "route": endpoint.name,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
        "correlation_id": correlation_id(request),
    }
    if trace.standing is not None:
        caller = trace.standing.caller
        fields |= {"tenant": caller.tenant_id, "user": caller.user_id}
        if caller.acting is not None:
            fields |= {"acting_tenant": caller.acting.tenant_id, "acting_user": caller.acting.user_id}
    log("request", **fields)
    if response.status_code >= 500:
        measure("Failures", 1)
    flush_metrics()
