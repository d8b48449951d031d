"""Declaring a route: a Blueprint whose routes say who may call them, what they take and what they answer.

A route that does not say who may call it cannot be declared. Everything a view does not have to care about happens here
once: the standing of the caller, permission and module, the body, the idempotency key, refusals, and the request's line
in the log. `app.py` is a list of these blueprints; `openapi.py` describes what they declared.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from chalice.app import Blueprint as ChaliceBlueprint
from chalice.app import Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib.api.call import Call, Claim, to_json
from chalicelib.api.problem import invalid_body, problem
from chalicelib.api.standing import Standing, bearer_claims, claim_of, standing_of
from chalicelib.auth.roles import ALL_PERMISSIONS
from chalicelib.aws import clock
from chalicelib.aws.log import alarm, flush_metrics, log, logger, measure
from chalicelib.aws.tables import AlreadyDone
from chalicelib.core.errors import Conflict, NotAllowed, Refusal, TooLarge, Unreadable, invalid_field
from chalicelib.tenants.model import MODULES, effective_modules

MAX_BODY_BYTES = 10_000_000
PUBLIC: Literal["public"] = "public"
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)

View = Callable[..., Any]


@dataclass(frozen=True)
class Endpoint:
    """One route as it was declared: what `openapi.py` tells clients and `serve` enforces."""

    path: str
    method: str
    view: View
    may: str
    module: str | None
    body: type[BaseModel] | Literal["csv"] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    status: int
    tag: str
    repeatable: bool
    also: dict[int, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_public(self) -> bool:
        return self.may == PUBLIC


ENDPOINTS: list[Endpoint] = []
"""Every route declared so far, in order of import."""


class Blueprint(ChaliceBlueprint):
    """Chalice's Blueprint, whose `api` decorator is the only way to declare a route of the API."""

    def __init__(self, import_name: str, tag: str) -> None:
        super().__init__(import_name)
        self.tag = tag

    def api(
        self,
        method: str,
        path: str,
        *,
        may: str,
        module: str | None = None,
        body: type[BaseModel] | Literal["csv"] | None = None,
        query: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        repeatable: bool = False,
        also: dict[int, str] | None = None,
        text: dict[str, str] | None = None,
    ) -> Callable[[View], View]:
        """Declare `method path`. `may` is a permission of `auth/roles.py`, or "public".

        `module` is what the tenant must have been granted. `repeatable` says that the view passes `call.remember` to
        its use case, so that an `Idempotency-Key` holds. `also` names further refusals for OpenAPI: {409: "fund-too-low"}.
        `text` is for a view that answers text instead of a model: its media types, each with an example.
        The view is called with a `Call` and the path's variables and returns its answer model (or a chalice Response).
        """
        if may != PUBLIC and may not in ALL_PERMISSIONS:
            raise ValueError(f"{method} {path}: {may!r} is not a permission")
        if module is not None and module not in MODULES:
            raise ValueError(f"{method} {path}: {module!r} is not a module")

        def declare(view: View) -> View:
            endpoint = Endpoint(
                path,
                method,
                view,
                may,
                module,
                body,
                query,
                answer,
                status,
                self.tag,
                repeatable,
                also or {},
                text or {},
            )
            ENDPOINTS.append(endpoint)

            def serve(**variables: str) -> Response:
                return _serve(endpoint, self.current_request, variables)

            serve.__name__ = f"{view.__module__.split('.')[1]}_{view.__name__}"
            register = super(Blueprint, self).route(path, methods=[method], content_types=["*/*"], name=serve.__name__)
            register(serve)
            return view

        return declare


@dataclass
class _Trace:
    """What the log line of a request says about its caller."""

    standing: Standing | None = None


def _serve(endpoint: Endpoint, request: Request, variables: dict[str, str]) -> Response:
    started = time.perf_counter()
    trace = _Trace()
    try:
        response = _answer(endpoint, request, variables, trace)
    except Refusal as refusal:
        response = problem(refusal)
    except Exception as error:
        alarm("A request failed in a way nobody foresaw.", error=type(error).__name__, route=endpoint.name)
        logger.exception("unforeseen")
        response = problem(Refusal("internal", "Something went wrong on our side; it has been recorded."))
    _log_request(endpoint, request, response, trace, time.perf_counter() - started)
    return response


def _answer(endpoint: Endpoint, request: Request, variables: dict[str, str], trace: _Trace) -> Response:
    now = clock.now()
    raw_body = _raw_body(request)
    standing: Standing | None = None
    if not endpoint.is_public:
        claims = bearer_claims(request.headers.get("authorization"), now)
        key = request.headers.get("idempotency-key") if endpoint.repeatable else None
        path = request.context.get("path") or endpoint.path
        standing = standing_of(claims, now, claim_of(endpoint.name, key, path, raw_body))
        trace.standing = standing
        _check_allowed(endpoint, standing)
    call = Call(
        now=now,
        body=_read_body(endpoint, raw_body),
        query=_read_query(endpoint, request),
        raw_body=raw_body,
        headers=request.headers,
        source_ip=(request.context.get("identity") or {}).get("sourceIp", ""),
        correlation_id=request.context.get("requestId", ""),
        status=endpoint.status,
        signed_in=standing.caller if standing else None,
        tenants=standing.tenants if standing else (),
        claim=standing.claim if standing else None,
    )
    if call.claim is not None:
        call.claim.check_same()
        if call.claim.earlier is not None:
            return _replayed(call.claim)
    try:
        return _to_response(endpoint, endpoint.view(call, **variables))
    except AlreadyDone:
        return _replayed(_claim_again(endpoint, request, now))
    except Conflict:
        # What stands in the way may be the effect of this very request, carried out a moment ago under the same key.
        if call.claim is None or (claim := _claim_again(endpoint, request, now)).earlier is None:
            raise
        return _replayed(claim)


