"""Messages to the workers, as JSON. A queue that is not configured (in unit tests) takes nothing."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.json import compact_json

MAX_SENT_TOGETHER = 10


@cache
def _client() -> Any:
    return botocore.session.get_session().create_client("sqs")


def send_in_order(messages: Sequence[tuple[str, str, Mapping[str, Any]]]) -> int:
    """Send (group, id, body) messages to the settlement queue; those of one group are taken one at a time, in order.

    The same id sent again within five minutes is one message. Returns how many were sent.
    """
    return _send_in_groups(config().settlement_queue_url, messages)


def send_to_routers(messages: Sequence[tuple[str, str, Mapping[str, Any]]]) -> int:
    """Send (router id, id, body) messages to the routers queue; those of one router are taken one at a time, in order.

    The same id sent again to a router within five minutes is one message, even where the first has been carried out: an
    id names one piece of work, such as a change with its try. Returns how many were sent.
    """
    return _send_in_groups(config().routers_queue_url, messages)


def _send_in_groups(url: str, messages: Sequence[tuple[str, str, Mapping[str, Any]]]) -> int:
    if not url:
        return 0
    entries = [
        {
            "Id": str(number % MAX_SENT_TOGETHER),
            "MessageBody": compact_json(body),
            "MessageGroupId": group,
            "MessageDeduplicationId": name,
        }
        for number, (group, name, body) in enumerate(messages)
    ]
    return _send(url, entries)


def send_job(body: dict[str, Any]) -> int:
    """Send one message to the jobs queue."""
    url = config().jobs_queue_url
    return _send(url, [{"Id": "0", "MessageBody": compact_json(body)}]) if url else 0


def send_books(bodies: Sequence[Mapping[str, Any]]) -> int:
    """Send messages about one book each to the books queue; returns how many were sent."""
    url = config().books_queue_url
    if not url:
        return 0
    return _send(
        url,
        [
            {"Id": str(number % MAX_SENT_TOGETHER), "MessageBody": compact_json(body)}
            for number, body in enumerate(bodies)
        ],
    )


def send_document(body: Mapping[str, Any]) -> int:
    """Send one message to the documents queue."""
    url = config().documents_queue_url
    return _send(url, [{"Id": "0", "MessageBody": compact_json(body)}]) if url else 0


def _send(url: str, entries: list[dict[str, Any]]) -> int:
    try:
        for start in range(0, len(entries), MAX_SENT_TOGETHER):
            answer = _client().send_message_batch(QueueUrl=url, Entries=entries[start : start + MAX_SENT_TOGETHER])
            if answer.get("Failed"):
                raise Unavailable("queue-away", "The work could not be queued; please send the request again.")
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("queue-away", "The work could not be queued; please send the request again.") from error
    return len(entries)
