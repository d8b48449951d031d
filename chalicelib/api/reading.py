"""What came in, read against what the route declared: body and query become models, or a refusal that names the field."""

import json
import re
from dataclasses import dataclass
from typing import Any

from chalice.app import Request
from pydantic import BaseModel, ValidationError

from chalicelib.api.endpoint import Endpoint
from chalicelib.api.problem import invalid_body
from chalicelib.core.errors import TooLarge, Unreadable, invalid_field

MAX_BODY_BYTES = 10_000_000
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class Sent:
    """A body: the JSON data as it came, and the model made of it. Both are None for a file and where none is taken."""

    data: Any = None
    body: Any = None


def raw_body(request: Request) -> bytes:
    """The body's bytes."""
    raw = request.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def read_body(endpoint: Endpoint, raw: bytes) -> Sent:
    """The body as the route takes it. 400 when it is not JSON, 413 above 10 MB, 422 naming every bad field."""
    if len(raw) > MAX_BODY_BYTES:
        raise TooLarge("body-too-large", "A request body may be at most 10 MB.")
    if endpoint.body is None or endpoint.body == "csv":
        return Sent()
    data = _parse_json(raw)
    try:
        return Sent(data, endpoint.body.model_validate(data))
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


def read_query(endpoint: Endpoint, request: Request) -> Any:
    """The query as the route's model, None where it has none; 422 for a parameter that is bad, unknown or there twice."""
    texts = query_texts(request)
    if endpoint.query is None:
        if texts:
            raise invalid_field(min(texts)[:60], "is not a parameter of this request")
        return None
    try:
        return endpoint.query.model_validate(_to_numbers(endpoint.query, texts))
    except ValidationError as error:
        raise invalid_body(error) from None


def query_texts(request: Request) -> dict[str, str]:
    """The parameters of the query as they came; 422 for one that is there twice."""
    given = request.query_params
    texts: dict[str, str] = {}
    for name in given or ():
        values = given.getlist(name) if given is not None else []
        if len(values) > 1:
            raise invalid_field(name[:60], "must not be given twice")
        texts[name] = values[0]
    return texts


def _to_numbers(model: type[BaseModel], texts: dict[str, str]) -> dict[str, Any]:
    """Query values are texts: those of number and flag fields are turned into what the strict model takes."""
    values: dict[str, Any] = dict(texts)
    for name, text in texts.items():
        declared = model.model_fields.get(name)
        if declared is None:
            continue
        if declared.annotation is int and _WHOLE_NUMBER.fullmatch(text):
            values[name] = int(text)
        elif declared.annotation in (bool, bool | None) and text in ("true", "false"):
            values[name] = text == "true"
    return values
