"""Queues in this process, with as much of SQS as the product's poller and sender use: groups in order, one at a time."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from chalicelib.aws import queue
from chalicelib.aws.config import config
from local.scheduler import Function, Scheduler

WAITS_SECONDS = 0.05


@dataclass
class Message:
    """What was sent and not taken out yet. `receipt` is there while somebody has it."""

    url: str
    group: str
    name: str
    body: str
    receipt: str | None = None


class Queues:
    """Any number of FIFO queues by their addresses."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._names: set[tuple[str, str, str]] = set()
        self._changed = threading.Condition()

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        with self._changed:
            for one in Entries:
                key = (QueueUrl, one["MessageGroupId"], one["MessageDeduplicationId"])
                if key not in self._names:
                    self._names.add(key)
                    self._messages.append(Message(QueueUrl, one["MessageGroupId"], key[2], one["MessageBody"]))
            self._changed.notify_all()
        return {"Failed": []}

    def receive_message(self, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        with self._changed:
            found = self._next(QueueUrl)
            if found is None:
                self._changed.wait(WAITS_SECONDS)
                found = self._next(QueueUrl)
            if found is None:
                return {}
            found.receipt = str(uuid.uuid4())
            told = {"MessageId": found.receipt, "ReceiptHandle": found.receipt, "Body": found.body, "MD5OfBody": ""}
            return {"Messages": [told]}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        with self._changed:
            self._messages = [one for one in self._messages if one.receipt != ReceiptHandle]
            self._changed.notify_all()

    def _next(self, url: str) -> Message | None:
        """The oldest of a group of which nobody has one."""
        own = [one for one in self._messages if one.url == url]
        busy = {one.group for one in own if one.receipt is not None}
        return next((one for one in own if one.group not in busy), None)


@contextmanager
def workers(**functions: Function) -> Iterator[Queues]:
    """The pollers of the local run, with queues in this process: functions by the setting that names their queue."""
    queues, work = Queues(), Scheduler()
    settings = {name: f"http://queues/{name.lower()}.fifo" for name in functions}
    with (
        patch.dict("os.environ", settings),
        patch("local.scheduler.boto3.client", lambda *_, **__: queues),
        patch.object(queue, "_client", lambda: queues),
    ):
        config.cache_clear()
        try:
            for name, function in functions.items():
                work.for_each_message(settings[name], function, side_by_side=4)
            yield queues
        finally:
            work.stop(5)
            config.cache_clear()
