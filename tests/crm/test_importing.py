"""Imports under crashes, races and at full size; the roster of a whole reseller with a month of its events."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import forget, read_all
from chalicelib.core.errors import Conflict
from chalicelib.crm import lanes
from chalicelib.crm.events import read_events, read_history
from chalicelib.crm.find import Wanted, list_subscribers
from chalicelib.crm.import_events import import_events
from chalicelib.crm.import_outcome import ImportResult
from chalicelib.crm.import_roster import import_subscribers
from chalicelib.crm.job import JobStatus, OpenJobRow, find_job
from chalicelib.crm.store import FoundRow
from chalicelib.crm.worker import run_job
from tests.conftest import create_tables
from tests.crm.a_tenant import NOW, TODAY, a_tenant, any_connection, any_days, any_price, asked, taken_on, with_plans
from tests.simulation.dynamodb import MemoryDynamoDB

DATA = Path(__file__).parent.parent / "data"
HEADER = "name,phone,plan,username,mac,zone,start_on"


def import_roster(data: bytes, tenant_id: str = "beta") -> ImportResult:
    return import_subscribers(
        a_tenant(tenant_id),
        data,
        dry_run=False,
        connections=any_connection,
        days=any_days(),
        now=NOW,
        remember=forget,
    )


def import_happenings(data: bytes) -> ImportResult:
    return import_events(
        a_tenant(),
        data,
        dry_run=False,
        check_price=any_price,
        days=any_days(),
        today=TODAY,
        now=NOW,
        remember=forget,
    )


def roster(count: int) -> bytes:
    lines = [f"User {n},0171{n:07d},HOME-10,user{n},9c53{n:08x},Savar,2026-11-20" for n in range(1, count + 1)]
    return "\n".join([HEADER, *lines]).encode()


def happenings(count: int) -> bytes:
    lines = [f"user{n},{kind},2026-11-21," for kind in ("disable", "enable") for n in range(1, count + 1)]
    return "\n".join(["username,type,effective_on,plan", *lines]).encode()


def everybody(tenant_id: str = "beta") -> list[tuple[int, str, str]]:
    found, _ = list_subscribers(tenant_id, Wanted(TODAY), limit=200, after=None)
    return [(one.number, one.customer_id, one.services[0].username) for one in found]


EXPECTED = [(n, f"BN-{n:06d}", f"user{n}") for n in range(1, 41)]


class Crash(BaseException):
    """The process is gone."""


def crash_at(engine: MemoryDynamoDB, call: int, when: str) -> None:
    """Let the process die at that write, before it happened or after, and at everything it would still do."""
    seen = [0]

    def faults(phase: str, number: int, operation: str, parameters: object) -> None:
        if operation not in ("Query", "GetItem", "BatchGetItem"):
            seen[0] += phase == "before"
            if seen[0] > call or (seen[0] == call and phase == when):
                raise Crash

    engine.faults = faults


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_roster_cut_off_at_any_write_is_finished_by_sending_it_again(
    engine: MemoryDynamoDB, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "LANES", 1)
    for call in range(1, 9):
        tenant_id = f"beta{call}"
        with_plans(a_tenant(tenant_id))
        crash_at(engine, call, when)
        with pytest.raises(Crash):
            import_roster(roster(40), tenant_id)
        engine.faults = None
        import_roster(roster(40), tenant_id)
        assert everybody(tenant_id) == EXPECTED
        assert len(read_events(tenant_id, None, TODAY)) == 40
        assert len(read_all(FoundRow, keys.found(tenant_id))) == 40 * 6
        assert import_roster(roster(40), tenant_id).unchanged == 40
        assert taken_on(a_tenant(tenant_id), asked(username="next")).number == 41
    assert [row.tenant_id for row in read_all(OpenJobRow, keys.open_jobs("op"))] == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_events_cut_off_at_any_write_are_finished_and_not_doubled(
    engine: MemoryDynamoDB, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "LANES", 1)
    for call in range(1, 7):
        engine.tables.clear()
        create_tables()
        with_plans(a_tenant())
        import_roster(roster(40))
        crash_at(engine, call, when)
        with pytest.raises(Crash):
            import_happenings(happenings(40))
        engine.faults = None
        import_happenings(happenings(40))
        kinds = Counter(event.kind.value for event in read_events("beta", None, TODAY))
        assert kinds == {"connect": 40, "disable": 40, "enable": 40}
        assert [event.kind.value for event in read_history("beta", 40)] == ["connect", "disable", "enable"]
        assert import_happenings(happenings(40)).unchanged == 80


def test_the_same_file_twice_at_once_is_one_import(engine: MemoryDynamoDB) -> None:
    with_plans(a_tenant())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: import_roster(roster(40)), range(4)))
    assert everybody() == EXPECTED


def test_an_import_and_single_creations_share_the_numbers(engine: MemoryDynamoDB) -> None:
    with_plans(a_tenant())

    def work(number: int) -> None:
        if number == 3:
            import_roster(roster(40))
        else:
            taken_on(a_tenant(), asked(username=f"single{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    found = everybody()
    assert [number for number, _, _ in found] == list(range(1, 64))
    imported = [number for number, _, username in found if username.startswith("user")]
    assert imported == list(range(imported[0], imported[0] + 40))


def test_a_day_pinned_meanwhile_ends_the_import_as_failed(engine: MemoryDynamoDB) -> None:
    with_plans(a_tenant())

    def pinned(day: date) -> object:
        raise Conflict("day-already-pinned", "The day is settled.")

    def attempt() -> None:
        import_subscribers(
            a_tenant(),
            roster(3),
            dry_run=False,
            connections=any_connection,
            days=any_days(pinned),  # type: ignore[arg-type]
            now=NOW,
            remember=forget,
        )

    with pytest.raises(Conflict, match="settled"):
        attempt()
    assert read_all(OpenJobRow, keys.open_jobs("op")) == []
    import_roster(roster(3))
    assert [number for number, _, _ in everybody()] == [1, 2, 3]


def test_events_of_many_lines_of_one_service_are_one_write(engine: MemoryDynamoDB) -> None:
    with_plans(a_tenant())
    import_roster(roster(2))
    lines = [f"user1,{('disable', 'enable')[n % 2]},2026-11-2{n // 20 + 1}," for n in range(40)]
    import_happenings("\n".join(["username,type,effective_on,plan", *lines]).encode())
    history = read_history("beta", 1)
    assert [event.order for event in history[1:]] == list(range(2, 42))
    assert len({event.recorded_micros for event in history[1:]}) == 1


def test_a_whole_reseller_is_imported_with_a_month_of_its_events(engine: MemoryDynamoDB) -> None:
    with_plans(a_tenant())
    taken = import_roster((DATA / "roster.csv").read_bytes())
    assert taken.job is not None
    with engine.measured() as cost:
        run_job(taken.job)
    job = find_job("beta", taken.job.job_id)
    assert (job.status, job.done, job.fault_count) == (JobStatus.DONE, 5_000, 0)
    # A subscriber, its event twice, and some six words that find it; each at two units.
    assert cost.write_units / 5_000 < 19
    assert cost.requests < 530
    moved = import_happenings((DATA / "events.csv").read_bytes())
    assert moved.job is not None
    run_job(moved.job)
    assert find_job("beta", moved.job.job_id).status is JobStatus.DONE
    kinds = Counter(event.kind.value for event in read_events("beta", None, date(2026, 10, 31)))
    assert kinds == {"connect": 5_000, "disable": 550, "enable": 447, "change_plan": 378, "disconnect": 219}
    september = [event.kind.value for event in read_events("beta", None, date(2026, 9, 30))]
    assert september == ["connect"] * 4_488
    number = random.Random(1).randrange(1, 5_000)
    assert read_history("beta", number)[0].order == number + 1
