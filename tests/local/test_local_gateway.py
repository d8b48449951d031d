"""Requests as API Gateway hands them to Lambda, and what the gateway answers by itself."""

import base64
import io
import json
import threading
from typing import Any

import pytest
from chalice.app import Chalice, Response

from local.gateway import BODY_LIMIT_BYTES, Gateway
from local.invocation import one_request_a_thread
from local.routes import Routes, segments_of


def make_app() -> Chalice:
    app = Chalice(app_name="gateway")

    @app.route("/v1/things/{thing_id}", methods=["GET", "POST"], content_types=["*/*"])
    def thing(thing_id: str) -> dict[str, Any]:
        request = app.current_request
        return {"thing": thing_id, "event": request.to_original_event(), "hex": request.raw_body.hex()}

    @app.route("/v1/things/mine")
    def mine() -> Response:
        return Response("mine", headers={"Content-Type": "text/plain", "Set-Cookie": ["a=1", "b=2"]}, status_code=202)

    @app.route("/v1/bytes")
    def some_bytes() -> Response:
        return Response(b"\x00\xff", headers={"Content-Type": "application/octet-stream"})

    @app.route("/v1/fails")
    def fails() -> None:
        raise RuntimeError("a secret of the inside")

    return app


GATEWAY = Gateway(one_request_a_thread(make_app()))


def call(method: str, uri: str, body: bytes = b"", **environ: str) -> tuple[int, dict[str, list[str]], bytes]:
    told: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        told["status"] = int(status.split()[0])
        told["headers"] = headers

    request = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": uri,
        "QUERY_STRING": uri.partition("?")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.9",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    content = b"".join(GATEWAY(request, start_response))
    headers: dict[str, list[str]] = {}
    for name, value in told["headers"]:
        headers.setdefault(name, []).append(value)
    return told["status"], headers, content


def problem_of(answer: tuple[int, dict[str, list[str]], bytes]) -> dict[str, Any]:
    status, headers, body = answer
    document = json.loads(body)
    assert headers["Content-Type"] == ["application/problem+json"]
    assert document.keys() == {"type", "title", "status", "detail", "code"}
    assert (document["type"], document["status"]) == ("about:blank", status)
    return dict(document)


def test_an_event_has_what_api_gateway_puts_in_it() -> None:
    _, _, body = call(
        "POST",
        "/v1/things/7?b=1&a=%E0%A6%95&b=2&empty=",
        b'{"x": 1}',
        HTTP_USER_AGENT="test/1",
        CONTENT_TYPE="application/json",
    )
    event = json.loads(body)["event"]
    assert event["multiValueQueryStringParameters"] == {"b": ["1", "2"], "a": ["ক"], "empty": [""]}
    assert event["queryStringParameters"] == {"b": "2", "a": "ক", "empty": ""}
    assert event["pathParameters"] == {"thing_id": "7"}
    assert event["requestContext"]["identity"] == {"sourceIp": "127.0.0.9", "userAgent": "test/1"}
    assert event["requestContext"]["resourcePath"] == event["resource"] == "/v1/things/{thing_id}"
    assert len(event["requestContext"]["requestId"]) == 36
    assert event["headers"]["content-type"] == "application/json"
    assert (event["body"], event["isBase64Encoded"]) == ('{"x": 1}', False)


def test_a_binary_body_arrives_byte_by_byte() -> None:
    sent = bytes(range(256))
    _, _, body = call("POST", "/v1/things/7", sent, CONTENT_TYPE="application/octet-stream")
    assert json.loads(body)["hex"] == sent.hex()
    assert base64.b64decode(json.loads(body)["event"]["body"]) == sent


def test_a_text_body_that_is_no_utf8_arrives_as_the_bytes_it_is() -> None:
    _, _, body = call("POST", "/v1/things/7", b"\xff", CONTENT_TYPE="text/csv")
    event = json.loads(body)["event"]
    assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)


