"""What the tests over HTTP of this folder share."""

from collections.abc import Iterator

import pytest

from tests.conftest import SetClock
from tests.network.watched import Watched, watched
from tests.simulation import MemoryDynamoDB


@pytest.fixture
def place(engine: MemoryDynamoDB, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """The operator's router, lent to Beta, and Gamma with its own."""
    with watched(monkeypatch) as made:
        yield made
