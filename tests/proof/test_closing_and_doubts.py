"""A month that holds something doubted stays open; the months of others, and later days, do not care."""

from datetime import UTC, date, datetime

import pytest

from chalicelib.billing.closing import close_month, month_named
from chalicelib.billing.settle import settle_day
from chalicelib.core.errors import Conflict
from chalicelib.ledger.doubts import dismiss_doubt
from chalicelib.proof.prove import prove_book
from tests.proof.tampering import Underneath
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, World

LAST = date(2026, 10, 31)
NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)


def test_the_month_of_a_doubted_day_does_not_close_until_its_owner_lets_it_pass(engine: MemoryDynamoDB) -> None:
    world = World.build(LAST)
    world.fund(1_000_00, 150_00)
    world.connect(world.beta_chain, "b0", "HOME", LAST)
    for chain in (world.beta_chain, world.alpha_chain, world.gamma_chain):
        settle_day(chain, LAST, NOW)
    Underneath(engine).change_json("beta#settlements", f"day#{LAST}", "paid", lambda paid: paid.__setitem__(0, 1))
    assert not prove_book(world.beta_chain, LAST, NOW).is_sound
    with pytest.raises(Conflict) as refused:
        close_month(world.beta, month_named("2026-10"), BOSS, NOW)
    assert refused.value.code == "doubted"
    assert f"beta:day:{LAST}" in refused.value.detail
    assert close_month(world.gamma, month_named("2026-10"), BOSS, NOW).through == LAST
    assert settle_day(world.beta_chain, date(2026, 11, 1), NOW.replace(day=2)).charged == 1
    dismiss_doubt("beta", f"beta:day:{LAST}", "seen with the auditor", BOSS, NOW)
    assert close_month(world.beta, month_named("2026-10"), BOSS, NOW).through == LAST
