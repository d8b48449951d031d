"""On Lambda a route's module is imported with the first request for it; what is written down about that is true."""

import json
import os
import subprocess
import sys

from infra.slices import TARGET, slices_text

ASK = """
import json, sys
import app
before = {name for name in sys.modules if name.startswith("chalicelib.") and name.endswith("routes")}
found = {}
for path in json.loads(sys.argv[1]):
    method, resource = path
    event = {
        "requestContext": {"resourcePath": resource, "httpMethod": method, "path": resource, "identity": {}},
        "headers": {"host": "test"},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": {name: "x" for name in ("reseller_id", "entry_id")},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    answer = app.app(event, None)
    loaded = sorted(name for name in sys.modules if name.startswith("chalicelib.") and name.endswith("routes"))
    found[resource] = [answer["statusCode"], loaded]
print(json.dumps([sorted(before), found]))
"""


def asked_on_lambda(*requests: tuple[str, str]) -> tuple[list[str], dict[str, tuple[int, list[str]]]]:
    """The route modules there are after importing the application, and after each request, with its status."""
    environment = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": "api"}
    command = [sys.executable, "-c", ASK, json.dumps(requests)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    before, found = json.loads(ran.stdout.splitlines()[-1])
    return before, {path: tuple(answer) for path, answer in found.items()}


def test_what_is_written_down_is_what_the_routes_declare() -> None:
    assert TARGET.read_text() == slices_text(), "run `make slices`"


def test_a_request_brings_the_module_of_its_route_and_no_other() -> None:
    before, found = asked_on_lambda(("GET", "/v1/fund"), ("POST", "/v1/resellers/{reseller_id}/recharges"))
    assert before == []
    assert found == {
        "/v1/fund": (401, ["chalicelib.funds.routes"]),
        "/v1/resellers/{reseller_id}/recharges": (401, ["chalicelib.funds.routes"]),
    }


def test_the_document_brings_all_of_them() -> None:
    _, found = asked_on_lambda(("GET", "/v1/ledger/entries"), ("GET", "/openapi.json"))
    assert found["/v1/ledger/entries"][0] == 401
    status, loaded = found["/openapi.json"]
    assert status == 200
    assert {"chalicelib.proof.routes", "chalicelib.crm.routes", "chalicelib.tenants.routes"} <= set(loaded)
