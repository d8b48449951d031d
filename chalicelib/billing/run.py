"""The run of days over the whole installation: what the planner queues, a worker takes, and a person starts by hand."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice

from chalicelib.aws.log import log
from chalicelib.aws.queue import send_in_order
from chalicelib.billing.ahead import charge_ahead, charge_soon
from chalicelib.billing.calendar import due_days, group_of, runs_by_itself
from chalicelib.billing.correct import correct_late_facts
from chalicelib.billing.corrections import correctable
from chalicelib.billing.model import SettledDay, State
from chalicelib.billing.restore import restore_services
from chalicelib.billing.settle import DEFECTS, NotDueError, ParkedError, park, settle_day
from chalicelib.billing.state import read_days, read_states
from chalicelib.core.dates import day_at, last_ended_day
from chalicelib.core.errors import invalid_field
from chalicelib.tenants.hierarchy import TreeNode, read_chain, read_tree

MAX_QUEUED = 2_000
"""Days queued by one run of the planner; the next run goes on."""

SETTLE = "settle"
RESTORE = "restore"
AHEAD = "charge-ahead"
CORRECT = "correct"


@dataclass(frozen=True)
class RunOutcome:
    """A date over all tenants: whether all whose day has ended are settled, and the sums of those that are.

    `parked` is who does not go on, and why: an alarm has taken it out of the run, or an import holds its days.
    """

    date: date
    is_settled: bool
    tenants: int
    charged: int
    suspended: int
    total_minor: int
    parked: tuple[tuple[str, str], ...] = ()


def plan_days(operator_id: str, now: datetime) -> int:
    """Queue every due day, in order, one message each, and a look at every group that has suspended services.

    Days that are queued already are queued again: a worker that finds one settled does nothing. Returns the messages.
    """
    nodes = [node for node in read_tree([operator_id]) if runs_by_itself(node, now)]
    states = read_states([node.tenant_id for node in nodes])
    messages: list[tuple[str, str, dict[str, object]]] = [
        (group_of(node), f"{node.tenant_id}-{day}-{now:%H%M}", {"do": SETTLE, "chain": node.chain, "day": str(day)})
        for day, node in islice(due_days(nodes, states, now), MAX_QUEUED)
    ]
    messages += [_charge_now(node, now) for node in nodes if _renews(node, states[node.tenant_id], now)]
    behind = [node for node in nodes if correctable(states[node.tenant_id]) > states[node.tenant_id].corrected]
    messages += [_correct_now(node, now) for node in behind]
    waiting = {node.chain[:2] for node in nodes if states[node.tenant_id].held or states[node.tenant_id].marks}
    messages += [_look_below(chain, now) for chain in sorted(waiting)]
    return send_in_order(messages)


def _renews(node: TreeNode, state: State, now: datetime) -> bool:
    """Whether it may owe something in advance today that nobody looked for yet."""
    today = day_at(now, node.timezone)
    return state.in_advance and state.ahead_on != today and state.next_day(node.settles_from) == today


def _charge_now(node: TreeNode, now: datetime) -> tuple[str, str, dict[str, object]]:
    return group_of(node), f"{node.tenant_id}-ahead-{now:%Y%m%d%H%M}", {"do": AHEAD, "chain": node.chain}


def _correct_now(node: TreeNode, now: datetime) -> tuple[str, str, dict[str, object]]:
    """Late facts that no request corrected: their days were not posted yet, or it was cut off."""
    return group_of(node), f"{node.tenant_id}-correct-{now:%Y%m%d%H%M}", {"do": CORRECT, "chain": node.chain}


def carry_out(message: dict[str, object], now: datetime) -> None:
    """Do what one message asks. A day that is not due yet, or parked, is left to the planner's next run."""
    chain_ids = tuple(str(tenant_id) for tenant_id in message["chain"])  # type: ignore[attr-defined]
    if message["do"] == RESTORE:
        _restore_below(chain_ids, now)
        return
    if message["do"] == AHEAD:
        charge_ahead(read_chain(chain_ids), now)
        return
    if message["do"] == CORRECT:
        correct_late_facts(chain_ids, now)
        return
    day = date.fromisoformat(str(message["day"]))
    try:
        settle_day(read_chain(chain_ids), day, now)
    except (NotDueError, ParkedError) as why:
        log("day not settled", tenant=chain_ids[-1], day=str(day), why=type(why).__name__)


