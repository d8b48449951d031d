"""Import service events: a CSV file of what happened to services, judged in file order as if recorded one by one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from chalicelib.aws import clock
from chalicelib.aws.guards import Guard, no_guard
from chalicelib.aws.tables import MAX_BATCH_GET, MAX_TRANSACTION, ConditionFailed, Operation, Remember, read_many, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, Refusal, Unavailable
from chalicelib.crm.change import event_of, judge_change, with_service
from chalicelib.crm.csv_file import Fault, read_csv
from chalicelib.crm.events import read_history
from chalicelib.crm.find import read_subscribers
from chalicelib.crm.import_days import Days
from chalicelib.crm.import_file import import_file
from chalicelib.crm.import_outcome import Checked, ImportResult, Outcome, Progress
from chalicelib.crm.job import Job, JobKind, kept_lines
from chalicelib.crm.lanes import chunks, in_lanes
from chalicelib.crm.model import EventKind, Plan, ServiceEvent
from chalicelib.crm.outbox import changed, wake_routers
from chalicelib.crm.plans import plan_code, read_plans
from chalicelib.crm.roster_file import EVENT_COLUMNS, EventLine, read_event_lines
from chalicelib.crm.service import Change, Service, compacted, reaches_behind
from chalicelib.crm.store import FoundRow, event_operations, username_key
from chalicelib.crm.subscriber import Subscriber
from chalicelib.tenants.model import Tenant

PriceCheck = Callable[[Plan, date], None]
"""Raises a `Refusal` when the plan has no price on that day."""

TRIES = 12
ROWS_BESIDE_EVENTS = 2
"""The subscriber, and what the router of the service has to hear where it is on one."""
MAX_TOGETHER = 40
"""Services in one write, before their events are counted: their subscribers are read together."""


def import_events(
    tenant: Tenant,
    data: bytes,
    *,
    dry_run: bool,
    check_price: PriceCheck,
    days: Days,
    today: date,
    now: datetime,
    remember: Remember,
) -> ImportResult:
    """Record every event of the file, or none of a file with faults; `import_file.py` has the manner of it."""
    return import_file(
        JobKind.EVENTS,
        tenant,
        data,
        dry_run=dry_run,
        check=partial(_check, tenant.tenant_id, check_price, days, today, to_micros(now)),
        run=partial(write_events, days, today),
        days=days,
        now=now,
        remember=remember,
    )


def write_events(days: Days, today: date, job: Job, progress: Progress) -> None:
    """Write the events of a job that are not there yet, several services in a transaction, several at once."""
    lines = [_to_line(job.recorded_micros, data) for data in kept_lines(job)]
    guard = days.guard(min(line.change.effective_on for line in lines))
    batches: dict[int, _Batch] = {}
    for line in lines:
        batch = batches.setdefault(line.service, _Batch(line.subscriber, line.service, []))
        batch.lines.append(line)
    write_group = partial(_write_group, job.tenant_id, guard, today)
    in_lanes(write_group, list(_packed(list(batches.values()), MAX_TRANSACTION - len(guard.operations))), progress.add)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is to be written: the event, and whose it is."""

    number: int
    subscriber: int
    service: int
    change: Change


@dataclass(frozen=True, slots=True)
class _Batch:
    """A file's lines about one service, in order: they are written together."""

    subscriber: int
    service: int
    lines: list[_Line]


def _check(tenant_id: str, check_price: PriceCheck, days: Days, today: date, micros: int, data: bytes) -> Checked:
    file = read_csv(data, EVENT_COLUMNS)
    plans = read_plans(tenant_id)

    def find_code(text: str) -> str | None:
        code = plan_code(tenant_id, text)
        return code if code in plans else None

    lines, faults = read_event_lines(file, find_code)
    faults += _unpriced(lines, plans, check_price)
    faults += days.faults("effective_on", [(line.number, line.effective_on) for line in lines])
    found = _find_services(tenant_id, {line.username for line in lines})
    numbers = list(dict.fromkeys(subscriber for subscriber, _ in found.values()))
    groups = in_lanes(partial(read_subscribers, tenant_id), list(chunks(numbers, MAX_BATCH_GET)))
    subscribers = {one.number: one for group in groups for one in group if one is not None}
    not_before = max((one.last_recorded_micros for one in subscribers.values()), default=0) + 1
    judge = _Judge(tenant_id, subscribers, today)
    kept: list[list[Any]] = []
    for line in lines:
        whose = found.get(line.username)
        if whose is None:
            faults.append(Fault(line.number, "username", "is not the username of a service"))
            continue
        change = Change(line.kind, line.effective_on, max(micros, not_before), line.number, line.plan)
        objection = judge.objection(whose, change)
        if objection is not None:
            faults.append(Fault(line.number, "type", objection))
        else:
            kept.append([line.number, *whose, line.kind.value, line.effective_on.isoformat(), line.plan])
    faults.sort(key=lambda fault: fault.line)
    earliest = None if faults else min(line.effective_on for line in lines)
    return Checked(file.count, faults, kept, no_guard(), earliest, not_before_micros=not_before)


