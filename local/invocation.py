"""How a function is called on Lambda, done in this process: the context, and one request at a time for each thread."""

import threading
import time
import uuid
from typing import Any, Final

MEMORY_MB: Final = 1024


class LambdaContext:
    """The context object that Lambda gives a function."""

    function_version = "$LATEST"
    log_group_name = "local"
    log_stream_name = "local"
    memory_limit_in_mb = MEMORY_MB
    identity = None
    client_context = None

    def __init__(self, function_name: str, timeout_seconds: float, request_id: str | None = None) -> None:
        """A context for one call that begins now."""
        self.function_name = function_name
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function_name}"
        self.aws_request_id = request_id or str(uuid.uuid4())
        self._deadline = time.monotonic() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would end the call; never below zero."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def one_request_a_thread(app: Any) -> Any:
    """Makes a Chalice app safe to call from several threads, and gives it back.

    Chalice keeps the request and the context on the app, where the next thread overwrites them: on Lambda there is no
    next thread. Here each thread sees its own.
    """
    app.__class__ = type("ThreadedChalice", (_PerThread, app.__class__), {"_mine": threading.local()})
    return app


class _PerThread:
    _mine: threading.local

    @property
    def current_request(self) -> Any:
        return getattr(self._mine, "request", None)

    @current_request.setter
    def current_request(self, request: Any) -> None:
        self._mine.request = request

    @property
    def lambda_context(self) -> Any:
        return getattr(self._mine, "context", None)

    @lambda_context.setter
    def lambda_context(self, context: Any) -> None:
        self._mine.context = context
