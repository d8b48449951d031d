"""What each function may do: exactly what is listed here, on exactly the resources of this template."""

import json
import re
from typing import Any

import pytest

from tests.infra.packaged import FUNCTIONS, Package

READ = {"BatchGetItem", "GetItem", "Query"}
TAKE = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
WRITE_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}


def on_table(actions: set[str]) -> set[str]:
    return {f"dynamodb:{action}" for action in actions}


ALLOWED: dict[str, dict[str, set[str]]] = {
    "APIHandler": {
        "TenantsTable": on_table(READ | {"PutItem", "UpdateItem", "DeleteItem"}),
        "BooksTable": on_table(READ | {"PutItem", "UpdateItem", "ConditionCheckItem"}),
        "CrmTable": on_table(READ | {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}),
        "SettlementQueue": {"sqs:SendMessage"},
        "JobsQueue": {"sqs:SendMessage"},
        "BooksQueue": {"sqs:SendMessage"},
        "DocumentsQueue": {"sqs:SendMessage"},
        "RoutersQueue": {"sqs:SendMessage"},
        "ReachRouter": {"lambda:InvokeFunction"},
        "TokenKeys": {"secretsmanager:GetSecretValue"},
        "FilesBucket/attachments": {"s3:GetObject", "s3:PutObject"},
        "FilesBucket/reports": {"s3:GetObject", "s3:PutObject"},
        "FilesBucket/brands": {"s3:GetObject", "s3:PutObject"},
        "FilesBucket/documents": {"s3:GetObject"},
        "ApiLog": WRITE_LOG,
    },
    "PlanSettlements": {
        "TenantsTable": on_table(READ),
        "BooksTable": on_table(READ),
        "CrmTable": on_table(READ | {"BatchWriteItem"}),
        "SettlementQueue": {"sqs:SendMessage"},
        "JobsQueue": {"sqs:SendMessage"},
        "RoutersQueue": {"sqs:SendMessage"},
        "PlanLog": WRITE_LOG,
    },
    "SettleDay": {
        "TenantsTable": on_table(READ),
        "BooksTable": on_table(READ | {"PutItem", "UpdateItem", "ConditionCheckItem"}),
        "CrmTable": on_table(READ | {"PutItem", "UpdateItem", "BatchWriteItem"}),
        "SettlementQueue": TAKE,
        "RoutersQueue": {"sqs:SendMessage"},
        "SettleLog": WRITE_LOG,
    },
    "RunImport": {
        "TenantsTable": on_table(READ),
        "BooksTable": on_table({"GetItem", "ConditionCheckItem", "BatchGetItem", "PutItem"}),
        "CrmTable": on_table(READ | {"PutItem", "UpdateItem", "DeleteItem"}),
        "JobsQueue": TAKE,
        "RoutersQueue": {"sqs:SendMessage"},
        "ImportLog": WRITE_LOG,
    },
    "TendBooks": {
        "TenantsTable": on_table(READ),
        "BooksTable": on_table(READ | {"PutItem"}),
        "BooksQueue": {"sqs:SendMessage"},
        "TendBooksLog": WRITE_LOG,
    },
    "TendBook": {
        "TenantsTable": on_table(READ),
        "BooksTable": on_table(READ | {"PutItem", "UpdateItem", "ConditionCheckItem"}),
        "CrmTable": on_table(READ | {"PutItem", "UpdateItem", "DeleteItem"}),
        "BooksQueue": TAKE,
        "RoutersQueue": {"sqs:SendMessage"},
        "TendBookLog": WRITE_LOG,
    },
    "PrintDocument": {
        "TenantsTable": on_table(READ),
        "BooksTable": on_table(READ | {"PutItem"}),
        "CrmTable": on_table(READ),
        "FilesBucket/brands": {"s3:GetObject"},
        "FilesBucket/documents": {"s3:PutObject"},
        "DocumentsQueue": TAKE,
        "PrintDocumentLog": WRITE_LOG,
    },
    "ReachRouter": {
        "TenantsTable": on_table(READ),
        "CrmTable": on_table(
            READ | {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "ConditionCheckItem"},
        ),
        "RoutersQueue": TAKE,
        "ReachRouterLog": WRITE_LOG,
    },
    "PlanRouters": {
        "TenantsTable": on_table(READ),
        "CrmTable": on_table(READ),
        "RoutersQueue": {"sqs:SendMessage"},
        "PlanRoutersLog": WRITE_LOG,
    },
}

