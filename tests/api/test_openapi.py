"""The OpenAPI document: valid, complete, and with examples that its own schemas accept."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, ValidationError

import app  # noqa: F401  (declares every route)
from chalicelib.api.blueprint import ENDPOINTS
from chalicelib.api.openapi import openapi_document
from tests.journeys.client import Client

DOCUMENT = openapi_document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
PAGES = {"GET /", "GET /docs", "GET /openapi.json"}


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(
        {**schema, "components": {"schemas": SCHEMAS}}, format_checker=FormatChecker(["date", "date-time"])
    )


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_route_is_in_it_and_nothing_else() -> None:
    assert OPERATIONS.keys() == {endpoint.name for endpoint in ENDPOINTS}
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", [name for name, one in SCHEMAS.items() if "properties" in one])
def test_the_example_of_every_schema_is_accepted_by_it(name: str) -> None:
    (example,) = SCHEMAS[name]["examples"]
    validator(SCHEMAS[name]).validate(example)
    assert example


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_body_and_answer_has_a_schema_with_an_example(name: str) -> None:
    operation = OPERATIONS[name]
    contents = [
        (media, content["schema"])
        for part in (operation.get("requestBody", {}), *operation["responses"].values())
        for media, content in part.get("content", {}).items()
    ]
    for media, schema in contents:
        assert media == "text/csv" or resolved(schema).get("examples"), (name, media)
    endpoint = next(one for one in ENDPOINTS if one.name == name)
    success = operation["responses"][str(endpoint.status)]
    assert "content" in success or endpoint.status == 204 or name in PAGES
    assert ("requestBody" in operation) == (endpoint.body is not None)


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if isinstance(one.body, type)], ids=lambda one: one.name)
def test_the_example_of_every_body_is_a_body_that_the_route_takes(endpoint: Any) -> None:
    """Not the schema's opinion alone: the model reads it."""
    model: type[BaseModel] = endpoint.body
    schema = OPERATIONS[endpoint.name]["requestBody"]["content"]["application/json"]["schema"]
    model.model_validate(resolved(schema)["examples"][0])


def test_the_example_of_an_entry_by_hand_balances() -> None:
    lines = SCHEMAS["EntryBody"]["examples"][0]["lines"]
    assert len(lines) >= 2
    for side in ("debit", "credit"):
        assert all((line.get("debit") is None) != (line.get("credit") is None) for line in lines), side
    assert sum(float(line.get("debit") or 0) - float(line.get("credit") or 0) for line in lines) == 0


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_what_it_does_who_may_call_it_and_how_it_is_refused(name: str) -> None:
    operation = OPERATIONS[name]
    endpoint = next(one for one in ENDPOINTS if one.name == name)
    assert operation["summary"].endswith("."), operation["summary"]
    if endpoint.is_public:
        assert operation["security"] == []
    else:
        assert f"`{endpoint.may}`" in operation["description"]
        assert {"401", "403"} <= operation["responses"].keys()
    for status, answer in operation["responses"].items():
        if status >= "400":
            assert answer["content"].keys() == {"application/problem+json"}
    named = {one["name"]: one for one in operation.get("parameters", [])}
    in_path = set(re.findall(r"{(\w+)}", endpoint.path))
    assert {one for one, told in named.items() if told["in"] == "path"} == in_path
    assert ("Idempotency-Key" in named) == endpoint.repeatable


def test_a_refusal_is_described_as_what_it_is() -> None:
    validator(SCHEMAS["Problem"]).validate(SCHEMAS["Problem"]["examples"][0])


def test_money_is_a_string_everywhere() -> None:
    """No number in the document that is not a count, a rate, a limit or a duration."""
    fractional = [
        (name, field)
        for name, schema in SCHEMAS.items()
        for field, declared in schema.get("properties", {}).items()
        if "number" in {part.get("type") for part in (declared, *declared.get("anyOf", []))}
    ]
    assert fractional == []
    for field in ("amount", "balance_after"):
        assert "string" in str(SCHEMAS["MovementAnswer"]["properties"][field])


