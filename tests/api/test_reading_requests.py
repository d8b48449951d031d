"""What comes in: bodies and queries that cannot be read, wrong types, and money that is none. Never a 500."""

import json
from typing import Any

import pytest

from chalicelib.api.call import Call
from chalicelib.api.reading import MAX_BODY_BYTES
from tests.api.declared import EchoAnswer, EchoBody, EchoQuery, declare, echo
from tests.journeys.client import Client, Reply


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    return declare(monkeypatch, echo, body=EchoBody)


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Client:
    def view(call: Call) -> EchoAnswer:
        query = call.query
        return EchoAnswer(amount=query.limit, name=f"{query.cursor} {query.on} {query.known_at} {query.loud}")

    return declare(monkeypatch, view, method="GET", query=EchoQuery)


def code_of(reply: Reply) -> str:
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply["status"] == reply.status
    return str(reply["code"])


def errors_of(reply: Reply) -> dict[str, str]:
    assert code_of(reply.ok(422)) == "invalid"
    return {error["field"]: error["message"] for error in reply["errors"]}


def test_a_good_body_is_read_and_answered_with_money_as_text(client: Client) -> None:
    reply = client.post("/echo", {"amount": "800.5", "name": "  করিম "}).ok(200)
    assert reply.data == {"amount": "800.50", "name": "করিম"}
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"nonsense",
        b"{",
        b'{"amount": "1.00",}',
        b"{'amount': '1.00'}",
        b'{"amount": "1.00"} {}',
        b'\xef\xbb\xbf{"amount": "1.00"}',
        b'{"amount": "1.00", "name": "\xff\xfe"}',
        '{"amount": "1.00"}'.encode("utf-16"),
        b"\x00\x01\x02",
        b'{"count": NaN}',
        b'{"count": Infinity}',
        b'{"count": -Infinity}',
        b'{"amount": "1.00", "amount": "2.00"}',
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    ],
)
def test_a_body_that_is_not_json_in_utf_8_is_unreadable(client: Client, raw: bytes) -> None:
    reply = client.call("POST", "/echo", raw).ok(400)
    assert code_of(reply) == "unreadable"


@pytest.mark.parametrize("body", [[], "text", 1, True, None, [{"amount": "1.00"}]])
def test_a_body_that_is_no_object_is_refused(client: Client, body: Any) -> None:
    assert errors_of(client.call("POST", "/echo", json.dumps(body).encode())) == {"body": "must be an object"}


def test_a_body_of_more_than_ten_megabytes_is_too_large(client: Client) -> None:
    reply = client.call("POST", "/echo", b'"' + b"x" * MAX_BODY_BYTES + b'"').ok(413)
    assert code_of(reply) == "body-too-large"
    client.call("POST", "/echo", b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"').ok(422)


NO_MONEY = [800, 800.0, 800.5, -1, 0, True, None, ["1.00"], {"value": "1.00"}]
NO_AMOUNT = [
    "",
    "0",
    "0.00",
    "-0",
    "-1.00",
    "1.005",
    "1e3",
    "NaN",
    "Infinity",
    " 1",
    "1,000.00",
    "৫০",
    "9" * 40,
    "\ud800",
]


@pytest.mark.parametrize("amount", [*NO_MONEY, *NO_AMOUNT])
def test_what_is_no_amount_of_more_than_zero_is_refused(client: Client, amount: Any) -> None:
    raw = json.dumps({"amount": amount}).encode()
    assert errors_of(client.call("POST", "/echo", raw)).keys() == {"amount"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("amount", 800.0, "must be a string"),
        ("amount", "10000000000000.01", "is too large"),
        ("amount", "0.00", "must be more than zero"),
        ("price", "-0.01", "must not be negative"),
        ("price", 5, "must be a string"),
        ("change", "1.001", "must not have more than 2 decimals"),
        ("name", "", "must be 1 to 120 characters long"),
        ("name", "x" * 121, "must be 1 to 120 characters long"),
        ("name", "a\u0000b", "must not hold control characters"),
        ("name", 7, "must be a string"),
        ("on", "2026-02-30", "is a date that does not exist"),
        ("on", "2026-10-40", "is a date that does not exist"),
        ("on", 20261122, "must be a string"),
        ("count", "7", "must be a whole number"),
        ("count", 7.0, "must be a whole number"),
        ("count", True, "must be a whole number"),
        ("flag", "true", "must be true or false"),
        ("flag", 1, "must be true or false"),
        ("lines", {}, "must be a list"),
        ("colour", "red", "is not a field of this request"),
    ],
)
def test_a_bad_field_is_named_with_a_sentence(client: Client, name: str, value: Any, said: str) -> None:
    assert errors_of(client.post("/echo", {"amount": "1.00", name: value})) == {name: said}


