"""Tables in the memory of this process, which take many writes and several threads."""

from collections.abc import Iterator

import pytest

from chalicelib.aws import rows
from tests.conftest import create_tables
from tests.simulation.dynamodb import MemoryDynamoDB


@pytest.fixture
def engine() -> Iterator[MemoryDynamoDB]:
    """Empty tables in the simulator, for this test alone."""
    simulator = MemoryDynamoDB()
    with simulator.installed():
        rows.forget_connections()
        create_tables()
        yield simulator
    rows.forget_connections()