def _claim_again(endpoint: Endpoint, request: Request, now: datetime) -> Claim:
    """Two requests under one key ran at once: the claim as the other one may have left it meanwhile."""
    claims = bearer_claims(request.headers.get("authorization"), now)
    path = request.context.get("path") or endpoint.path
    key = request.headers.get("idempotency-key")
    claim = standing_of(claims, now, claim_of(endpoint.name, key, path, _raw_body(request))).claim
    assert claim is not None, "only a request with a key is asked for its claim again"
    claim.check_same()
    return claim


def _raw_body(request: Request) -> bytes:
    raw = request.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def _check_allowed(endpoint: Endpoint, standing: Standing) -> None:
    caller = standing.caller
    if endpoint.may not in caller.permissions:
        if caller.acting is not None:
            raise NotAllowed("not-allowed-when-acting", "A login-as token of this scope may not do that.")
        raise NotAllowed("role-not-allowed", f"The role {caller.role.value} may not do that.")
    if endpoint.module is not None and endpoint.module not in effective_modules(standing.tenants):
        raise NotAllowed("module-not-granted", f"The module {endpoint.module} is not granted to this tenant.")


def _read_body(endpoint: Endpoint, raw: bytes) -> Any:
    if len(raw) > MAX_BODY_BYTES:
        raise TooLarge("body-too-large", "A request body may be at most 10 MB.")
    if endpoint.body is None or endpoint.body == "csv":
        return None
    data = _parse_json(raw)
    try:
        return endpoint.body.model_validate(data)
    except ValidationError as error:
        raise invalid_body(error) from None


def _parse_json(raw: bytes) -> Any:
    try:
        data = json.loads(
            raw.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
            object_pairs_hook=_refuse_doubles,
        )
    except (ValueError, RecursionError):
        raise Unreadable("unreadable", "The body must be JSON in UTF-8.") from None
    return data


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _parse_int(text: str) -> Any:
    """A number far beyond any field of ours stays text, which every number field refuses by name."""
    return int(text) if len(text) <= 40 else text


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that names something twice means two things: it is refused instead of guessed at."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _read_query(endpoint: Endpoint, request: Request) -> Any:
    given = request.query_params
    texts: dict[str, str] = {}
    for name in given or ():
        values = given.getlist(name) if given is not None else []
        if len(values) > 1:
            raise invalid_field(name[:60], "must not be given twice")
        texts[name] = values[0]
    if endpoint.query is None:
        if texts:
            raise invalid_field(min(texts)[:60], "is not a parameter of this request")
        return None
    try:
        return endpoint.query.model_validate(_to_numbers(endpoint.query, texts))
    except ValidationError as error:
        raise invalid_body(error) from None


def _to_numbers(model: type[BaseModel], texts: dict[str, str]) -> dict[str, Any]:
    """Query values are texts: those of number and flag fields are turned into what the strict model takes."""
    values: dict[str, Any] = dict(texts)
    for name, text in texts.items():
        declared = model.model_fields.get(name)
        if declared is None:
            continue
        if declared.annotation is int and _WHOLE_NUMBER.fullmatch(text):
            values[name] = int(text)
        elif declared.annotation is bool and text in ("true", "false"):
            values[name] = text == "true"
    return values


def _replayed(claim: Claim) -> Response:
    assert claim.earlier is not None
    headers: dict[str, str | list[str]] = {
        "Content-Type": "application/json",
        "Idempotency-Replayed": "true",
        "Cache-Control": "no-store",
    }
    return Response(body=claim.earlier.answer, status_code=claim.earlier.status, headers=headers)


def _to_response(endpoint: Endpoint, outcome: Any) -> Response:
    if isinstance(outcome, Response):
        return outcome
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if outcome is None:
        return Response(body="", status_code=204, headers={})
    return Response(body=to_json(outcome), status_code=endpoint.status, headers=headers)


def _log_request(endpoint: Endpoint, request: Request, response: Response, trace: _Trace, seconds: float) -> None:
    fields: dict[str, Any] = {
        "route": endpoint.name,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
        "correlation_id": request.context.get("requestId", ""),
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


def render_with(status: int, answer: BaseModel) -> Response:
    """An answer with another status than the route's own (202 instead of 200)."""
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(body=to_json(answer), status_code=status, headers=headers)
