"""Coming back after a recharge: oldest first, as many as every fund covers for one more day."""

from datetime import date, timedelta

import pytest

from chalicelib.aws.tables import write
from chalicelib.billing.restore import restore_services
from chalicelib.billing.run import ask_restore, carry_out, plan_days
from chalicelib.billing.settle import settle_day
from chalicelib.billing.state import read_state
from chalicelib.crm.find import find_subscriber
from chalicelib.funds.limits import change_limits, read_limits
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World, plan, price, store_tenant, tenant

YESTERDAY = date(2026, 11, 21)
TODAY = date(2026, 11, 22)
TOMORROW = NOW + timedelta(days=1)
DAILY = 1917
"""What HOME costs Beta on the 22nd."""


def cut_world(*, funded_minor: int = 6_000, alpha_minor: int = 100_000, services: int = 5) -> World:
    """Beta with HOME services since yesterday, of which yesterday's money covered three."""
    world = World.build(YESTERDAY)
    world.fund(alpha_minor, funded_minor)
    for number in range(1, services + 1):
        world.connect(world.beta_chain, f"s{number}", "HOME", YESTERDAY)
    settle_day(world.beta_chain, YESTERDAY, NOW)
    return world


def suspended(services: int = 5) -> list[int]:
    """The numbers of the subscribers whose service is suspended now."""
    found = [find_subscriber("beta", number).services[0] for number in range(1, services + 1)]
    return [number for number, service in enumerate(found, 1) if service.status_on(TODAY).value == "suspended"]


def charged_today(world: World) -> int:
    return settle_day(world.beta_chain, TODAY, TOMORROW).charged


@pytest.mark.usefixtures("engine")
def test_the_oldest_come_back_as_many_as_the_fund_covers_beside_those_running() -> None:
    world = cut_world()
    assert read_state("beta").held == 2
    left = read_limits(["beta"])["beta"].balance_minor
    world.recharge(world.alpha, world.beta, 4 * DAILY - left)
    assert restore_services(world.beta_chain, NOW) == 1
    assert (read_state("beta").held, suspended()) == (1, [5])
    assert charged_today(world) == 4


@pytest.mark.usefixtures("engine")
def test_one_unit_less_brings_nobody_back() -> None:
    world = cut_world()
    left = read_limits(["beta"])["beta"].balance_minor
    world.recharge(world.alpha, world.beta, 4 * DAILY - left - 1)
    assert restore_services(world.beta_chain, NOW) == 0
    assert suspended() == [4, 5]


@pytest.mark.usefixtures("engine")
def test_nobody_comes_back_while_those_still_running_are_not_covered() -> None:
    world = cut_world()
    world.recharge(world.alpha, world.beta, 3 * DAILY - 500)
    assert restore_services(world.beta_chain, NOW) == 0


@pytest.mark.usefixtures("engine")
def test_everybody_comes_back_when_there_is_enough_and_is_billed_from_today() -> None:
    world = cut_world()
    world.recharge(world.alpha, world.beta, 50_000)
    assert restore_services(world.beta_chain, NOW) == 2
    assert (read_state("beta").held, suspended()) == (0, [])
    assert charged_today(world) == 5


@pytest.mark.usefixtures("engine")
def test_asking_again_brings_nobody_back_twice(engine: MemoryDynamoDB) -> None:
    world = cut_world()
    world.recharge(world.alpha, world.beta, 50_000)
    assert restore_services(world.beta_chain, NOW) == 2
    with engine.measured() as meter:
        assert restore_services(world.beta_chain, NOW) == 0
    assert meter.write_units == 0


@pytest.mark.usefixtures("engine")
def test_a_credit_limit_counts_as_cover() -> None:
    world = cut_world()
    write(change_limits("beta", 0, 5 * DAILY))
    assert restore_services(world.beta_chain, NOW) == 2


