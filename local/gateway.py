"""API Gateway and its Lambda on this machine: a WSGI application around the Chalice app.

It makes the events that API Gateway would make and turns the answers back into HTTP. Where API Gateway answers by
itself (no such path, no such method, too large a body) the answer is a problem document like every other of the API.
"""

import base64
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from local.invocation import LambdaContext
from local.routes import Routes, segments_of

Environ = dict[str, Any]
Event = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]

BODY_LIMIT_BYTES: Final = 10_000_000
API_TIMEOUT_SECONDS: Final = 29
HAVE_NO_BODY: Final = frozenset({204, 304})

log = logging.getLogger("local.gateway")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def problem(status: int, code: str, detail: str, *headers: tuple[str, str]) -> Answer:
    """A problem document (RFC 9457) of the gateway itself."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    return Answer(status, [("Content-Type", "application/problem+json"), *headers], json.dumps(document).encode())


class Gateway:
    """The WSGI application. `app` must be safe under threads: see `invocation.one_request_a_thread`."""

    def __init__(self, app: Any) -> None:
        """Reads the routes once: they do not change while the server runs."""
        self._app = app
        self._methods: dict[str, frozenset[str]] = {path: frozenset(views) for path, views in app.routes.items()}
        self._routes = Routes(self._methods)
        self._binary_types = frozenset(app.api.binary_types)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        answer = self._answer(environ)
        has_body = answer.status not in HAVE_NO_BODY
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))] if has_body else answer.headers
        start_response(_status_line(answer.status), headers)
        return [answer.body] if has_body and environ["REQUEST_METHOD"] != "HEAD" else []

    def _answer(self, environ: Environ) -> Answer:
        if int(environ.get("CONTENT_LENGTH") or 0) >= BODY_LIMIT_BYTES:
            return problem(413, "body-too-large", "A request body has to be smaller than 10 MB.")
        raw_path = _raw_path(environ)
        found = self._routes.find(segments_of(raw_path))
        if found is None:
            return problem(404, "not-found", "There is nothing at this address.")
        route, raw_variables = found
        method = self._method(route, environ["REQUEST_METHOD"])
        if method is None:
            allowed = ", ".join(sorted(self._methods[route]))
            return problem(405, "method-not-allowed", f"This address takes {allowed}.", ("Allow", allowed))
        try:
            variables = {name: unquote(value, errors="strict") for name, value in raw_variables.items()}
            query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="strict")
        except ValueError:
            return problem(400, "unreadable-address", "The address is not percent-encoded UTF-8.")
        event = event_of(environ, route, raw_path, method, variables, query, self._body(environ))
        return self._invoke(event)

    def _method(self, route: str, method: str) -> str | None:
        if method == "HEAD" and "HEAD" not in self._methods[route]:
            method = "GET"
        return method if method in self._methods[route] else None

    def _body(self, environ: Environ) -> tuple[str | None, bool]:
        if not environ.get("CONTENT_LENGTH"):
            return None, False
        raw: bytes = environ["wsgi.input"].read()
        media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if media_type in self._binary_types:
            return base64.b64encode(raw).decode("ascii"), True
        try:
            return raw.decode("utf-8"), False
        except UnicodeDecodeError:
            return base64.b64encode(raw).decode("ascii"), True  # what is no text reaches the app as it came

    def _invoke(self, event: Event) -> Answer:
        context = LambdaContext("api", API_TIMEOUT_SECONDS, event["requestContext"]["requestId"])
        try:
            return answer_of(self._app(event, context))
        except Exception:
            log.exception("%s %s failed outside every route", event["httpMethod"], event["path"])
            return problem(500, "internal-error", "Something went wrong here; it has been written down.")


def event_of(
    environ: Environ,
    route: str,
    raw_path: str,
    method: str,
    variables: dict[str, str],
    query: dict[str, list[str]],
    body: tuple[str | None, bool],
) -> Event:
    """The event of a REST API with Lambda proxy integration."""
    headers = _headers(environ)
    return {
        "resource": route,
        "path": raw_path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": variables or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "resourcePath": route,
            "httpMethod": method,
            "path": raw_path,
            "stage": "local",
            "apiId": "local",
            "accountId": "000000000000",
            "protocol": environ["SERVER_PROTOCOL"],
            "requestTimeEpoch": int(time.time() * 1000),
            "identity": {"sourceIp": environ.get("REMOTE_ADDR", ""), "userAgent": headers.get("user-agent", "")},
        },
        "body": body[0],
        "isBase64Encoded": body[1],
    }


def answer_of(response: dict[str, Any]) -> Answer:
    """The HTTP answer that API Gateway makes of what the function returned."""
    headers = [(name, str(value)) for name, value in (response.get("headers") or {}).items()]
    for name, values in (response.get("multiValueHeaders") or {}).items():
        headers += [(name, str(value)) for value in values]
    is_typed = any(name.lower() == "content-type" for name, _ in headers)
    if not is_typed and response["statusCode"] not in HAVE_NO_BODY:
        headers.append(("Content-Type", "application/json"))
    body = response.get("body") or b""
    if response.get("isBase64Encoded"):
        body = base64.b64decode(body)
    return Answer(response["statusCode"], headers, body.encode() if isinstance(body, str) else body)


def _headers(environ: Environ) -> dict[str, str]:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers


def _raw_path(environ: Environ) -> str:
    # PATH_INFO is decoded already and can no longer tell %2F from a slash.
    uri: str = environ["REQUEST_URI"]
    return uri.partition("?")[0].partition("#")[0] if uri.startswith("/") else urlsplit(uri).path or "/"


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Status"
