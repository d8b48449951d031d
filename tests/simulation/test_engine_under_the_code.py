"""The memory engine at botocore's seam: models and clients, faults, lagging reads, threads."""

from __future__ import annotations

import os
import threading
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from . import client_error, transaction_conflict
from .books import SCHEMA, TABLE, action, get, key, open_books, put, query, transact, update
from .dynamodb import MemoryDynamoDB


class Account(Model):
    """A model as the code declares them."""

    class Meta:
        table_name = "accounts"
        billing_mode = "PAY_PER_REQUEST"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    balance = NumberAttribute(default=0)


@pytest.fixture
def books() -> MemoryDynamoDB:
    return open_books()


def test_models_work_and_what_they_cost_is_known() -> None:
    engine = MemoryDynamoDB()
    with engine.installed():
        Account.create_table(wait=True)
        with engine.measured() as cost:
            Account("t#1", "a", balance=100).save(Account.pk.does_not_exist())
            with TransactWrite(connection=Connection()) as transaction:
                transaction.update(Account("t#1", "a"), [Account.balance.add(-30)], condition=Account.balance >= 30)
                transaction.save(Account("t#1", "b", balance=30), condition=Account.pk.does_not_exist())
        assert [account.balance for account in Account.query("t#1", consistent_read=True)] == [70, 30]
        with pytest.raises(PutError):
            Account("t#1", "a").save(Account.pk.does_not_exist())
        with pytest.raises(TransactWriteError) as error, TransactWrite(connection=Connection()) as transaction:
            transaction.update(Account("t#1", "a"), [Account.balance.add(-80)], condition=Account.balance >= 80)
    assert (cost.write_units, cost.requests) == (1 + 4, 2)
    assert [reason and reason.code for reason in error.value.cancellation_reasons] == ["ConditionalCheckFailed"]


def test_clients_need_no_credentials_and_raise_their_own_exceptions(
    books: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    with books.installed():
        client = boto3.session.Session().client("dynamodb")
        client.put_item(TableName=TABLE, Item=key("a"))
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            client.put_item(TableName=TABLE, Item=key("a"), ConditionExpression="attribute_not_exists(pk)")
        pages = client.get_paginator("scan").paginate(TableName=TABLE, Limit=1)
        assert [page["Count"] for page in pages] == [1, 0]
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    assert os.environ["AWS_PROFILE"] == "somebody"


def test_requests_can_be_held_against_the_shapes_of_the_real_api() -> None:
    engine = MemoryDynamoDB(check_shapes=True)
    with engine.installed():
        client = boto3.client("dynamodb")
        client.create_table(**SCHEMA)
        with pytest.raises(ParamValidationError, match="Unknown parameter"):
            client.put_item(TableName=TABLE, Item=key("a"), Condition="attribute_exists(pk)")
        with pytest.raises(ParamValidationError, match="Invalid type"):
            client.put_item(TableName=TABLE, Item={**key("a"), "n": {"N": 1}})


def test_other_services_pass_through(books: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "botocore.client.BaseClient._make_api_call", lambda client, operation, params: asked.append(operation)
    )
    with books.installed():
        boto3.client("sqs").list_queues()
        boto3.client("dynamodb").list_tables()
    assert asked == ["ListQueues"]


def test_a_fault_before_a_call_prevents_it_and_one_after_it_loses_the_answer(books: MemoryDynamoDB) -> None:
    calls: list[tuple[str, int, str]] = []

    def faults(phase: str, number: int, operation: str, params: dict[str, Any]) -> None:
        calls.append((phase, number, operation))
        if (phase, params["Item"]["sk"]["S"]) in (("before", "throttled"), ("after", "lost")):
            raise client_error("ThrottlingException", "Rate exceeded", operation)

    books.faults = faults
    first = 2
    with books.measured() as cost:
        put(books, key("fine"))
        for sort in ("throttled", "lost"):
            with pytest.raises(ClientError, match="Rate exceeded"):
                put(books, key(sort))
    books.faults = None
    assert [item["sk"]["S"] for item in query(books)["Items"]] == ["fine", "lost"]
    assert calls == [
        (phase, number, "PutItem")
        for phase, number in [
            ("before", first),
            ("after", first),
            ("before", first + 1),
            ("before", first + 2),
            ("after", first + 2),
        ]
    ]
    assert (cost.write_units, cost.requests) == (2, 2)


def test_a_transaction_conflict_can_be_had(books: MemoryDynamoDB) -> None:
    def faults(phase: str, number: int, operation: str, params: dict[str, Any]) -> None:
        if operation == "TransactWriteItems":
            raise transaction_conflict(params, at=1)

    books.faults = faults
    with pytest.raises(ClientError, match=r"\[None, TransactionConflict\]"):
        transact(books, action("Put", Item=key("a")), action("Put", Item=key("b")))
    assert get(books, "a") is None


def test_only_a_read_that_may_lag_sees_the_version_before(books: MemoryDynamoDB) -> None:
    put(books, {**key("gone"), "n": {"N": "1"}})
    put(books, {**key("kept"), "n": {"N": "1"}})
    update(books, "kept", "ADD n :v", v={"N": "1"})
    books.call("DeleteItem", {"TableName": TABLE, "Key": key("gone")})
    put(books, key("new"))
    books.stale = lambda operation, table, item_key: True

    def seen(consistent: bool) -> list[tuple[str, str]]:
        items = query(books, ConsistentRead=consistent)["Items"]
        return [(item["sk"]["S"], item.get("n", {"N": ""})["N"]) for item in items]

    assert seen(consistent=False) == [("gone", "1"), ("kept", "1")]
    assert seen(consistent=True) == [("kept", "2"), ("new", "")]
    assert get(books, "kept", ConsistentRead=False) == {**key("kept"), "n": {"N": "1"}}
    assert get(books, "kept") == {**key("kept"), "n": {"N": "2"}}
    books.stale = lambda operation, table, item_key: item_key == key("gone")
    assert seen(consistent=False) == [("gone", "1"), ("kept", "2"), ("new", "")]


def test_threads_lose_no_update(books: MemoryDynamoDB) -> None:
    def add_up() -> None:
        for _ in range(200):
            update(books, "sum", "ADD n :v", v={"N": "1"})

    threads = [threading.Thread(target=add_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get(books, "sum") == {**key("sum"), "n": {"N": "800"}}
    assert books.meter.by_operation["UpdateItem"] == 800


def test_what_the_engine_does_not_know_it_says_loudly(books: MemoryDynamoDB) -> None:
    with pytest.raises(NotImplementedError, match="IndexName"):
        query(books, IndexName="by_name")
    with pytest.raises(NotImplementedError, match="ExecuteStatement"):
        books.call("ExecuteStatement", {"Statement": "SELECT 1"})
