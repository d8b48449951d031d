"""Digests: whatever is asked of a book, they answer as its entries do, however and whenever they were written."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.aws import keys
from chalicelib.aws.tables import Put, read, read_all, write
from chalicelib.core.dates import to_micros
from chalicelib.ledger.journal import Entry
from chalicelib.ledger.statements import trial_balance
from chalicelib.ledger.store import DigestLegsRow, DigestRow, DigestStateRow, EntryRow
from chalicelib.ledger.totals import kept, seal
from chalicelib.ledger.totals.digests import OF_COUNTERPARTIES, Leg, digest_of, pack_digest, reach_of, unpack_digest
from chalicelib.ledger.totals.kept import Kept, read_digests, read_kept, read_legs
from chalicelib.ledger.totals.seal import seal_book
from tests.ledger.entries import record, sale
from tests.ledger.random_books import BEGIN, DAYS, Post, Seal, all_entries, fresh, instants, play, post, steps
from tests.simulation import MemoryDynamoDB
from tests.world import World, tenant

ALPHA = tenant("alpha", tenant("op", None, date(2026, 1, 1)), date(2026, 1, 1))
A_LINE = ("1000", "4000", "", "", 5_00)


def a_post(minute: int, journal: str = "general", minor: int = 5_00) -> Post:
    return Post(journal, minute, 0, 0, (("1000", "4000", "", "", minor),), "manual", False)


def sums_from_scratch(entries: list[Entry], known_at: datetime | None) -> Counter[tuple[Any, ...]]:
    """Debits, credits and lines by everything a report may ask by, from entries alone."""
    found: Counter[tuple[Any, ...]] = Counter()
    for entry in entries:
        if known_at is not None and entry.recorded_micros > to_micros(known_at):
            continue
        draft = entry.draft
        for line in draft.lines:
            who = line.counterparty if line.account in OF_COUNTERPARTIES else ""
            days = (draft.effective_on.isoformat(), draft.service_on.isoformat())
            group = (*days, line.account, line.cost_centre, who, int(draft.kind == "year-end"))
            found[(*group, "debit")] += line.debit_minor
            found[(*group, "credit")] += line.credit_minor
            found[(*group, "lines")] += 1
    return +found


def sums_of(found: Kept) -> Counter[tuple[Any, ...]]:
    counted: Counter[tuple[Any, ...]] = Counter()
    for one in found.sums:
        for name, value in (("debit", one.debit_minor), ("credit", one.credit_minor), ("lines", one.lines)):
            counted[(*one[:6], name)] += value
    return +counted


def check_state(tenant_id: str) -> None:
    """The state of the digests tells how many there are, and over how many entries, each covered once."""
    state = read(DigestStateRow, keys.digest_state(tenant_id))
    if state is None:
        assert read_all(DigestRow, keys.book_digests(tenant_id, 0)) == []
        return
    digests = read_digests(tenant_id, state.generation)
    assert (len(digests), sum(one.entries for one in digests)) == (state.number, state.entries)
    assert sum(one.sequence for one in reach_of(digests).values()) == state.entries


def places(legs: list[Leg]) -> list[tuple[Any, ...]]:
    return sorted((leg.journal, leg.sequence, leg.number, leg.account, leg.net_minor, leg.part) for leg in legs)


def fail_on_alarm(*_: Any, **__: Any) -> None:
    raise AssertionError("an alarm was raised")


@settings(max_examples=40)
@given(steps, st.lists(instants, min_size=1, max_size=4))
@example([a_post(9), a_post(1, "receipts"), Seal(None), a_post(2, "child-beta"), Seal(3)], [BEGIN])
def test_a_book_is_what_its_entries_are_however_it_was_sealed(
    todo: list[Post | Seal], asked: list[datetime | None]
) -> None:
    with fresh() as memory, pytest.MonkeyPatch.context() as patched:
        patched.setattr(kept, "alarm", fail_on_alarm)
        patched.setattr(seal, "alarm", fail_on_alarm)
        play(memory, todo)
        for tenant_id in ("alpha", "gamma"):
            entries = all_entries(tenant_id)
            check_state(tenant_id)
            for known_at in [None, *asked]:
                found = read_kept(tenant_id, known_at)
                assert sums_of(found) == sums_from_scratch(entries, known_at)
                legs = read_legs(found, lambda one: one.account == "1000")
                assert places(legs) == sorted(
                    (
                        entry.journal,
                        entry.sequence,
                        number,
                        line.account,
                        line.debit_minor - line.credit_minor,
                        entry.part,
                    )
                    for entry in entries
                    if known_at is None or entry.recorded_micros <= to_micros(known_at)
                    for number, line in enumerate(entry.draft.lines)
                    if line.account == "1000"
                )


def test_digests_cover_every_entry_once_and_leave_the_last_few(engine: MemoryDynamoDB) -> None:
    World.of_tenants(date(2026, 11, 1))
    for number in range(1_200):
        post(a_post(number % 600, "general" if number % 3 else "receipts"))
    post(Post("general", 1, 0, 0, (A_LINE,), "manual", True))
    assert seal_book("alpha") == 1
    assert seal_book("alpha") == 0
    assert seal_book("gamma") == 0
    (digest,) = read_all(DigestRow, keys.book_digests("alpha", 0))
    assert digest.entries == 1_200
    for _ in range(499):
        post(a_post(600))
    assert seal_book("alpha") == 0
    post(a_post(600))
    assert seal_book("alpha") == 1
    state = read(DigestStateRow, keys.digest_state("alpha"))
    assert state is not None
    assert (state.generation, state.number, state.entries) == (0, 2, 1_700)
    assert trial_balance(ALPHA, on=DAYS[0]).total_debit_minor == 1_700 * 5_00


def test_a_digest_comes_back_from_its_bytes_as_it_was() -> None:
    legs = [
        Leg("2026-11-02", "2026-11-01", "2100", "north", "beta", 0, -5, 17, "child-beta", 3, 0, "fund"),
        Leg("2026-11-02", "2026-11-01", "1000", "", "beta", 1, 5, 17, "child-beta", 3, 1, "fund"),
    ]
    made = digest_of(7, legs)
    assert (made.entries, made.from_micros, made.to_micros, made.last) == (1, 17, 17, {"child-beta": (3, 17)})
    assert [tuple(one) for one in made.sums] == [
        ("2026-11-02", "2026-11-01", "1000", "", "", 1, 5, 0, 1),
        ("2026-11-02", "2026-11-01", "2100", "north", "beta", 0, 0, 5, 1),
    ]
    assert unpack_digest(7, 1, 17, 17, pack_digest(made)) == made


def test_a_sealer_that_stops_at_any_call_leaves_a_book_that_answers_and_is_sealed_by_the_next() -> None:
    with fresh() as memory:
        for number in range(9):
            post(a_post(number))
        with memory.measured() as whole:
            clean = seal_book("alpha")
        assert clean == 3
    for stop in range(whole.requests):
        for phase in ("before", "after"):
            with fresh() as memory:
                for number in range(9):
                    post(a_post(number))
                calls = 0

                def crash(
                    at: str, number: int, operation: str, params: Any, stop: int = stop, phase: str = phase
                ) -> None:
                    nonlocal calls
                    calls += at == "before"
                    if at == phase and calls > stop:
                        raise KeyboardInterrupt

                memory.faults = crash
                with pytest.raises(KeyboardInterrupt):
                    seal_book("alpha")
                memory.faults = None
                assert sums_of(read_kept("alpha")) == sums_from_scratch(all_entries("alpha"), None)
                seal_book("alpha")
                state = read(DigestStateRow, keys.digest_state("alpha"))
                assert state is not None
                assert state.entries == 9


def test_a_book_of_many_entries_is_sealed_in_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "AT_ONCE", 10)
    with fresh(seal_from=3, most=4):
        for number in range(57):
            post(a_post(number % 7, ("general", "child-beta", "receipts")[number % 3]))
        assert seal_book("alpha") >= 13
        assert sums_of(read_kept("alpha")) == sums_from_scratch(all_entries("alpha"), None)
        state = read(DigestStateRow, keys.digest_state("alpha"))
        assert state is not None
        assert 57 - state.entries < 3


def test_a_digest_too_large_for_a_row_covers_fewer_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "MAX_BYTES", 400)
    with fresh(most=40):
        for number in range(40):
            post(a_post(number, minor=number * 7919 + 1))
        assert seal_book("alpha") > 1
        rows = read_all(DigestLegsRow, keys.digest_legs("alpha", 0, 1).pk)
        assert max(len(row.legs) for row in rows) <= 400
        assert sums_of(read_kept("alpha")) == sums_from_scratch(all_entries("alpha"), None)


def _damage(row: DigestRow) -> None:
    digest = unpack_digest(int(row.sk), row.entries, row.from_micros, row.to_micros, row.content)
    sums = (digest.sums[0]._replace(debit_minor=digest.sums[0].debit_minor + 1), *digest.sums[1:])
    row.content = pack_digest(type(digest)(digest.number, digest.entries, 0, 0, digest.last, sums))
    write(Put(row))


def test_a_damaged_digest_is_noticed_answered_around_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    alarms: list[str] = []
    monkeypatch.setattr(kept, "alarm", lambda message, **_: alarms.append(message))
    monkeypatch.setattr(seal, "alarm", lambda message, **_: alarms.append(message))
    with fresh():
        for number in range(9):
            post(a_post(number))
        seal_book("alpha")
        _damage(read_all(DigestRow, keys.book_digests("alpha", 0))[1])
        assert sums_of(read_kept("alpha")) == sums_from_scratch(all_entries("alpha"), None)
        assert alarms == ["The kept totals of a book are not what its entries add up to."]
        post(a_post(10))
        assert seal_book("alpha") == 3
        assert alarms[1:] == ["The digests of a book are not what its entries add up to."]
        state = read(DigestStateRow, keys.digest_state("alpha"))
        assert state is not None
        assert (state.generation, state.number, state.entries) == (1, 3, 10)
        assert sums_of(read_kept("alpha")) == sums_from_scratch(all_entries("alpha"), None)
        assert len(alarms) == 2
        assert len(read_all(DigestRow, keys.book_digests("alpha", 0))) == 3


def test_a_sealer_that_overslept_another_generation_does_not_bring_the_old_one_back() -> None:
    with fresh() as memory:
        for number in range(9):
            post(a_post(number))
        seal_book("alpha")
        post(a_post(10))

        def fault(phase: str, number: int, operation: str, params: Any) -> None:
            if phase == "before" and operation == "TransactWriteItems":
                memory.faults = None
                _damage(read_all(DigestRow, keys.book_digests("alpha", 0))[1])
                seal_book("alpha")

        memory.faults = fault
        assert seal_book("alpha") == 0
        state = read(DigestStateRow, keys.digest_state("alpha"))
        assert state is not None
        assert (state.generation, state.number, state.entries) == (1, 3, 10)
        check_state("alpha")


@pytest.mark.parametrize("before", [0, 5])
@pytest.mark.parametrize("asking", [seal_book, read_kept])
def test_another_sealer_and_late_entries_may_come_between_any_two_calls(
    asking: Any, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (kept, seal):
        monkeypatch.setattr(module, "alarm", fail_on_alarm)
    for rival in range(9):
        with fresh() as memory:
            for number in range(before):
                post(a_post(number))
            seal_book("alpha")
            for number in range(10, 15):
                post(a_post(number))
            calls = 0

            def fault(
                phase: str,
                number: int,
                operation: str,
                params: Any,
                memory: MemoryDynamoDB = memory,
                rival: int = rival,
            ) -> None:
                nonlocal calls
                calls += phase == "before"
                if phase == "before" and calls > rival:
                    memory.faults = None
                    for late in range(5):
                        post(a_post(late, "receipts"))
                    seal_book("alpha")

            memory.faults = fault
            asking("alpha")
            memory.faults = None
            check_state("alpha")
            assert sums_of(read_kept("alpha")) == sums_from_scratch(all_entries("alpha"), None)


def test_only_digests_that_follow_on_each_other_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "alarm", fail_on_alarm)
    with fresh() as memory:
        for number in range(11):
            post(a_post(number))
        assert seal_book("alpha") == 3
        pk, sk = keys.book_digest("alpha", 0, 2)
        memory.call("DeleteItem", {"TableName": "books", "Key": {"pk": {"S": pk}, "sk": {"S": sk}}})
        found = read_kept("alpha")
        assert [one.number for one in found.digests] == [1]
        assert sums_of(found) == sums_from_scratch(all_entries("alpha"), None)


def test_lines_that_are_not_those_of_their_digest_are_read_from_the_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    alarms: list[str] = []
    monkeypatch.setattr(kept, "alarm", lambda message, **_: alarms.append(message))
    with fresh():
        for number in range(8):
            post(a_post(number, minor=number + 1))
        seal_book("alpha")
        first, second = read_all(DigestLegsRow, keys.digest_legs("alpha", 0, 1).pk)
        first.legs = second.legs
        write(Put(first))
        legs = read_legs(read_kept("alpha"), lambda one: one.account == "1000")
        assert sorted(leg.net_minor for leg in legs) == [1, 2, 3, 4, 5, 6, 7, 8]
        assert len(alarms) == 1


def test_an_entry_that_is_gone_is_an_alarm_and_no_reason_to_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    alarms: list[str] = []
    monkeypatch.setattr(kept, "alarm", lambda message, **_: alarms.append(message))
    monkeypatch.setattr(seal, "alarm", lambda message, **_: alarms.append(message))
    with fresh(seal_from=3) as memory:
        for number in range(5):
            post(a_post(number))
        pk = keys.entries("alpha", "other")
        rows = read_all(EntryRow, pk)
        memory.call("DeleteItem", {"TableName": "books", "Key": {"pk": {"S": pk}, "sk": {"S": rows[2].sk}}})
        assert sums_of(read_kept("alpha")) == sums_from_scratch(all_entries("alpha"), None)
        assert seal_book("alpha") == 0
        assert alarms == [
            "The kept totals of a book are not what its entries add up to.",
            "The heads of a book count entries that are not there.",
        ]
        assert read(DigestStateRow, keys.digest_state("alpha")) is None


def test_an_entry_on_its_way_when_the_book_was_read_is_waited_for(
    engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "alarm", fail_on_alarm)
    world = World.of_tenants(date(2026, 11, 1))
    record(world.alpha, sale(5_00), on=DAYS[0], now=BEGIN)
    pk = keys.entries("alpha", "other")
    (row,) = read_all(EntryRow, pk)
    item = engine.call("GetItem", {"TableName": "books", "Key": {"pk": {"S": pk}, "sk": {"S": row.sk}}})["Item"]
    engine.call("DeleteItem", {"TableName": "books", "Key": {"pk": {"S": pk}, "sk": {"S": row.sk}}})
    queries = 0

    def fault(phase: str, number: int, operation: str, params: Any) -> None:
        nonlocal queries
        queries += phase == "before" and operation == "Query"
        if queries == 4:
            engine.faults = None
            engine.call("PutItem", {"TableName": "books", "Item": item})

    engine.faults = fault
    assert sum(one.debit_minor for one in read_kept("alpha", BEGIN + timedelta(hours=1)).sums) == 5_00