def test_the_document_and_the_pages_are_served_to_anybody() -> None:
    client = Client.of_app()
    assert client.get("/openapi.json").ok(200).data == DOCUMENT
    docs = client.get("/docs").ok(200)
    assert docs.headers["content-type"].startswith("text/html")
    for path in DOCUMENT["paths"]:
        assert path in docs.text
    assert 'href="/docs"' in client.get("/").ok(200).text
    assert client.get("/health").ok(200)["status"] == "ok"


def test_a_schema_that_holds_itself_has_an_example_that_ends() -> None:
    tree = SCHEMAS["TreeAnswer"]
    (example,) = tree["examples"]
    assert example["children"] == []
    validator(tree).validate(example)


def test_schemas_of_the_books_and_funds_are_named_without_their_module() -> None:
    assert [name for name in SCHEMAS if name.startswith(("chalicelib__ledger", "chalicelib__funds"))] == []


@pytest.mark.parametrize(
    ("schema", "field", "taken", "refused"),
    [
        (
            "RechargeBody",
            "amount",
            ["0.01", "800", "10000000000000.00"],
            ["0", "0.00", "-1", "1.001", "10000000000000.01"],
        ),
        ("NewPlanBody", "monthly_price", ["0", "0.00", "575.00"], ["-0", "-0.00", "-1.00", "00.10"]),
        ("NewResellerBody", "minimum_balance", ["-0", "-800.00", "0"], ["--1", "1e3"]),
        ("NewResellerBody", "settles_from", ["2026-11-22", "2199-12-31"], ["1999-12-31", "2200-01-01", "2026-02-30"]),
        (
            "NewResellerBody",
            "settlement",
            [{"mode": "aggregate"}],
            [{"mode": "aggregate", "more": 1}, {"mode": "other"}],
        ),
        ("NewSubscriberBody", "phone", ["+880 (1711) 234-567", "01711234567", None], ["1234", "01711x", "0" * 16, "+"]),
        ("NewSubscriberBody", "mac", ["9c53.0007.0000", "9C:53:00:07:00:7B"], ["9C:53-00:07:00:7B", "9C53000700", "x"]),
        ("NewSubscriberBody", "username", ["a", "a.b_c@d+e-f"], ["", "-a", "a b", "a" * 65]),
        ("TemplateBody", "source", ["x", " x\n", None], ["", " ", "\r\n\t"]),
        ("DocumentBody", "of", ["0", "t4h8w2.s123.2026-11", "a" * 128], ["", ".a", "a b", "a/b", "\u009b", "a" * 129]),
    ],
)
def test_a_schema_allows_what_its_field_takes_and_nothing_else(
    schema: str, field: str, taken: list[Any], refused: list[Any]
) -> None:
    (body,) = [endpoint.body for endpoint in ENDPOINTS if getattr(endpoint.body, "__name__", "") == schema][:1]
    for value in [*taken, *refused]:
        sent = {**SCHEMAS[schema]["examples"][0], field: value}
        allowed = validator(SCHEMAS[schema]).is_valid(sent)
        assert allowed is is_taken(body, sent) is (value in taken), value


def is_taken(body: Any, sent: dict[str, Any]) -> bool:
    try:
        body.model_validate(sent)
    except ValidationError:
        return False
    return True


def test_no_parameter_of_a_query_may_be_null() -> None:
    queries = [
        one for operation in OPERATIONS.values() for one in operation.get("parameters", []) if one["in"] == "query"
    ]
    assert [one for one in queries if "null" in str(one["schema"]) or "anyOf" in one["schema"]] == []
    assert {
        "name": "cursor",
        "in": "query",
        "required": False,
        "schema": {"maxLength": 2000, "type": "string"},
    } in queries


@pytest.mark.parametrize("name", ["GET /v1/fund", "GET /v1/fund/movements", "GET /v1/tariff", "POST /v1/documents"])
def test_what_may_not_be_there_is_told_as_404(name: str) -> None:
    assert "404" in OPERATIONS[name]["responses"]
