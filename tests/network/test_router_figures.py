"""A small share of the figures of routers (`make bench ONLY=routers`): the counts are exact, the times have room."""

from collections.abc import Iterator

import pytest

from tests.bench import routers
from tests.simulation import MemoryDynamoDB


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(routers, "ROUNDS", 1)
    with routers.running():
        yield


def test_reconciling_reads_the_secrets_once_and_takes_one_command_a_difference(engine: MemoryDynamoDB) -> None:
    found = routers.reconciled(engine, 500)
    assert (found["full reads"], found["differing"], found["writes"], found["hung up"]) == (1, 5, 5, 1)
    assert found["asked"] == 1 + 9 + 6 + 2  # a sign-in, everything, what differs by name, its sessions
    assert found["requests"] < 40
    assert found["seconds"] < 5


def test_all_suspended_at_once_arrive_on_their_routers(engine: MemoryDynamoDB) -> None:
    assert routers.suspended_at_once(3, 10)["arrived"] < 10


def test_nine_routers_do_not_wait_for_the_tenth(engine: MemoryDynamoDB) -> None:
    found = routers.beside_a_dead_one(2, routers.refuses)
    assert found["ill"] < 10


def test_what_one_delivered_change_costs(engine: MemoryDynamoDB) -> None:
    found = routers.one_change(engine)
    assert found["commands"] == 1 + 7 + 2 + 2  # a sign-in, prints, profile and secret, the session found and ended
    assert found["write units"] == 3
    assert found["read units"] < 20
