"""The engine behind botocore's own HTTP layer: what serialising, signing and parsing add to a handler."""

import base64
import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from urllib3 import HTTPResponse

from tests.simulation import MemoryDynamoDB


class Spent:
    """CPU seconds behind the socket: the engine's, and what stands for AWS's own reading and writing of JSON."""

    spent = 0.0


@contextmanager
def on_the_wire(engine: MemoryDynamoDB) -> Iterator[Spent]:
    """Requests are made, signed and read as against AWS; only the socket is left out."""
    real = URLLib3Session.send
    behind = Spent()

    def send(self: URLLib3Session, request: Any) -> AWSResponse:
        started = time.process_time()
        try:
            return answer_of(request)
        finally:
            behind.spent += time.process_time() - started

    def answer_of(request: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        status, answer = 200, {}
        try:
            answer = engine.call(operation, _binary(json.loads(request.body), base64.b64decode))
        except ClientError as error:
            status, answer = 400, {"__type": error.response["Error"]["Code"], "message": str(error)}
        body = json.dumps(_binary(answer, lambda raw: base64.b64encode(raw).decode())).encode()
        raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        return AWSResponse(request.url, status, {"content-type": "application/x-amz-json-1.0"}, raw)

    URLLib3Session.send = send  # type: ignore[method-assign]
    try:
        yield behind
    finally:
        URLLib3Session.send = real  # type: ignore[method-assign]


def _binary(value: Any, convert: Any) -> Any:
    """The same data with every `B` converted."""
    if isinstance(value, dict):
        return {k: convert(v) if k == "B" else _binary(v, convert) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return [_binary(one, convert) for one in value]
    return value
