"""Tending every book and signing off the day: when, once, chained, and whatever crashes."""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws import keys
from chalicelib.aws.tables import Put, read_all, write
from chalicelib.billing.settle import settle_day
from chalicelib.funds.model import Method
from chalicelib.ledger.hand.manual import record_entry
from chalicelib.ledger.journal import GENERAL, Line
from chalicelib.proof import asking, prove, sign_off, tend
from chalicelib.proof.asking import plan_books
from chalicelib.proof.prove import prove_book, prove_due
from chalicelib.proof.report import is_signed
from chalicelib.proof.sign_off import list_reports, read_text, sign_off_due
from chalicelib.proof.store import ProofRow, read_proofs
from chalicelib.proof.tend import carry_out
from chalicelib.tenants.store import profile_row, tree_row
from tests.invariants import check_invariants
from tests.proof.tampering import Underneath
from tests.simulation import MemoryDynamoDB
from tests.world import BOSS, NOW, World

FIRST = date(2026, 11, 20)
LAST = date(2026, 11, 21)
ONE_DAY = timedelta(days=1)
LATER = NOW + timedelta(hours=1)
"""More than half a day after the end of 21 November in Dhaka."""


class Crash(Exception):
    """The process is gone, here and now."""


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    told: list[tuple[str, dict[str, Any]]] = []
    for module in (prove, sign_off):
        monkeypatch.setattr(module, "alarm", lambda message, **fields: told.append((message, fields)))
    return told


@pytest.fixture
def world() -> World:
    world = World.build(FIRST)
    world.fund(1_000_00, 150_00)
    world.recharge(world.operator, world.gamma, 50_00)
    world.connect(world.beta_chain, "b0", "HOME", FIRST)
    settle(world, FIRST)
    settle(world, LAST)
    return world


def settle(world: World, day: date) -> None:
    for chain in (world.beta_chain, world.alpha_chain, world.gamma_chain):
        settle_day(chain, day, NOW + max(timedelta(), day - LAST))


def tend_all(now: datetime, *but: str) -> None:
    for chain in (["op"], ["op", "alpha"], ["op", "alpha", "beta"], ["op", "gamma"]):
        if chain[-1] not in but:
            carry_out({"do": "tend", "chain": chain}, now)


@pytest.mark.usefixtures("engine")
def test_a_day_is_signed_off_when_every_book_is_proven_and_not_before(
    world: World, alarms: list[tuple[str, dict[str, Any]]]
) -> None:
    tend_all(NOW, "gamma")
    assert sign_off_due("op", NOW) == []
    tend_all(NOW)
    (report,) = sign_off_due("op", NOW)
    assert (report.day, report.status, report.previous_day) == (LAST, "sound", None)
    assert report.summary["books"] == report.summary["proven"] == 4
    assert report.summary["entries"] == check_invariants()
    assert sign_off_due("op", LATER) == []
    text = read_text("op", report)
    assert is_signed(text)
    body, _, last = text.rstrip("\n").rpartition("\n")
    assert last == f"signed off       {report.content_hash}"
    assert hashlib.sha256(f"{body}\n".encode()).hexdigest() == report.content_hash
    for tenant_id in ("op", "alpha", "beta", "gamma"):
        proof = read_proofs([(tenant_id, LAST)])[0]
        assert proof is not None
        assert f"  {tenant_id} {tenant_id.upper()} sound {proof.entries} " in text
        assert proof.head_hash in text
    assert "status           sound\nbooks            4 proven of 4" in text
    assert alarms == []


@pytest.mark.usefixtures("engine")
def test_a_report_names_the_hash_of_the_one_before(world: World) -> None:
    tend_all(NOW)
    (first,) = sign_off_due("op", NOW)
    settle(world, LAST + ONE_DAY)
    tend_all(NOW + ONE_DAY)
    (second,) = sign_off_due("op", NOW + ONE_DAY)
    assert (second.previous_day, second.previous_hash) == (first.day, first.content_hash)
    text = read_text("op", second)
    assert f"previous report  {first.day} {first.content_hash}\n" in text
    assert not is_signed(text.replace(first.content_hash, "0" * 64))
    assert [one.day for one in list_reports("op", limit=5)[0]] == [second.day, first.day]


