"""A settled day: what it moves, posts and keeps; that it happens once, in order, and in whatever company."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import Put, read, write
from chalicelib.billing.model import RefundPolicy, Tariff, Timing
from chalicelib.billing.pins import guard_day, hold_days, release_days
from chalicelib.billing.price_book import NotPricedError
from chalicelib.billing.run import plan_days, settle_through
from chalicelib.billing.settle import NotDueError, ParkedError, park, settle_day
from chalicelib.billing.state import change_state, read_days, read_state
from chalicelib.billing.store import SheetRow, tariff_row
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.errors import Conflict, Invalid, Unavailable
from chalicelib.core.proration import DayCount
from chalicelib.crm.find import find_subscriber
from chalicelib.funds.limits import change_limits, read_limits
from chalicelib.funds.movements import list_movements
from chalicelib.ledger.statements import trial_balance
from chalicelib.tenants.model import Tenant
from chalicelib.tenants.store import profile_row, tree_row
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World, plan, price, store_tenant, tenant

FIRST = date(2026, 11, 1)
SECOND = date(2026, 11, 2)


def balances(*tenant_ids: str) -> list[int]:
    funds = read_limits(list(tenant_ids))
    return [funds[tenant_id].balance_minor for tenant_id in tenant_ids]


def accounts(of: Tenant) -> dict[str, int]:
    """Net debit by account name."""
    return {line.account.name: line.debit_minor - line.credit_minor for line in trial_balance(of).lines}


@pytest.mark.usefixtures("database")
def test_a_day_is_debited_at_every_level_and_posted_in_every_book() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)
    world.connect(world.beta_chain, "Rahim", "FAST", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert (settled.charged, settled.suspended, settled.paid_minor) == (2, 0, (4915, 4334))
    assert balances("beta", "alpha", "gamma") == [50_000 - 4915, 50_000 + 4915 - 4334, 0]
    assert accounts(world.operator) == {
        "Cash": 100_000,
        "Funds held for resellers": -95_666,
        "Wholesale revenue": -4334,
    }
    assert accounts(world.beta) == {"Cash": -50_000, "Fund with parent": 45_085, "Bandwidth cost": 4915}
    assert accounts(world.alpha)["Wholesale revenue"] == -4915
    assert accounts(world.alpha)["Bandwidth cost"] == 4334
    assert accounts(world.gamma) == {}


@pytest.mark.usefixtures("engine")
def test_tax_is_rounded_once_a_day_and_level_and_goes_to_its_own_accounts() -> None:
    world = World.build(FIRST, tax_bps=1500)
    world.fund(100_000, 50_000)
    for name in ("a", "b", "c"):
        world.connect(world.beta_chain, name, "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert settled.paid_minor == (5751 + 863, 5001 + 750)
    assert settled.tax_minor == (863, 750)
    assert accounts(world.beta)["Input tax"] == 863
    assert accounts(world.alpha)["Tax payable"] == -863
    assert accounts(world.operator)["Tax payable"] == -750
    assert balances("beta") == [50_000 - 6614]


@pytest.mark.usefixtures("engine")
def test_a_settled_day_is_found_again_and_nothing_is_written(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    with engine.measured() as meter:
        again = settle_day(world.beta_chain, FIRST, NOW)
    assert again == settled
    assert meter.write_units == 0


@pytest.mark.usefixtures("engine")
def test_a_day_without_charges_moves_on_without_an_entry() -> None:
    world = World.build(FIRST)
    settled = settle_day(world.gamma_chain, FIRST, NOW)
    assert (settled.charged, settled.entry_id, settled.paid_minor) == (0, None, (0,))
    assert read_state("gamma").last_day == FIRST
    assert accounts(world.gamma) == {}


@pytest.mark.usefixtures("engine")
def test_days_are_settled_in_order_and_only_when_they_have_ended() -> None:
    world = World.build(FIRST)
    with pytest.raises(NotDueError):
        settle_day(world.gamma_chain, SECOND, NOW)
    just_before_midnight = datetime(2026, 11, 1, 17, 59, tzinfo=UTC)
    with pytest.raises(NotDueError):
        settle_day(world.gamma_chain, FIRST, just_before_midnight)
    assert read_state("gamma").last_day is None
    assert settle_day(world.gamma_chain, FIRST, just_before_midnight + timedelta(minutes=1)).day == FIRST


@pytest.mark.usefixtures("engine")
def test_a_pinned_day_takes_no_new_subscriber_and_the_next_day_does() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    settle_day(world.beta_chain, FIRST, NOW)
    with pytest.raises(Conflict) as refused:
        world.connect(world.beta_chain, "Late", "HOME", FIRST)
    assert refused.value.code == "day-already-pinned"
    world.connect(world.beta_chain, "Late", "HOME", SECOND)
    assert settle_day(world.beta_chain, SECOND, NOW).charged == 1


@pytest.mark.usefixtures("engine")
def test_running_out_of_money_charges_the_oldest_and_suspends_the_rest() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 6_000)
    for number in range(1, 6):
        world.connect(world.beta_chain, f"s{number}", "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert (settled.charged, settled.suspended, settled.short) == (3, 2, "beta")
    assert settled.uncollected_minor == (2 * 1917, 2 * 1667)
    assert balances("beta", "alpha") == [6_000 - 3 * 1917, 94_000 + 3 * (1917 - 1667)]
    state = read_state("beta")
    assert (state.held, state.marks) == (2, ())
    services = [find_subscriber("beta", number).services[0] for number in range(1, 6)]
    assert [service.suspension is not None for service in services] == [False, False, False, True, True]
    assert services[3].suspension is not None
    assert (services[3].suspension.on, services[3].suspension.because) == (FIRST, "beta")


@pytest.mark.usefixtures("engine")
def test_a_parent_that_is_short_stops_its_childs_services_too() -> None:
    world = World.build(FIRST)
    price(world.alpha, world.beta, {"HOME": 30_000, "FAST": 40_000}, FIRST)
    world.fund(51_000, 50_000)
    for number in range(1, 4):
        world.connect(world.beta_chain, f"s{number}", "HOME", FIRST)
    write(change_limits("alpha", 0, 0))
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert (settled.charged, settled.short) == (1, "alpha")
    assert balances("beta", "alpha") == [50_000 - 1000, 1_000 + 1000 - 1667]


@pytest.mark.usefixtures("engine")
def test_a_credit_limit_lets_the_fund_fall_exactly_so_far() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 1917)
    write(change_limits("beta", -1917, 1917))
    for number in range(1, 4):
        world.connect(world.beta_chain, f"s{number}", "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert (settled.charged, settled.suspended) == (2, 1)
    assert balances("beta") == [-1917]


@pytest.mark.usefixtures("engine")
def test_the_movements_show_each_settled_day_with_the_balance_after_it() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)
    settle_day(world.beta_chain, FIRST, NOW)
    moved = [
        (e.draft.kind, e.fund_change_minor, e.fund_after_minor) for e in list_movements("alpha", limit=9, after=None)[0]
    ]
    assert moved == [
        ("settlement", -1667, 50_250),
        ("settlement", 1917, 51_917),
        ("recharge", -50_000, 50_000),
        ("recharge", 100_000, 100_000),
    ]


@pytest.mark.usefixtures("engine")
def test_a_parents_day_waits_for_its_children_whose_day_has_ended() -> None:
    world = World.build(FIRST)
    with pytest.raises(NotDueError):
        settle_day(world.alpha_chain, FIRST, NOW)
    settle_day(world.beta_chain, FIRST, NOW)
    assert settle_day(world.alpha_chain, FIRST, NOW).day == FIRST


@pytest.mark.usefixtures("engine")
def test_a_parents_day_does_not_wait_for_a_child_that_an_alarm_has_parked() -> None:
    world = World.build(FIRST)
    write(change_state(read_state("beta"), replace(read_state("beta"), parked="2026-11-01: OtherSheetError")))
    assert settle_day(world.alpha_chain, FIRST, NOW).day == FIRST


@pytest.mark.usefixtures("engine")
def test_a_parents_day_counts_what_its_whole_sub_tree_paid_also_when_a_child_comes_late() -> None:
    day = date(2026, 11, 21)
    world = World.build(day)
    world.fund(100_000, 50_000)
    later = replace(world.beta, timezone="Pacific/Honolulu")
    write(Put(profile_row(later)), Put(tree_row(later)))
    chain = (world.operator, world.alpha, later)
    world.connect(world.alpha_chain, "Own", "HOME", day)
    world.connect(chain, "Karim", "HOME", day)
    early = settle_day(world.alpha_chain, day, NOW)
    assert early.subtree_minor == (1667,)
    settle_day(chain, day, NOW + timedelta(hours=12))
    late = read_days([("alpha", day)])[0]
    assert late is not None
    assert (late.paid_minor, late.subtree_minor) == ((1667,), (3334,))


def test_a_late_childs_day_is_counted_above_also_when_it_was_cut_off_behind_its_post(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    world.connect(world.alpha_chain, "rahim", "HOME", FIRST)
    park(read_state("beta"), FIRST, NotPricedError("no price"))
    settle_day(world.alpha_chain, FIRST, NOW)

    def crash(phase: str, number: int, operation: str, params: dict[str, object]) -> None:
        if phase == "after" and operation == "TransactWriteItems":
            raise RuntimeError("the process is gone")

    engine.faults = crash
    with pytest.raises(RuntimeError):
        settle_day(world.beta_chain, FIRST, NOW)
    engine.faults = None
    settle_day(world.beta_chain, FIRST, NOW)
    (above,) = read_days([("alpha", FIRST)])
    assert above is not None
    assert (above.paid_minor, above.subtree_minor) == ((1667,), (3334,))


def test_two_late_children_that_are_counted_above_at_once_are_both_counted(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    delta = tenant("delta", world.alpha, FIRST)
    store_tenant(delta, credit_limit_minor=100_000, minimum_minor=-100_000)
    price(world.alpha, delta, {"HOME": 57_500}, FIRST)
    plan(delta, "HOME", 90_000, "alpha.HOME")
    chain = (world.operator, world.alpha, delta)
    world.connect(world.beta_chain, "karim", "HOME", FIRST)
    world.connect(chain, "jamal", "HOME", FIRST)
    for child in ("beta", "delta"):
        park(read_state(child), FIRST, NotPricedError("no price"))
    settle_day(world.alpha_chain, FIRST, NOW)

    def beside(phase: str, number: int, operation: str, params: dict[str, object]) -> None:
        if phase == "before" and operation == "UpdateItem":
            engine.faults = None
            settle_day(chain, FIRST, NOW)

    engine.faults = beside
    settle_day(world.beta_chain, FIRST, NOW)
    (above,) = read_days([("alpha", FIRST)])
    assert above is not None
    assert (above.paid_minor, above.subtree_minor) == ((0,), (3334,))


@pytest.mark.usefixtures("engine")
def test_a_day_before_the_first_is_never_due() -> None:
    world = World.build(FIRST)
    settle_day(world.beta_chain, FIRST, NOW)
    with pytest.raises(NotDueError):
        settle_day(world.beta_chain, FIRST - timedelta(days=1), NOW)


@pytest.mark.usefixtures("engine")
def test_a_day_that_costs_the_tenant_nothing_has_no_entry_of_its_parents() -> None:
    world = World.build(FIRST)
    price(world.alpha, world.beta, {"HOME": 0, "FAST": 0}, FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Free", "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert (settled.paid_minor, settled.entry_id) == ((0, 1667), None)


@pytest.mark.usefixtures("engine")
def test_what_was_not_collected_is_told_with_its_tax() -> None:
    world = World.build(FIRST, tax_bps=1000)
    world.fund(100_000, 5_000)
    for number in range(1, 4):
        world.connect(world.beta_chain, f"s{number}", "HOME", FIRST)
    settled = settle_day(world.beta_chain, FIRST, NOW)
    assert (settled.charged, settled.paid_minor) == (2, (4217, 3667))
    assert settled.uncollected_minor == (6326 - 4217, 5501 - 3667)


@pytest.mark.usefixtures("engine")
def test_a_tariff_that_is_accepted_just_before_the_pin_prices_the_day(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)

    def just_before_the_pin(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        if when == "before" and operation == "PutItem":
            engine.faults = None
            price(world.operator, world.alpha, {"HOME": 30_000, "FAST": 80_000}, FIRST)

    engine.faults = just_before_the_pin
    assert settle_day(world.beta_chain, FIRST, NOW).paid_minor == (1917, 1000)


@pytest.mark.usefixtures("engine")
def test_a_first_day_of_month_that_changes_between_pin_and_post_does_not_change_the_day(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    service_period = TariffTerms(
        FIRST, Timing.DAILY, DayCount.SERVICE_PERIOD, RefundPolicy.UNUSED_DAYS, 0, (("HOME", 57_500), ("FAST", 89_950))
    )
    set_tariff(world.alpha, world.beta, service_period, NOW)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)

    def gone_before_the_post(when: str, number: int, operation: str, params: dict[str, object]) -> None:
        if when == "before" and operation == "TransactWriteItems":
            raise RuntimeError("gone")

    engine.faults = gone_before_the_post
    with pytest.raises(RuntimeError):
        settle_day(world.beta_chain, FIRST, NOW)
    engine.faults = None
    moved = replace(world.beta, month_starts_on=10)
    settled = settle_day((world.operator, world.alpha, moved), FIRST, NOW)
    assert settled.paid_minor == (1917, 1667)


@pytest.mark.usefixtures("engine")
def test_an_eight_level_chain_is_debited_parent_by_parent() -> None:
    world = World.build(FIRST)
    chain = list(world.beta_chain)
    world.fund(10_000_000, 9_000_000)
    for depth in range(3, 9):
        parent = chain[-1]
        child = tenant(f"level{depth}", parent, FIRST)
        store_tenant(child)
        price(parent, child, {"HOME": 57_500 + 3_000 * depth}, FIRST)
        plan(child, "HOME", 100_000, f"{parent.tenant_id}.HOME")
        world.recharge(parent, child, 9_000_000 - depth * 100_000)
        chain.append(child)
    before = read_limits([one.tenant_id for one in chain[1:]])
    world.connect(tuple(chain), "Deep", "HOME", FIRST)
    settled = settle_day(tuple(chain), FIRST, NOW)
    assert settled.paid_minor == (2717, 2617, 2517, 2417, 2317, 2217, 1917, 1667)
    after = read_limits([one.tenant_id for one in chain[1:]])
    changes = [after[one.tenant_id].balance_minor - before[one.tenant_id].balance_minor for one in reversed(chain[1:])]
    assert changes == [-2717, 100, 100, 100, 100, 100, 300, 250]


@pytest.mark.usefixtures("engine")
def test_another_sheet_for_the_same_day_parks_the_tenant_and_posts_nothing() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)
    write(Put(SheetRow.at(keys.sheet_part("beta", FIRST, 0), sheet_hash="another", data=b"another")))
    with pytest.raises(ParkedError):
        settle_day(world.beta_chain, FIRST, NOW)
    assert balances("beta") == [50_000]
    state = read_state("beta")
    assert (state.last_day, state.parked) == (None, "2026-11-01: OtherSheetError")
    outcome = settle_through("op", FIRST, NOW, lambda: True)
    assert (outcome.is_settled, outcome.tenants) == (False, 2)


@pytest.mark.usefixtures("engine")
def test_a_sheet_that_an_earlier_attempt_left_is_used_as_it_is() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)
    first = settle_day(world.beta_chain, FIRST, NOW)
    kept = read(SheetRow, keys.sheet_part("beta", FIRST, 0))
    assert kept is not None
    assert kept.sheet_hash == first.sheet_hash


@pytest.mark.usefixtures("engine")
def test_a_run_by_hand_settles_every_tenant_through_the_day_and_sums_it() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)
    world.connect(world.alpha_chain, "Own", "FAST", SECOND)
    outcome = settle_through("op", SECOND, NOW, lambda: True)
    assert (outcome.tenants, outcome.charged, outcome.total_minor, outcome.is_settled) == (3, 2, 1916 + 2666, True)
    assert settle_through("op", SECOND, NOW, lambda: True) == outcome


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2027, 1, 1), date(2026, 10, 31)], ids=str)
def test_a_day_that_has_ended_for_no_tenant_is_refused(day: date) -> None:
    World.build(FIRST)
    with pytest.raises(Invalid) as refused:
        settle_through("op", day, NOW, lambda: True)
    assert refused.value.errors[0].field == "date"


@pytest.mark.usefixtures("engine")
def test_the_planner_queues_each_tenants_due_days_once_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "chalicelib.billing.run.send_in_order",
        lambda messages: (
            sent.extend((group, f"{body['day']} {body['chain'][-1]}") for group, _, body in messages) or len(sent)
        ),
    )
    World.build(date(2026, 11, 20))
    assert plan_days("op", NOW) == 6
    assert sent == [
        ("alpha", "2026-11-20 beta"),
        ("alpha", "2026-11-20 alpha"),
        ("gamma", "2026-11-20 gamma"),
        ("alpha", "2026-11-21 beta"),
        ("alpha", "2026-11-21 alpha"),
        ("gamma", "2026-11-21 gamma"),
    ]


@pytest.mark.usefixtures("engine")
def test_a_plan_without_a_price_parks_the_day_and_a_tariff_with_one_mends_it() -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)
    terms = (FIRST, Timing.DAILY, DayCount.CALENDAR_MONTH, RefundPolicy.UNUSED_DAYS, 0)
    broken = Tariff("beta", terms[0], 2 * 10**15, *terms[1:], prices_minor={"FAST": 89_950})
    write(Put(tariff_row(broken)))
    outcome = settle_through("op", FIRST, NOW, lambda: True)
    assert (outcome.is_settled, outcome.parked) == (False, (("beta", "2026-11-01: NotPricedError"),))
    mended = replace(broken, recorded_micros=3 * 10**15, prices_minor={"HOME": 57_500, "FAST": 89_950})
    write(Put(tariff_row(mended)), *guard_day("beta", FIRST).operations)
    outcome = settle_through("op", FIRST, NOW, lambda: True)
    assert (outcome.is_settled, outcome.charged, outcome.parked) == (True, 1, ())


@pytest.mark.usefixtures("engine")
def test_a_day_that_an_import_is_about_is_not_pinned_before_the_import_is_over() -> None:
    world = World.build(FIRST)
    write(*hold_days("gamma", "import-1", SECOND).operations)
    settle_day(world.gamma_chain, FIRST, NOW)
    with pytest.raises(NotDueError):
        settle_day(world.gamma_chain, SECOND, NOW)
    assert read_state("gamma").pinned_through == FIRST
    with pytest.raises(Conflict):
        hold_days("gamma", "import-2", FIRST)
    outcome = settle_through("op", SECOND, NOW, lambda: True)
    assert (outcome.is_settled, outcome.parked) == (False, (("gamma", "waits for an import"),))
    release_days("gamma", "import-1")
    assert settle_day(world.gamma_chain, SECOND, NOW).day == SECOND


@pytest.mark.usefixtures("engine")
def test_a_slow_worker_that_met_a_missing_price_does_not_reopen_a_day_that_was_pinned_again(
    engine: MemoryDynamoDB,
) -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)
    found_in = read_state("beta")
    settle_day(world.beta_chain, FIRST, NOW)
    park(found_in, FIRST, NotPricedError("no price for HOME"))
    state = read_state("beta")
    assert (state.parked, state.pinned_through, state.last_day) == (None, FIRST, FIRST)


def test_a_day_that_is_opened_again_between_sheet_and_post_is_not_posted(engine: MemoryDynamoDB) -> None:
    world = World.build(FIRST)
    world.fund(100_000, 50_000)
    world.connect(world.beta_chain, "Karim", "HOME", FIRST)

    def opened_behind_the_sheet(when: str, number: int, operation: str, params: dict[str, dict[str, object]]) -> None:
        if when == "after" and operation == "PutItem" and "#sheet#" in str(params["Item"]["pk"]):
            engine.faults = None
            state = read_state("beta")
            write(change_state(state, replace(state, pinned_through=None)))

    engine.faults = opened_behind_the_sheet
    with pytest.raises(Unavailable):
        settle_day(world.beta_chain, FIRST, NOW)
    assert (read_state("beta").last_day, balances("beta")) == (None, [50_000])
    assert settle_day(world.beta_chain, FIRST, NOW).charged == 1
