"""Lines that somebody else makes impossible while a file is written: they are refused alone and leave no gap."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import read, write
from chalicelib.core.errors import Invalid
from chalicelib.crm import import_file
from chalicelib.crm.connect import creation_operations, new_subscriber
from chalicelib.crm.import_outcome import ImportResult
from chalicelib.crm.job import JobStatus, find_job, list_jobs
from chalicelib.crm.numbers import Counters, Numbers, pairs_of
from chalicelib.crm.service import new_service
from chalicelib.crm.store import CountersRow
from chalicelib.crm.worker import run_job
from tests.crm.a_tenant import TODAY, a_tenant, asked, taken_on, with_plans
from tests.crm.test_importing import HEADER, everybody, happenings, import_happenings, import_roster, roster
from tests.simulation.dynamodb import MemoryDynamoDB

Before = Callable[[Callable[[], object]], None]


@pytest.fixture
def before_taking_on(monkeypatch: pytest.MonkeyPatch) -> Before:
    """Let something happen once between the check of the next file and its first write."""

    def arrange(happen: Callable[[], object]) -> None:
        take_on = import_file._take_on

        def take_on_late(*arguments: object) -> object:
            monkeypatch.setattr(import_file, "_take_on", take_on)
            happen()
            return take_on(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(import_file, "_take_on", take_on_late)

    return arrange


def told(result: ImportResult) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.field, fault.message) for fault in result.faults]


def free() -> list[list[int]] | None:
    row = read(CountersRow, keys.counters("beta"))
    assert row is not None
    runs: list[list[int]] | None = row.free
    return runs


def test_a_username_taken_meanwhile_refuses_its_line_alone_and_the_next_creation_has_its_number(
    engine: MemoryDynamoDB, before_taking_on: Before
) -> None:
    with_plans(a_tenant())
    before_taking_on(lambda: taken_on(a_tenant(), asked(username="USER7")))
    result = import_roster(roster(40))
    assert (result.written, result.unchanged, result.fault_count) == (39, 0, 1)
    assert told(result) == [(8, "username", "was given to another service meanwhile")]
    assert free() == [[8, 8, 1]]
    again = import_roster(roster(40))
    assert (again.written, again.unchanged, told(again)) == (0, 39, told(result))
    next_one = taken_on(a_tenant(), asked(username="next"))
    assert (next_one.number, next_one.customer_id, next_one.services[0].number) == (8, "BN-000008", 8)
    assert free() is None
    assert [number for number, _, _ in everybody()] == list(range(1, 42))
    assert taken_on(a_tenant(), asked(username="after")).number == 42


def test_a_job_with_a_refused_line_is_done_and_says_so(engine: MemoryDynamoDB, before_taking_on: Before) -> None:
    with_plans(a_tenant())
    mac = "9C:53:00:00:00:09"
    before_taking_on(lambda: taken_on(a_tenant(), asked(username="other", mac=mac)))
    queued = import_roster(roster(401)).job
    assert queued is not None
    for _ in range(2):
        run_job(queued)
        job = find_job("beta", queued.job_id)
        assert (job.status, job.lines, job.done) == (JobStatus.DONE, 401, 400)
        assert [(fault.line, fault.field) for fault in job.faults] == [(10, "mac")]
        assert free() == [[10, 10, 1]]
    again = import_roster(roster(401))
    assert (again.job, again.unchanged, [fault.line for fault in again.faults]) == (None, 400, [10])


def test_the_next_file_takes_the_numbers_left_before_new_ones(engine: MemoryDynamoDB, before_taking_on: Before) -> None:
    with_plans(a_tenant())

    def take_three() -> None:
        for number in (3, 4, 9):
            taken_on(a_tenant(), asked(username=f"user{number}"))

    before_taking_on(take_three)
    assert import_roster(roster(10)).written == 7
    assert free() == [[6, 6, 2], [12, 12, 1]]
    lines = [f"More {n},,HOME-10,more{n},,,2026-11-20" for n in range(1, 6)]
    assert import_roster("\n".join([HEADER, *lines]).encode()).written == 5
    found = {username: number for number, _, username in everybody()}
    assert [found[f"more{n}"] for n in range(1, 6)] == [6, 7, 12, 14, 15]
    assert sorted(found.values()) == list(range(1, 16))


def test_two_files_that_share_usernames_at_once_leave_no_gap(engine: MemoryDynamoDB) -> None:
    with_plans(a_tenant())
    files = [roster(40), roster(40) + b"\nAlso,,HOME-10,also,,,2026-11-20"]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(import_quietly, files))
    refused = sum(result.lines - result.written for result in results if result is not None)
    written = sum(result.written for result in results if result is not None)
    names = [username for _, _, username in everybody()]
    assert len(names) == len(set(names)) == written
    left = list(pairs_of(free() or ()))
    assert len(left) == refused
    for number in range(len(left)):
        taken_on(a_tenant(), asked(username=f"filler{number}"))
    found = everybody()
    assert [number for number, _, _ in found] == list(range(1, written + refused + 1))
    jobs, _ = list_jobs("beta", limit=10, after=None)
    assert {job.status for job in jobs} == {JobStatus.DONE}


def import_quietly(data: bytes) -> ImportResult | None:
    """None where the other file was whole before this one was checked."""
    try:
        return import_roster(data)
    except Invalid:
        return None


def test_a_number_that_came_back_although_somebody_has_it_is_passed_over(
    engine: MemoryDynamoDB, before_taking_on: Before
) -> None:
    with_plans(a_tenant())
    before_taking_on(lambda: taken_on(a_tenant(), asked(username="user1")))
    import_roster(roster(1))
    assert free() == [[2, 2, 1]]
    service = new_service(2, TODAY, "late", None, "HOME-10", 1, 1)
    write(*creation_operations(new_subscriber("beta", 2, "BN-000002", asked(username="late"), service, 1)))
    assert taken_on(a_tenant(), asked(username="next")).number == 3
    assert free() is None


def test_events_of_a_service_that_changed_meanwhile_are_refused_line_by_line(
    engine: MemoryDynamoDB, before_taking_on: Before
) -> None:
    with_plans(a_tenant())
    import_roster(roster(3))
    gone = b"username,type,effective_on,plan\nuser2,disconnect,2026-11-21,"
    before_taking_on(lambda: import_happenings(gone))
    result = import_happenings(happenings(3))
    assert (result.written, [fault.line for fault in result.faults]) == (4, [3, 6])
    assert [fault.line for fault in import_happenings(happenings(3)).faults] == [3, 6]


def test_numbers_come_back_as_runs_and_only_once() -> None:
    counters = Counters(10, 20, 0).give_back([(3, 5), (2, 4), (7, 9), (3, 5)])
    assert counters.free == (Numbers(2, 4, 2), Numbers(7, 9, 1))
    after, taken = counters.take(4)
    assert taken == (Numbers(2, 4, 2), Numbers(7, 9, 1), Numbers(11, 21, 1))
    assert after == Counters(11, 21, 0)
    after, taken = counters.take(1)
    assert (taken, after.free) == ((Numbers(2, 4, 1),), (Numbers(3, 5, 1), Numbers(7, 9, 1)))
    assert counters.without({3, 7}).free == (Numbers(2, 4, 1),)
