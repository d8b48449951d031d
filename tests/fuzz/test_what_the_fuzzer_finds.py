"""The fuzzer before an API with one fault in every operation: it names each of them, and says how to see it again."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.fuzz.findings import Findings, quoted
from tests.fuzz.seeded import Installation, Party
from tests.fuzz.server import Person
from tests.fuzz.walk import Walk

pytestmark = pytest.mark.xdist_group("faulty")

COUNT = {"type": "object", "properties": {"count": {"type": "integer", "minimum": 1}}, "required": ["count"]}
PROBLEM = {"type": "object", "required": ["type", "title", "status", "detail", "code"]}
KEY_IS = re.compile("[a-z]{8}")
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[a-z]{8}$"},
}
WITH_LIMIT = {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1}}

FAULTY = {
    "get /v1/crashes": {("ServerError", 500)},
    "get /v1/says-404": {("UndefinedStatusCode", 404)},
    "get /v1/other-shape": {("JsonSchemaError", 200)},
    "get /v1/other-type": {("UndefinedContentType", 200)},
    "get /v1/bare-refusal": {("problem", 400)},
    "get /v1/open-to-all": {("signed-in", 200)},
    "post /v1/takes-all": {("reader", 200), ("AcceptedNegativeData", 200)},
    "post /v1/takes-little": {("reader", 422)},
    "get /v1/takes-any-query": {("reader", 200), ("AcceptedNegativeData", 200)},
    "get /v1/ignores-what-it-needs": {("reader", 200), ("AcceptedNegativeData", 200)},
    "post /v1/forgets-keys": {("repeat", 200)},
    "post /v1/sound": set(),
}


def problem(status: int, **more: Any) -> tuple[int, str, Any]:
    document = {"type": "about:blank", "title": "No", "status": status, "detail": "No.", "code": "no", **more}
    return status, "application/problem+json", document


def invalid(detail: str = "Some fields are not valid.") -> tuple[int, str, Any]:
    return problem(422, detail=detail, errors=[{"field": "count", "message": "is odd"}])


class Api(BaseHTTPRequestHandler):
    """Answers as `FAULTY` wants it."""

    protocol_version = "HTTP/1.1"
    answers = 0

    def answer(self) -> tuple[int, str, Any]:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = self.path.partition("?")[0].rpartition("/")[2]
        fine = (200, "application/json", {"count": 1})
        if self.headers.get("Authorization") != "Bearer good" and name != "open-to-all":
            return problem(401)
        if name in ("takes-all", "takes-any-query", "ignores-what-it-needs", "open-to-all"):
            return fine
        if name == "other-shape":
            return 200, "application/json", {"count": "one"}
        if name == "other-type":
            return 200, "text/plain", {"count": 1}
        if name == "bare-refusal":
            return (
                400,
                "application/problem+json",
                {"type": "x", "title": "x", "status": 404, "detail": "x", "code": "x"},
            )
        if name in ("crashes", "says-404"):
            return problem(500 if name == "crashes" else 404)
        return self.answer_to_body(name, raw)

    def answer_to_body(self, name: str, raw: bytes) -> tuple[int, str, Any]:
        try:
            data = json.loads(raw)
        except ValueError:
            return problem(400)
        count = data.get("count") if isinstance(data, dict) else None
        if "?" in self.path or type(count) is not int or count < 1 or (name == "takes-little" and count > 1):
            return invalid()
        key = self.headers.get("Idempotency-Key")
        if key is not None and KEY_IS.fullmatch(key) is None:
            return invalid("Idempotency-Key is not valid.")
        Api.answers += 1
        return 200, "application/json", {"count": Api.answers if name == "forgets-keys" else 1}

    def do_GET(self) -> None:  # noqa: N802
        status, media, body = self.answer()
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(raw)))
        if "Idempotency-Key" in self.headers:
            self.send_header("Idempotency-Replayed", "true")
        self.end_headers()
        self.wfile.write(raw)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args: Any) -> None:
        pass


def document() -> dict[str, Any]:
    refusal = {"description": "No.", "content": {"application/problem+json": {"schema": PROBLEM}}}
    paths: dict[str, Any] = {}
    for label in FAULTY:
        method, _, path = label.partition(" ")
        success = {"description": "Done.", "content": {"application/json": {"schema": COUNT}}}
        operation: dict[str, Any] = {"responses": {"200": success, **dict.fromkeys(("400", "401", "422"), refusal)}}
        if label == "get /v1/crashes":
            operation["responses"]["500"] = refusal
        if method == "post":
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": COUNT}}}
            operation["parameters"] = [KEY]
        elif path == "/v1/takes-any-query":
            operation["parameters"] = [WITH_LIMIT]
        elif path == "/v1/ignores-what-it-needs":
            operation["parameters"] = [{**WITH_LIMIT, "required": True}]
        paths[path] = {method: operation}
    return {"openapi": "3.1.0", "info": {"title": "Faulty", "version": "1"}, "paths": paths, "components": {}}


class Trusted(Person):
    """Somebody whose token is good here."""

    def token(self) -> str:
        return "good"


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def findings(base_url: str) -> Findings:
    party = Party("OP", Trusted("OP", "o@op.test", base_url), "op")
    walk = Walk(Installation(base_url, {"OP": party}, date(2026, 11, 22)), document(), 1)
    walk.do_all(25)
    return walk.findings


@pytest.mark.parametrize("label", FAULTY)
def test_every_fault_is_found_and_nothing_else(findings: Findings, label: str) -> None:
    method, _, path = label.partition(" ")
    name = f"{method.upper()} {path}"
    found = {(one.check, int(one.answer.split()[0])) for one in findings.found.values() if one.operation == name}
    assert found == FAULTY[label]


def test_a_finding_is_seen_again_by_its_command(findings: Findings, base_url: str) -> None:
    [one] = [one for one in findings.found.values() if one.operation == "POST /v1/takes-little"]
    environment = {"URL": base_url, "TOKEN_OF_OP": "good", "PATH": "/usr/bin:/bin"}
    run = subprocess.run(["bash", "-c", one.curl], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("HTTP/1.1 422") or " 422 " in run.stdout.splitlines()[0]


def test_a_lost_answer_is_a_finding() -> None:
    party = Party("OP", Trusted("OP", "o@op.test", ""), "op")
    walk = Walk(Installation("http://127.0.0.1:9", {"OP": party}, date(2026, 11, 22)), document(), 1)
    walk.do_all(1, only="/v1/sound")
    assert {(one.operation, one.check) for one in walk.findings.found.values()} == {("POST /v1/sound", "lost")}


@pytest.mark.parametrize("raw", [b"plain", b"it's", b"\x00\xff'\\\n", "Ünï".encode(), b"$HOME `id`"])
def test_bytes_are_quoted_for_a_shell(raw: bytes) -> None:
    run = subprocess.run(
        ["bash", "-c", f"printf %s {quoted(raw)} | xxd -p"], capture_output=True, text=True, check=True
    )
    # A shell ends a word at a zero byte: those bodies are sent as far as it goes.
    assert bytes.fromhex(run.stdout.replace("\n", "")) == raw.partition(b"\x00")[0]
