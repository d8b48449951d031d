"""The HTTP server: waitress, with answers of its own as problem documents and a stop that finishes what it began."""

import logging
import time
from collections.abc import Callable
from socket import socket
from typing import Any, Final

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from local.claims import busy
from local.gateway import problem

THREADS: Final = 8
CONNECTIONS: Final = 1000
# A body between API Gateway's limit and this one is read to its end, so that the client gets to see the refusal.
BODY_READ_BYTES: Final = 64 * 1024 * 1024
TICK_SECONDS: Final = 0.2
FINISHES_WITHIN_SECONDS: Final = 2.0

_CODES: Final = {413: "body-too-large", 431: "headers-too-large", 501: "not-implemented", 500: "internal-error"}


class _ProblemTask(ErrorTask):
    """What waitress answers by itself: requests that it could not read."""

    def execute(self) -> None:
        error = self.request.error
        answer = problem(error.code, _CODES.get(error.code, "unreadable-request"), f"{error.reason}: {error.body}")
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend([*answer.headers, ("Connection", "close")])
        self.content_length = len(answer.body)
        self.close_on_finish = True
        self.complete = True
        self.write(answer.body)


class _Channel(HTTPChannel):
    error_task_class = _ProblemTask


def serve(
    application: Callable[..., Any], listener: socket, ready: Callable[[], None], stop: Callable[[], bool]
) -> None:
    """Serves until `stop()` says so, then finishes the requests that have begun. Calls `ready` when it listens.

    Raises Refused where another program took the port meanwhile.
    """
    port = listener.getsockname()[1]
    try:
        server = create_server(
            application,
            sockets=[listener],
            threads=THREADS,
            ident=None,
            connection_limit=CONNECTIONS,
            max_request_body_size=BODY_READ_BYTES,
            asyncore_use_poll=True,
        )
    except OSError as error:
        raise busy(port) from error
    server.channel_class = _Channel
    ready()
    while not stop():
        _turn(server, TICK_SECONDS)
    _finish(server)


def _turn(server: Any, seconds: float) -> None:
    wasyncore.loop(timeout=seconds, use_poll=True, map=server._map, count=1)


def _finish(server: Any) -> None:
    server.del_channel(server._map)
    server.socket.close()
    deadline = time.monotonic() + FINISHES_WITHIN_SECONDS
    while time.monotonic() < deadline and any(_is_busy(channel) for channel in list(server.active_channels.values())):
        _turn(server, 0.02)
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    server.task_dispatcher.shutdown(timeout=0.1)


def _is_busy(channel: HTTPChannel) -> bool:
    return bool(channel.requests or channel.total_outbufs_len)