@pytest.mark.usefixtures("engine")
def test_a_parent_that_loses_by_them_keeps_them_suspended_until_its_own_fund_covers_it() -> None:
    world = cut_world()
    price(world.alpha, world.beta, {"HOME": 3_000, "FAST": 89_950}, TODAY)
    world.recharge(world.alpha, world.beta, 50_000)
    alpha = read_limits(["alpha"])["alpha"].balance_minor
    loss = 1667 - 100
    world.refund(world.operator, world.alpha, alpha - 4 * loss)
    assert restore_services(world.beta_chain, NOW) == 1
    assert suspended() == [5]
    world.recharge(world.operator, world.alpha, loss)
    assert restore_services(world.beta_chain, NOW) == 1


@pytest.mark.usefixtures("engine")
def test_siblings_that_come_back_share_what_their_parents_fund_covers() -> None:
    world = World.build(YESTERDAY)
    delta = tenant("delta", world.alpha, YESTERDAY)
    store_tenant(delta)
    for child in (world.beta, delta):
        price(world.alpha, child, {"HOME": 30_000, "FAST": 89_950}, YESTERDAY)
    plan(delta, "HOME", 90_000, "alpha.HOME")
    world.fund(100_000, 10_000)
    world.recharge(world.alpha, delta, 10_000)
    delta_chain = (world.operator, world.alpha, delta)
    for number in range(1, 4):
        world.connect(world.beta_chain, f"s{number}", "HOME", YESTERDAY)
        world.connect(delta_chain, f"d{number}", "HOME", YESTERDAY)
    alpha = read_limits(["alpha"])["alpha"].balance_minor
    world.refund(world.operator, world.alpha, alpha)
    for chain in (world.beta_chain, delta_chain):
        assert settle_day(chain, YESTERDAY, NOW).charged == 0
    loss = 1667 - 1000
    world.recharge(world.operator, world.alpha, 4 * loss)
    assert restore_services(world.beta_chain, NOW) == 3
    assert restore_services(delta_chain, NOW) == 1


@pytest.mark.usefixtures("engine")
def test_a_crash_at_any_call_of_the_coming_back_is_cured_by_asking_again(engine: MemoryDynamoDB) -> None:
    world = cut_world()
    world.recharge(world.alpha, world.beta, 50_000)
    crashed = True
    at = 0
    while crashed:
        crashed = _restore_with_crash(engine, world, at)
        at += 1
    assert at > 5
    assert (read_state("beta").held, read_state("beta").marks, suspended()) == (0, (), [])
    assert charged_today(world) == 5


def _restore_with_crash(engine: MemoryDynamoDB, world: World, at: int) -> bool:
    """Try once, crashing after the at-th call; whether it crashed."""
    start: list[int] = []

    def hook(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        start.append(number)
        if when == "after" and number - start[0] == at:
            raise RuntimeError("gone")

    engine.faults = hook
    try:
        restore_services(world.beta_chain, NOW)
    except RuntimeError:
        return True
    finally:
        engine.faults = None
    return False


@pytest.mark.usefixtures("engine")
def test_a_recharge_asks_for_one_look_and_the_look_brings_back_everybody_below(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []
    monkeypatch.setattr("chalicelib.billing.run.send_in_order", lambda all_: sent.extend(body for _, _, body in all_))
    world = cut_world()
    world.recharge(world.alpha, world.beta, 50_000)
    ask_restore(("op", "alpha"), NOW)
    assert sent == [{"do": "restore", "chain": ("op", "alpha")}]
    carry_out(sent[0], NOW)
    assert suspended() == []


@pytest.mark.usefixtures("engine")
def test_the_planner_asks_for_one_look_at_each_group_with_suspended_services(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, object]] = []
    monkeypatch.setattr(
        "chalicelib.billing.run.send_in_order",
        lambda all_: sent.extend((group, body["do"]) for group, _, body in all_) or len(sent),
    )
    cut_world()
    plan_days("op", NOW)
    assert [one for one in sent if one[1] == "restore"] == [("alpha", "restore")]
