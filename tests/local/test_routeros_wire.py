"""The words of the RouterOS API and its queries, apart from any router; librouteros says how a word must look."""

import pytest
from librouteros.protocol import encode_length as as_librouteros

from local.routeros import values
from local.routeros.query import NotAQuery, candidates, succeeds
from local.routeros.values import Trap
from local.routeros.wire import NotASentence, Sentences, encode_length, encode_sentence, to_bytes, to_text


def read(data: bytes, at_once: int = 65_536) -> list[list[str] | None]:
    left = bytearray(data)

    def receive(count: int) -> bytes:
        piece = bytes(left[: min(count, at_once)])
        del left[: len(piece)]
        return piece

    sentences, found = Sentences(receive), []
    while True:
        found.append(sentences.read())
        if found[-1] is None:
            return found


@pytest.mark.parametrize("length", [0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, 0x1FFFFF, 0x200000, 0xFFFFFFF])
def test_a_length_is_as_librouteros_writes_it(length: int) -> None:
    assert encode_length(length) == as_librouteros(length)


def test_a_length_of_the_fifth_form_is_a_mark_and_four_bytes() -> None:
    assert encode_length(0x10000000) == b"\xf0\x10\x00\x00\x00"


@pytest.mark.parametrize("length", [1, 0x7F, 0x80, 0x3FFF, 0x4000, 0x100000])
def test_a_word_of_any_length_is_read_back_also_when_it_comes_in_pieces(length: int) -> None:
    data = encode_sentence(["/x", "a" * length])
    assert read(data, 7 if length < 0x4000 else 4096) == [["/x", "a" * length], None]


@pytest.mark.parametrize("form", [b"\x03", b"\x80\x03", b"\xc0\x00\x03", b"\xe0\x00\x00\x03", b"\xf0\x00\x00\x00\x03"])
def test_a_length_is_understood_in_each_of_its_five_forms(form: bytes) -> None:
    assert read(form + b"abc\x00") == [["abc"], None]


def test_bytes_that_are_not_utf_8_come_back_as_they_went_in() -> None:
    assert to_bytes(to_text(b"Jos\xe9 \xff")) == b"Jos\xe9 \xff"
    assert to_text("রহিম".encode()) == "রহিম"


@pytest.mark.parametrize("data", [b"\xf8", b"\xff\xff", b"\xef\xff\xff\xff"])
def test_a_control_byte_and_a_word_that_is_far_too_long_are_no_sentence(data: bytes) -> None:
    with pytest.raises(NotASentence):
        read(data)


def test_half_a_sentence_is_the_end() -> None:
    assert read(b"\x05/lo") == [None]


ITEM = {"name": "rahim", "disabled": "true", "limit": "20", "profile": "10M", "comment": "tributary"}


@pytest.mark.parametrize(
    "words, expected",
    [
        ([], True),
        (["?name=rahim"], True),
        (["?=name=rahim"], True),
        (["?name=karim"], False),
        (["?name"], True),
        (["?address"], False),
        (["?-address"], True),
        (["?-name"], False),
        (["?>limit=9"], True),
        (["?<limit=9"], False),
        (["?<limit=100"], True),
        (["?>comment="], True),
        (["?>address="], False),
        (["?disabled=yes"], True),
        (["?disabled=true"], True),
        (["?disabled=no"], False),
        (["?name=rahim", "?profile=5M"], False),
        (["?name=rahim", "?profile=5M", "?#|"], True),
        (["?name=a", "?name=b", "?name=rahim", "?#||"], True),
        (["?name=a", "?name=b", "?name=c", "?#||"], False),
        (["?name=a", "?#!"], True),
        (["?name=a", "?name=b", "?#|!"], True),
        (["?name=rahim", "?disabled=no", "?#&!"], True),
        (["?name=a", "?#.", "?#|!"], True),
        (["?name=a", "?name=rahim", "?#0"], True),
        (["?name=a", "?name=rahim", "?#1"], False),
        (["?name=rahim", "?name=a", "?#1.0.!&&"], False),
        (["?name=a", "?#|"], True),
        (["?name=a=b"], False),
    ],
)
def test_a_query_is_evaluated_on_a_stack_that_begins_with_endless_trues(words: list[str], expected: bool) -> None:
    assert succeeds(words, ITEM) is expected


def test_an_operation_that_does_not_exist_is_no_query() -> None:
    with pytest.raises(NotAQuery):
        succeeds(["?#x"], ITEM)


@pytest.mark.parametrize(
    "words, expected",
    [
        (["?name=a"], {"a"}),
        (["?name=a", "?name=b", "?#|"], {"a", "b"}),
        (["?name=a", "?profile=10M"], {"a"}),
        (["?name=a", "?name=b", "?#&"], set()),
        (["?name=a", "?profile=10M", "?#|"], None),
        (["?name=a", "?#!"], None),
        (["?disabled=yes"], None),
    ],
)
def test_the_names_that_can_succeed_are_known_before_any_item_is_looked_at(
    words: list[str], expected: set[str] | None
) -> None:
    assert candidates(words, "name") == expected


def nothing(_menu: str) -> set[str]:
    return set()


@pytest.mark.parametrize(
    "kind, given, printed",
    [
        (values.rate_pair, "10M/2M", "10000000/2000000"),
        (values.rate_pair, "512k", "512000/512000"),
        (values.targets, "10.0.0.5", "10.0.0.5/32"),
        (values.targets, "10.0.0.5/24,10.1.0.1", "10.0.0.0/24,10.1.0.1/32"),
        (values.listed_address, "10.0.0.5/32", "10.0.0.5"),
        (values.listed_address, "10.0.0.0/24", "10.0.0.0/24"),
        (values.listed_address, "10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"),
        (values.listed_address, "a-b.example.com", "a-b.example.com"),
        (values.mac, "aa-bb-cc-00-11-22", "AA:BB:CC:00:11:22"),
        (values.flag, "yes", "true"),
        (values.span, "00:05:00", "5m"),
        (values.span, "1w2d3h4m5s", "1w2d3h4m5s"),
        (values.span, "90", "1m30s"),
        (values.span, "none", "none"),
        (values.number, "007", "7"),
    ],
)
def test_a_value_prints_as_routeros_prints_it(kind: values.Kind, given: str, printed: str) -> None:
    assert kind("x", given, nothing) == printed


@pytest.mark.parametrize(
    "kind, given",
    [
        (values.rate_pair, "fast"),
        (values.rate_pair, "1M/2M/3M"),
        (values.rate_limit, "10Mb"),
        (values.targets, "somewhere"),
        (values.listed_address, "10.0.0.300"),
        (values.ip_address, ""),
        (values.mac, "AA:BB"),
        (values.flag, "maybe"),
        (values.span, "soon"),
        (values.number, "-1"),
        (values.ranges, "10.0.0.1-x"),
    ],
)
def test_a_value_of_another_form_is_refused_by_its_name(kind: values.Kind, given: str) -> None:
    with pytest.raises(Trap) as refused:
        kind("x", given, nothing)
    assert refused.value.message == "invalid value for argument x"
