"""Guards that billing hands to other packages' writes: they hold as things are at the write, not as they were read."""

from datetime import date

import pytest

from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.pins import guard_unpinned
from chalicelib.billing.settle import settle_day
from chalicelib.core.errors import Unavailable
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.plans import find_plan
from chalicelib.crm.subscriber import Line, NewSubscriber
from chalicelib.funds.limits import change_limits
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

FIRST = date(2026, 11, 1)


def test_a_minimum_that_rises_while_a_subscriber_is_connected_is_kept(engine: MemoryDynamoDB) -> None:
    """60.00 less a first day of 19.17 keeps the minimum that was read, and not the one that holds at the write."""
    world = World.build(FIRST)
    world.fund(100_000, 6_000)
    guard = guard_new_connections(world.beta_chain, [(find_plan("beta", "HOME"), FIRST)], NOW)
    write(change_limits("beta", 5_000, 0))
    asked = NewSubscriber("Karim", None, None, Line("HOME", "karim", None, FIRST))
    with pytest.raises(Unavailable) as refusal:
        create_subscriber(world.beta, asked, guard, NOW, lambda _: ())
    assert refusal.value.code == "busy"
    write(change_limits("beta", 0, 0))
    assert world.connect(world.beta_chain, "karim", "HOME", FIRST).number == 1


def test_what_takes_a_tenant_whose_days_were_never_pinned_is_refused_once_one_was(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    write(*guard_unpinned("beta").operations)
    settle_day(world.beta_chain, FIRST, NOW)
    with pytest.raises(ConditionFailed):
        write(*guard_unpinned("beta").operations)
    write(*guard_unpinned("gamma").operations)
