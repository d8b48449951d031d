"""The tables, queues, bucket and key that CloudFormation makes on AWS, made here when they are missing."""

import json
import os
from typing import Any, Final

import boto3

from local.engine.keys import ROUTER_KEY

REGION: Final = "us-east-1"
TENANTS_TABLE: Final = "tributary-tenants"
BOOKS_TABLE: Final = "tributary-books"
CRM_TABLE: Final = "tributary-crm"
SETTLEMENT_QUEUE: Final = "tributary-settlement.fifo"
SETTLEMENT_DEAD_LETTER: Final = "tributary-settlement-dead-letter.fifo"
JOBS_QUEUE: Final = "tributary-jobs"
JOBS_DEAD_LETTER: Final = "tributary-jobs-dead-letter"
BOOKS_QUEUE: Final = "tributary-books"
BOOKS_DEAD_LETTER: Final = "tributary-books-dead-letter"
DOCUMENTS_QUEUE: Final = "tributary-documents"
DOCUMENTS_DEAD_LETTER: Final = "tributary-documents-dead-letter"
ROUTERS_QUEUE: Final = "tributary-routers.fifo"
ROUTERS_DEAD_LETTER: Final = "tributary-routers-dead-letter.fifo"
FILES_BUCKET: Final = "tributary-files"

EXPIRING_TABLES: Final = (TENANTS_TABLE, CRM_TABLE)
RECEIVES_BEFORE_DEAD_LETTER: Final = 3
# As in the template: two groups may have messages of the same name.
GROUPED: Final = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "messageGroup",
    "FifoThroughputLimit": "perMessageGroupId",
}
# 960 on AWS, where a worker may run for fifteen minutes; here there is one worker a queue, and nothing to wait for.
VISIBILITY_SECONDS: Final = 30
# Longer than the one minute that a worker has for a router: nobody else may work on it meanwhile.
ROUTERS_VISIBILITY_SECONDS: Final = 75


def point_at(engine_url: str) -> None:
    """Makes the AWS libraries of this process talk to the engine, whatever the person's own AWS settings are."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1"]))
    os.environ |= {
        "AWS_ENDPOINT_URL": engine_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def prepare() -> dict[str, str]:
    """Makes what is missing; gives the names by the environment variables the app reads them from."""
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    existing = dynamodb.list_tables()["TableNames"]
    for table in (TENANTS_TABLE, BOOKS_TABLE, CRM_TABLE):
        if table not in existing:
            _create_table(dynamodb, table)
    for table in EXPIRING_TABLES:
        dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
        )
    boto3.client("s3").create_bucket(Bucket=FILES_BUCKET)
    settlement, settlement_dead = create_queue_pair(sqs, SETTLEMENT_QUEUE, SETTLEMENT_DEAD_LETTER)
    jobs, jobs_dead = create_queue_pair(sqs, JOBS_QUEUE, JOBS_DEAD_LETTER)
    books, books_dead = create_queue_pair(sqs, BOOKS_QUEUE, BOOKS_DEAD_LETTER)
    documents, documents_dead = create_queue_pair(sqs, DOCUMENTS_QUEUE, DOCUMENTS_DEAD_LETTER)
    routers, routers_dead = create_queue_pair(sqs, ROUTERS_QUEUE, ROUTERS_DEAD_LETTER, ROUTERS_VISIBILITY_SECONDS)
    return {
        "TENANTS_TABLE": TENANTS_TABLE,
        "BOOKS_TABLE": BOOKS_TABLE,
        "CRM_TABLE": CRM_TABLE,
        "SETTLEMENT_QUEUE_URL": settlement,
        "SETTLEMENT_DEAD_LETTER_URL": settlement_dead,
        "JOBS_QUEUE_URL": jobs,
        "JOBS_DEAD_LETTER_URL": jobs_dead,
        "BOOKS_QUEUE_URL": books,
        "BOOKS_DEAD_LETTER_URL": books_dead,
        "DOCUMENTS_QUEUE_URL": documents,
        "DOCUMENTS_DEAD_LETTER_URL": documents_dead,
        "ROUTERS_QUEUE_URL": routers,
        "ROUTERS_DEAD_LETTER_URL": routers_dead,
        "ROUTER_KEY": ROUTER_KEY,
        # Whoever answers is in this process: a name from the person's own environment would be another function.
        "ROUTER_FUNCTION": "",
        "ALLOW_LOCAL_ROUTERS": "1",
        "FILES_BUCKET": FILES_BUCKET,
    }


def _create_table(dynamodb: Any, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )


def create_queue_pair(
    sqs: Any, name: str, dead_letter: str, visibility_seconds: int = VISIBILITY_SECONDS
) -> tuple[str, str]:
    """A queue and the one its messages go to after three tries. Queues live in the engine's memory: made every time."""
    fifo = GROUPED if name.endswith(".fifo") else {}
    dead_url = sqs.create_queue(QueueName=dead_letter, Attributes=fifo)["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": RECEIVES_BEFORE_DEAD_LETTER}
    attributes = {**fifo, "VisibilityTimeout": str(visibility_seconds), "RedrivePolicy": json.dumps(redrive)}
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]), str(dead_url)