def test_variables_of_the_path_are_decoded_after_it_was_taken_apart() -> None:
    _, _, body = call("GET", "/v1/things/a%2Fb%20%E0%A6%95+c")
    assert json.loads(body)["thing"] == "a/b ক+c"


@pytest.mark.parametrize("uri", ["/v1/things/%ff", "/v1/things/7?name=%ff"])
def test_an_address_that_is_no_utf8_is_unreadable(uri: str) -> None:
    answer = call("GET", uri)
    assert (answer[0], problem_of(answer)["code"]) == (400, "unreadable-address")


@pytest.mark.parametrize(
    "uri", ["/", "/nothing", "/v1", "/v1/things/7/more", "/v1//7", "/v1/things//", "*", "//v1/bytes"]
)
def test_an_unknown_path_is_not_found(uri: str) -> None:
    answer = call("GET", uri)
    assert (answer[0], problem_of(answer)["code"]) == (404, "not-found")


def test_a_known_path_with_another_method_says_which_it_takes() -> None:
    answer = call("DELETE", "/v1/things/7")
    assert (answer[0], problem_of(answer)["code"], answer[1]["Allow"]) == (405, "method-not-allowed", ["GET, POST"])


def test_a_name_written_out_goes_before_a_variable_and_a_slash_at_the_end_means_nothing() -> None:
    status, headers, body = call("GET", "/v1/things/mine/")
    assert (status, headers["Set-Cookie"], body) == (202, ["a=1", "b=2"], b"mine")


def test_a_route_is_found_even_where_a_name_leads_astray() -> None:
    routes = Routes(["/a/b/c", "/a/{x}/d", "/{y}/b/e"])
    assert routes.find(segments_of("/a/b/d")) == ("/a/{x}/d", {"x": "b"})
    assert routes.find(segments_of("/a/b/e")) == ("/{y}/b/e", {"y": "a"})
    assert routes.find(segments_of("/a/b")) is None


def test_head_is_answered_like_get_without_the_body() -> None:
    status, headers, body = call("HEAD", "/v1/things/mine")
    assert (status, headers["Content-Length"], body) == (202, ["4"], b"")


def test_a_binary_answer_leaves_as_bytes() -> None:
    _, headers, body = call("GET", "/v1/bytes", HTTP_ACCEPT="application/octet-stream")
    assert (headers["Content-Type"], body) == (["application/octet-stream"], b"\x00\xff")


def test_a_body_of_ten_megabytes_is_too_large_and_never_read() -> None:
    answer = call("POST", "/v1/things/7", CONTENT_LENGTH=str(BODY_LIMIT_BYTES))
    assert (answer[0], problem_of(answer)["code"]) == (413, "body-too-large")


def test_a_failure_tells_nothing_of_the_inside() -> None:
    status, _, body = call("GET", "/v1/fails")
    assert status == 500
    assert b"secret" not in body


def test_requests_in_several_threads_never_see_each_other() -> None:
    app = one_request_a_thread(Chalice(app_name="threads"))
    meet = threading.Barrier(8)

    @app.route("/who/{name}")
    def who(name: str) -> dict[str, Any]:
        meet.wait()
        return {"name": app.current_request.uri_params["name"], "id": app.lambda_context.aws_request_id}

    gateway = Gateway(app)
    wrong: list[str] = []

    def ask(name: str) -> None:
        for turn in range(50):
            event = {
                "requestContext": {"resourcePath": "/who/{name}", "httpMethod": "GET", "requestId": f"{name}-{turn}"},
                "pathParameters": {"name": name},
                "headers": {},
                "multiValueQueryStringParameters": None,
                "stageVariables": None,
                "body": None,
                "httpMethod": "GET",
                "path": "/",
            }
            told = json.loads(gateway._invoke(event).body)
            if told != {"name": name, "id": f"{name}-{turn}"}:
                wrong.append(name)

    threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
