"""Import a roster: a CSV file of subscribers, each connected with one service, numbered in line order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from chalicelib.aws.guards import Guard, no_guard, together
from chalicelib.aws.keys import Key
from chalicelib.aws.tables import MAX_BATCH_GET, MAX_TRANSACTION, ConditionFailed, Operation, Remember, read_many, write
from chalicelib.core.dates import day_at, from_micros
from chalicelib.core.errors import Unavailable
from chalicelib.crm.connect import creation_operations, customer_id_of, new_subscriber
from chalicelib.crm.csv_file import Fault, read_csv
from chalicelib.crm.find import read_subscribers
from chalicelib.crm.import_beside import NOTHING_BESIDE, Beside
from chalicelib.crm.import_days import Days
from chalicelib.crm.import_file import import_file
from chalicelib.crm.import_outcome import Checked, ImportResult, Outcome, Progress
from chalicelib.crm.job import Job, JobKind, kept_lines
from chalicelib.crm.lanes import chunks, in_lanes
from chalicelib.crm.model import Plan
from chalicelib.crm.numbers import Pair, pairs_of
from chalicelib.crm.plans import plan_code, read_plans
from chalicelib.crm.roster_file import ROSTER_COLUMNS, RosterLine, read_roster, roster_data, to_roster_line
from chalicelib.crm.service import new_service
from chalicelib.crm.store import FoundRow, SubscriberRow, found_keys, mac_key, to_subscriber, username_key
from chalicelib.crm.subscriber import Subscriber
from chalicelib.tenants.model import Tenant

ConnectionsGuard = Callable[[Sequence[tuple[Plan, date]]], Guard]
"""What new connections of these plans on these days need of the funds and days above; it may refuse at once."""

TRIES = 12
NUMBER_GONE = "was not written, because its number was given to another subscriber; send it in a file of its own"
ROWS_BESIDE_WORDS = 3
"""What a new subscriber writes besides what finds it: itself, and its connection twice."""


def import_subscribers(
    tenant: Tenant,
    data: bytes,
    *,
    dry_run: bool,
    connections: ConnectionsGuard,
    days: Days,
    now: datetime,
    remember: Remember,
) -> ImportResult:
    """Connect every subscriber of the file, or none of a file with faults; `import_file.py` has the manner of it."""
    return import_file(
        JobKind.SUBSCRIBERS,
        tenant,
        data,
        dry_run=dry_run,
        check=partial(_check, tenant.tenant_id, connections, days),
        run=partial(write_roster, days),
        days=days,
        now=now,
        remember=remember,
    )


def write_roster(days: Days, job: Job, progress: Progress) -> None:
    """Write the subscribers of a job that are not there yet, some ten in a transaction, several at once."""
    write_lines(days, job, [to_roster_line(data) for data in kept_lines(job)], progress.add)


def write_lines(
    days: Days, job: Job, lines: Sequence[RosterLine], add: Callable[[Outcome], None], beside: Beside = NOTHING_BESIDE
) -> None:
    """Write those subscribers of these lines that are not there yet, and what belongs beside them; `add` is told of each
    transaction. With something beside them they are written one transaction after another: all count in one row."""
    guard = days.guard(min(line.asked.line.start_on for line in lines))
    month = day_at(from_micros(job.recorded_micros), job.timezone)
    coming = [
        _subscriber(job, month, pair, line, beside.router)
        for pair, line in zip(pairs_of(job.numbers), lines, strict=True)
    ]
    line_of = {one.number: line.number for one, line in zip(coming, lines, strict=True)}
    if job.started_micros is not None:
        there = _numbers_there(job, [one.number for one in coming])
        coming = [one for one in coming if one.number not in there]
        add(Outcome(0, len(there)))
    chunk = partial(_write_chunk, _Writing(guard, line_of, beside))
    room = MAX_TRANSACTION - len(guard.operations) - len(beside.counted(1).operations)
    pieces = list(_packed(coming, room, ROWS_BESIDE_WORDS + beside.most_rows))
    if beside is NOTHING_BESIDE:
        in_lanes(chunk, pieces, add)
    else:
        for piece in pieces:
            add(chunk(piece))


@dataclass(frozen=True)
class _Writing:
    """What the chunks of one job share."""

    guard: Guard
    line_of: dict[int, int]
    beside: Beside

    def operations(self, subscriber: Subscriber) -> list[Operation]:
        """Everything that one subscriber is."""
        return [*creation_operations(subscriber), *self.beside.rows(subscriber, self.line_of[subscriber.number])]

    def field(self, operation: Operation) -> str | None:
        """Which field is another's where that operation stood in the way."""
        if isinstance(operation.row, FoundRow):
            return operation.row.sk.rpartition("#")[2]
        return self.beside.field(operation)


def _check(tenant_id: str, connections: ConnectionsGuard, days: Days, data: bytes) -> Checked:
    file = read_csv(data, ROSTER_COLUMNS)
    plans = read_plans(tenant_id)

    def find_code(text: str) -> str | None:
        code = plan_code(tenant_id, text)
        return code if code in plans else None

    lines, faults = read_roster(file, find_code)
    faults += names_taken(tenant_id, lines)
    starts = [line.asked.line.start_on for line in lines]
    faults += days.faults("start_on", [(line.number, day) for line, day in zip(lines, starts, strict=True)])
    faults.sort(key=lambda fault: fault.line)
    guard = no_guard()
    if not faults:
        guard = connections([(plans[line.asked.line.plan], line.asked.line.start_on) for line in lines])
    earliest = None if faults else min(starts)
    return Checked(file.count, faults, roster_data(lines), guard, earliest, subscribers=len(lines))


