"""The routers queue: one group a router, and work named so that the same is sent once."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.aws import queue
from chalicelib.aws.config import config
from chalicelib.aws.queue import send_to_routers


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("sqs")
        attributes = {
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        }
        url = client.create_queue(QueueName="routers.fifo", Attributes=attributes)["QueueUrl"]
        monkeypatch.setenv("ROUTERS_QUEUE_URL", url)
        config.cache_clear()
        queue._client.cache_clear()
        yield client
    monkeypatch.delenv("ROUTERS_QUEUE_URL")
    config.cache_clear()
    queue._client.cache_clear()


def test_messages_to_routers_are_grouped_by_router_and_sent_ten_at_a_time(sqs: Any) -> None:
    messages = [
        (f"beta.r{number % 3}", f"change {number}", {"do": "deliver", "number": number}) for number in range(23)
    ]
    assert send_to_routers(messages) == 23
    got: list[Any] = []
    url = config().routers_queue_url
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages"):
        got += found
        for one in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    by_router: dict[str, list[int]] = {}
    for one in got:
        by_router.setdefault(one["Attributes"]["MessageGroupId"], []).append(json.loads(one["Body"])["number"])
    assert by_router == {f"beta.r{rest}": list(range(rest, 23, 3)) for rest in range(3)}


def test_without_a_queue_nothing_is_sent() -> None:
    assert send_to_routers([("beta.r1", "change 1", {"do": "deliver"})]) == 0
