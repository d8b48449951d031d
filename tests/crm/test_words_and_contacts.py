"""The words that find a subscriber, and the fields as people write them: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.crm.contact import parse_mac, parse_name, parse_phone, parse_username, parse_zone
from chalicelib.crm.words import fold, mac_word, name_words, phone_word, search_terms

octets = st.lists(st.integers(0, 255), min_size=6, max_size=6).map(bytes)


@given(octets)
def test_every_usual_notation_of_a_mac_is_the_same_address(address: bytes) -> None:
    digits = address.hex()
    stored = ":".join(digits[i : i + 2] for i in range(0, 12, 2)).upper()
    dotted = ".".join(digits[i : i + 4] for i in range(0, 12, 4))
    written = [
        stored,
        stored.lower(),
        stored.replace(":", "-"),
        stored.replace(":", " "),
        dotted,
        digits,
        dotted.upper(),
    ]
    written += [f"{digits[:6]}-{digits[6:]}", f"  {stored} "]
    assert {parse_mac(text) for text in written} == {stored}


@pytest.mark.parametrize("text", ["", "9c53", "9c:53:00:07:00", "9c:53-00:07:00:00", "9g5300070000", "9c5300070000 1"])
def test_what_is_no_mac_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="MAC address"):
        parse_mac(text)


def test_a_telephone_number_loses_its_gaps() -> None:
    assert parse_phone(" +880 (1711) 234-567 ") == "+8801711234567"
    for text in ("", "12", "+", "01711x", "0" * 16, "০১৭১১২৩৪৫৬৭"):
        with pytest.raises(ValueError, match="telephone"):
            parse_phone(text)


def test_names_and_zones_are_cleaned_and_bounded() -> None:
    assert parse_name("  ফাতেমা আক্তার ") == "ফাতেমা আক্তার"
    assert parse_zone("") == ""
    for name in ("", "   ", "x" * 121, "a\tb", "a\u2028b"):
        with pytest.raises(ValueError, match="must"):
            parse_name(name)
    for username in ("", "a b", "-a", "ü", "x" * 65):
        with pytest.raises(ValueError, match="must"):
            parse_username(username)


@pytest.mark.parametrize("name", ["\u200b", " \u200d\u2060 ", "\u200e \u200f", "a\u202eb", "ক\u2067খ", "\u202aa\u202c"])
def test_a_name_that_shows_nothing_or_turns_the_text_is_refused(name: str) -> None:
    for parse in (parse_name, parse_zone):
        with pytest.raises(ValueError, match="must"):
            parse(name)


@pytest.mark.parametrize("name", ["ক্\u200dষ", "র\u200c্য", "Karim \u200bUddin"])
def test_joiners_stay_where_they_stand_in_a_name(name: str) -> None:
    assert parse_name(name) == name


def test_a_number_is_one_word_however_its_country_is_written() -> None:
    numbers = ("+8801711234567", "8801711234567", "008801711234567", "01711234567", "1711234567")
    assert {phone_word(number) for number in numbers} == {"01711234567"}
    assert phone_word("+442079460000") == "442079460000"


def test_names_are_split_folded_and_bared_of_punctuation() -> None:
    assert name_words("Md. O'Brien (Karim) ফাতেমা, Karim") == ("md", "o'brien", "karim", "ফাতেমা")
    assert name_words("STRASSE Straße") == ("strasse",)
    assert name_words("--- ...") == ()
    assert len(name_words(" ".join(f"w{n}" for n in range(50)))) == 12


@pytest.mark.parametrize(
    "query, terms",
    [
        ("Kar UDD", ("kar", "udd")),
        ("9C:53:0", ("9c530",)),
        ("9c53.0007", ("9c530007",)),
        ("9c-53-00", ("9c5300",)),
        ("+88017", ("017",)),
        ("1711234567", ("01711234567",)),
        ("000123", ("000123",)),
        ("bn-0001", ("bn-0001",)),
        ("  . ", ()),
        ("kar kar", ("kar",)),
    ],
)
def test_a_query_is_brought_to_the_form_of_the_words(query: str, terms: tuple[str, ...]) -> None:
    assert search_terms(query) == terms


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_a_name_is_found_by_each_of_its_words(name: str) -> None:
    for word in name_words(name):
        assert any(word.startswith(term) or term.startswith("0") for term in search_terms(word))


@given(octets, st.integers(2, 6))
def test_a_mac_is_found_by_its_first_octets(address: bytes, known: int) -> None:
    mac = parse_mac(address.hex())
    [term] = search_terms(mac[: known * 3 - 1])
    assert mac_word(mac).startswith(term)
