"""Taking over a router's secrets: previewed, written as a job, finished after a crash, and delivered to the router."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from chalicelib.aws import invoke, keys
from chalicelib.aws.tables import Delete, Put, forget, read, read_all, write
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.pins import guard_day, hold_days, pinned_through, release_days
from chalicelib.billing.state import read_state
from chalicelib.core.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.crm import import_file, job
from chalicelib.crm.events import read_events
from chalicelib.crm.find import Wanted, list_subscribers
from chalicelib.crm.import_days import Days
from chalicelib.crm.job import JobKind, JobStatus, OpenJobRow, find_job, list_jobs
from chalicelib.crm.numbers import pairs_of
from chalicelib.crm.store import CountersRow
from chalicelib.crm.subscriber import Subscriber
from chalicelib.crm.worker import run_job
from chalicelib.network import take_over as taking
from chalicelib.network.find import accesses_on, read_router
from chalicelib.network.model import Access, Lending, Method, Place
from chalicelib.network.questions import answer_question
from chalicelib.network.store import AddressRow, RouterRow, lending_rows
from chalicelib.network.take_over import AskedTakeOver, TakenOver, take_over
from chalicelib.tenants.model import Tenant
from tests.conftest import SetClock
from tests.crm.a_tenant import asked, taken_on
from tests.crm.test_importing import Crash, crash_at
from tests.network.site import FIRST, Site, register, site
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

TODAY = date(2026, 11, 22)
PLANS = {"10M": "HOME", "20M": "alpha.FAST"}
MAC = "9C:53:00:07:00:01"
BANGLA = "আব্দুল করিম"


@pytest.fixture
def place(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Site]:
    world = World.build(FIRST)
    world.fund(1_000_000_000, 100_000_000)
    invoke.answer_in_process(answer_question)
    with site(world) as made:
        for profile in (*PLANS, "50M"):
            made.simulated.add("/ppp/profile", {"name": profile, "remote-address": "home"})
        register(world.gamma, made.server.port, "rgamma001")
        yield made


def secret(place: Site, name: str, profile: str = "10M", **more: str) -> None:
    place.simulated.add("/ppp/secret", {"name": name, "password": f"pw-{name}", "profile": profile, **more})


def secrets(place: Site, count: int, first: int = 1) -> None:
    for number in range(first, first + count):
        secret(place, f"user{number}", comment=f"User {number}")


def taken_over(
    place: Site, *, dry_run: bool = False, chain: tuple[Tenant, ...] | None = None, **wanted: Any
) -> TakenOver:
    chain = chain or place.world.alpha_chain
    tenant_id = chain[-1].tenant_id
    days = Days(
        pinned_through=partial(pinned_through, tenant_id),
        guard=partial(guard_day, tenant_id),
        hold=partial(hold_days, tenant_id),
        release=partial(release_days, tenant_id),
    )
    return take_over(
        chain[-1],
        wanted.pop("router", place.router_id),
        AskedTakeOver(**{"plans": PLANS, "start_on": TODAY, **wanted}),
        dry_run=dry_run,
        connections=lambda starts: guard_new_connections(chain, starts, NOW),
        days=days,
        now=NOW,
        remember=forget,
    )


def everybody(tenant_id: str = "alpha") -> list[Subscriber]:
    found: list[Subscriber] = []
    after = None
    while True:
        page, after = list_subscribers(tenant_id, Wanted(TODAY), limit=200, after=after)
        found += page
        if after is None:
            return found


def names(tenant_id: str = "alpha") -> list[tuple[int, str]]:
    return [(one.number, one.services[0].username) for one in everybody(tenant_id)]


def left_out(taken: TakenOver) -> list[tuple[str, str]]:
    assert taken.left_out_count == len(taken.left_out)
    return [(one.name, one.reason) for one in taken.left_out]


def on_the_router(place: Site) -> list[dict[str, Any]]:
    return sorted(place.ask("/ppp/secret"), key=lambda row: str(row["name"]))


def uses(place: Site) -> int:
    router = read_router(place.router_id)
    assert router is not None
    return router.uses


# What is made


def test_each_secret_becomes_a_subscriber_with_its_service_on_the_router(place: Site) -> None:
    secret(place, "karim", comment=BANGLA, **{"caller-id": MAC.lower(), "remote-address": "10.20.7.7"})
    secret(place, "rahim", "20M")
    taken = taken_over(place, zone="Savar")
    assert (taken.result.written, taken.result.unchanged, taken.result.job, left_out(taken)) == (2, 0, None, [])
    karim, rahim = everybody()
    assert (karim.number, karim.name, karim.zone, karim.phone) == (1, BANGLA, "Savar", None)
    assert [(one.username, one.mac, one.base.plan, one.start_on) for one in karim.services] == [
        ("karim", MAC, "HOME", TODAY)
    ]
    assert (rahim.number, rahim.name, rahim.services[0].base.plan, rahim.services[0].mac) == (2, "rahim", "FAST", None)
    assert {one.services[0].router for one in (karim, rahim)} == {place.router_id}
    wanted = Access(place.router_id, "alpha", 1, 1, Method.PPPOE, "10.20.7.7", locks_mac=True, adopts=True)
    assert accesses_on(place.router_id) == [
        wanted,
        replace(wanted, subscriber=2, service=2, address=None, locks_mac=False),
    ]
    address = read(AddressRow, keys.router_address(place.router_id, "10.20.7.7"))
    assert address is not None
    assert address.owner == "alpha.0000000001"
    assert (uses(place), place.waiting()) == (2, 2)
    events = [(event.kind.value, event.effective_on, event.plan) for event in read_events("alpha", None, TODAY)]
    assert events == [("connect", TODAY, "HOME"), ("connect", TODAY, "FAST")]
    assert everybody("gamma") == []


def test_the_router_hears_of_them_the_secrets_are_marked_and_keep_their_passwords(place: Site) -> None:
    secret(place, "karim", comment="Abdul Karim", **{"caller-id": MAC})
    secret(place, "salam", disabled="true")
    taken_over(place)
    told = place.deliver()
    assert (told.delivered, told.refused, place.waiting()) == (1, 0, 0)
    karim = place.secret("karim")
    assert karim is not None
    assert (karim["comment"], karim["profile"], karim["password"], karim["caller-id"]) == (
        "tributary alpha.v1 k0",
        "tb-HOME",
        "pw-karim",
        MAC,
    )
    assert place.simulated.dial("karim", "pw-karim", MAC).accepted
    other = place.secret("salam")
    assert other is not None
    assert (other["disabled"], other["profile"], other.get("comment")) == (True, "10M", None)


def test_what_starts_later_is_left_as_it_is_until_then(place: Site, the_clock: SetClock) -> None:
    secret(place, "karim")
    place.simulated.dial("karim", "pw-karim", MAC)
    taken_over(place, start_on=date(2026, 11, 23))
    assert place.deliver().delivered == 1
    assert [row["name"] for row in place.ask("/ppp/active")] == ["karim"]
    assert place.secret("karim")["profile"] == "10M"  # type: ignore[index]
    the_clock.set("2026-11-22T18:00:00")  # midnight in Dhaka
    place.deliver()
    assert place.secret("karim")["comment"] == "tributary alpha.v1 k0"  # type: ignore[index]


def test_a_preview_tells_all_of_it_and_changes_nothing(place: Site, engine: MemoryDynamoDB) -> None:
    secret(place, "karim", comment=BANGLA, **{"caller-id": MAC, "remote-address": "10.20.7.7"})
    for name in ("abdul karim", BANGLA, 'ka"rim'):
        secret(place, name)
    secret(place, "yes", "20M")
    secret(place, "12", "50M")
    secret(place, "salam", disabled="true")
    before = on_the_router(place)
    with engine.measured() as cost:
        taken = taken_over(place, dry_run=True)
    # A transaction of conditions alone: on the fund of Alpha, and on its days.
    assert cost.write_units == 4
    assert (taken.result.dry_run, taken.result.written, taken.result.job) == (True, 2, None)
    assert taken.found is not None
    assert (taken.found.secrets, taken.found.marked, taken.found.more) == (7, 0, 0)
    assert taken.found.profiles == {"10M": 5, "20M": 1, "50M": 1}
    assert [(one.username, one.name, one.plan, one.mac, one.address) for one in taken.candidates] == [
        ("karim", BANGLA, "HOME", MAC, "10.20.7.7"),
        ("yes", "yes", "FAST", None, None),
    ]
    must_be = "its name must be 1 to 64 letters, digits and . _ @ + - and begin with a letter or digit"
    assert left_out(taken) == [
        ("abdul karim", must_be),
        (BANGLA, must_be),
        ('ka"rim', must_be),
        ("12", "no plan is named for its profile 50M"),
        ("salam", "it is disabled on the router"),
    ]
    assert (everybody(), accesses_on(place.router_id), list_jobs("alpha", limit=10, after=None)[0]) == ([], [], [])
    assert (uses(place), place.waiting(), read_state("alpha").holds) == (0, 0, ())
    assert on_the_router(place) == before
    assert taken_over(place).result.written == 2


def test_what_a_service_has_already_is_left_out(place: Site) -> None:
    place.put_on(place.connect("Karim"), address="10.20.7.7")
    write(Put(address_of(place, "10.20.7.7")))
    secret(place, "KARIM")
    secret(place, "rahim", **{"remote-address": "10.20.7.7"})
    secret(place, "salam", **{"remote-address": "10.20.7.8"})
    taken = taken_over(place)
    assert left_out(taken) == [
        ("KARIM", "its username belongs to another service"),
        ("rahim", "its address belongs to another service"),
    ]
    assert names() == [(1, "karim"), (2, "salam")]


def address_of(place: Site, address: str) -> AddressRow:
    return AddressRow.at(keys.router_address(place.router_id, address), owner="alpha.0000000001")


def test_the_same_again_makes_nothing_before_and_after_the_marks(place: Site) -> None:
    secrets(place, 3)
    assert taken_over(place).result.written == 3
    again = taken_over(place)
    assert (again.result.written, [reason for _, reason in left_out(again)]) == (
        0,
        ["its username belongs to another service"] * 3,
    )
    place.deliver()
    marked = taken_over(place)
    assert marked.found is not None
    assert (marked.result.written, marked.found.secrets, marked.found.marked, left_out(marked)) == (0, 3, 3, [])
    assert (names(), uses(place)) == ([(1, "user1"), (2, "user2"), (3, "user3")], 3)


def test_a_secret_that_comes_back_under_a_name_that_is_free_again_is_another_import(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret(place, "karim")
    lines = [[1, "karim", None, None, "HOME", "karim", None, "2026-11-22", place.router_id, None]]
    before = taking._content("alpha", lines)
    taken_over(place)
    assert taking._content("alpha", lines) != before
    assert taking._content("gamma", lines) == before


# Lent routers


def lend(place: Site, prefix: str = "beta-") -> None:
    lending = Lending(place.router_id, "beta", Place(prefix, {"HOME": "10M"}))
    write(*[Put(row) for row in lending_rows(lending)])


def test_of_a_lent_router_its_owner_alone_takes_over_and_no_names_of_others(place: Site) -> None:
    lend(place)
    for name in ("beta-karim", "karim", "beta-", "gamma-karim"):
        secret(place, name)
    place.simulated.counts.reset()
    for dry_run in (True, False):
        with pytest.raises(Conflict) as refused:
            taken_over(place, chain=place.world.beta_chain, plans={"10M": "beta.HOME"}, dry_run=dry_run)
        assert refused.value.code == "router-lent"
    question = {"ask": "secrets", "router": place.router_id, "tenant": "beta", "plans": {"10M": "HOME"}}
    assert "failure" in answer_question(question)
    assert place.simulated.counts.connections == 0
    assert (names("beta"), accesses_on(place.router_id)) == ([], [])
    own = taken_over(place)
    assert names("alpha") == [(1, "karim"), (2, "gamma-karim")]
    assert (own.found is not None and own.found.secrets, left_out(own), uses(place)) == (2, [], 2)
    place.deliver()
    marks = {str(row["name"]): row.get("comment") for row in on_the_router(place)}
    assert marks == {
        "beta-karim": None,
        "karim": "tributary alpha.v1 k0",
        "beta-": None,
        "gamma-karim": "tributary alpha.v2 k0",
    }


def test_a_router_of_others_is_not_found_and_not_asked(place: Site) -> None:
    secret(place, "karim")
    place.simulated.counts.reset()
    for chain, router in ((place.world.beta_chain, place.router_id), (place.world.alpha_chain, "gamma.rgamma001")):
        with pytest.raises(NotFound):
            taken_over(place, chain=chain, router=router)
    assert place.simulated.counts.connections == 0


# Refusals


def test_a_router_that_does_not_answer_is_told_and_nothing_is_made(place: Site) -> None:
    secret(place, "karim")
    place.simulated.faults.wrong_password()
    with pytest.raises(Unavailable, match="password") as refused:
        taken_over(place)
    assert refused.value.code == "router-did-not-answer"
    assert (everybody(), read_state("alpha").holds) == ([], ())


def test_a_plan_that_is_not_the_tenants_own_is_refused_by_its_place(place: Site) -> None:
    with pytest.raises(Invalid) as refused:
        taken_over(place, plans={"10M": "HOME", "20M": "gamma.FAST", "30M": "op.HOME"})
    assert [error.field for error in refused.value.errors] == ["plans.1.plan", "plans.2.plan"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_fund_that_does_not_cover_all_of_them_refuses_all_of_them(place: Site, dry_run: bool) -> None:
    secrets(place, 3)
    place.world.refund(place.world.operator, place.world.alpha, 1_000_000_000 - 100_000_000 - 4_999)
    with pytest.raises(Conflict) as refused:
        taken_over(place, dry_run=dry_run)
    assert refused.value.code == "fund-too-low"
    assert (everybody(), uses(place)) == ([], 0)
    # 500.00 a month of 30 days is 16.67 a day: 49.99 cover two of them.
    with place.simulated.command():
        place.simulated.delete("/ppp/secret", 3)
    assert taken_over(place, dry_run=dry_run).result.written == 2


def test_a_day_that_is_settled_is_refused_before_the_router_is_asked(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = replace(any_held_days(), pinned_through=lambda: TODAY)
    monkeypatch.setattr(taking, "ask_router", lambda *_: pytest.fail("the router was asked"))
    with pytest.raises(Invalid) as refused:
        take_over(
            place.world.alpha,
            place.router_id,
            AskedTakeOver(PLANS, TODAY),
            dry_run=True,
            connections=lambda starts: guard_new_connections(place.world.alpha_chain, starts, NOW),
            days=days,
            now=NOW,
            remember=forget,
        )
    assert [error.field for error in refused.value.errors] == ["start_on"]


def any_held_days() -> Days:
    return Days(
        pinned_through=partial(pinned_through, "alpha"),
        guard=partial(guard_day, "alpha"),
        hold=partial(hold_days, "alpha"),
        release=partial(release_days, "alpha"),
    )


# Crashes, races and size


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 11))
def test_cut_off_at_any_write_it_is_finished_by_asking_again(
    place: Site, engine: MemoryDynamoDB, when: str, call: int
) -> None:
    secrets(place, 30)
    crash_at(engine, call, when)
    with pytest.raises(Crash):
        taken_over(place)
    engine.faults = None
    place.deliver()
    taken_over(place)
    place.deliver()
    found = everybody()
    assert [(one.number, one.services[0].number, one.services[0].username) for one in found] == [
        (n, n, f"user{n}") for n in range(1, 31)
    ]
    assert len(read_events("alpha", None, TODAY)) == len(accesses_on(place.router_id)) == uses(place) == 30
    assert {str(row["name"]): row["comment"] for row in on_the_router(place)} == {
        f"user{n}": f"tributary alpha.v{n} k0" for n in range(1, 31)
    }
    assert (read_all(OpenJobRow, keys.open_jobs("op")), read_state("alpha").holds) == ([], ())
    assert {one.status for one in list_jobs("alpha", limit=10, after=None)[0]} == {JobStatus.DONE}


def test_an_import_under_way_goes_on_without_asking_the_router(place: Site, engine: MemoryDynamoDB) -> None:
    secrets(place, 30)
    crash_at(engine, 5, "after")
    with pytest.raises(Crash):
        taken_over(place)
    engine.faults = None
    begun = len(everybody())
    assert 0 < begun < 30
    place.simulated.faults.refuse_connections()
    gone_on = taken_over(place, plans={})
    assert (gone_on.found, gone_on.result.written, gone_on.result.unchanged) == (None, 30 - begun, begun)
    assert (len(everybody()), uses(place)) == (30, 30)


def test_a_name_taken_meanwhile_is_refused_alone_and_leaves_no_number_out(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets(place, 12)
    secret(place, "fixed", **{"remote-address": "10.20.7.7"})
    really = import_file._take_on

    def take_on_late(*arguments: Any) -> Any:
        place.connect("User4", "HOME", TODAY)
        write(Put(address_of(place, "10.20.7.7")))
        return really(*arguments)

    monkeypatch.setattr(import_file, "_take_on", take_on_late)
    taken = taken_over(place)
    assert (taken.result.written, uses(place), len(accesses_on(place.router_id))) == (11, 11, 11)
    assert left_out(taken) == [
        ("user4", "its username was given to another service meanwhile"),
        ("fixed", "its address was given to another service meanwhile"),
    ]
    row = read(CountersRow, keys.counters("alpha"))
    assert row is not None
    assert row.free == [[5, 5, 1], [14, 14, 1]]
    [ended] = list_jobs("alpha", limit=10, after=None)[0]
    assert [(fault.line, fault.field) for fault in ended.faults] == [(4, "user4"), (13, "fixed")]


def test_a_secret_whose_name_and_mac_are_taken_meanwhile_is_told_once(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret(place, "karim", **{"caller-id": MAC})
    really = import_file._take_on

    def take_on_late(*arguments: Any) -> Any:
        taken_on(place.world.alpha, asked("Karim", "karim", mac=MAC, plan="HOME"))
        return really(*arguments)

    monkeypatch.setattr(import_file, "_take_on", take_on_late)
    taken = taken_over(place)
    assert (taken.result.written, uses(place)) == (0, 0)
    assert left_out(taken) == [("karim", "its username was given to another service meanwhile")]


def test_asked_for_twice_at_once_each_secret_is_taken_over_once(place: Site) -> None:
    secrets(place, 40)
    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(lambda _: taken_over(place), range(3)))
    assert all(one.result.written + one.result.unchanged + one.left_out_count == 40 for one in taken)
    assert sorted(username for _, username in names()) == sorted(f"user{n}" for n in range(1, 41))
    assert len(accesses_on(place.router_id)) == uses(place) == place.waiting() == 40
    assert (read_all(OpenJobRow, keys.open_jobs("op")), read_state("alpha").holds) == ([], ())
    counters = read(CountersRow, keys.counters("alpha"))
    assert counters is not None
    left = list(pairs_of(counters.free or ()))
    for number in range(len(left) + 1):
        place.world.connect(place.world.alpha_chain, f"Next{number}", "HOME", TODAY)
    assert sorted(number for number, _ in names()) == list(range(1, 42 + len(left)))


def test_a_router_that_is_gone_meanwhile_ends_it_with_nothing_made(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret(place, "karim")
    really = import_file._take_on

    def take_on_late(*arguments: Any) -> Any:
        taken_on = really(*arguments)
        write(Delete(RouterRow.at(keys.router(place.router_id))))
        return taken_on

    monkeypatch.setattr(import_file, "_take_on", take_on_late)
    with pytest.raises(Conflict) as refused:
        taken_over(place)
    assert refused.value.code == "router-gone"
    assert (everybody(), accesses_on(place.router_id), read_state("alpha").holds) == ([], [], ())


def test_three_thousand_secrets_are_a_job_of_the_worker(
    place: Site, engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(job, "send_job", sent.append)
    secrets(place, 3_000)
    taken = taken_over(place)
    assert taken.result.job is not None
    assert sent == [{"tenant_id": "alpha", "job_id": taken.result.job.job_id}]
    assert (taken.result.written, everybody()) == (0, [])
    assert read_state("alpha").holds == ((taken.result.job.job_id, TODAY),)
    crash_at(engine, 100, "after")
    with pytest.raises(Crash):
        run_job(taken.result.job)
    engine.faults = None
    assert find_job("alpha", taken.result.job.job_id).status is JobStatus.RUNNING
    place.deliver()
    asked_again = taken_over(place)
    assert asked_again.found is None
    assert asked_again.result.job is not None
    assert asked_again.result.job.job_id == taken.result.job.job_id
    with engine.measured() as cost:
        run_job(find_job("alpha", taken.result.job.job_id))
    ended = find_job("alpha", taken.result.job.job_id)
    assert (ended.kind, ended.status, ended.lines, ended.done) == (JobKind.ROUTER, JobStatus.DONE, 3_000, 3_000)
    assert cost.requests < 500
    assert names() == [(n, f"user{n}") for n in range(1, 3_001)]
    assert len(accesses_on(place.router_id)) == uses(place) == 3_000
    while place.waiting():
        assert place.deliver().refused == 0
    assert {row["comment"] for row in place.ask("/ppp/secret")} == {f"tributary alpha.v{n} k0" for n in range(1, 3_001)}
    assert read_state("alpha").holds == ()
    assert everybody("gamma") == []
