"""What every test stands on: an installation's environment, its tables under moto, and a clock that a test may set."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

os.environ |= {
    "AWS_DEFAULT_REGION": "ap-southeast-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "TENANTS_TABLE": "tenants",
    "BOOKS_TABLE": "books",
    "CRM_TABLE": "crm",
    "FILES_BUCKET": "files",
    "ROUTER_KEY": "tributary-router-key",
    "ALLOW_LOCAL_ROUTERS": "1",
    "TOKEN_KEYS": '{"current": "k1", "keys": {"k1": "bm90LWEtc2VjcmV0LW9ubHktZm9yLXRlc3RzLTAwMDAwMQ"}}',
    "OPERATOR_ID": "op",
    "CURRENCY": "BDT",
    "PASSWORD_MEMORY_KIB": "64",
    "POWERTOOLS_LOG_LEVEL": "WARNING",
    "POWERTOOLS_METRICS_DISABLED": "true",
}
os.environ.pop("AWS_ENDPOINT_URL", None)

import boto3
import botocore.loaders
import botocore.session
import pytest
from hypothesis import settings
from moto import mock_aws

from chalicelib.aws import clock, rows, sealed
from tests.sealing import KeyInProcess
from tests.simulation import MemoryDynamoDB
from tests.store_of_files import Store, store_of_files

TABLES = ("tenants", "books", "crm")

settings.register_profile("suite", derandomize=True, deadline=None)  # A change is judged by its own doing, not by luck.
settings.register_profile("search", derandomize=False, deadline=None)  # `make properties`
settings.load_profile("suite")

# Each test has a session of its own under moto. What botocore reads of the services is the same for all of them, and
# takes four fifths of what a database costs.
botocore.session.create_loader = cache(botocore.loaders.create_loader)


def create_tables() -> None:
    """The three tables, in whatever stands for DynamoDB just now."""
    client = boto3.client("dynamodb")
    for name in TABLES:
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )


@pytest.fixture
def database() -> Iterator[None]:
    """Empty tables under moto, for this test alone."""
    with mock_aws():
        rows.forget_connections()
        create_tables()
        yield
    rows.forget_connections()


class SetClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def set(self, text: str) -> None:
        """Make it this instant, written like `2026-11-22T06:00:00` (UTC)."""
        self.at = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def the_clock() -> Iterator[SetClock]:
    """The product's clock, standing at 22 November 2026, 06:00 UTC (noon in Dhaka); waiting takes no time."""
    source = SetClock(datetime(2026, 11, 22, 6, 0, tzinfo=UTC))
    restore: Callable[[], None] = clock.replace(now=source.now, sleep=lambda seconds: None)
    yield source
    restore()


@pytest.fixture
def engine() -> Iterator[MemoryDynamoDB]:
    """Empty tables in the simulated engine, for tests that count units, inject faults or need speed."""
    memory = MemoryDynamoDB()
    with memory.installed():
        rows.forget_connections()
        create_tables()
        yield memory
    rows.forget_connections()


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Store]:
    """An empty store of files, for this test alone."""
    with store_of_files(tmp_path / "files") as store:
        yield store


@pytest.fixture(scope="session", autouse=True)
def sealing_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyInProcess]:
    """The key that seals credentials, the same for all tests."""
    key = KeyInProcess(tmp_path_factory.mktemp("keys") / "router-key")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed, "_client", lambda: key)
        yield key
