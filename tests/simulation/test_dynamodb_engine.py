"""What the memory engine accepts, refuses and answers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .books import TABLE, action, get, key, open_books, put, query, sized, transact, update
from .dynamodb import MemoryDynamoDB

ABSENT = "attribute_not_exists(pk)"


@pytest.fixture
def books() -> MemoryDynamoDB:
    return open_books()


def refused(code: str, match: str = "") -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\).*{match}")


def invalid(match: str = "") -> Any:
    return refused("ValidationException", match)


def test_what_a_caller_changes_afterwards_does_not_reach_the_table(books: MemoryDynamoDB) -> None:
    item = {**key("a"), "m": {"M": {"l": {"L": [{"N": "1"}]}}}}
    put(books, item)
    item["m"]["M"]["l"]["L"].append({"N": "2"})
    read = get(books, "a")
    assert read is not None
    read["m"]["M"]["l"]["L"].clear()
    read["pk"]["S"] = "q"
    assert get(books, "a") == {**key("a"), "m": {"M": {"l": {"L": [{"N": "1"}]}}}}


def test_a_failed_condition_changes_nothing_and_tells_the_item_when_asked(books: MemoryDynamoDB) -> None:
    put(books, {**key("a"), "n": {"N": "1"}})
    with refused("ConditionalCheckFailedException") as error:
        put(books, key("a"), ConditionExpression=ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert error.value.response["Item"] == {**key("a"), "n": {"N": "1"}}
    assert get(books, "a") == {**key("a"), "n": {"N": "1"}}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("n = :n AND NOT s = :n", True),
        ("absent <> :n", True),
        ("absent = :n OR absent < :n OR absent = gone", False),
        ("n BETWEEN :n AND :n", True),
        ("n IN (:s, :n)", True),
        ("size(s) = :two", True),
        ("NOT size(n) > :two", True),
        ("begins_with(s, :e)", True),
        ("contains(t, :s) AND contains(l, :n) AND contains(s, :e)", True),
        ("m.a[1] = :n AND attribute_not_exists(m.a[2])", True),
        ("attribute_type(m, :m) AND attribute_exists(m.a)", True),
        ("(n = :s OR n = :n) AND attribute_exists(pk)", True),
    ],
)
def test_conditions_hold_as_documented(books: MemoryDynamoDB, condition: str, holds: bool) -> None:
    values = {":n": {"N": "12.50"}, ":s": {"S": "é漢"}, ":e": {"S": "é"}, ":two": {"N": "2"}, ":m": {"S": "M"}}
    used = {name: value for name, value in values.items() if re.search(rf"{name}\b", condition)}
    item = {
        **key("a"),
        "n": {"N": "12.5"},
        "s": {"S": "é漢"},
        "t": {"SS": ["é漢", "x"]},
        "l": {"L": [{"N": "12.500"}]},
        "m": {"M": {"a": {"L": [{"N": "1"}, {"N": "1.25e1"}]}}},
    }
    put(books, item)
    params = {"TableName": TABLE, "Key": key("a"), "ConditionExpression": condition, "ExpressionAttributeValues": used}
    if holds:
        books.call("DeleteItem", params)
    else:
        with refused("ConditionalCheckFailedException"):
            books.call("DeleteItem", params)
    assert (get(books, "a") is None) is holds


def test_an_update_reads_every_operand_from_the_item_as_it_was(books: MemoryDynamoDB) -> None:
    put(books, {**key("a"), "x": {"N": "1"}, "y": {"N": "2"}, "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]}})
    update(books, "a", "SET x = y, y = x + :n, l[9] = :n REMOVE l[0], l[1] ADD z :n", n={"N": "10"})
    assert get(books, "a") == {
        **key("a"),
        "x": {"N": "2"},
        "y": {"N": "11"},
        "z": {"N": "10"},
        "l": {"L": [{"N": "2"}, {"N": "10"}]},
    }


def test_sets_vanish_when_empty_and_removing_what_is_not_there_is_nothing(books: MemoryDynamoDB) -> None:
    update(books, "a", "ADD t :v", v={"SS": ["b", "a"]})
    update(books, "a", "ADD t :v", v={"SS": ["a", "c"]})
    assert get(books, "a") == {**key("a"), "t": {"SS": ["a", "b", "c"]}}
    update(books, "a", "DELETE t :v", v={"SS": ["a", "b", "c", "d"]})
    update(books, "a", "SET m = :m", m={"M": {"b": {"L": []}}})
    update(books, "a", "REMOVE m.a, m.b[3]")
    assert get(books, "a") == {**key("a"), "m": {"M": {"b": {"L": []}}}}


def test_an_update_answers_the_versions_and_parts_it_is_asked_for(books: MemoryDynamoDB) -> None:
    put(books, {**key("a"), "m": {"M": {"a": {"N": "1"}, "b": {"N": "2"}}}, "s": {"S": "x"}})

    def answered(returned: str) -> Any:
        return update(books, "a", "SET m.a = m.a + :v", v={"N": "1"}, ReturnValues=returned).get("Attributes")

    assert answered("NONE") is None
    assert answered("UPDATED_OLD") == {"m": {"M": {"a": {"N": "2"}}}}
    assert answered("UPDATED_NEW") == {"m": {"M": {"a": {"N": "4"}}}}
    assert answered("ALL_OLD")["m"] == {"M": {"a": {"N": "4"}, "b": {"N": "2"}}}
    assert answered("ALL_NEW")["m"] == {"M": {"a": {"N": "6"}, "b": {"N": "2"}}}


@pytest.mark.parametrize(
    ("written", "kept"),
    [("007", "7"), ("1.50", "1.5"), ("-0", "0"), ("1e3", "1000"), ("+.5", "0.5"), ("9" * 38, "9" * 38)],
)
def test_numbers_are_exact_and_kept_in_one_spelling(books: MemoryDynamoDB, written: str, kept: str) -> None:
    put(books, {**key("a"), "n": {"N": written}})
    assert (get(books, "a") or {})["n"] == {"N": kept}


@pytest.mark.parametrize("text", ["", "1_000", " 1", "NaN", "1" * 39, "1e126", "1e-131", "0x1"])
def test_what_is_no_number_is_refused(books: MemoryDynamoDB, text: str) -> None:
    with invalid():
        put(books, {**key("a"), "n": {"N": text}})


def test_a_sum_of_more_than_38_digits_is_refused_and_never_rounded(books: MemoryDynamoDB) -> None:
    put(books, {**key("a"), "n": {"N": "9" * 38}})
    with invalid("38 significant digits"):
        update(books, "a", "ADD n :v", v={"N": "2"})
    update(books, "a", "ADD n :v", v={"N": "1"})
    assert (get(books, "a") or {})["n"] == {"N": "1" + "0" * 38}


@pytest.mark.parametrize(
    "expression",
    [
        "SET pk = :v",
        "SET a = :v, a.b = :v",
        "SET a.b = :v",
        "REMOVE a.b",
        "SET a = b",
        "SET s = s + :v",
        "ADD s :v",
        "SET name = :v",
        "SET a = :v SET b = :v",
        "SET a = :w",
        "WIPE a",
        "",
    ],
)
def test_updates_that_cannot_be_are_refused(books: MemoryDynamoDB, expression: str) -> None:
    put(books, {**key("a"), "s": {"S": "x"}})
    with invalid():
        update(books, "a", expression, **({"v": {"N": "1"}} if ":v" in expression else {}))
    assert get(books, "a") == {**key("a"), "s": {"S": "x"}}


def test_names_and_values_that_no_expression_uses_are_refused(books: MemoryDynamoDB) -> None:
    with invalid("unused in expressions: keys: {:v}"):
        put(books, key("a"), ConditionExpression=ABSENT, ExpressionAttributeValues={":v": {"N": "1"}})
    with invalid("unused in expressions: keys: {#n}"):
        put(books, key("a"), ConditionExpression=ABSENT, ExpressionAttributeNames={"#n": "n"})


@pytest.mark.parametrize("condition", ["((a = :v))", "a = a", "a < :b", "begins_with(a, :v)", "a BETWEEN :v AND :z"])
def test_conditions_that_cannot_be_are_refused_before_the_item_is_read(books: MemoryDynamoDB, condition: str) -> None:
    values = {":v": {"N": "2"}, ":z": {"N": "1"}, ":b": {"BOOL": True}}
    used = {name: value for name, value in values.items() if name in condition}
    with invalid("Invalid ConditionExpression"):
        put(books, key("a"), ConditionExpression=condition, **({"ExpressionAttributeValues": used} if used else {}))


def test_keys_must_be_whole_typed_filled_and_not_too_long(books: MemoryDynamoDB) -> None:
    for wrong in (
        {"pk": {"S": "p"}},
        {**key("a"), "x": {"S": "x"}},
        {"pk": {"S": "p"}, "sk": {"N": "1"}},
        {"pk": {"S": "p"}, "sk": {"S": ""}},
        {"pk": {"S": "p" * 2049}, "sk": {"S": "a"}},
        {"pk": {"S": "p"}, "sk": {"S": "é" * 513}},
    ):
        with invalid():
            books.call("GetItem", {"TableName": TABLE, "Key": wrong})
    put(books, {"pk": {"S": "p" * 2048}, "sk": {"S": "é" * 512}})


def test_an_item_holds_400_kilobytes_and_not_a_byte_more(books: MemoryDynamoDB) -> None:
    put(books, sized("a", 400 * 1024))
    with invalid("Item size has exceeded"):
        put(books, sized("b", 400 * 1024 + 1))
    with invalid("Item size to update has exceeded"):
        update(books, "a", "SET g = :v", v={"S": ""})


def test_a_query_reads_a_partition_in_byte_order_both_ways(books: MemoryDynamoDB) -> None:
    for sort in ("b#2", "a", "é", "b#10", "b", "c"):
        put(books, key(sort))
    put(books, key("b#1", partition="other"))

    def found(condition: str = "", **more: Any) -> list[str]:
        return [item["sk"]["S"] for item in query(books, condition, **more)["Items"]]

    assert found() == ["a", "b", "b#10", "b#2", "c", "é"]
    assert found("begins_with(sk, :a)", a={"S": "b#"}, ScanIndexForward=False) == ["b#2", "b#10"]
    assert found("sk BETWEEN :a AND :b", a={"S": "b"}, b={"S": "b#10"}) == ["b", "b#10"]
    assert found("sk > :a", a={"S": "c"}) == ["é"]
    assert found("sk <= :a", a={"S": "b"}, ScanIndexForward=False) == ["b", "a"]


def test_a_full_page_tells_where_to_go_on_even_when_nothing_is_left(books: MemoryDynamoDB) -> None:
    for sort in "abcd":
        put(books, {**key(sort), "n": {"N": "1"}})
    first = query(books, Limit=2, FilterExpression="n > :v", v={"N": "1"})
    assert (first["Count"], first["ScannedCount"], first["LastEvaluatedKey"]) == (0, 2, key("b"))
    last = query(books, Limit=2, ExclusiveStartKey=key("b"))
    assert ([item["sk"]["S"] for item in last["Items"]], last["LastEvaluatedKey"]) == (["c", "d"], key("d"))
    assert query(books, ExclusiveStartKey=key("d")).keys() == {"Items", "Count", "ScannedCount", "ResponseMetadata"}


def test_a_page_holds_one_megabyte_read_whatever_the_filter_leaves(books: MemoryDynamoDB) -> None:
    for sort in "abcde":
        put(books, sized(sort, 256 * 1024))
    page = query(books, FilterExpression="attribute_exists(absent)")
    assert (page["ScannedCount"], page["Count"], page["LastEvaluatedKey"]) == (4, 0, key("d"))


def test_a_scan_in_segments_reads_every_item_once(books: MemoryDynamoDB) -> None:
    written = {(f"p{n}", sort) for n in range(20) for sort in "ab"}
    for partition, sort in written:
        put(books, key(sort, partition))
    found = []
    for segment in range(3):
        params: dict[str, Any] = {"TableName": TABLE, "TotalSegments": 3, "Segment": segment, "Limit": 3}
        while True:
            page = books.call("Scan", params)
            found += [(item["pk"]["S"], item["sk"]["S"]) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            params["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert len(found) == 40
    assert set(found) == written


def test_a_projection_answers_the_named_parts_alone(books: MemoryDynamoDB) -> None:
    put(books, {**key("a"), "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}, "l": {"L": [{"N": "1"}, {"N": "2"}]}})
    names = {"#m": "m"}
    answer = get(books, "a", ProjectionExpression="#m.y, l[1], absent", ExpressionAttributeNames=names)
    assert answer == {"m": {"M": {"y": {"N": "2"}}}, "l": {"L": [{"N": "2"}]}}


def test_batches_are_bounded_and_name_no_item_twice(books: MemoryDynamoDB) -> None:
    def write(count: int) -> None:
        entries = [{"PutRequest": {"Item": key(f"{n:03}")}} for n in range(count)]
        books.call("BatchWriteItem", {"RequestItems": {TABLE: entries}})

    def read(*sorts: str) -> int:
        keys = [key(sort) for sort in sorts]
        return len(books.call("BatchGetItem", {"RequestItems": {TABLE: {"Keys": keys}}})["Responses"][TABLE])

    write(25)
    with invalid("Too many items"):
        write(26)
    assert read(*(f"{n:03}" for n in range(100))) == 25
    with invalid("Too many items"):
        read(*(f"{n:03}" for n in range(101)))
    with invalid("duplicates"):
        read("001", "001")


def test_a_batch_get_leaves_what_is_past_16_megabytes_unprocessed(books: MemoryDynamoDB) -> None:
    for n in range(43):
        put(books, sized(f"{n:03}", 390 * 1024))
    asked = {"Keys": [key(f"{n:03}") for n in range(43)], "ConsistentRead": True}
    with books.measured() as cost:
        answer = books.call("BatchGetItem", {"RequestItems": {TABLE: asked}})
    assert len(answer["Responses"][TABLE]) == 42
    assert answer["UnprocessedKeys"] == {TABLE: {"Keys": [key("042")], "ConsistentRead": True}}
    assert cost.read_units == 42 * 98


def test_tables_that_are_not_there_are_named_so(books: MemoryDynamoDB) -> None:
    with refused("ResourceNotFoundException"):
        books.call("GetItem", {"TableName": "none", "Key": key("a")})
    with refused("ResourceNotFoundException"):
        transact(books, {"Delete": {"TableName": "none", "Key": key("a")}}, action("Delete", Key=key("a")))
    with refused("ResourceInUseException"):
        books.call("CreateTable", {"TableName": TABLE})