@dataclass
class _Judge:
    """Judges the lines of a file one after another, each against the services as the lines before it leave them."""

    tenant_id: str
    subscribers: dict[int, Subscriber]
    today: date

    def __post_init__(self) -> None:
        self._services: dict[int, Service] = {}

    def objection(self, whose: tuple[int, int], change: Change) -> str | None:
        """Why the event cannot be, or None when it can."""
        subscriber = self.subscribers[whose[0]]
        service = self._services.get(whose[1]) or subscriber.service(whose[1])
        assert service is not None, "a username leads to a service of its subscriber"
        try:
            changed = judge_change(self.tenant_id, subscriber, service, change)
            compacted(changed, self.today)
        except Conflict as conflict:
            return conflict.detail
        self._services[whose[1]] = changed
        return None


def _find_services(tenant_id: str, usernames: set[str]) -> dict[str, tuple[int, int]]:
    """(subscriber number, service number) by username, for those there are: a request for each hundred."""

    def look_up(group: Sequence[str]) -> list[tuple[str, FoundRow | None]]:
        rows = read_many([(FoundRow, username_key(tenant_id, username)) for username in group])
        return list(zip(group, rows, strict=True))

    found = in_lanes(look_up, list(chunks(sorted(usernames), MAX_BATCH_GET)))
    return {
        username: (row.subscriber, row.service)
        for group in found
        for username, row in group
        if row is not None and row.service is not None
    }


def _unpriced(lines: Sequence[EventLine], plans: dict[str, Plan], check_price: PriceCheck) -> list[Fault]:
    """A fault for each line whose plan has no price on the first or last day that the file moves services to it."""
    by_plan: dict[str, list[EventLine]] = {}
    for line in lines:
        if line.plan is not None:
            by_plan.setdefault(line.plan, []).append(line)
    faults = []
    for code, moved in by_plan.items():
        days = {line.effective_on for line in moved}
        for day in {min(days), max(days)}:
            try:
                check_price(plans[code], day)
            except Refusal:
                faults += [Fault(line.number, "plan", f"has no price at some level on {day}") for line in moved]
                break
    return faults


def _to_line(micros: int, data: list[Any]) -> _Line:
    number, subscriber, service, kind, on, plan = data
    return _Line(number, subscriber, service, Change(EventKind(kind), date.fromisoformat(on), micros, number, plan))


def _packed(batches: Sequence[_Batch], room: int) -> Iterator[list[_Batch]]:
    """Batches by as many as fit into a write of that many operations, of one subscriber one at most in each."""
    group: list[_Batch] = []
    taken = 0
    for batch in batches:
        needed = ROWS_BESIDE_EVENTS + 2 * len(batch.lines)
        is_met = any(batch.subscriber == other.subscriber for other in group)
        if taken + needed > room or len(group) == MAX_TOGETHER or is_met:
            yield group
            group, taken = [], 0
        group.append(batch)
        taken += needed
    if group:
        yield group


def _write_group(tenant_id: str, guard: Guard, today: date, group: Sequence[_Batch]) -> Outcome:
    """Write these batches at once; those that are written already are left out, and those that cannot be any more."""
    faults: list[Fault] = []
    there = 0
    waiting = list(group)
    for _ in range(TRIES):
        subscribers = read_subscribers(tenant_id, [batch.subscriber for batch in waiting])
        operations: list[Operation] = []
        coming = []
        for batch, subscriber in zip(waiting, subscribers, strict=True):
            assert subscriber is not None, "subscribers are never removed"
            try:
                writes = _batch_operations(subscriber, batch, today)
            except Conflict as conflict:
                faults += [Fault(line.number, "type", conflict.detail) for line in batch.lines]
                continue
            if writes:
                coming.append(batch)
                operations += writes
            else:
                there += len(batch.lines)
        waiting = coming
        if not waiting:
            return Outcome(0, there, tuple(faults))
        try:
            write(*operations, *guard.operations)
            wake_routers(operations)
            return Outcome(sum(len(batch.lines) for batch in waiting), there, tuple(faults))
        except ConditionFailed as failure:
            guard.refuse(failure)
    raise Unavailable("busy", "The import meets too many other changes; please send the file again.")


def _batch_operations(subscriber: Subscriber, batch: _Batch, today: date) -> list[Operation]:
    """The writes of a batch, judged once more against the service as it is now; none when it is written already."""
    service = subscriber.service(batch.service)
    assert service is not None, "services are never removed"
    first = batch.lines[0].change
    if _has(subscriber, service, first):
        return []
    events: list[ServiceEvent] = []
    for line in batch.lines:
        service = judge_change(subscriber.tenant_id, subscriber, service, line.change)
        events.append(event_of(subscriber.number, batch.service, line.change))
    after = with_service(subscriber, compacted(service, today), first.recorded_micros)
    operations = changed(subscriber, after, clock.now())
    for event in events:
        operations += event_operations(subscriber.tenant_id, event)
    return operations


def _has(subscriber: Subscriber, service: Service, change: Change) -> bool:
    """Whether the event is one of the service's already."""
    if reaches_behind(service, change) or service.based_at == change.position:
        history = read_history(subscriber.tenant_id, subscriber.number)
        return any(
            (event.effective_on, event.recorded_micros, event.order) == change.position
            and event.service_number == service.number
            for event in history
        )
    return any(one.position == change.position for one in service.changes)
