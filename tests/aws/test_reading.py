"""Reading rows: one, many, a page, all of them; and the attributes that keep numbers exact."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.aws import rows
from chalicelib.aws.tables import Put, put_many, read, read_all, read_many, read_page, write
from chalicelib.core.errors import Unavailable
from tests.aws.rows import NoteRow, OtherRow, answer_with, at, note
from tests.conftest import SetClock
from tests.simulation import MemoryDynamoDB

PARTITION = "t1#notes"


@pytest.fixture(params=["database", "engine"])
def tables(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(request.param)


def fill(count: int, tenant: str = "t1", **more: Any) -> None:
    rows = [note(f"{number:04d}", number, tenant, **more) for number in range(count)]
    for start in range(0, count, 25):
        put_many(rows[start : start + 25])


def numbers(rows: list[NoteRow]) -> list[int]:
    return [row.number for row in rows]


def test_a_row_is_read_whole_or_not_at_all(tables: None) -> None:
    data = {"নাম": ["করিম", 1, None], "b": True}
    write(Put(note("a", -(10**30), text="t", data=data, raw=bytes(range(256)))))
    write(Put(note("a", 5, tenant="t2")))
    row = read(NoteRow, at("a"))
    assert row is not None
    assert (row.key, row.number, row.text) == (at("a"), -(10**30), "t")
    assert (row.data, row.raw) == (data, bytes(range(256)))
    assert read(NoteRow, at("b")) is None


@pytest.mark.parametrize("value", [1.0, True, False, "1", Decimal(1), float("nan")])
def test_a_whole_number_is_nothing_but_an_int(engine: MemoryDynamoDB, value: object) -> None:
    with pytest.raises(TypeError, match="number takes an int"):
        write(Put(NoteRow.at(at("a"), number=value)))
    with pytest.raises(TypeError):
        NoteRow.number.set(value).serialize({}, {})
    assert read(NoteRow, at("a")) is None


@given(st.integers(-(10**37), 10**37))
def test_a_whole_number_is_kept_to_the_last_digit(value: int) -> None:
    attribute = NoteRow.number
    assert attribute.deserialize(attribute.serialize(value)) == value


def test_many_rows_come_in_the_order_they_were_asked_for_over_all_tables(tables: None) -> None:
    write(Put(note("a", 1)), Put(OtherRow.at(at("a"), text="other")), Put(note("a", 2, tenant="t2")))
    rows = read_many(
        [(OtherRow, at("a")), (NoteRow, at("x")), (NoteRow, at("a", "t2")), (NoteRow, at("a")), (OtherRow, at("a"))]
    )
    assert [type(row) for row in rows] == [OtherRow, type(None), NoteRow, NoteRow, OtherRow]
    assert (rows[0].text, rows[2].number, rows[3].number) == ("other", 2, 1)


def test_no_rows_are_no_request(engine: MemoryDynamoDB) -> None:
    with engine.measured() as cost:
        assert read_many([]) == []
    assert cost.requests == 0


def test_more_than_a_hundred_rows_are_one_request_for_each_hundred(engine: MemoryDynamoDB) -> None:
    fill(250)
    wanted = [(NoteRow, at(f"{number:04d}")) for number in reversed(range(250))]
    with engine.measured() as cost:
        rows = read_many([*wanted, *wanted])
    assert numbers(rows) == [*reversed(range(250))] * 2
    assert cost.by_operation == {"BatchGetItem": 3}


def test_keys_that_were_left_over_are_asked_for_again(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    fill(100)

    def at_most_thirty(operation: str, params: dict[str, Any], proceed: Any) -> dict[str, Any]:
        asked = params["RequestItems"]["books"]["Keys"]
        left, asked[30:] = asked[30:], []
        return {**proceed(), "UnprocessedKeys": {"books": {"ConsistentRead": True, "Keys": left}} if left else {}}

    answer_with(engine, at_most_thirty)
    with engine.measured() as cost:
        rows = read_many([(NoteRow, at(f"{number:04d}")) for number in range(100)])
    assert numbers(rows) == list(range(100))
    assert cost.requests == 4


def test_keys_that_are_never_answered_are_given_up(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    asked = 0

    def nothing(operation: str, params: dict[str, Any], proceed: Any) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        assert asked < 1000, "it asks for ever"
        return {"Responses": {}, "UnprocessedKeys": params["RequestItems"]}

    answer_with(engine, nothing)
    with pytest.raises(Unavailable) as busy:
        read_many([(NoteRow, at("a"))])
    assert busy.value.code == "database-busy"


def test_every_read_is_consistent(engine: MemoryDynamoDB) -> None:
    fill(3)
    engine.stale = lambda operation, table, key: True
    assert read(NoteRow, at("0001")) is not None
    assert None not in read_many([(NoteRow, at("0001"))])
    assert numbers(read_all(NoteRow, PARTITION)) == [0, 1, 2]


def test_a_page_holds_its_range_with_both_ends_and_of_its_tenant_alone(tables: None) -> None:
    fill(10)
    fill(10, "t2")
    page = read_page(NoteRow, PARTITION, first="0003", last="0006")
    assert (numbers(page.rows), page.after) == ([3, 4, 5, 6], None)
    page = read_page(NoteRow, PARTITION, first="0003", last="0006", newest_first=True, limit=3)
    assert (numbers(page.rows), page.after) == ([6, 5, 4], "0004")
    page = read_page(NoteRow, PARTITION, first="0003", last="0006", newest_first=True, limit=3, after="0004")
    assert (numbers(page.rows), page.after) == ([3], None)
    assert numbers(read_page(NoteRow, PARTITION, first="0008").rows) == [8, 9]
    assert numbers(read_page(NoteRow, PARTITION, last="0001").rows) == [0, 1]
    assert {row.pk for row in read_page(NoteRow, PARTITION).rows} == {PARTITION}


def test_a_filter_drops_rows_after_they_were_counted(tables: None) -> None:
    fill(10)
    page = read_page(NoteRow, PARTITION, limit=4, filter_on=NoteRow.number >= 3)
    assert (numbers(page.rows), page.after) == ([3], "0003")


def test_a_partition_of_several_megabytes_is_read_to_its_end(engine: MemoryDynamoDB) -> None:
    fill(50, text="x" * 60_000)
    with engine.measured() as cost:
        assert numbers(read_all(NoteRow, PARTITION)) == list(range(50))
        assert numbers(read_all(NoteRow, PARTITION, first="0010", last="0012")) == [10, 11, 12]
        assert numbers(read_all(NoteRow, PARTITION, newest_first=True)) == list(reversed(range(50)))
    assert cost.by_operation == {"Query": 3 + 1 + 3}


def test_a_range_that_is_empty_is_no_request(engine: MemoryDynamoDB) -> None:
    """DynamoDB refuses BETWEEN with its ends the wrong way round."""
    with engine.measured() as cost:
        assert read_page(NoteRow, PARTITION, first="0006", last="0003").rows == []
    assert cost.requests == 0


@pytest.mark.parametrize(
    ("after", "forward", "backward"),
    [("0000", [3, 4, 5, 6], []), ("\x00", [3, 4, 5, 6], []), ("0009", [], [6, 5, 4, 3]), ("\uffff", [], [6, 5, 4, 3])],
)
def test_a_cursor_that_lies_outside_the_range_goes_on_at_its_near_end(
    tables: None, after: str, forward: list[int], backward: list[int]
) -> None:
    """A client can send any cursor, and DynamoDB refuses a starting key outside the range."""
    fill(10)
    page = read_page(NoteRow, PARTITION, first="0003", last="0006", after=after)
    assert numbers(page.rows) == forward
    page = read_page(NoteRow, PARTITION, first="0003", last="0006", after=after, newest_first=True)
    assert numbers(page.rows) == backward


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(1, 30), st.booleans(), st.integers(0, 24), st.integers(0, 24))
def test_pages_of_any_size_together_are_the_range(
    engine: MemoryDynamoDB, limit: int, newest_first: bool, one: int, other: int
) -> None:
    if engine.meter.write_units == 0:
        fill(25)
    first, last = min(one, other), max(one, other)
    found: list[int] = []
    after = None
    while True:
        page = read_page(
            NoteRow,
            PARTITION,
            first=f"{first:04d}",
            last=f"{last:04d}",
            limit=limit,
            newest_first=newest_first,
            after=after,
        )
        assert len(page.rows) <= limit
        found += numbers(page.rows)
        if page.after is None:
            break
        after = page.after
    expected = list(range(first, last + 1))
    assert found == (expected[::-1] if newest_first else expected)


def test_all_tables_share_one_connection(engine: MemoryDynamoDB) -> None:
    assert NoteRow._get_connection().connection is OtherRow._get_connection().connection
    assert NoteRow._get_connection() is NoteRow._get_connection()
    before = NoteRow._get_connection()
    rows.forget_connections()
    assert NoteRow._get_connection() is not before
