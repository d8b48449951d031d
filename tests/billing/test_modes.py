"""The three partner modes in a settled day, and changing from one to another."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.aws.tables import ConditionFailed, Put, write
from chalicelib.billing.modes import change_mode
from chalicelib.billing.settle import settle_day
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.funds.limits import open_or_close, read_fund, read_limits
from chalicelib.funds.model import Method
from chalicelib.ledger.statements import trial_balance
from chalicelib.tenants.amend import Amendment, Around, amend_reseller
from chalicelib.tenants.hierarchy import read_chain
from chalicelib.tenants.model import Mode, Tenant
from chalicelib.tenants.onboard import check_mode
from chalicelib.tenants.store import child_row, profile_row, tree_row
from tests.invariants import check_invariants
from tests.world import NOW, World

pytestmark = pytest.mark.usefixtures("engine")

FIRST = date(2026, 11, 1)
MORNING = datetime(2026, 11, 2, 6, tzinfo=UTC)


def with_mode(made: Tenant, mode: Mode) -> Tenant:
    """The reseller with another mode, whatever stands against it."""
    changed = replace(made, mode=mode)
    fund = open_or_close(made.tenant_id, is_open=changed.has_fund)
    write(Put(profile_row(changed)), Put(tree_row(changed)), Put(child_row(changed)), fund)
    return changed


def world_of(*, alpha: Mode = Mode.PREPAID, beta: Mode = Mode.PREPAID, tax_bps: int = 0) -> World:
    world = World.build(FIRST, tax_bps=tax_bps)
    world.alpha = with_mode(world.alpha, alpha)
    world.beta = with_mode(world.beta, beta)
    return world


def accounts(of: Tenant) -> dict[str, int]:
    return {line.account.name: line.debit_minor - line.credit_minor for line in trial_balance(of).lines}


def test_an_aggregate_tenants_use_accrues_in_both_books_and_no_fund_moves() -> None:
    world = world_of(alpha=Mode.AGGREGATE, tax_bps=1500)
    world.connect(world.alpha_chain, "karim", "HOME", FIRST)
    settle_day(world.beta_chain, FIRST, NOW)
    settled = settle_day(world.alpha_chain, FIRST, NOW)
    assert (settled.charged, settled.paid_minor, settled.tax_minor) == (1, (1917,), (250,))
    assert accounts(world.operator) == {
        "Unbilled receivable from resellers": 1917,
        "Wholesale revenue": -1667,
        "Tax payable": -250,
    }
    assert accounts(world.alpha) == {"Bandwidth cost": 1667, "Input tax": 250, "Accrued payable to parent": -1917}
    check_invariants()


def test_below_an_aggregate_tenant_a_fund_pays_it_and_its_own_use_accrues_toward_its_parent() -> None:
    world = world_of(alpha=Mode.AGGREGATE)
    world.recharge(world.alpha, world.beta, 1917)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert settled.paid_minor == (1917, 1667)
    assert read_limits(["beta"])["beta"].balance_minor == 0
    assert accounts(world.alpha) == {
        "Cash": 1917,
        "Wholesale revenue": -1917,
        "Bandwidth cost": 1667,
        "Accrued payable to parent": -1667,
    }
    check_invariants()


def test_above_an_aggregate_tenant_its_parents_fund_pays_for_it() -> None:
    world = world_of(beta=Mode.AGGREGATE)
    world.recharge(world.operator, world.alpha, 2000)
    for name in ("karim", "rahim"):
        world.connect(world.beta_chain, name, "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert (settled.charged, settled.suspended, settled.short) == (1, 1, "alpha")
    assert settled.paid_minor == (1917, 1667)
    assert read_limits(["alpha"])["alpha"].balance_minor == 333
    assert accounts(world.alpha)["Unbilled receivable from resellers"] == 1917
    check_invariants()


def test_a_percentage_tenant_pays_nothing_and_the_one_that_bills_for_it_pays_for_its_subscribers() -> None:
    world = world_of(beta=Mode.PERCENTAGE)
    world.recharge(world.operator, world.alpha, 10_000)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert settled.paid_minor == (0, 1667)
    assert settled.entry_id is None
    assert accounts(world.beta) == {}
    assert read_limits(["alpha"])["alpha"].balance_minor == 8333
    check_invariants()


def test_a_closed_fund_takes_no_recharge() -> None:
    world = world_of(alpha=Mode.AGGREGATE)
    with pytest.raises(Conflict) as refused:
        world.recharge(world.operator, world.alpha, 100)
    assert refused.value.code == "no-fund"


def amend(world: World, child: Tenant, mode: Mode, now: datetime = MORNING) -> Tenant:
    parent = world.operator if child.parent_id == "op" else world.alpha
    chain = read_chain(parent.chain)

    def look_around(before: Tenant) -> Around:
        return Around(False, change_mode(before, mode, now))

    return amend_reseller(chain, child.tenant_id, Amendment(mode=mode), look_around)


def test_a_mode_changes_when_all_is_settled_and_its_next_day_is_settled_by_it() -> None:
    world = World.build(FIRST)
    world.fund(10_000, 1917)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    for chain in (world.beta_chain, world.alpha_chain):
        settle_day(chain, FIRST, MORNING)
    changed = amend(world, world.beta, Mode.AGGREGATE)
    assert changed.mode is Mode.AGGREGATE
    # The worker that comes with a chain it read before the change settles by the mode as it is.
    settled = settle_day(world.beta_chain, FIRST + timedelta(days=1), MORNING + timedelta(days=1))
    assert settled.terms.modes == ("aggregate", "prepaid")
    assert accounts(world.beta)["Accrued payable to parent"] == -1916
    check_invariants()


def test_a_mode_changes_only_with_so_many_resellers_below(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of()
    monkeypatch.setattr("chalicelib.billing.modes.MAX_GUARDED", 1)
    with pytest.raises(Conflict) as refused:
        change_mode(world.alpha, Mode.AGGREGATE, MORNING)
    assert refused.value.code == "too-many-resellers-below"
    with pytest.raises(Conflict) as another:
        change_mode(world.gamma, Mode.AGGREGATE, MORNING)
    assert another.value.code != "too-many-resellers-below"


def test_a_mode_does_not_change_while_the_fund_is_not_empty() -> None:
    world = World.build(FIRST)
    world.fund(10_000, 1)
    with pytest.raises(Conflict) as refused:
        amend(world, world.beta, Mode.AGGREGATE, datetime(2026, 11, 1, 6, tzinfo=UTC))
    assert refused.value.code == "fund-not-empty"


def test_a_mode_does_not_change_while_a_day_of_the_sub_tree_is_not_settled() -> None:
    world = World.build(FIRST)
    settle_day(world.beta_chain, FIRST, MORNING)
    with pytest.raises(Conflict) as refused:
        amend(world, world.alpha, Mode.AGGREGATE)
    assert refused.value.code == "days-not-settled"
    settle_day(world.alpha_chain, FIRST, MORNING)
    assert amend(world, world.alpha, Mode.AGGREGATE).mode is Mode.AGGREGATE


def test_a_mode_does_not_change_while_something_is_unbilled() -> None:
    world = world_of(beta=Mode.AGGREGATE)
    world.recharge(world.operator, world.alpha, 2000)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    settle_day(world.beta_chain, FIRST, MORNING)
    with pytest.raises(Conflict) as refused:
        amend(world, world.beta, Mode.PREPAID)
    assert refused.value.code == "not-settled-up"


def test_under_a_reseller_that_earns_a_percentage_all_do() -> None:
    world = world_of()
    earning = replace(world.alpha, mode=Mode.PERCENTAGE)
    with pytest.raises(Invalid) as refused:
        check_mode(earning, Mode.PREPAID)
    assert [error.field for error in refused.value.errors] == ["settlement.mode"]
    with pytest.raises(Invalid):
        amend(world, world.alpha, Mode.PERCENTAGE, datetime(2026, 11, 1, 6, tzinfo=UTC))


def test_a_fund_that_was_filled_meanwhile_is_not_closed() -> None:
    world = World.build(FIRST)
    world.fund(10_000, 500)
    with pytest.raises(ConditionFailed):
        write(open_or_close("beta", is_open=False))
    assert read_fund("beta").is_open


def test_a_fund_that_is_owed_for_is_not_closed_though_it_is_empty() -> None:
    world = World.build(FIRST)
    world.recharge(world.operator, world.alpha, 500)
    world.recharge(world.alpha, world.beta, 500, Method.CREDIT)
    world.refund(world.alpha, world.beta, 500, Method.BONUS)
    assert (read_fund("beta").balance_minor, read_fund("beta").debt_minor) == (0, 500)
    with pytest.raises(ConditionFailed):
        write(open_or_close("beta", is_open=False))
