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
