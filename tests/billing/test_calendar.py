"""Which tenant's which day comes next."""

from datetime import UTC, date, datetime

from chalicelib.billing.calendar import due_days, group_of, runs_by_itself
from chalicelib.billing.model import State
from chalicelib.tenants.hierarchy import TreeNode
from chalicelib.tenants.model import Status

NOON_IN_DHAKA = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def node(*chain: str, timezone: str = "Asia/Dhaka", since: int = 20, created: datetime = LONG_AGO) -> TreeNode:
    return TreeNode(chain, chain[-1], chain[-1].upper(), timezone, date(2026, 11, since), Status.ACTIVE, created)


def due(nodes: list[TreeNode], states: dict[str, State] | None = None, until: date | None = None) -> list[str]:
    known = {one.tenant_id: State(one.tenant_id) for one in nodes} | (states or {})
    return [f"{day.day} {one.tenant_id}" for day, one in due_days(nodes, known, NOON_IN_DHAKA, until)]


def test_days_run_in_order_and_within_a_day_the_deepest_first_then_by_code() -> None:
    nodes = [node("op"), node("op", "b"), node("op", "a"), node("op", "a", "y"), node("op", "a", "x")]
    assert due(nodes) == ["20 x", "20 y", "20 a", "20 b", "21 x", "21 y", "21 a", "21 b"]


def test_a_settled_day_is_not_due_again_and_missed_days_are_caught_up() -> None:
    states = {"a": State("a", last_day=date(2026, 11, 21)), "b": State("b", last_day=date(2026, 11, 20))}
    assert due([node("op", "a"), node("op", "b"), node("op", "c", since=19)], states) == [
        "19 c",
        "20 c",
        "21 b",
        "21 c",
    ]


def test_each_tenant_is_due_when_its_day_is_over_in_its_own_time_zone() -> None:
    nodes = [
        node("op", "auckland", timezone="Pacific/Auckland", since=21),
        node("op", "hilo", timezone="Pacific/Honolulu"),
    ]
    assert due(nodes) == ["20 hilo", "21 auckland"]


def test_a_parked_tenant_is_left_out_and_does_not_hold_back_its_parent() -> None:
    states = {"x": State("x", parked="2026-11-20: OtherSheetError")}
    assert due([node("op", "a"), node("op", "a", "x")], states) == ["20 a", "21 a"]


def test_nothing_beyond_the_day_that_was_asked_for_is_due() -> None:
    assert due([node("op", "a")], until=date(2026, 11, 20)) == ["20 a"]


def test_a_tenant_that_settles_from_later_is_not_due_yet() -> None:
    assert due([node("op", "a", since=22)]) == []


def test_all_under_one_direct_reseller_wait_for_each_other() -> None:
    assert group_of(node("op", "a", "x", "z")) == "a"
    assert group_of(node("op", "b")) == "b"


def test_a_reseller_made_today_is_not_settled_by_itself_before_today_is_over() -> None:
    made = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    assert not runs_by_itself(node("op", "a", since=1, created=made), NOON_IN_DHAKA)
    assert runs_by_itself(node("op", "a", since=1, created=made), datetime(2026, 11, 22, 18, 0, tzinfo=UTC))
