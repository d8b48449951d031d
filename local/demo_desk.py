"""Where the demo's people sit: requests to the app in this process, and a clock that stands in the demo month.

Each request takes the way of any other (sign-in, permissions, validation), only without a network.
"""

import importlib
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.auth.tokens import ACCESS_SECONDS
from chalicelib.aws import clock
from chalicelib.aws.log import logger
from local.demo_isp import PASSWORD
from local.gateway import Gateway
from local.refusal import Refused

RENEWS_AT_SECONDS: Final = ACCESS_SECONDS - 60


class DemoRefusedError(Refused):
    """The app refused something that the demo does: one of the two has a defect."""


class DemoClock:
    """The product's clock while the demo is filled: put to an instant it goes on from there, never past the present."""

    def __init__(self) -> None:
        """It begins as the true time."""
        self._ahead = timedelta()

    def put_to(self, instant: datetime) -> None:
        """From now on it is that instant and later."""
        self._ahead = min(timedelta(), instant - datetime.now(UTC))

    def now(self) -> datetime:
        """The demo's present."""
        return datetime.now(UTC) + self._ahead


@contextmanager
def demo_time() -> Iterator[DemoClock]:
    """While it lasts the product lives in the demo month, and only what is wrong is logged."""
    demo_clock = DemoClock()
    restore = clock.replace(now=demo_clock.now)
    level = logger.log_level
    logger.setLevel(logging.WARNING)
    try:
        yield demo_clock
    finally:
        logger.setLevel(level)
        restore()


class Desk:
    """Sends requests as any of the demo's users, who are signed in when they are first needed."""

    def __init__(self) -> None:
        """Nobody is signed in."""
        self._gateway = Gateway(importlib.import_module("app").app)
        self._tokens: dict[str, tuple[str, str, datetime]] = {}

    def ask(self, email: str, method: str, path: str, body: Any, key: str) -> Any:
        """What the app answers that user. A body of text is a CSV file. Raises DemoRefusedError."""
        return self._send(method, path, body, authorization=f"Bearer {self._token(email)}", idempotency_key=key)

    def _token(self, email: str) -> str:
        held = self._tokens.get(email)
        now = clock.now()
        if held is not None and now < held[2]:
            return held[0]
        answer = self._renewed(held[1]) if held is not None else None
        if answer is None:
            answer = self._send("POST", "/v1/auth/login", {"email": email, "password": PASSWORD})
        token: tuple[str, str, datetime] = (
            answer["access_token"],
            answer["refresh_token"],
            now + timedelta(seconds=RENEWS_AT_SECONDS),
        )
        self._tokens[email] = token
        return token[0]

    def _renewed(self, refresh_token: str) -> Any:
        try:
            return self._send("POST", "/v1/auth/refresh", {"refresh_token": refresh_token})
        except DemoRefusedError:
            return None  # Too long ago: with the password, then.

    def _send(self, method: str, path: str, body: Any, **headers: str) -> Any:
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        environ = {
            "QUERY_STRING": path.partition("?")[2],
            "REQUEST_METHOD": method,
            "REQUEST_URI": path,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "text/csv" if isinstance(body, str) else "application/json",
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": io.BytesIO(raw),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        told: list[str] = []
        answer = b"".join(self._gateway(environ, lambda status, _: told.append(status)))
        if not told[0].startswith("2"):
            raise DemoRefusedError(f"the demo ISP cannot be filled in: {method} {path}: {told[0]}: {answer.decode()}")
        return json.loads(answer) if answer else None