ATTACHING = ["LetLambdaAttachItself", "ButNotTheCodeItRuns"]
"""What Lambda asks of the role of a function in a network, on all resources: the only statements about EC2."""


def role_of(package: Package, function: str) -> str:
    name, attribute = package.properties(function)["Role"]["Fn::GetAtt"]
    assert attribute == "Arn"
    return name


def statements(package: Package, function: str) -> list[dict[str, Any]]:
    """What the function itself may do."""
    return [one for one in every_statement(package, function) if one["Sid"] not in ATTACHING]


def every_statement(package: Package, function: str) -> list[dict[str, Any]]:
    (policy,) = package.properties(role_of(package, function))["Policies"]
    return policy["PolicyDocument"]["Statement"]


def named(resource: dict[str, Any]) -> str:
    """The template's resource that a policy means; a text, which could mean anything, is none.

    Of a bucket it is all files of one folder: `FilesBucket/reports`.
    """
    if "Fn::Sub" in resource:
        found = re.fullmatch(r"\$\{(FilesBucket)\.Arn\}/([a-z]+)/\*", resource["Fn::Sub"])
        assert found is not None, resource
        return "/".join(found.groups())
    return resource["Ref"] if "Ref" in resource else resource["Fn::GetAtt"][0]


def allowed(package: Package, function: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for statement in statements(package, function):
        assert statement["Effect"] == "Allow"
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for resource in resources:
            found.setdefault(named(resource), set()).update(statement["Action"])
    return found


def test_each_function_has_a_role_of_its_own_that_lambda_alone_may_take(package: Package) -> None:
    assert sorted(package.of_type("AWS::Serverless::Function")) == list(FUNCTIONS)
    roles = [role_of(package, function) for function in FUNCTIONS]
    assert len(set(roles)) == len(FUNCTIONS)
    for role in roles:
        assert "ManagedPolicyArns" not in package.properties(role)
        (trust,) = package.properties(role)["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_exactly_what_is_listed(package: Package, function: str) -> None:
    assert allowed(package, function) == ALLOWED[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_policy_of_a_function_has_a_wildcard_but_for_the_files_of_a_folder(package: Package, function: str) -> None:
    said = [{name: part for name, part in one.items() if name != "Condition"} for one in statements(package, function)]
    assert "*" not in re.sub(r"\.Arn\}/[a-z]+/\*", "", json.dumps(said))


def test_no_function_removes_a_file_or_lists_them(package: Package) -> None:
    asked = {action for function in FUNCTIONS for actions in allowed(package, function).values() for action in actions}
    assert {action for action in asked if action.startswith("s3:")} == {"s3:GetObject", "s3:PutObject"}
    told = [function for function in FUNCTIONS if "FILES_BUCKET" in package.environment(function)]
    assert told == ["APIHandler", "PrintDocument"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_may_scan_or_touch_a_table_as_a_whole(package: Package, function: str) -> None:
    actions = set().union(*allowed(package, function).values())
    assert not {a for a in actions if any(word in a for word in ("Scan", "Table", "Purge", "PartiQL", "Backup"))}


def test_the_worker_of_documents_writes_nothing_of_the_books_but_documents(package: Package) -> None:
    (writing,) = [one for one in statements(package, "PrintDocument") if "dynamodb:PutItem" in one["Action"]]
    assert writing["Action"] == ["dynamodb:PutItem"]
    assert writing["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#documents"]}}


def test_the_import_worker_writes_nothing_of_the_books_but_which_days_it_holds(package: Package) -> None:
    writes = on_table({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"})
    (writing,) = [
        one
        for one in statements(package, "RunImport")
        if named(one["Resource"]) == "BooksTable" and set(one["Action"]) & writes
    ]
    assert set(writing["Action"]) & writes == {"dynamodb:PutItem"}
    assert writing["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#settlements"]}}


def test_no_function_deletes_from_the_books(package: Package) -> None:
    for function in FUNCTIONS:
        assert not allowed(package, function).get("BooksTable", set()) & on_table({"DeleteItem", "BatchWriteItem"})


def test_the_functions_of_routers_do_not_see_the_books(package: Package) -> None:
    assert [f for f in FUNCTIONS if "BooksTable" not in allowed(package, f)] == ["PlanRouters", "ReachRouter"]


def test_lambda_attaches_the_one_function_to_its_network_and_the_code_in_it_may_not(package: Package) -> None:
    found = {f: [one["Sid"] for one in every_statement(package, f) if one["Sid"] in ATTACHING] for f in FUNCTIONS}
    assert found == {**dict.fromkeys(FUNCTIONS, []), "ReachRouter": ATTACHING}
    attach, deny = [one for one in every_statement(package, "ReachRouter") if one["Sid"] in ATTACHING]
    assert (attach["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert attach["Action"] == deny["Action"]
    assert {action.partition(":")[0] for action in attach["Action"]} == {"ec2"}
    assert deny["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


def test_only_the_api_reads_the_token_keys(package: Package) -> None:
    assert [function for function in FUNCTIONS if "TokenKeys" in allowed(package, function)] == ["APIHandler"]
    assert [f for f in FUNCTIONS if "TOKEN_KEYS_SECRET" in package.environment(f)] == ["APIHandler"]


def test_a_function_knows_the_address_of_a_queue_only_if_it_sends_to_it(package: Package) -> None:
    addresses = {
        "SETTLEMENT_QUEUE_URL": "SettlementQueue",
        "JOBS_QUEUE_URL": "JobsQueue",
        "BOOKS_QUEUE_URL": "BooksQueue",
        "DOCUMENTS_QUEUE_URL": "DocumentsQueue",
        "ROUTERS_QUEUE_URL": "RoutersQueue",
    }
    for function in FUNCTIONS:
        for variable, queue in addresses.items():
            sends = "sqs:SendMessage" in allowed(package, function).get(queue, set())
            assert (variable in package.environment(function)) == sends, (function, variable)


def test_the_api_seals_and_the_function_that_reaches_routers_opens_and_nobody_does_both(package: Package) -> None:
    resource = package.template["Resources"]["RouterKey"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert resource["Properties"]["EnableKeyRotation"] is True
    administer, *uses = resource["Properties"]["KeyPolicy"]["Statement"]
    assert {one["Action"]: one["Principal"] for one in uses} == {
        "kms:Encrypt": {"AWS": {"Fn::GetAtt": [role_of(package, "APIHandler"), "Arn"]}},
        "kms:Decrypt": {"AWS": {"Fn::GetAtt": [role_of(package, "ReachRouter"), "Arn"]}},
    }
    named_in_full = {"kms:EncryptionContext:tenant": "false", "kms:EncryptionContext:about": "false"}
    assert [one["Condition"] for one in uses] == [{"Null": named_in_full}] * 2
    using = ("Encrypt", "Decrypt", "GenerateDataKey", "CreateGrant")
    assert not [action for action in administer["Action"] if action.endswith(":*") or action[4:].startswith(using)]


def test_no_policy_of_a_function_speaks_of_the_key_and_only_the_api_knows_it_and_whom_to_ask(package: Package) -> None:
    asked = {action for function in FUNCTIONS for one in every_statement(package, function) for action in one["Action"]}
    assert not [action for action in asked if action.startswith("kms:")]
    for variable in ("ROUTER_KEY", "ROUTER_FUNCTION"):
        assert [f for f in FUNCTIONS if variable in package.environment(f)] == ["APIHandler"]
