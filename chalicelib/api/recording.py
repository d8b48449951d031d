"""What the audit log is told about a request: who, what was asked for, and what was sent without its secrets."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, get_args
from urllib.parse import urlencode

from chalice.app import Request, Response
from pydantic import BaseModel

from chalicelib.api.endpoint import Endpoint
from chalicelib.api.reading import Sent, query_texts
from chalicelib.api.standing import Standing
from chalicelib.auth.audit import Asked, Doer
from chalicelib.auth.kept_body import kept_file, kept_json, kept_text, without_secrets

MAX_PATH = 500
LARGEST_JSON_BYTES = 64 * 1024
"""A larger body is kept as a file is: going through it for secrets would take longer than the request."""


def asked_of(endpoint: Endpoint, request: Request, variables: Mapping[str, str], now: datetime) -> Asked:
    """What is known of a request before its body is read. `subject` is the last id of its path."""
    return Asked(
        at=now,
        method=endpoint.method,
        route=endpoint.path,
        path=kept_text(endpoint.path.format(**variables), MAX_PATH),
        subject=kept_text(list(variables.values())[-1], MAX_PATH) if variables else "",
        source_ip=source_ip(request),
        correlation_id=correlation_id(request),
    )


def with_body(asked: Asked, endpoint: Endpoint, request: Request, raw: bytes, sent: Sent) -> Asked:
    """The same once the body was found to be good: with what was sent, and its amount where it has one."""
    amount = getattr(sent.body, "amount", None)
    query = urlencode(without_secrets(query_texts(request), frozenset()))
    path = f"{asked.path}?{query}" if query else asked.path
    return replace(
        asked,
        path=kept_text(path, MAX_PATH),
        body=_kept_body(endpoint, raw, sent),
        amount_minor=amount if type(amount) is int else None,
    )


def doer_of(standing: Standing) -> Doer:
    """Who a signed-in request is by, with the tenant behind it under login-as, which is the parent."""
    caller = standing.caller
    return Doer(
        tenant_id=caller.tenant_id,
        user_id=caller.user_id,
        name=caller.name,
        email=caller.email,
        role=caller.role.value,
        acting=caller.acting,
        acting_tenant_name=standing.tenants[-2].name if caller.acting is not None else "",
    )


def made_by(response: Response) -> str:
    """The id of what an answer is about, or of the job that goes on with it; "" when it names none."""
    answer = getattr(response, "answer", None)
    found = getattr(answer, "id", None) or getattr(getattr(answer, "job", None), "id", None)
    return found if isinstance(found, str) else ""


def source_ip(request: Request) -> str:
    """The network address that the request came from."""
    return str((request.context.get("identity") or {}).get("sourceIp", ""))


def correlation_id(request: Request) -> str:
    """What the request is called in the log."""
    return str(request.context.get("requestId", ""))


def _kept_body(endpoint: Endpoint, raw: bytes, sent: Sent) -> str:
    if endpoint.body is None:
        return ""
    if endpoint.body == "csv" or len(raw) > LARGEST_JSON_BYTES:
        return kept_file(raw)
    return kept_json(sent.data, secret_fields(endpoint.body))


@cache
def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """The names of all fields, of a body and of its parts, that are declared to be written and never shown."""
    return frozenset(_secret_fields(model))


def _secret_fields(model: type[BaseModel]) -> Iterator[str]:
    for name, declared in model.model_fields.items():
        extra = declared.json_schema_extra
        if isinstance(extra, dict) and extra.get("writeOnly"):
            yield declared.alias or name
        for part in _models_in(declared.annotation):
            if part is not model:
                yield from secret_fields(part)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
