"""Tables, queues, files and secrets of the template: what must not be lost, and what must not be read by others."""

import base64
import json
import string

import pytest

from chalicelib.aws.files import attachment_file, document_file, logo_file, report_file
from chalicelib.network.state import LEASE
from tests.infra.packaged import Package

TABLES = ("BooksTable", "CrmTable", "TenantsTable")
QUEUES = {
    "SettlementQueue": "SettlementDeadLetters",
    "JobsQueue": "JobsDeadLetters",
    "BooksQueue": "BooksDeadLetters",
    "DocumentsQueue": "DocumentsDeadLetters",
    "RoutersQueue": "RoutersDeadLetters",
}
WORKERS = {
    "SettlementQueue": "SettleDay",
    "JobsQueue": "RunImport",
    "BooksQueue": "TendBook",
    "DocumentsQueue": "PrintDocument",
    "RoutersQueue": "ReachRouter",
}


def test_there_are_three_tables(package: Package) -> None:
    assert sorted(package.of_type("AWS::DynamoDB::Table")) == list(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_point_in_time_recovery_encryption_and_deletion_protection(package: Package, name: str) -> None:
    table = package.properties(name)
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert table["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("name", TABLES)
def test_no_stack_update_or_deletion_takes_a_table_along(package: Package, name: str) -> None:
    resource = package.template["Resources"][name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert "TableName" not in resource["Properties"], "a name that is fixed stands in the way of a second installation"


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_keyed_by_pk_and_sk_and_paid_by_request(package: Package, name: str) -> None:
    table = package.properties(name)
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]} == {"pk": "S", "sk": "S"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_rows_expire_in_tenants_and_crm_and_never_in_the_books(package: Package) -> None:
    expiry = {name: package.properties(name)["TimeToLiveSpecification"] for name in TABLES}
    assert expiry == {
        "TenantsTable": {"AttributeName": "expires_at", "Enabled": True},
        "CrmTable": {"AttributeName": "expires_at", "Enabled": True},
        "BooksTable": {"AttributeName": "expires_at", "Enabled": False},
    }


def test_every_queue_of_work_has_dead_letters_after_three_tries(package: Package) -> None:
    assert set(package.of_type("AWS::SQS::Queue")) == {*QUEUES, *QUEUES.values()}
    for queue, dead_letters in QUEUES.items():
        assert package.properties(queue)["RedrivePolicy"] == {
            "maxReceiveCount": 3,
            "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
        }
        assert package.properties(dead_letters)["MessageRetentionPeriod"] == 14 * 86_400


def test_messages_of_settlement_and_routers_keep_their_order_in_the_dead_letters_too(package: Package) -> None:
    fifo = {name: queue["Properties"].get("FifoQueue") for name, queue in package.of_type("AWS::SQS::Queue").items()}
    assert fifo == {
        "SettlementQueue": True,
        "SettlementDeadLetters": True,
        "JobsQueue": None,
        "JobsDeadLetters": None,
        "BooksQueue": None,
        "BooksDeadLetters": None,
        "DocumentsQueue": None,
        "DocumentsDeadLetters": None,
        "RoutersQueue": True,
        "RoutersDeadLetters": True,
    }


@pytest.mark.parametrize("queue", ["SettlementQueue", "RoutersQueue"])
def test_groups_of_a_queue_in_order_go_side_by_side(package: Package, queue: str) -> None:
    properties = package.properties(queue)
    assert properties["DeduplicationScope"] == "messageGroup"
    assert properties["FifoThroughputLimit"] == "perMessageGroupId"


@pytest.mark.parametrize("queue", sorted(QUEUES.keys() - {"RoutersQueue"}))
def test_a_message_is_hidden_for_six_times_as_long_as_its_worker_may_run(package: Package, queue: str) -> None:
    timeout_seconds = package.properties(WORKERS[queue])["Timeout"]
    assert package.properties(queue)["VisibilityTimeout"] >= 6 * timeout_seconds


def test_a_router_whose_worker_was_killed_waits_for_no_longer_than_it_takes_to_know_that(package: Package) -> None:
    hidden = package.properties("RoutersQueue")["VisibilityTimeout"]
    assert package.properties("ReachRouter")["Timeout"] < LEASE.total_seconds() <= hidden == 90


@pytest.mark.parametrize("queue", [*QUEUES, *QUEUES.values()])
def test_every_queue_is_encrypted_and_refuses_plain_http(package: Package, queue: str) -> None:
    assert package.properties(queue)["SqsManagedSseEnabled"] is True
    policy = package.properties(f"{queue}OverTls")
    assert policy["Queues"] == [{"Ref": queue}]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": {"Fn::GetAtt": [queue, "Arn"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


@pytest.mark.parametrize("queue", QUEUES)
def test_a_worker_takes_from_the_queue_of_this_template_one_message_at_a_time(package: Package, queue: str) -> None:
    (source,) = package.properties(WORKERS[queue])["Events"].values()
    assert source["Type"] == "SQS"
    assert source["Properties"]["Queue"] == {"Fn::Sub": f"${{{queue}.Arn}}"}
    assert source["Properties"]["BatchSize"] == 1
    limit = source["Properties"]["ScalingConfig"]["MaximumConcurrency"]["Ref"]
    assert package.template["Parameters"][limit]["MinValue"] == 2


def test_the_bucket_is_private_encrypted_versioned_and_stays(package: Package) -> None:
    (bucket,) = package.of_type("AWS::S3::Bucket").values()
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = bucket["Properties"]
    assert "BucketName" not in properties, "a name that is fixed stands in the way of a second installation"
    blocks = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(blocks, True)
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}


def test_reports_are_forgotten_after_a_week_and_nothing_else(package: Package) -> None:
    rules = package.properties("FilesBucket")["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiring == {"reports/": 7}
    assert [rule["Prefix"] for rule in rules if "NoncurrentVersionExpiration" in rule] == ["reports/"]
    assert report_file("t1", "r1").startswith("reports/")
    for kept in (attachment_file("t1", "a1"), logo_file("t1", "l1"), document_file("t1", "9f2c")):
        assert not kept.startswith("reports/")


def test_the_bucket_refuses_plain_http(package: Package) -> None:
    policy = package.properties("FilesOverTls")
    assert policy["Bucket"] == {"Ref": "FilesBucket"}
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [{"Fn::GetAtt": ["FilesBucket", "Arn"]}, {"Fn::Sub": "${FilesBucket.Arn}/*"}],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_a_page_may_use_a_link_with_the_headers_that_a_link_to_send_has(package: Package) -> None:
    (rule,) = package.properties("FilesBucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["GET", "PUT"]
    assert rule["AllowedHeaders"] == ["content-type", "x-amz-checksum-sha256"]


def test_the_first_token_key_is_generated_and_has_the_form_that_the_code_reads(package: Package) -> None:
    generated = package.properties("FirstTokenKey")["GenerateSecretString"]
    assert generated == {"PasswordLength": 44, "ExcludePunctuation": True, "RequireEachIncludedType": False}
    reference = "{{resolve:secretsmanager:${FirstTokenKey}:SecretString}}"
    text = package.properties("TokenKeys")["SecretString"]["Fn::Sub"]
    letters = (string.ascii_letters + string.digits)[:44]
    keys = json.loads(text.replace(reference, letters))
    assert keys == {"current": "k1", "keys": {"k1": letters}}
    assert len(base64.urlsafe_b64decode(letters)) == 33