@pytest.mark.usefixtures("engine")
def test_a_day_later_it_is_signed_off_without_the_book_that_has_no_proof_and_somebody_is_woken(
    world: World, alarms: list[tuple[str, dict[str, Any]]]
) -> None:
    tend_all(NOW, "gamma")
    assert sign_off_due("op", NOW + timedelta(hours=11)) == []
    late = sign_off_due("op", NOW + timedelta(hours=12))
    assert [(one.day, one.status) for one in late] == [(LAST, "incomplete")]
    assert "  gamma GAMMA not-proven\n" in read_text("op", late[0])
    assert alarms[-1][1]["unproven"] == ["gamma"]


def test_a_broken_book_is_the_first_thing_its_report_names(
    engine: MemoryDynamoDB, world: World, alarms: list[tuple[str, dict[str, Any]]]
) -> None:
    underneath = Underneath(engine)
    before = underneath.change_json("beta#entries#fund", "#general#", "l", lambda lines: lines[0].__setitem__(1, 1))
    tend_all(NOW)
    (report,) = sign_off_due("op", NOW)
    place = before["sk"]["S"].split("#")
    entry_id = f"beta.f{place[0]}-{place[1]}-{int(place[2])}"
    assert (report.status, report.summary["first_broken"], report.summary["broken"]) == ("broken", entry_id, ["beta"])
    text = read_text("op", report)
    assert f"first broken     {entry_id}\n" in text
    assert f"    {entry_id} the debits and the credits are not equal" in text
    assert [message for message, _ in alarms] == [
        "A daily proof found something broken.",
        "The daily proof of the installation is not sound.",
    ]


@pytest.mark.usefixtures("engine")
def test_a_proof_waits_for_its_day_to_be_settled_half_a_day_and_is_made_once(world: World) -> None:
    tomorrow = NOW + ONE_DAY
    just_before = tomorrow - timedelta(seconds=1)
    assert prove_due(world.beta_chain, just_before) is None
    proof = prove_due(world.beta_chain, tomorrow)
    assert proof is not None
    assert (proof.day, proof.settled_through) == (LAST + ONE_DAY, LAST)
    assert prove_due(world.beta_chain, tomorrow) is None
    assert prove_due((world.operator,), just_before) is not None, "the operator has no days to wait for"


@pytest.mark.usefixtures("engine")
def test_a_tenant_that_was_not_there_on_a_day_has_no_proof_of_it_and_is_not_missed(world: World) -> None:
    young = replace(world.gamma, created_at_micros=int(NOW.timestamp() * 1_000_000))
    write(Put(profile_row(young)), Put(tree_row(young)))
    tend_all(NOW)
    assert read_proofs([("gamma", LAST)]) == [None]
    (report,) = sign_off_due("op", NOW)
    assert (report.summary["books"], report.status) == (3, "sound")


@pytest.mark.usefixtures("engine")
def test_the_operator_is_proven_with_the_first_reseller_and_an_empty_installation_is_not(world: World) -> None:
    young = replace(world.operator, created_at_micros=int(NOW.timestamp() * 1_000_000))
    write(Put(profile_row(young)), Put(tree_row(young)))
    assert prove_due((young,), NOW) is not None
    alone = replace(world.operator, tenant_id="lone", chain=("lone",), created_at_micros=young.created_at_micros)
    write(Put(profile_row(alone)), Put(tree_row(alone)))
    assert prove_due((alone,), NOW) is None