def names_taken(tenant_id: str, lines: Sequence[RosterLine]) -> list[Fault]:
    """A fault for every username and MAC that a stored service has: a request for each hundred of them."""
    asked: list[tuple[Key, Fault]] = []
    for line in lines:
        wanted = line.asked.line
        message = "belongs to another service"
        asked.append((username_key(tenant_id, wanted.username), Fault(line.number, "username", message)))
        if wanted.mac is not None:
            asked.append((mac_key(tenant_id, wanted.mac), Fault(line.number, "mac", message)))

    def look_up(group: Sequence[tuple[Key, Fault]]) -> list[Fault]:
        rows = read_many([(FoundRow, key) for key, _ in group])
        return [fault for row, (_, fault) in zip(rows, group, strict=True) if row is not None]

    return [fault for found in in_lanes(look_up, list(chunks(asked, MAX_BATCH_GET))) for fault in found]


def _numbers_there(job: Job, numbers: Sequence[int]) -> set[int]:
    """Those of these numbers whose subscriber the job has written."""
    found = in_lanes(partial(read_subscribers, job.tenant_id), list(chunks(numbers, MAX_BATCH_GET)))
    there = (one for group in found for one in group if one is not None)
    return {one.number for one in there if one.created_at_micros == job.recorded_micros}


def _subscriber(job: Job, month: date, pair: Pair, line: RosterLine, router: str | None) -> Subscriber:
    """The subscriber that a line becomes, with the numbers of subscriber and service that are kept for it."""
    wanted = line.asked.line
    number, service_number = pair
    service = new_service(
        service_number,
        wanted.start_on,
        wanted.username,
        wanted.mac,
        wanted.plan,
        job.recorded_micros,
        line.number,
    )
    service = replace(service, router=router)
    customer_id = customer_id_of(job.form, number, line.asked, month, False)
    return new_subscriber(job.tenant_id, number, customer_id, line.asked, service, job.recorded_micros)


def _packed(subscribers: Sequence[Subscriber], room: int, beside_words: int) -> Iterator[list[Subscriber]]:
    """Subscribers by as many as fit into a write of that many operations; each is so many beside what finds it."""
    chunk: list[Subscriber] = []
    taken = 0
    for subscriber in subscribers:
        needed = beside_words + len(found_keys(subscriber))
        if taken + needed > room:
            yield chunk
            chunk, taken = [], 0
        chunk.append(subscriber)
        taken += needed
    if chunk:
        yield chunk


def _write_chunk(writing: _Writing, chunk: Sequence[Subscriber]) -> Outcome:
    """Write these subscribers at once; those that are there already are left out, and those whose names are taken."""
    waiting = {one.number: one for one in chunk}
    faults: list[Fault] = []
    left: list[Pair] = []
    there = 0
    for _ in range(TRIES):
        owner: dict[Operation, int] = {}
        for one in waiting.values():
            owner |= dict.fromkeys(writing.operations(one), one.number)
        if not owner:
            return Outcome(0, there, tuple(faults), tuple(left))
        guard = together([writing.guard, writing.beside.counted(len(waiting))])
        try:
            write(*owner, *guard.operations)
            return Outcome(len(waiting), there, tuple(faults), tuple(left))
        except ConditionFailed as failure:
            guard.refuse(failure)
            for number in {owner[operation] for operation in failure.rows}:
                failed = [operation for operation in failure.rows if owner[operation] == number]
                row = next((failure.rows[one] for one in failed if isinstance(one.row, SubscriberRow)), None)
                if row is not None:
                    one = waiting.pop(number)
                    is_ours = isinstance(row, SubscriberRow) and _is_of(row, one)
                    there += is_ours
                    faults += [] if is_ours else [Fault(writing.line_of[number], "line", NUMBER_GONE)]
                else:
                    pair = (number, waiting[number].services[0].number)
                    refused = _settle(writing, waiting, number, failed)
                    faults += refused
                    left += [pair] if refused else []
    raise Unavailable("busy", "The import meets too many other changes; please send the file again.")


def _is_of(row: SubscriberRow, coming: Subscriber) -> bool:
    """Whether the row is what this job made of the line: no two files are recorded at the same instant."""
    return to_subscriber(coming.tenant_id, row).created_at_micros == coming.created_at_micros


def _settle(writing: _Writing, waiting: dict[int, Subscriber], number: int, failed: Sequence[Operation]) -> list[Fault]:
    """Decide about a subscriber whose words are another's: it cannot be, or it needs another customer id."""
    kinds = [writing.field(operation) for operation in failed]
    taken = [kind for kind in ("username", "mac", "address") if kind in kinds]
    if taken:
        del waiting[number]
        line = writing.line_of[number]
        return [Fault(line, kind, "was given to another service meanwhile") for kind in taken]
    one = waiting[number]
    waiting[number] = replace(one, customer_id=f"{one.customer_id}-{number}")
    return []
