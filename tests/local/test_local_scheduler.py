"""The scheduler with real queues: what a worker did is gone, what it failed at ends in the dead letters."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import storage
from local.engine import process
from local.scheduler import Scheduler, function_at


@pytest.fixture
def sqs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    engine = process.start(tmp_path / "engine", tmp_path / "engine.log")
    for name in ("AWS_PROFILE", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", storage.REGION)
    yield boto3.client("sqs")
    engine.stop()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def waiting(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def test_a_message_that_fails_three_times_goes_to_the_dead_letters_and_the_others_are_done(sqs: Any) -> None:
    url, dead_url = storage.create_queue_pair(sqs, "days.fifo", "dead.fifo", visibility_seconds=0)
    for group, body in (("a", "good 1"), ("a", "good 2"), ("b", "bad"), ("c", "partly")):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body)
    seen: list[str] = []

    def settle(event: dict[str, Any], context: Any) -> Any:
        [record] = event["Records"]
        seen.append(record["body"])
        assert record["eventSource"] == "aws:sqs"
        assert record["attributes"]["MessageGroupId"] in "abc"
        assert context.get_remaining_time_in_millis() > 800_000
        if record["body"] == "bad":
            raise RuntimeError("always")
        return {"batchItemFailures": [{"itemIdentifier": "x"}]} if record["body"] == "partly" else None

    work = Scheduler()
    work.for_each_message(url, settle)
    until(lambda: waiting(sqs, dead_url) == 2 and waiting(sqs, url) == 0)
    work.stop(2)
    assert seen.count("bad") == seen.count("partly") == 3
    assert [body for body in seen if body.startswith("good")] == ["good 1", "good 2"]


def test_one_group_is_worked_on_by_one_worker_in_order_while_a_group_that_hangs_delays_no_other(sqs: Any) -> None:
    url, _ = storage.create_queue_pair(sqs, "routers.fifo", "dead.fifo", visibility_seconds=75)
    groups = [f"r{number}" for number in range(6)]
    for number in range(5):
        for group in groups:
            name = f"{group}-{number}"
            sqs.send_message(QueueUrl=url, MessageBody=name, MessageGroupId=group, MessageDeduplicationId=name)
    lock, done, hanging, told_seconds = threading.Lock(), [], threading.Event(), []
    working: dict[str, int] = {}
    together: list[int] = []

    def reach(event: dict[str, Any], context: Any) -> None:
        name = event["Records"][0]["body"]
        group = name.partition("-")[0]
        with lock:
            working[group] = working.get(group, 0) + 1
            together.append(max(working.values()))
            told_seconds.append(context.get_remaining_time_in_millis() / 1000)
        if group == "r0":
            hanging.wait(60)
        time.sleep(0.01)
        with lock:
            working[group] -= 1
            done.append(name)

    work = Scheduler()
    work.for_each_message(url, reach, side_by_side=8, timeout_seconds=60)
    until(lambda: len(done) == 25)
    assert waiting(sqs, url) == 5
    hanging.set()
    until(lambda: waiting(sqs, url) == 0)
    work.stop(2)
    assert max(together) == 1
    assert {group: [one for one in done if one.startswith(f"{group}-")] for group in groups} == {
        group: [f"{group}-{number}" for number in range(5)] for group in groups
    }
    assert 50 < min(told_seconds) <= max(told_seconds) <= 60


def test_messages_of_one_name_to_two_groups_are_two_and_to_one_group_one(sqs: Any) -> None:
    url, _ = storage.create_queue_pair(sqs, "named.fifo", "dead.fifo")
    for group in ("r1", "r2", "r1"):
        sqs.send_message(QueueUrl=url, MessageBody=group, MessageGroupId=group, MessageDeduplicationId="sample-7")
    assert waiting(sqs, url) == 2


def test_a_message_whose_worker_was_killed_comes_again_when_its_time_is_over(sqs: Any) -> None:
    url, _ = storage.create_queue_pair(sqs, "routers.fifo", "dead.fifo", visibility_seconds=1)
    for name in ("first", "second"):
        sqs.send_message(QueueUrl=url, MessageBody=name, MessageGroupId="r1", MessageDeduplicationId=name)
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "first", "and nobody ever deletes it"
    seen: list[str] = []
    work = Scheduler()
    work.for_each_message(url, lambda event, context: seen.append(event["Records"][0]["body"]), side_by_side=8)
    until(lambda: waiting(sqs, url) == 0)
    work.stop(2)
    assert seen == ["first", "second"]


def test_a_planner_is_called_at_once_and_on_its_schedule_even_after_it_failed() -> None:
    called = threading.Event()
    events: list[dict[str, Any]] = []

    def plan(event: dict[str, Any], context: Any) -> None:
        events.append(event)
        if len(events) == 3:
            called.set()
        raise RuntimeError("away for a moment")

    work = Scheduler()
    work.every(0.01, plan)
    assert called.wait(20)
    work.stop(1)
    assert events[0]["source"] == "aws.events"
    count = len(events)
    time.sleep(0.05)
    assert len(events) == count


def test_a_function_the_app_does_not_have_is_none_but_a_broken_module_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_worker.py").write_text("import a_module_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    assert function_at("no_such_package.worker", "run") is None
    assert function_at("json", "no_such_function") is None
    with pytest.raises(ModuleNotFoundError):
        function_at("broken_worker", "run")