@pytest.mark.usefixtures("engine")
def test_proving_again_gives_the_proof_that_is_there(world: World) -> None:
    proof = prove_book(world.beta_chain, LAST, NOW)
    world.recharge(world.alpha, world.beta, 10_00, Method.BONUS)
    again = prove_book(world.beta_chain, LAST, LATER)
    assert (again.head_hash, again.proven_micros) == (proof.head_hash, proof.proven_micros)
    asked = prove_book(world.beta_chain, LAST, LATER, BOSS)
    assert (asked.entries, asked.by) == (proof.entries + 1, "uboss")
    assert len(read_all(ProofRow, keys.proofs("beta"))) == 2


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_crash_at_any_call_is_cured_by_the_next_run_and_the_report_is_the_same(
    engine: MemoryDynamoDB, world: World, phase: str
) -> None:
    Underneath(engine).change("gamma#journals", GENERAL, lambda item: item["hash"].update(S="0" * 64))
    at = engine.remember()
    tend_all(NOW)
    (right,) = sign_off_due("op", NOW)
    calls = 0
    while True:
        engine.rewind(at)
        calls += 1
        if not crashes(engine, phase, calls):
            break
        tend_all(NOW)
        assert [one.content_hash for one in list_reports("op", limit=9)[0] or sign_off_due("op", NOW)] == [
            right.content_hash
        ]
    assert calls > 80


def crashes(engine: MemoryDynamoDB, phase: str, at_call: int) -> bool:
    """Whether tending everything and signing off met the crash at that call."""
    seen = 0

    def fault(when: str, number: int, operation: str, params: dict[str, Any]) -> None:
        nonlocal seen
        if when == phase:
            seen += 1
            if seen == at_call:
                raise Crash

    engine.faults = fault
    try:
        tend_all(NOW)
        sign_off_due("op", NOW)
    except Crash:
        return True
    finally:
        engine.faults = None
    return False


@pytest.mark.usefixtures("engine")
def test_money_that_moves_while_a_book_is_proven_raises_no_alarm(
    engine: MemoryDynamoDB, world: World, alarms: list[tuple[str, dict[str, Any]]]
) -> None:
    """Two recharges and an entry by hand lie between any two reads of the proofs of Beta, Alpha and the operator."""
    moving = False

    def move(when: str, number: int, operation: str, params: dict[str, Any]) -> None:
        nonlocal moving
        if when == "before" and not moving and operation in ("Query", "TransactGetItems", "BatchGetItem"):
            moving = True
            world.recharge(world.alpha, world.beta, 1_00)
            world.recharge(world.operator, world.alpha, 2_00)
            record_entry(world.alpha, LAST, "Tea", (Line("5900", 1, 0), Line("1000", 0, 1)), "uboss", "", NOW)
            moving = False

    for chain in (world.beta_chain, world.alpha_chain, (world.operator,)):
        engine.faults = move
        proof = prove_book(chain, LAST, NOW)
        engine.faults = None
        assert [one for one in proof.results if one.findings] == []
    assert alarms == []


@pytest.mark.usefixtures("engine")
def test_a_step_that_fails_keeps_the_others_from_nothing_and_is_raised(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(chain: Any, now: Any) -> None:
        raise Crash

    with pytest.raises(Crash):
        carry_out({"do": "tend", "chain": ["op", "alpha", "beta"]}, NOW, (fail, *tend.STEPS))
    assert read_proofs([("beta", LAST)]) != [None]


@pytest.mark.usefixtures("engine")
def test_every_book_of_the_installation_is_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(asking, "send_books", lambda bodies: sent.extend(bodies) or len(bodies))
    assert plan_books("op") == 4
    assert [body["chain"][-1] for body in sent] == ["op", "alpha", "beta", "gamma"]


def test_of_two_that_sign_off_a_day_at_once_the_first_to_write_holds(engine: MemoryDynamoDB, world: World) -> None:
    """One gathered while Gamma's proof was missing, and writes when the whole day is signed off."""
    late = NOW + timedelta(hours=13)
    tend_all(NOW, "gamma")

    def beside(phase: str, number: int, operation: str, params: dict[str, Any]) -> None:
        if phase == "before" and operation == "TransactWriteItems":
            engine.faults = None
            tend_all(NOW)
            assert [report.status for report in sign_off_due("op", late)] == ["sound"]

    engine.faults = beside
    (report,) = sign_off_due("op", late)
    assert (report.status, report.summary["proven"]) == ("sound", 4)
    assert "4 proven of 4" in read_text("op", report)
    assert len(list_reports("op", limit=5)[0]) == 1
