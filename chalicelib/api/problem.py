"""Refusals as RFC 9457 problem documents, mapped in this one place."""

from typing import Any

from chalice.app import Response
from pydantic import ValidationError

from chalicelib.core.errors import FieldError, Invalid, Refusal, TooMany
from chalicelib.core.json import compact_json

PROBLEM_JSON = "application/problem+json"
MAX_ERRORS = 100


def problem(refusal: Refusal) -> Response:
    """The answer that tells a client about the refusal."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
    }
    if refusal.status == 422:
        document["errors"] = [{"field": e.field, "message": e.message} for e in refusal.errors]
    document |= refusal.also
    headers: dict[str, str | list[str]] = {"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store"}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, TooMany):
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    return Response(body=compact_json(document), status_code=refusal.status, headers=headers)


_SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
}


def invalid_body(error: ValidationError) -> Invalid:
    """The refusal that names every bad field of a body or query; values are never repeated."""
    errors = []
    for one in error.errors(include_url=False, include_context=False, include_input=False)[:MAX_ERRORS]:
        field = ".".join(str(part)[:60] for part in one["loc"]) or "body"
        errors.append(FieldError(field[:200], _SENTENCES.get(one["type"], one["msg"])))
    return Invalid("invalid", "Some fields are not valid.", tuple(errors))
