"""Text as people mean it, JSON as it is hashed, and the classes of refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import errors
from chalicelib.core.errors import FieldError, NotFound, Refusal, TooMany, invalid_field
from chalicelib.core.json import compact_json, read_json
from chalicelib.core.text import clean_text


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("  Karim Uddin ", "Karim Uddin"),
        ("\u00a0করিম উদ্দিন\u3000", "করিম উদ্দিন"),
        ("Cafe\u0301", "Café"),
        ("ক্\u200dষ", "ক্\u200dষ"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_text_is_composed_and_loses_its_outer_spaces(given_text: str, kept: str) -> None:
    assert clean_text(given_text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "a\tb",
        "a\nb",
        "a\x7f",
        "ক\x00",
        "ক\nখ",
        "\ud800",
        "ক\u2028খ",
        "a\u2029b",
        "\ufeffb",
        "\ue000",
        "\uffff",
    ],
)
def test_text_with_a_character_that_nobody_can_see_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="control characters"):
        clean_text(text)


@given(st.text(max_size=30))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    try:
        once = clean_text(text)
    except ValueError:
        return
    assert clean_text(once) == once
    once.encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_data_survives_being_written_as_json(value: object) -> None:
    assert read_json(compact_json(value)) == value


def test_json_is_one_line_without_spaces_with_text_as_it_is() -> None:
    assert compact_json({"নাম": ["করিম\n", 1, None, True]}) == '{"নাম":["করিম\\n",1,null,true]}'


def test_every_class_of_refusal_has_a_status_and_a_title_of_its_own() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Refusal)]
    statuses = [kind.status for kind in kinds]
    assert sorted(statuses) == [400, 401, 403, 404, 409, 413, 422, 429, 500, 503]
    assert len({kind.title for kind in kinds}) == len(kinds)


def test_what_is_not_there_never_says_whose_it_might_be() -> None:
    refusal = NotFound("entry")
    assert (refusal.status, refusal.code, refusal.detail) == (404, "not-found", "There is no such entry.")


def test_a_bad_field_is_named_with_its_sentence() -> None:
    refusal = invalid_field("lines.0.debit", "must be more than zero")
    assert (refusal.code, refusal.status) == ("invalid", 422)
    assert refusal.errors == (FieldError("lines.0.debit", "must be more than zero"),)
    assert invalid_field("mode", "is not available yet", "mode-not-available").code == "mode-not-available"


def test_too_many_says_when_to_come_back() -> None:
    assert TooMany("throttled", "Too many attempts.", 30).retry_after_seconds == 30
