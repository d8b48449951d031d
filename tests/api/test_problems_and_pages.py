"""Problem documents of RFC 9457, and cursors that are opaque to clients."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from chalicelib.api.fields import Answer, show_money
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.api.problem import invalid_body, problem
from chalicelib.core import errors
from chalicelib.core.errors import FieldError, Invalid, NotFound, NotSignedIn, Refusal, TooMany

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, Refusal) and kind not in (NotFound, TooMany)
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_is_a_problem_document(kind: type[Refusal]) -> None:
    response = problem(kind("a-stable-code", "A sentence."))
    document = json.loads(response.body)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.status_code == document["status"] == kind.status
    assert document["type"] == "about:blank"
    assert (document["title"], document["detail"], document["code"]) == (kind.title, "A sentence.", "a-stable-code")
    assert ("errors" in document) == (kind.status == 422)


def test_bad_fields_are_listed() -> None:
    document = json.loads(problem(Invalid("invalid", "Bad.", (FieldError("lines.0.debit", "is required"),))).body)
    assert document["errors"] == [{"field": "lines.0.debit", "message": "is required"}]


def test_some_refusals_say_more_in_their_headers() -> None:
    assert problem(NotSignedIn("not-signed-in", "Sign in.")).headers["WWW-Authenticate"] == "Bearer"
    assert problem(TooMany("throttled", "Wait.", 30)).headers["Retry-After"] == "30"
    assert "WWW-Authenticate" not in problem(NotFound("entry")).headers


def test_a_refusal_may_carry_figures() -> None:
    refusal = errors.Conflict("import-has-errors", "Some lines are bad.", also={"lines": 12})
    assert json.loads(problem(refusal).body)["lines"] == 12


def test_a_long_field_name_is_cut() -> None:
    class Empty(BaseModel, extra="forbid"):
        pass

    with pytest.raises(ValidationError) as caught:
        Empty.model_validate({"x" * 1000: 1})
    (error,) = invalid_body(caught.value).errors
    assert error == FieldError("x" * 60, "is not a field of this request")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_a_cursor_leads_back_to_where_the_page_ended(after: str) -> None:
    cursor = encode_cursor(after)
    assert cursor is not None
    assert cursor.isascii()
    assert not set(cursor) & set("=+/ ")
    assert decode_cursor(cursor) == after


def test_no_cursor_is_the_beginning_and_the_end() -> None:
    assert encode_cursor(None) is None
    assert decode_cursor(None) is None


@pytest.mark.parametrize("cursor", ["", "a", "!!!!", "____", "gICA", "é", "a" * 1999])
def test_a_cursor_that_a_client_made_up_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_cursor(cursor)
    assert [error.field for error in refused.value.errors] == ["cursor"]


@given(st.text(max_size=40))
def test_any_cursor_is_a_key_or_a_bad_field(cursor: str) -> None:
    try:
        after = decode_cursor(cursor)
    except Invalid:
        return
    assert after
    after.encode()


class ThingAnswer(Answer):
    """A thing."""

    name: str


def test_a_page_is_items_and_the_next_cursor() -> None:
    page = page_of(ThingAnswer)(items=[ThingAnswer(name="a")], next_cursor=None)
    assert page.model_dump() == {"items": [{"name": "a"}], "next_cursor": None}
    assert page_of(ThingAnswer).__name__ == "ThingPage"
    assert page_of(ThingAnswer) is page_of(ThingAnswer)


def test_amounts_go_out_with_the_currencys_decimals() -> None:
    assert [show_money(minor) for minor in (0, 5, -5, 80_000)] == ["0.00", "0.05", "-0.05", "800.00"]
