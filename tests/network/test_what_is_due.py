"""What the schedule queues for a router, and when."""

from datetime import timedelta

import pytest

from chalicelib.aws.tables import forget
from chalicelib.network.due import find_due
from chalicelib.network.register import register_router
from chalicelib.network.state import note_compared
from tests.network.routers import FIRST, NEW
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World


@pytest.fixture
def world(engine: MemoryDynamoDB) -> World:
    return World.of_tenants(FIRST)


def test_a_router_is_compared_first_in_the_night_after_it_was_registered_and_then_each_night(world: World) -> None:
    router = register_router(world.alpha, NEW, NOW, forget)

    def nights(hours: float) -> list[str]:
        due = find_due("op", NOW + timedelta(hours=hours))
        return [body["day"] for group, _, body in due.messages if body["do"] == "night" and group == router.router_id]

    assert nights(0) == nights(14.9) == []  # noon in Dhaka, and a little before three at night
    assert nights(15) == nights(20) == ["2026-11-23"]
    note_compared(router.router_id, NOW.date() + timedelta(days=1))
    assert (nights(21), nights(39)) == ([], ["2026-11-24"])
