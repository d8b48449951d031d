"""The REST API of the template: its routes, limits, log, and its own answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.size import paths_of
from infra.template import lint
from tests.infra.packaged import Package


def gateway_responses(package: Package) -> dict[str, Any]:
    return package.properties("RestAPI")["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]


def test_every_declared_route_is_in_the_template_and_none_has_a_preflight(package: Package) -> None:
    from app import app

    declared = {(path, method.lower()) for path, methods in app.routes.items() for method in methods}
    packaged = {(path, method) for path, methods in paths_of(package.template).items() for method in methods}
    assert packaged == declared
    assert not [path for path, method in packaged if method == "options"]


@pytest.mark.parametrize(
    "kind,status,code",
    [
        ("MISSING_AUTHENTICATION_TOKEN", "404", "not-found"),
        ("INVALID_SIGNATURE", "404", "not-found"),
        ("EXPIRED_TOKEN", "404", "not-found"),
        ("RESOURCE_NOT_FOUND", "404", "not-found"),
        ("ACCESS_DENIED", "403", "access-denied"),
        ("REQUEST_TOO_LARGE", "413", "body-too-large"),
        ("UNSUPPORTED_MEDIA_TYPE", "415", "unsupported-media-type"),
        ("THROTTLED", "429", "too-many-requests"),
        ("QUOTA_EXCEEDED", "429", "too-many-requests"),
        ("INTEGRATION_TIMEOUT", "504", "timed-out"),
        ("DEFAULT_4XX", None, "unreadable"),
        ("DEFAULT_5XX", None, "unavailable"),
    ],
)
def test_what_api_gateway_answers_by_itself_is_a_problem_too(
    package: Package, kind: str, status: str | None, code: str
) -> None:
    answer = gateway_responses(package)[kind]
    assert answer.get("statusCode") == status
    assert answer["responseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
    document = json.loads(answer["responseTemplates"]["application/json"])
    assert document["type"] == "about:blank"
    assert document["code"] == code
    assert document["title"]
    assert document["detail"].endswith(".")
    assert document.get("status") == (int(status) if status else None)


def test_a_throttled_client_is_told_when_to_come_back(package: Package) -> None:
    parameters = gateway_responses(package)["THROTTLED"]["responseParameters"]
    assert parameters["gatewayresponse.header.Retry-After"] == "'1'"


def test_all_routes_are_throttled_at_the_stage(package: Package) -> None:
    assert package.properties("RestAPI")["MethodSettings"] == [
        {
            "ResourcePath": "/*",
            "HttpMethod": "*",
            "ThrottlingRateLimit": {"Ref": "ApiRequestsPerSecond"},
            "ThrottlingBurstLimit": {"Ref": "ApiBurst"},
        }
    ]


def test_the_access_log_has_one_line_of_json_and_no_personal_number(package: Package) -> None:
    setting = package.properties("RestAPI")["AccessLogSetting"]
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLog", "Arn"]}
    assert json.loads(setting["Format"]) == {
        "request_id": "$context.requestId",
        "at": "$context.requestTimeEpoch",
        "method": "$context.httpMethod",
        "route": "$context.resourcePath",
        "status": "$context.status",
        "bytes": "$context.responseLength",
        "latency_ms": "$context.responseLatency",
        "error": "$context.error.responseType",
    }


def test_there_is_one_regional_stage(package: Package) -> None:
    api = package.properties("RestAPI")
    assert (api["StageName"], api["EndpointConfiguration"], api["OpenApiVersion"]) == ("prod", "REGIONAL", "2.0")


def test_cfn_lint_has_no_error(package: Package) -> None:
    assert lint(package.out / "sam.json") == []


def test_cfn_lint_would_have_told_of_one(package: Package, tmp_path: Path) -> None:
    template = json.loads((package.out / "sam.json").read_text())
    template["Resources"]["BooksTable"]["Properties"]["SSESpecification"]["SSEType"] = "ROT13"
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(template))
    (told,) = lint(broken)
    assert "E3030:'ROT13' is not one of ['KMS']" in told
