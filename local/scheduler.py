"""EventBridge and the queue mappings of Lambda: calls the planners on their schedule, the workers for every message."""

import importlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from local.invocation import LambdaContext
from local.storage import REGION

Function = Callable[[dict[str, Any], LambdaContext], Any]

PLANS_EVERY_SECONDS: Final = 60
TENDS_EVERY_SECONDS: Final = 3_600
# A minute on AWS. What was put off for a moment, because its router was away, is taken up again by this.
ROUTERS_EVERY_SECONDS: Final = 5
WORKER_TIMEOUT_SECONDS: Final = 900
ROUTER_TIMEOUT_SECONDS: Final = 60
ROUTERS_SIDE_BY_SIDE: Final = 8
WAITS_FOR_A_MESSAGE_SECONDS: Final = 1
AFTER_AN_ERROR_SECONDS: Final = 1.0

log = logging.getLogger("local.scheduler")


def function_at(module: str, name: str) -> Function | None:
    """A Lambda function of the app, or None where the app has none there (yet)."""
    try:
        return getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        return None


class Scheduler:
    """Threads that call functions until they are stopped: one for each schedule, one or several for each queue."""

    def __init__(self) -> None:
        """Nothing runs before `every` and `for_each_message`."""
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def every(self, seconds: float, function: Function) -> None:
        """Calls `function` with a scheduled event, now and then again and again, so far apart."""
        self._run(f"every {seconds} seconds: {_name(function)}", lambda: self._tick(seconds, function))

    def for_each_message(
        self,
        queue_url: str,
        function: Function,
        side_by_side: int = 1,
        timeout_seconds: float = WORKER_TIMEOUT_SECONDS,
    ) -> None:
        """Calls `function` with each message of the queue, so many side by side at most.

        The messages of one group of a FIFO queue are never side by side. A message whose call fails stays in the queue;
        after three receives the queue moves it to its dead letters. `timeout_seconds` is what the function is told it has.
        """
        # Made here: boto3 cannot make clients in several threads at once, but several may use one.
        sqs = boto3.client("sqs", config=Config(max_pool_connections=side_by_side))
        for number in range(side_by_side):
            self._run(
                f"{queue_url}: {_name(function)} {number}",
                lambda: self._poll(sqs, queue_url, function, timeout_seconds),
            )

    def stop(self, within_seconds: float) -> None:
        """No call begins after this; those that have begun get the time given. A message they held comes again."""
        self._stopping.set()
        deadline = time.monotonic() + within_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _tick(self, seconds: float, function: Function) -> None:
        while not self._stopping.is_set():
            try:
                function(scheduled_event(), LambdaContext(_name(function), WORKER_TIMEOUT_SECONDS))
            except Exception:
                log.exception("%s failed; it is called again in %s seconds", _name(function), seconds)
            self._stopping.wait(seconds)

    def _poll(self, sqs: Any, queue_url: str, function: Function, timeout_seconds: float) -> None:
        arn = f"arn:aws:sqs:{REGION}:000000000000:{queue_url.rpartition('/')[2]}"
        while not self._stopping.is_set():
            try:
                told = sqs.receive_message(
                    QueueUrl=queue_url,
                    WaitTimeSeconds=WAITS_FOR_A_MESSAGE_SECONDS,
                    AttributeNames=["All"],
                    MessageAttributeNames=["All"],
                )
                for message in told.get("Messages", []):
                    if _worked(function, message, arn, timeout_seconds):
                        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            except BotoCoreError:
                if not self._stopping.wait(AFTER_AN_ERROR_SECONDS):
                    log.warning("the queue %s does not answer", queue_url)


def _worked(function: Function, message: dict[str, Any], arn: str, timeout_seconds: float) -> bool:
    try:
        told = function(queue_event(message, arn), LambdaContext(_name(function), timeout_seconds))
    except Exception:
        log.exception("%s failed; its message comes again, or goes to the dead letters", _name(function))
        return False
    return not (isinstance(told, dict) and told.get("batchItemFailures"))


def scheduled_event() -> dict[str, Any]:
    """What EventBridge sends for a rule with a rate."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:000000000000:rule/local"],
        "detail": {},
    }


def queue_event(message: dict[str, Any], arn: str) -> dict[str, Any]:
    """What Lambda's mapping of a queue sends for one message."""
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": json.loads(json.dumps(message.get("MessageAttributes", {}), default=str)),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
    return {"Records": [record]}


def _name(function: Function) -> str:
    return str(getattr(function, "__name__", None) or getattr(getattr(function, "func", None), "__name__", "function"))
