"""What requests cost: exact units, in the meter and in the answers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .books import TABLE, action, get, key, open_books, put, query, sized, transact, update
from .dynamodb import MemoryDynamoDB
from .values import take_item, take_value

KB = 1024


@pytest.fixture
def books() -> MemoryDynamoDB:
    return open_books()


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "é漢"}, 5),
        ({"B": b"abcd"}, 4),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"N": "0"}, 1),
        ({"N": "1"}, 2),
        ({"N": "99"}, 2),
        ({"N": "100"}, 2),
        ({"N": "101"}, 3),
        ({"N": "-1"}, 3),
        ({"N": "1.5"}, 3),
        ({"N": "123456789012"}, 7),
        ({"N": "9" * 38}, 20),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "-1"]}, 5),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}, {"N": "1"}]}, 3 + 2 + 3),
        ({"M": {}}, 3),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 2 + 1),
    ],
)
def test_a_value_weighs_what_the_developer_guide_says(value: Any, size: int) -> None:
    assert take_value(value)[1] == size


def test_an_item_weighs_its_names_and_its_values() -> None:
    assert take_item({"pk": {"S": "t#1"}, "größe": {"N": "100"}})[1] == 2 + 3 + 7 + 2
    assert take_item(sized("a", 1024))[1] == 1024


@pytest.mark.parametrize(("size", "units"), [(KB, 1), (KB + 1, 2), (400 * KB, 400)])
def test_a_write_costs_a_unit_for_each_kilobyte_begun(books: MemoryDynamoDB, size: int, units: int) -> None:
    with books.measured() as cost:
        put(books, sized("a", size))
    assert (cost.write_units, cost.read_units, cost.requests, cost.items) == (units, 0, 1, 1)


def test_a_write_costs_the_larger_of_both_versions(books: MemoryDynamoDB) -> None:
    put(books, sized("a", 3 * KB))
    with books.measured() as cost:
        put(books, sized("a", KB))
    assert cost.write_units == 3
    with books.measured() as cost:
        update(books, "a", "SET f = :v", v={"S": "x" * 5 * KB})
    assert cost.write_units == 6
    with books.measured() as cost:
        books.call("DeleteItem", {"TableName": TABLE, "Key": key("a")})
        books.call("DeleteItem", {"TableName": TABLE, "Key": key("a")})
    assert cost.write_units == 6 + 1


def test_a_failed_condition_is_charged_like_the_write_it_prevented(books: MemoryDynamoDB) -> None:
    put(books, sized("a", 2 * KB))
    with books.measured() as cost, pytest.raises(ClientError):
        put(books, sized("a", 3 * KB), ConditionExpression="attribute_not_exists(pk)")
    assert cost.write_units == 3
    with books.measured() as cost, pytest.raises(ClientError):
        put(books, {"pk": {"S": "p"}})
    assert (cost.write_units, cost.requests) == (0, 1)


@pytest.mark.parametrize(("size", "units"), [(4 * KB, 1), (4 * KB + 1, 2), (400 * KB, 100)])
def test_a_read_costs_a_unit_for_each_four_kilobytes_and_half_when_it_may_lag(
    books: MemoryDynamoDB, size: int, units: int
) -> None:
    put(books, sized("a", size))
    with books.measured() as cost:
        get(books, "a")
    assert cost.read_units == units
    with books.measured() as cost:
        get(books, "a", ConsistentRead=False, ProjectionExpression="sk")
    assert cost.read_units == units / 2


def test_reading_what_is_not_there_costs_as_much_as_a_small_item(books: MemoryDynamoDB) -> None:
    with books.measured() as cost:
        get(books, "none")
        query(books, ConsistentRead=True)
        query(books)
    assert cost.read_units == 1 + 1 + 0.5


def test_a_query_adds_up_sizes_before_it_rounds(books: MemoryDynamoDB) -> None:
    for n in range(9):
        put(books, sized(f"{n}", 1000))
    with books.measured() as cost:
        query(books, ConsistentRead=True, FilterExpression="attribute_exists(absent)")
    assert (cost.read_units, cost.items) == (3, 9)
    with books.measured() as cost:
        keys = [key(f"{n}") for n in range(9)]
        books.call("BatchGetItem", {"RequestItems": {TABLE: {"Keys": keys, "ConsistentRead": True}}})
    assert (cost.read_units, cost.requests) == (9, 1)


def test_a_transaction_costs_double_and_a_condition_check_is_a_write(books: MemoryDynamoDB) -> None:
    put(books, sized("a", 3 * KB))
    with books.measured() as cost:
        answer = transact(
            books,
            action("ConditionCheck", Key=key("a"), ConditionExpression="attribute_exists(pk)"),
            action("ConditionCheck", Key=key("none"), ConditionExpression="attribute_not_exists(pk)"),
            action("Put", Item=sized("b", KB + 1)),
            action("Delete", Key=key("c")),
            ReturnConsumedCapacity="INDEXES",
        )
    assert cost.write_units == 6 + 2 + 4 + 2
    units = {"CapacityUnits": 14.0, "WriteCapacityUnits": 14.0}
    assert answer["ConsumedCapacity"] == [{"TableName": TABLE, **units, "Table": units}]
    with books.measured() as cost:
        books.call("TransactGetItems", {"TransactItems": [action("Get", Key=key(sort)) for sort in "ab"]})
    assert (cost.read_units, cost.items) == (4, 2)


def test_a_cancelled_transaction_is_charged_for_what_it_prepared(books: MemoryDynamoDB) -> None:
    with books.measured() as cost, pytest.raises(ClientError):
        transact(
            books,
            action("Put", Item=sized("a", 2 * KB)),
            action("ConditionCheck", Key=key("none"), ConditionExpression="attribute_exists(pk)"),
        )
    assert cost.write_units == 4 + 2


def test_a_batch_write_costs_what_its_writes_cost(books: MemoryDynamoDB) -> None:
    entries = [
        {"PutRequest": {"Item": sized("a", KB + 1)}},
        {"PutRequest": {"Item": key("b")}},
        {"DeleteRequest": {"Key": key("c")}},
    ]
    params = {"RequestItems": {TABLE: entries}, "ReturnConsumedCapacity": "TOTAL"}
    with books.measured() as cost:
        answer = books.call("BatchWriteItem", params)
    assert cost.write_units == 4
    assert answer["ConsumedCapacity"] == [{"TableName": TABLE, "CapacityUnits": 4.0}]


def test_capacity_is_answered_when_it_is_asked_for(books: MemoryDynamoDB) -> None:
    assert "ConsumedCapacity" not in put(books, key("a"))
    answer = put(books, sized("a", 2 * KB), ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == {"TableName": TABLE, "CapacityUnits": 2.0}
    assert query(books, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"] == 0.5


def test_the_meter_can_be_read_at_any_moment_and_subtracted(books: MemoryDynamoDB) -> None:
    put(books, key("a"))
    earlier = books.meter.snapshot()
    with books.measured() as outer:
        get(books, "a")
        with books.measured() as inner:
            put(books, key("b"))
            put(books, key("c"))
    since = books.meter - earlier
    assert since == outer
    assert (since.write_units, since.read_units, since.requests, since.items) == (2, 1.0, 3, 3)
    assert since.by_operation == {"GetItem": 1, "PutItem": 2}
    assert (inner.write_units, inner.read_units) == (2, 0)
