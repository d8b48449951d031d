"""Questions to the function that reaches routers: in this process where none is configured, else over Lambda's API."""

import contextlib
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib.aws import invoke
from chalicelib.aws.config import config
from chalicelib.aws.invoke import answer_in_process, invoke_router
from chalicelib.core.errors import Unavailable

QUESTION = {"ask": "session", "router": "beta.r2abc4de9", "name": "করিম"}


class Told(BaseHTTPRequestHandler):
    """Lambda's Invoke, as far as one call of it goes."""

    seen: list[tuple[str, bytes]]
    answer: tuple[int, dict[str, str], bytes]
    wait: threading.Event

    def do_POST(self) -> None:
        self.seen.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        status, headers, body = self.answer
        if headers.get("X-Wait"):
            self.wait.wait(5)
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        with contextlib.suppress(BrokenPipeError):  # who asked may have gone
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Told]]:
    handler = type("One", (Told,), {"seen": [], "answer": (200, {}, b"{}"), "wait": threading.Event()})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("ROUTER_FUNCTION", "isp-ReachRouter-1")
    config.cache_clear()
    invoke.forget_clients()
    yield handler
    handler.wait.set()
    server.shutdown()
    server.server_close()
    config.cache_clear()
    invoke.forget_clients()


@pytest.fixture
def nobody_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoke, "_in_process", [])


@pytest.mark.usefixtures("nobody_here")
def test_where_no_function_is_configured_the_one_that_said_so_last_answers_in_this_process() -> None:
    answer_in_process(lambda question: {"first": question})
    answer_in_process(lambda question: {"second": question["name"], "rows": (1, 2)})
    assert invoke_router(QUESTION, 2) == {"second": "করিম", "rows": [1, 2]}


@pytest.mark.usefixtures("nobody_here")
def test_where_nobody_answers_routers_are_away() -> None:
    with pytest.raises(Unavailable) as away:
        invoke_router(QUESTION, 2)
    assert away.value.code == "routers-away"


def test_the_function_is_called_by_its_name_with_the_question_and_its_answer_comes_back(told: type[Told]) -> None:
    told.answer = (200, {}, '{"session":{"name":"করিম"}}'.encode())
    assert invoke_router(QUESTION, 2) == {"session": {"name": "করিম"}}
    [(path, body)] = told.seen
    assert path == "/2015-03-31/functions/isp-ReachRouter-1/invocations"
    assert body.decode() == '{"ask":"session","router":"beta.r2abc4de9","name":"করিম"}'


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorMessage":"Task timed out"}'),
        (429, {"X-Amzn-ErrorType": "TooManyRequestsException"}, b"{}"),
        (403, {"X-Amzn-ErrorType": "AccessDeniedException"}, b"{}"),
        (200, {}, b"null"),
    ],
)
def test_a_function_that_fails_is_away_and_is_asked_once(
    told: type[Told], answer: tuple[int, dict[str, str], bytes]
) -> None:
    told.answer = answer
    with pytest.raises(Unavailable) as away:
        invoke_router(QUESTION, 2)
    assert away.value.code == "routers-away"
    assert len(told.seen) == 1


def test_a_function_that_takes_longer_than_its_asker_waits_is_late_and_is_not_asked_again(told: type[Told]) -> None:
    told.answer = (200, {"X-Wait": "yes"}, b"{}")
    with pytest.raises(Unavailable) as late:
        invoke_router(QUESTION, 0.2)
    assert late.value.code == "router-late"
    told.wait.set()
    assert len(told.seen) == 1


def test_an_answer_that_ends_too_early_is_away(told: type[Told], monkeypatch: pytest.MonkeyPatch) -> None:
    class Torn(io.BytesIO):
        def read(self, *sizes: Any) -> bytes:
            raise OSError("torn")

    class Client:
        def invoke(self, **asked: Any) -> dict[str, Any]:
            return {"Payload": Torn()}

    with monkeypatch.context() as patched:
        patched.setattr(invoke, "_client", lambda seconds: Client())
        with pytest.raises(Unavailable) as away:
            invoke_router(QUESTION, 2)
    assert away.value.code == "routers-away"
