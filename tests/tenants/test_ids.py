"""What cannot be the id of a tenant is nobody's: no key is built from it."""

from datetime import date

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.tenants.hierarchy import check_id, find_child
from tests.simulation import MemoryDynamoDB
from tests.world import World

NO_IDS = ("", "alpha#tenant", "op/alpha", "alpha ", "আলফা", "a" * 200, "\U0010ffff")


@pytest.mark.parametrize("text", NO_IDS)
def test_what_cannot_be_an_id_is_not_there(text: str) -> None:
    with pytest.raises(NotFound):
        check_id(text)


def test_a_child_is_found_by_its_id_and_by_nothing_like_it(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))
    assert check_id("alpha") == "alpha"
    assert find_child(world.operator, "alpha").code == "ALPHA"
    with engine.measured() as meter, pytest.raises(NotFound):
        find_child(world.operator, "alpha#tenant")
    assert meter.requests == 0
