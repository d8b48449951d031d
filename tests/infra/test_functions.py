"""The functions of the template: processor, environment, logs and what wakes a person."""

import ast
from typing import Any

import pytest

from infra.package import PRINTER_ZIP, PROJECT
from tests.infra.packaged import FUNCTIONS, Package


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_python_3_11_on_arm64_without_xray(package: Package, function: str) -> None:
    properties = package.properties(function)
    assert properties["Architectures"] == ["arm64"]
    assert properties["Runtime"] == "python3.11"
    assert properties["Tracing"] == "PassThrough"


def test_memory_and_time_are_set_for_each_function(package: Package) -> None:
    settings = {f: (package.properties(f)["MemorySize"], package.properties(f)["Timeout"]) for f in FUNCTIONS}
    assert settings == {
        "APIHandler": (1024, 29),
        "PlanSettlements": (512, 120),
        "SettleDay": (1769, 120),
        "RunImport": (1024, 300),
        "TendBooks": (512, 300),
        "TendBook": (1769, 900),
        "PrintDocument": (1769, 120),
        "ReachRouter": (1024, 60),
        "PlanRouters": (512, 60),
    }


def test_the_planner_runs_every_five_minutes_and_is_not_repeated(package: Package) -> None:
    planner = package.properties("PlanSettlements")
    (event,) = planner["Events"].values()
    assert event == {"Type": "Schedule", "Properties": {"Schedule": "rate(5 minutes)"}}
    assert planner["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_books_are_asked_for_every_hour_and_the_asking_is_not_repeated(package: Package) -> None:
    asking = package.properties("TendBooks")
    (event,) = asking["Events"].values()
    assert event == {"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}}
    assert asking["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_routers_are_planned_every_minute_and_the_planning_is_not_repeated(package: Package) -> None:
    planner = package.properties("PlanRouters")
    (event,) = planner["Events"].values()
    assert event == {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)"}}
    assert planner["EventInvokeConfig"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_told_the_tables_and_settings_by_reference(package: Package, function: str) -> None:
    environment = package.environment(function)
    version = environment.pop("TRIBUTARY_VERSION")
    assert len(version) == 12
    queues = [f"{name}_QUEUE_URL" for name in ("SETTLEMENT", "JOBS", "BOOKS", "DOCUMENTS", "ROUTERS")]
    for variable in (*queues, "TOKEN_KEYS_SECRET", "FILES_BUCKET", "ROUTER_FUNCTION", "ROUTER_KEY"):
        environment.pop(variable, None)
    assert environment == {
        "TENANTS_TABLE": {"Ref": "TenantsTable"},
        "BOOKS_TABLE": {"Ref": "BooksTable"},
        "CRM_TABLE": {"Ref": "CrmTable"},
        "OPERATOR_ID": {"Ref": "OperatorId"},
        "CURRENCY": {"Ref": "Currency"},
        "POWERTOOLS_SERVICE_NAME": "tributary",
        "POWERTOOLS_METRICS_NAMESPACE": "Tributary",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


def test_the_printer_lies_beside_the_two_functions_that_print(package: Package) -> None:
    layers = {function: package.properties(function).get("Layers", []) for function in FUNCTIONS}
    printing = dict.fromkeys(("APIHandler", "PrintDocument"), [{"Ref": "PrinterLayer"}])
    assert layers == {**dict.fromkeys(FUNCTIONS, []), **printing}
    layer = package.properties("PrinterLayer")
    assert layer["ContentUri"] == f"./{PRINTER_ZIP}"
    assert (layer["CompatibleRuntimes"], layer["CompatibleArchitectures"]) == (["python3.11"], ["arm64"])


def test_nothing_is_set_that_the_code_does_not_read_and_everything_without_a_fit_default_is_set(
    package: Package,
) -> None:
    tree = ast.parse((PROJECT / "chalicelib" / "aws" / "config.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    read = {c.args[0].value for c in calls if isinstance(c.func, ast.Name) and c.func.id == "env"}  # type: ignore[attr-defined]
    told = {name for name in package.environment("APIHandler") if not name.startswith("POWERTOOLS_")}
    assert told - read == set()
    unset = {"PASSWORD_MEMORY_KIB", "TOKEN_KEYS", "LD_LIBRARY_PATH", "AWS_LAMBDA_FUNCTION_NAME", "ALLOW_LOCAL_ROUTERS"}
    assert read - told == unset


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_into_a_group_that_forgets(package: Package, function: str) -> None:
    group = package.properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
    assert package.properties(group)["RetentionInDays"] == {"Ref": "LogRetentionInDays"}


def alarmed(package: Package, namespace: str, metric: str) -> list[Any]:
    """Whose metric has an alarm that tells the topic."""
    alarms = [alarm["Properties"] for alarm in package.of_type("AWS::CloudWatch::Alarm").values()]
    found = [a for a in alarms if (a["Namespace"], a["MetricName"]) == (namespace, metric)]
    assert all(a["AlarmActions"] == [{"Ref": "Alarms"}] for a in found)
    return [a["Dimensions"][0]["Value"] for a in found]


def test_every_function_that_fails_wakes_a_person(package: Package) -> None:
    assert sorted(one["Ref"] for one in alarmed(package, "AWS/Lambda", "Errors")) == list(FUNCTIONS)


def test_a_dead_letter_and_a_late_message_wake_a_person(package: Package) -> None:
    dead = alarmed(package, "AWS/SQS", "ApproximateNumberOfMessagesVisible")
    late = alarmed(package, "AWS/SQS", "ApproximateAgeOfOldestMessage")
    assert sorted(one["Fn::GetAtt"][0] for one in dead) == [
        "BooksDeadLetters",
        "DocumentsDeadLetters",
        "JobsDeadLetters",
        "RoutersDeadLetters",
        "SettlementDeadLetters",
    ]
    assert sorted(one["Fn::GetAtt"][0] for one in late) == [
        "BooksQueue",
        "DocumentsQueue",
        "JobsQueue",
        "RoutersQueue",
        "SettlementQueue",
    ]


def test_what_the_code_calls_an_alarm_wakes_a_person(package: Package) -> None:
    assert alarmed(package, "Tributary", "Alarms") == ["tributary"]


def test_a_broken_proof_wakes_a_person(package: Package) -> None:
    assert alarmed(package, "Tributary", "BooksBroken") == ["tributary"]


def test_routers_that_lag_for_a_quarter_of_an_hour_wake_a_person(package: Package) -> None:
    assert alarmed(package, "Tributary", "RoutersLagging") == ["tributary"]
    lag = package.properties("RoutersLag")
    assert (lag["Period"] * lag["EvaluationPeriods"], lag["Threshold"], lag["Statistic"]) == (900, 0, "Maximum")


def test_outputs_name_what_a_person_needs(package: Package) -> None:
    assert {"EndpointURL", "TenantsTable", "BooksTable", "CrmTable", "TokenKeysSecret", "AlarmsTopic"} <= set(
        package.template["Outputs"]
    )
    for queue in (
        "SettlementQueue",
        "SettlementDeadLetters",
        "JobsQueue",
        "JobsDeadLetters",
        "BooksQueue",
        "BooksDeadLetters",
        "DocumentsQueue",
        "DocumentsDeadLetters",
        "RoutersQueue",
        "RoutersDeadLetters",
    ):
        assert package.template["Outputs"][f"{queue}Url"] == {"Value": {"Ref": queue}}
