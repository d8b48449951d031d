"""The engine as a process: what it answered survives its death, and its queries answer as DynamoDB's do."""

import http.client
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from local.engine import process
from local.refusal import Refused

HERE = Path(__file__).parent


class Running:
    """One engine on a folder of its own, which a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        self.engine = process.start(self.folder, self.folder.parent / "engine.log")
        self.dynamodb = self.client("dynamodb")

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.engine.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def kill(self) -> None:
        os.kill(self.engine.pid, signal.SIGKILL)
        self.engine.stop()

    def restart(self) -> None:
        self.kill()
        self.start()

    def create_table(self, name: str = "books") -> None:
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, sk: str, **attributes: dict[str, Any]) -> None:
        self.dynamodb.put_item(TableName="books", Item={"pk": {"S": "p"}, "sk": {"S": sk}, **attributes})

    def rows(self) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName="books")
        return [item for page in pages for item in page["Items"]]

    def names(self) -> list[str]:
        return sorted(row["sk"]["S"] for row in self.rows())


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path / "engine")
    yield one
    one.engine.stop()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def entry(writer: int, number: int) -> list[dict[str, Any]]:
    """Two lines of one entry and the writer's count of them, which belong together."""
    name = f"{writer}-{number:05}"
    lines = [
        {"Put": {"TableName": "books", "Item": {"pk": {"S": name}, "sk": {"S": side}, "memo": {"S": "x" * 200}}}}
        for side in ("credit", "debit")
    ]
    count = {
        "TableName": "books",
        "Key": {"pk": {"S": "count"}, "sk": {"S": str(writer)}},
        "UpdateExpression": "ADD entries :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    return [*lines, {"Update": count}]


def write_until_killed(running: Running, writer: int, acknowledged: list[str]) -> None:
    client = running.client("dynamodb")
    for number in range(100_000):
        try:
            client.transact_write_items(TransactItems=entry(writer, number))
        except BotoCoreError:
            return
        acknowledged.append(f"{writer}-{number:05}")


def test_a_killed_engine_loses_no_acknowledged_write_and_keeps_none_by_half(running: Running) -> None:
    running.create_table()
    for _ in range(3):
        before = {row["sk"]["S"]: int(row["entries"]["N"]) for row in running.rows() if row["pk"]["S"] == "count"}
        acknowledged: list[list[str]] = [[] for _ in range(4)]
        writers = [
            threading.Thread(target=write_until_killed, args=(running, writer, acknowledged[writer]))
            for writer in range(4)
        ]
        for thread in writers:
            thread.start()
        until(lambda acknowledged=acknowledged: all(len(names) > 20 for names in acknowledged))
        os.kill(running.engine.pid, signal.SIGKILL)
        for thread in writers:
            thread.join()
        running.restart()

        rows = running.rows()
        sides: dict[str, set[str]] = {}
        for row in rows:
            sides.setdefault(row["pk"]["S"], set()).add(row["sk"]["S"])
        counts = {row["sk"]["S"]: int(row["entries"]["N"]) for row in rows if row["pk"]["S"] == "count"}
        del sides["count"]
        assert {name for names in acknowledged for name in names} <= sides.keys()
        assert all(both == {"credit", "debit"} for both in sides.values())
        for writer, names in enumerate(acknowledged):
            # The one in flight may have happened without its answer; nothing else may.
            assert counts[str(writer)] - before.get(str(writer), 0) in (len(names), len(names) + 1)


def test_tables_time_to_live_and_deletes_survive_a_kill(running: Running) -> None:
    running.create_table()
    running.create_table("gone")
    running.dynamodb.update_time_to_live(
        TableName="books", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    running.dynamodb.delete_table(TableName="gone")
    running.put("kept", amount={"N": "1234567890123456789012345678"}, raw={"B": b"\x00\xff"}, name={"S": "রহিম"})
    running.put("deleted")
    running.dynamodb.delete_item(TableName="books", Key={"pk": {"S": "p"}, "sk": {"S": "deleted"}})
    running.put("deleted in a batch")
    key = {"pk": {"S": "p"}, "sk": {"S": "deleted in a batch"}}
    running.dynamodb.batch_write_item(RequestItems={"books": [{"DeleteRequest": {"Key": key}}]})
    running.restart()
    assert running.dynamodb.list_tables()["TableNames"] == ["books"]
    told = running.dynamodb.describe_time_to_live(TableName="books")["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    [row] = running.rows()
    assert (row["amount"]["N"], row["raw"]["B"], row["name"]["S"]) == (
        "1234567890123456789012345678",
        b"\x00\xff",
        "রহিম",
    )
    assert running.dynamodb.describe_table(TableName="books")["Table"]["ItemCount"] == 1


def test_a_refused_write_leaves_nothing_in_the_journal(running: Running) -> None:
    running.create_table()
    running.put("one")
    size = (running.folder / "journal").stat().st_size
    absent = {"TableName": "books", "Key": {"pk": {"S": "p"}, "sk": {"S": "no"}}}
    items = [
        {"Put": {"TableName": "books", "Item": {"pk": {"S": "p"}, "sk": {"S": "two"}}}},
        {"ConditionCheck": {**absent, "ConditionExpression": "attribute_exists(pk)"}},
    ]
    with pytest.raises(running.dynamodb.exceptions.TransactionCanceledException):
        running.dynamodb.transact_write_items(TransactItems=items)
    assert (running.folder / "journal").stat().st_size == size
    running.restart()
    assert running.names() == ["one"]


def test_a_grown_journal_is_compacted_at_start_without_what_has_expired(running: Running) -> None:
    running.create_table()
    running.dynamodb.update_time_to_live(
        TableName="books", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    running.put("expired", expires_at={"N": "1000"})
    for number in range(30):
        running.put(f"large {number % 3}", text={"S": "x" * 300_000})
    assert (running.folder / "journal").stat().st_size > 8_000_000
    running.restart()
    assert (running.folder / "journal").stat().st_size == 0
    assert (running.folder / "snapshot").stat().st_size < 1_000_000
    running.put("after")
    running.restart()
    assert running.names() == ["after", "large 0", "large 1", "large 2"]


def test_a_torn_end_is_forgiven_and_a_damaged_middle_refused_in_one_line(running: Running) -> None:
    running.create_table()
    running.put("one")
    running.put("two")
    running.kill()
    path = running.folder / "journal"
    path.write_bytes(path.read_bytes() + b'1234abcd [4,[["put","arn')
    running.start()
    assert running.names() == ["one", "two"]
    running.kill()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b"one", b"won") + lines[2])
    with pytest.raises(Refused, match=r"journal is damaged at line 2; restore it from a copy$"):
        running.start()


def test_an_engine_that_cannot_write_its_journal_answers_no_more(running: Running) -> None:
    running.create_table()
    resource.prlimit(running.engine.pid, resource.RLIMIT_FSIZE, (20_000, 20_000))
    for number in range(10):
        running.put(str(number), text={"S": "x" * 1000})
    with pytest.raises(BotoCoreError):
        running.put("one too many", text={"S": "x" * 10_000})
    until(lambda: running.engine.death() is not None)
    assert "the journal cannot be written: File too large" in str(running.engine.death())
    running.start()
    assert running.names() == [str(number) for number in range(10)]


def test_what_is_not_recorded_is_not_offered(running: Running) -> None:
    with pytest.raises(running.dynamodb.exceptions.ClientError, match="not recorded"):
        running.dynamodb.execute_statement(Statement="SELECT * FROM books")


@pytest.mark.parametrize("method, path", [("POST", "/_ministack/reset"), ("OPTIONS", "/"), ("GET", "/"), ("POST", "/")])
def test_only_calls_of_an_aws_library_are_answered(running: Running, method: str, path: str) -> None:
    connection = http.client.HTTPConnection(running.engine.url.removeprefix("http://"), timeout=10)
    connection.request(method, path, headers={"Origin": "http://elsewhere.test"})
    assert connection.getresponse().status == 404
    connection.close()


def test_the_faster_queries_answer_like_the_original_ones() -> None:
    told = subprocess.run(
        [process.PYTHON, HERE / "compare_queries.py"],
        cwd=process.REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.split()[0] == "same"
