"""OpenAPI 3.1, made from what the blueprints declared: a route that is not in it does not exist."""

import inspect
import re
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.api.blueprint import ENDPOINTS, Endpoint
from chalicelib.aws.config import config

PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457); `code` is stable, `errors` names bad fields on 422.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "pattern": "^[a-z0-9-]+$"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "In conflict with the present state",
            "status": 409,
            "detail": "The reseller's fund does not cover this amount.",
            "code": "fund-too-low",
        }
    ],
}

_MEANINGS = {
    400: "The request cannot be read.",
    401: "Not signed in.",
    403: "Not allowed.",
    404: "Not there, or another tenant's.",
    409: "In conflict with the present state.",
    413: "The body is larger than 10 MB.",
    422: "A field is not valid.",
    429: "Too many requests of this kind.",
    503: "Something we depend on is away.",
}


@cache
def openapi_document() -> dict[str, Any]:
    """The whole document, as plain data."""
    models = sorted(_models(), key=lambda model: model.__name__)
    refs, shared = models_json_schema(
        [(model, _mode(model)) for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas = {name: _with_example(name, schema, shared["$defs"]) for name, schema in shared.get("$defs", {}).items()}
    named = {model: refs[(model, _mode(model))] for model in models}
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, named)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tributary",
            "version": config().version,
            "description": "Billing and books for internet providers that sell through resellers.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(endpoint.tag for endpoint in ENDPOINTS)],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _models() -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = set()
    for endpoint in ENDPOINTS:
        found |= {m for m in (endpoint.body, endpoint.answer) if isinstance(m, type)}
    return found


def _mode(model: type[BaseModel]) -> Any:
    """Bodies as they come in, answers as they go out."""
    return "validation" if any(model is endpoint.body for endpoint in ENDPOINTS) else "serialization"


def _operation(endpoint: Endpoint, named: dict[type[BaseModel], Any]) -> dict[str, Any]:
    summary, _, rest = (inspect.getdoc(endpoint.view) or endpoint.name).partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": endpoint.view.__name__,
        "summary": summary.replace("\n", " "),
        "tags": [endpoint.tag],
        "responses": _responses(endpoint, named),
    }
    notes = [rest.replace("\n", " ")] if rest else []
    if endpoint.is_public:
        operation["security"] = []
    else:
        notes.append(f"Needs the permission `{endpoint.may}`" + _module_note(endpoint) + ".")
    operation["description"] = "\n\n".join(notes)
    parameters = [*_path_parameters(endpoint), *_query_parameters(endpoint)]
    if endpoint.repeatable:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key and body are answered the same and done once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
            }
        )
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body == "csv":
        operation["requestBody"] = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
    elif endpoint.body is not None:
        content = {"application/json": {"schema": named[endpoint.body]}}  # type: ignore[index]
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _module_note(endpoint: Endpoint) -> str:
    return f" and the module `{endpoint.module}`" if endpoint.module else ""


def _responses(endpoint: Endpoint, named: dict[type[BaseModel], Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    success: dict[str, Any] = {"description": "Done."}
    content: dict[str, Any] = {
        media: {"schema": {"type": "string", "examples": [example]}} for media, example in endpoint.text.items()
    }
    if endpoint.answer is not None:
        content = {"application/json": {"schema": named[endpoint.answer]}, **content}
    if content:
        success["content"] = content
    answers[str(endpoint.status)] = success
    if 202 in endpoint.also:
        answers["202"] = {**success, "description": endpoint.also[202]}
    refusals = {400, 422, 503, *endpoint.also}
    if not endpoint.is_public:
        refusals |= {401, 403}
    if "{" in endpoint.path:
        refusals.add(404)
    if endpoint.repeatable:
        refusals.add(409)
    if endpoint.body is not None:
        refusals.add(413)
    for status in sorted(refusals - {200, 201, 202, 204}):
        named_codes = endpoint.also.get(status)
        answers[str(status)] = {
            "description": _MEANINGS[status] + (f" `{named_codes}`" if named_codes else ""),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return answers


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema(mode="validation")
    parameters = []
    for name, declared in schema.get("properties", {}).items():
        kept = _without_null({key: value for key, value in declared.items() if key not in ("title", "description")})
        described = {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": kept}
        if "description" in declared:
            described["description"] = declared["description"]
        parameters.append(described)
    return parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: one that may be left out is null inside, and an address cannot say null."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**choices[0], **rest}


def _with_example(name: str, schema: dict[str, Any], all_schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema with an example put together from its fields' own examples."""
    if "properties" not in schema and "anyOf" not in schema:
        return schema
    return {**schema, "examples": [example_of(schema, all_schemas, (name,))]}


def example_of(schema: dict[str, Any], all_schemas: dict[str, Any], within: tuple[str, ...] = ()) -> Any:
    """A value that the schema allows: the first example that is given, or one put together from its parts.

    `within` names the schemas around it: a list of one of them (a tree) ends there, empty.
    """
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    if "const" in schema or "default" in schema:
        return schema.get("const", schema.get("default"))
    if "$ref" in schema:
        return example_of(all_schemas[_referred(schema)], all_schemas, (*within, _referred(schema)))
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            ending = [part for part in schema[choice] if _referred(part) not in within]
            return example_of(ending[0], all_schemas, within)
    if "properties" in schema:
        return {name: example_of(part, all_schemas, within) for name, part in schema["properties"].items()}
    if schema.get("type") == "array":
        items = schema.get("items", {})
        return [] if _referred(items) in within else [example_of(items, all_schemas, within)]
    plain = {"string": "text", "integer": 1, "number": 1, "boolean": True, "object": {}, "null": None}
    return plain.get(schema.get("type", "null"))


def _referred(schema: dict[str, Any]) -> str:
    """The name of the schema that this one points to, empty when it points to none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]
