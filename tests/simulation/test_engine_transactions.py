"""Transactions of the memory engine: all or nothing, reasons in order, tokens, limits."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .books import TABLE, action, get, key, open_books, put, query, sized, transact
from .dynamodb import MemoryDynamoDB

EXISTS = "attribute_exists(pk)"
ABSENT = "attribute_not_exists(pk)"


@pytest.fixture
def books() -> MemoryDynamoDB:
    return open_books()


def refused(code: str, match: str = "") -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\).*{match}")


def add(sort: str, amount: str, **more: Any) -> dict[str, Any]:
    values = {":v": {"N": amount}}
    return action("Update", Key=key(sort), UpdateExpression="ADD n :v", ExpressionAttributeValues=values, **more)


def test_a_transaction_writes_all_its_items(books: MemoryDynamoDB) -> None:
    put(books, {**key("a"), "n": {"N": "10"}})
    put(books, key("b"))
    transact(
        books,
        add("a", "-4"),
        action("Put", Item=key("c"), ConditionExpression=ABSENT),
        action("Delete", Key=key("b"), ConditionExpression=EXISTS),
        action("ConditionCheck", Key=key("d"), ConditionExpression=ABSENT),
    )
    assert query(books)["Items"] == [{**key("a"), "n": {"N": "6"}}, key("c")]


def test_a_cancelled_transaction_changes_nothing_and_gives_a_reason_for_each_action_in_their_order(
    books: MemoryDynamoDB,
) -> None:
    put(books, {**key("a"), "n": {"N": "1"}})
    put(books, {**key("b"), "n": {"S": "no number"}})
    with refused("TransactionCanceledException") as error:
        transact(
            books,
            add("c", "1"),
            action("ConditionCheck", Key=key("d"), ConditionExpression=EXISTS),
            add("b", "1"),
            action("Put", Item=key("a"), ConditionExpression=ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
        )
    assert error.value.response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, ValidationError, ConditionalCheckFailed]"
    )
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    wrong = "An operand in the update expression has an incorrect data type"
    assert error.value.response["CancellationReasons"] == [
        {"Code": "None"},
        failed,
        {"Code": "ValidationError", "Message": wrong},
        {**failed, "Item": {**key("a"), "n": {"N": "1"}}},
    ]
    assert get(books, "c") is None


def test_a_failed_condition_is_told_before_what_its_update_would_have_met(books: MemoryDynamoDB) -> None:
    put(books, {**key("a"), "n": {"S": "no number"}})
    with refused("TransactionCanceledException", r"\[ConditionalCheckFailed\]"):
        transact(books, add("a", "1", ConditionExpression=ABSENT))


def test_a_key_of_the_wrong_type_cancels_and_a_key_that_is_not_whole_is_refused(books: MemoryDynamoDB) -> None:
    wrong = action("Delete", Key={"pk": {"S": "p"}, "sk": {"N": "1"}})
    with refused("TransactionCanceledException", r"\[None, ValidationError\]"):
        transact(books, action("Put", Item=key("a")), wrong)
    with refused("ValidationException"):
        transact(books, action("Put", Item=key("a")), action("Delete", Key={"pk": {"S": "p"}}))


def test_a_transaction_holds_100_items_and_none_of_them_twice(books: MemoryDynamoDB) -> None:
    puts = [action("Put", Item=key(f"{n:03}")) for n in range(101)]
    transact(books, *puts[:100])
    with refused("ValidationException", "less than or equal to 100"):
        transact(books, *puts)
    with refused("ValidationException", "multiple operations on one item"):
        transact(books, puts[0], action("ConditionCheck", Key=key("000"), ConditionExpression=EXISTS))
    gets = [action("Get", Key=key("000"))] * 2
    with refused("ValidationException", "multiple operations on one item"):
        books.call("TransactGetItems", {"TransactItems": gets})


def test_a_transaction_holds_four_megabytes_of_items(books: MemoryDynamoDB) -> None:
    puts = [action("Put", Item=sized(f"{n:02}", 4096 * 100)) for n in range(10)]
    rest = 4 * 1024 * 1024 - 10 * 4096 * 100
    transact(books, *puts, action("Put", Item=sized("10", rest)))
    with refused("ValidationException", "4MB"):
        transact(books, *puts, action("Put", Item=sized("10", rest + 1)))


def test_a_repeated_token_does_nothing_for_ten_minutes_and_then_everything_again() -> None:
    books = open_books(now=1000.0)
    transact(books, add("a", "5"), ClientRequestToken="once")
    books.now += 599
    answer = transact(books, add("a", "5"), ClientRequestToken="once", ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": TABLE, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]
    assert get(books, "a") == {**key("a"), "n": {"N": "5"}}
    books.now += 1
    transact(books, add("a", "5"), ClientRequestToken="once")
    assert get(books, "a") == {**key("a"), "n": {"N": "10"}}


def test_a_token_is_not_for_another_transaction(books: MemoryDynamoDB) -> None:
    transact(books, add("a", "5"), ClientRequestToken="once")
    with refused("IdempotentParameterMismatchException"):
        transact(books, add("a", "6"), ClientRequestToken="once")


def test_a_cancelled_transaction_does_not_use_up_its_token(books: MemoryDynamoDB) -> None:
    opening = action("Put", Item=key("a"), ConditionExpression=EXISTS)
    with refused("TransactionCanceledException"):
        transact(books, opening, ClientRequestToken="once")
    put(books, {**key("a"), "n": {"N": "1"}})
    transact(books, opening, ClientRequestToken="once")
    assert get(books, "a") == key("a")


def test_transactional_reads_answer_in_order_and_leave_a_gap_for_what_is_missing(books: MemoryDynamoDB) -> None:
    put(books, {**key("a"), "n": {"N": "1"}})
    put(books, key("b"))
    gets = [
        action("Get", Key=key("b")),
        action("Get", Key=key("none")),
        action("Get", Key=key("a"), ProjectionExpression="n"),
    ]
    answer = books.call("TransactGetItems", {"TransactItems": gets})
    assert answer["Responses"] == [{"Item": key("b")}, {}, {"Item": {"n": {"N": "1"}}}]