def test_amounts_of_either_sign_and_of_zero_are_taken_where_they_mean_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bodies: list[EchoBody] = []

    def view(call: Call) -> EchoAnswer:
        bodies.append(call.body)
        return echo(call)

    client = declare(monkeypatch, view, body=EchoBody)
    client.post("/echo", {"amount": "0.01", "price": "0", "change": "-5.00", "count": 10**18, "flag": False}).ok(200)
    [body] = bodies
    assert (body.amount, body.price, body.change, body.count) == (1, 0, -5_00, 10**18)
    assert body.flag is False


def test_every_bad_field_is_named_with_its_path(client: Client) -> None:
    body = {"lines": [{"debit": "1.00"}, {"debit": 1}, {"debit": "0", "colour": 1}, 7], "more": {}}
    assert errors_of(client.post("/echo", body)) == {
        "amount": "is required",
        "lines.1.debit": "must be a string",
        "lines.2.debit": "must be more than zero",
        "lines.2.colour": "is not a field of this request",
        "lines.3": "must be an object",
        "more": "is not a field of this request",
    }


def test_of_very_many_errors_a_hundred_are_told(client: Client) -> None:
    reply = client.post("/echo", {"amount": "1.00", "lines": [{"debit": 1}] * 150})
    assert len(reply.ok(422)["errors"]) == 100


def test_what_was_sent_is_never_repeated(client: Client) -> None:
    reply = client.post("/echo", {"amount": "hunter2-is-my-password", "x" * 5000: 1, "name": ["hunter2"]})
    assert "hunter2" not in reply.ok(422).text
    assert len(reply.text) < 1000


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b'{"\\ud800": 1, "amount": "1.00"}', "body"),
        (b'{"amount": "1.00", "name": "\\ud800"}', "name"),
        (b'{"amount": "1.00", "lines": [{"code": "\\ud800"}]}', "lines.0.code"),
    ],
)
def test_half_a_character_is_refused_by_its_field(client: Client, raw: bytes, name: str) -> None:
    """Of a name that holds one only the object can be told."""
    assert errors_of(client.call("POST", "/echo", raw)).keys() == {name}


@pytest.mark.parametrize(
    ("query", "limit", "said"),
    [
        ("", "0.50", "None None None False"),
        ("?limit=200&cursor=abc", "2.00", "abc None None False"),
        ("?on=2026-11-22&loud=true", "0.50", "None 2026-11-22 None True"),
        ("?known_at=2026-11-22T06:00:00Z", "0.50", "None None 2026-11-22 06:00:00+00:00 False"),
    ],
)
def test_a_query_is_read_with_its_numbers_days_and_flags(asking: Client, query: str, limit: str, said: str) -> None:
    assert asking.get(f"/echo{query}").ok(200).data == {"amount": limit, "name": said}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=--1", "limit"),
        ("limit=-", "limit"),
        ("limit=", "limit"),
        ("limit=1.0", "limit"),
        ("limit=1e1", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=%205", "limit"),
        ("limit=" + "9" * 500, "limit"),
        ("limit=%D9%A5", "limit"),
        ("limit=%C2%B2", "limit"),
        ("limit=5&limit=5", "limit"),
        ("cursor=" + "x" * 2001, "cursor"),
        ("on=2026-02-30", "on"),
        ("on=", "on"),
        ("on=2026-11-22&on=2026-11-23", "on"),
        ("known_at=0001-01-01T00:00:00%2B06:00", "known_at"),
        ("known_at=yesterday", "known_at"),
        ("loud=yes", "loud"),
        ("loud=True", "loud"),
        ("colour=red", "colour"),
        ("LIMIT=5", "LIMIT"),
        ("%FF=1", "\ufffd"),
    ],
)
def test_a_bad_parameter_is_named(asking: Client, query: str, name: str) -> None:
    assert errors_of(asking.get(f"/echo?{query}")).keys() == {name}


def test_a_route_without_parameters_takes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    client = declare(monkeypatch, lambda call: EchoAnswer(amount=1, name="n"), method="GET")
    client.get("/echo").ok(200)
    assert errors_of(client.get("/echo?limit=5")).keys() == {"limit"}


def test_what_nobody_foresaw_is_told_without_a_word_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def view(call: Call) -> EchoAnswer:
        raise RuntimeError("the password is hunter2")

    reply = declare(monkeypatch, view, body=EchoBody).post("/echo", {"amount": "1.00"}).ok(500)
    assert code_of(reply) == "internal"
    assert "hunter2" not in reply.text
    assert "Traceback" not in reply.text


@pytest.mark.parametrize("digits", [41, 5000])
def test_a_number_beyond_anything_is_refused_by_its_field(client: Client, digits: int) -> None:
    raw = b'{"amount": "1.00", "count": ' + b"9" * digits + b"}"
    assert errors_of(client.call("POST", "/echo", raw)).keys() == {"count"}