def _restore_below(chain_ids: tuple[str, ...], now: datetime) -> None:
    """Bring back what the funds allow, for a tenant and everybody below it: the deepest first, then by code."""
    nodes = sorted(read_tree(chain_ids), key=lambda node: (-node.depth, node.code, node.tenant_id))
    states = read_states([node.tenant_id for node in nodes])
    for node in nodes:
        state = states[node.tenant_id]
        if state.held or state.marks:
            try:
                chain = read_chain(node.chain)
                if restore_services(chain, now):
                    charge_soon(chain, now)
            except DEFECTS as defect:
                park(state, day_at(now, node.timezone), defect)


def ask_restore(chain_ids: tuple[str, ...], now: datetime) -> None:
    """Queue a look at a tenant and everybody below it, after a recharge raised its fund."""
    send_in_order([_look_below(chain_ids, now)])


def _look_below(chain_ids: tuple[str, ...], now: datetime) -> tuple[str, str, dict[str, object]]:
    name = f"{chain_ids[-1]}-restore-{now:%Y%m%d%H%M%S%f}"
    return chain_ids[1], name, {"do": RESTORE, "chain": chain_ids}


def settle_through(operator_id: str, until: date, now: datetime, may_go_on: Callable[[], bool]) -> RunOutcome:
    """Settle every unsettled day up to `until` that has ended, oldest first, while `may_go_on` says so.

    What is left when it stops is queued for the workers. 422 when that day has ended for no tenant.
    """
    nodes = [node for node in read_tree([operator_id]) if node.depth]
    states = read_states([node.tenant_id for node in nodes])
    _check_has_ended(nodes, until, now)
    unparked = {tenant_id: _unparked(state) for tenant_id, state in states.items()}
    left: list[tuple[date, TreeNode]] = []
    parked: set[str] = set()
    for day, node in due_days(nodes, unparked, now, until):
        if left or not may_go_on():
            left.append((day, node))
        elif node.tenant_id not in parked:
            try:
                settle_day(read_chain(node.chain), day, now)
            except ParkedError:
                parked.add(node.tenant_id)
            except NotDueError:
                continue
    send_in_order(
        [
            (
                group_of(node),
                f"{node.tenant_id}-{day}-{now:%H%M%S}",
                {"do": SETTLE, "chain": node.chain, "day": str(day)},
            )
            for day, node in left[:MAX_QUEUED]
        ]
    )
    states = read_states([node.tenant_id for node in nodes])
    stuck = tuple(
        (tenant_id, state.parked or "waits for an import")
        for tenant_id, state in sorted(states.items())
        if state.parked or (state.is_held(until) and (state.last_day is None or state.last_day < until))
    )
    return replace(outcome_of(nodes, read_records(nodes, until), until, now), parked=stuck)


def _unparked(state: State) -> State:
    """A run by hand tries the parked ones again."""
    return State(state.tenant_id, state.last_day, state.pinned_through)


def _check_has_ended(nodes: list[TreeNode], until: date, now: datetime) -> None:
    if not any(node.settles_from <= until <= last_ended_day(now, node.timezone) for node in nodes):
        raise invalid_field("date", "has ended for no tenant that was settling by then", "day-not-ended")


def read_records(nodes: list[TreeNode], day: date) -> dict[str, SettledDay]:
    """That day of these tenants, by tenant, where it is settled: one request for each hundred."""
    records = read_days([(node.tenant_id, day) for node in nodes])
    return {record.tenant_id: record for record in records if record is not None}


def outcome_of(nodes: list[TreeNode], records: dict[str, SettledDay], day: date, now: datetime) -> RunOutcome:
    """The figures of a date over these tenants, as these records of it have them."""
    expected = [node for node in nodes if node.settles_from <= day <= last_ended_day(now, node.timezone)]
    found = [records[node.tenant_id] for node in expected if node.tenant_id in records]
    return RunOutcome(
        day,
        len(found) == len(expected),
        len(found),
        sum(record.charged + record.covered for record in found),
        sum(record.suspended for record in found),
        sum(record.total_minor for record in found),
    )
