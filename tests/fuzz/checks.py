"""What every answer has to be, beyond what schemathesis checks: signed in or refused, a problem document, and a reader
that takes what its schema allows and nothing else."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import requests
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

OF_SCHEMATHESIS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

SILENT = {"router-did-not-answer"}
"""Refusals with 503 that are no failure of the product: somebody else's router is away."""

PROBLEM_JSON = "application/problem+json"
READ_BEFORE_THE_BODY = {400, 401, 403, 413, 422}
NOT_READ = "Some fields are not valid."
_NO_JSON = object()
_SIGNED = re.compile(r"\?X-Amz-[^\"]*")
_WHOLE = re.compile(r"-?[0-9]{1,18}")

UNSAYABLE = {
    "must not hold control characters": "a Unicode category cannot be named in the patterns of JSON Schema",
    "must hold a character that can be seen": "the same",
    "must not hold characters that turn the direction of text": "the same",
    "holds a character that was lost on its way": "the same",
    "characters long": "a text is measured after it is composed and trimmed",
    "must be an instant written like": "of year 1 and year 9999 some instants have no day in UTC",
    "must be the name of a time zone": "the names are those of the time zone database",
    "must be a host name or an IP address": "a pattern that tells all of them apart could be read by nobody",
    "must be the address of a router": "the addresses that are nobody's router are ranges of numbers",
    "must not be a name of this machine": "the same",
    "must not name an interface": "the same",
    "must be an IPv4 address": "the same",
    "must be an IPv4 network": "the same",
    "must be an address that a host can have": "the same",
}
"""Rules of single fields that a schema cannot say, by words of their refusal."""


def checks_of(response: requests.Response) -> list[Any]:
    """The checks of schemathesis that hold for this answer."""
    is_silent = response.status_code == 503 and response.json()["code"] in SILENT
    return [check for check in OF_SCHEMATHESIS if not (is_silent and check is not_a_server_error)]


def is_problem(response: requests.Response) -> Iterator[str]:
    """What is wrong with a refusal as a problem document."""
    if response.status_code < 400:
        return
    if response.headers.get("Content-Type", "") != PROBLEM_JSON:
        yield f"a refusal of the type {response.headers.get('Content-Type')!r}"
        return
    document = response.json()
    if not {"type", "title", "status", "detail", "code"} <= document.keys():
        yield f"members are missing: {sorted(document)}"
    elif document["status"] != response.status_code:
        yield f"status {document['status']} inside of {response.status_code}"
    elif (response.status_code == 422) != bool(document.get("errors")):
        yield "errors are there on 422 and on 422 alone"


def repeated_otherwise(first: requests.Response, again: requests.Response) -> str | None:
    """How the answer to a request that was sent again under its key differs from the first; None when it does not.

    A link is signed anew at every look. A dry run leaves nothing behind, so it has nothing to be answered from.
    """
    if (first.status_code, _kept(first)) != (again.status_code, _kept(again)):
        return "answered otherwise"
    is_dry = "dry_run=true" in str(first.request.url)
    return None if is_dry or again.headers.get("Idempotency-Replayed") == "true" else "done a second time"


def _kept(response: requests.Response) -> str:
    """Of an answer what is kept under its key."""
    return _SIGNED.sub("", response.text)


class Reader:
    """Holds what was sent against the schemas of the operation, and the answer against the outcome."""

    def __init__(self, operation: dict[str, Any], components: dict[str, Any]) -> None:
        self.body = self._validator_of_body(operation, components)
        self.query = {
            one["name"]: (one["schema"], _validator(one["schema"], components))
            for one in operation.get("parameters", [])
            if one["in"] == "query"
        }
        self.needed = {
            one["name"] for one in operation.get("parameters", []) if one["in"] == "query" and one.get("required")
        }

    def _validator_of_body(self, operation: dict[str, Any], components: dict[str, Any]) -> Any:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        return _validator(content["schema"], components) if content else None

    def disagreements(self, response: requests.Response) -> Iterator[str]:
        """Where the reader refused what its schema allows, or took what it forbids."""
        data = self._data(response.request.body)
        if _holds_fraction(data):
            return
        wrong = [*self._wrong_in_body(data), *self._wrong_in_query(str(response.request.url))]
        if wrong and response.status_code not in READ_BEFORE_THE_BODY:
            yield f"taken although the schema forbids it: {wrong[0]}"
        if wrong or response.status_code != 422 or (problem := response.json()).get("detail") != NOT_READ:
            return
        for error in problem["errors"]:
            if not any(words in error["message"] for words in UNSAYABLE):
                yield f"refused although the schema allows it: {_unnumbered(error['field'])} {error['message']}"

    def _data(self, raw: bytes | str | None) -> Any:
        """The body as data, `_NO_JSON` for one that is none."""
        try:
            data = json.loads(raw or b"", parse_constant=_refuse, object_pairs_hook=_refuse_doubles)
            json.dumps(data, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return _NO_JSON
        return data

    def _wrong_in_body(self, data: Any) -> Iterator[str]:
        if self.body is None:
            return
        if data is _NO_JSON:
            yield "body: is no JSON"
            return
        for error in self.body.iter_errors(data):
            yield f"body {'.'.join('#' if isinstance(p, int) else p for p in error.instance_path)}: {error.kind.name}"

    def _wrong_in_query(self, url: str) -> Iterator[str]:
        seen: set[str] = set()
        for name, text in parse_qsl(urlsplit(url).query, keep_blank_values=True):
            if name not in self.query:
                yield "query: an unknown parameter"
            elif name in seen:
                yield f"query {name}: given twice"
            else:
                schema, validator = self.query[name]
                if not validator.is_valid(_on_the_wire(schema, text)):
                    yield f"query {name}: {schema}"
            seen.add(name)
        for name in sorted(self.needed - seen):
            yield f"query {name}: left out"


def _validator(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator({**schema, "components": components}, validate_formats=True)


def _on_the_wire(schema: dict[str, Any], text: str) -> Any:
    types = {part.get("type") for part in [schema, *schema.get("anyOf", [])]}
    if "integer" in types and _WHOLE.fullmatch(text):
        return int(text)
    return text == "true" if "boolean" in types and text in ("true", "false") else text


def _unnumbered(field: str) -> str:
    return re.sub(r"\b[0-9]+\b", "#", field)


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("doubled")
    return dict(pairs)


def _holds_fraction(value: Any) -> bool:
    """A number written with a point: 2.0 is a whole number for a schema and none for the product, which is right twice."""
    if isinstance(value, dict):
        return any(_holds_fraction(part) for part in value.values())
    if isinstance(value, list):
        return any(_holds_fraction(part) for part in value)
    return isinstance(value, float)
