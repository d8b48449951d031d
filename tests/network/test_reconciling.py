"""All of a router is compared with what is wanted: told exactly, mended where asked, and what is not ours stays."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.aws import clock, keys
from chalicelib.aws.tables import Delete, Put, write
from chalicelib.core.dates import to_micros
from chalicelib.crm.edit import SubscriberChange, edit_subscriber
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.outbox import delivered, due_changes
from chalicelib.crm.suspension import mark_suspended
from chalicelib.network import deliver as delivering
from chalicelib.network import reconcile as reconciling
from chalicelib.network import worker
from chalicelib.network.connection import Connection
from chalicelib.network.deliver import deliver
from chalicelib.network.due import find_due
from chalicelib.network.model import Lending, Method, Place, SuspendBy
from chalicelib.network.plan import Item
from chalicelib.network.questions import answer_question
from chalicelib.network.reconcile import reconcile
from chalicelib.network.reports import (
    ITEMS_KEPT,
    Report,
    find_drift_report,
    find_reconciliation,
    keep_report,
    list_drift_reports,
    list_reconciliations,
)
from chalicelib.network.state import read_state, take_lease
from chalicelib.network.store import LendingRow, lending_rows, router_row
from local.routeros.faults import DISK_FULL
from local.routeros.server import RouterServer
from tests.conftest import SetClock
from tests.network.scene import LATER, MAC, Moments, PowerCut, Scene, come_back, make_scene, state_of
from tests.network.site import FIRST, Site, funded_world, put_on, register, set_terms, site
from tests.simulation import MemoryDynamoDB
from tests.world import World

TODAY = date(2026, 11, 22)
NONE = dict.fromkeys(["should_be_on", "should_be_off", "wrong_profile", "wrong", "profile", "in_the_way", "unknown"], 0)


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    return funded_world()


@pytest.fixture
def place(world: World) -> Iterator[Site]:
    with site(world) as made:
        yield made


def ask(place: Site, *, mend: bool = True, night: date | None = None) -> Report:
    report = Report(place.router_id, to_micros(clock.now()), mends=mend, day=night)
    return reconcile(keep_report(report), place.reach, mend=mend)


def shown(report: Report) -> list[tuple[Any, ...]]:
    return [(item.drift.value, item.name, item.menu, item.action) for item in report.items]


def by_hand(place: Site, path: str, who: str, **changes: str) -> None:
    """Somebody changes an entry in WinBox."""
    [row] = place.simulated.rows(path, name=who)
    with place.simulated.command():
        place.simulated.alter(path, int(row[".id"][1:], 16), {k.replace("_", "-"): v for k, v in changes.items()})


def delete_by_hand(place: Site, path: str, name: str) -> None:
    [row] = place.simulated.rows(path, name=name)
    with place.simulated.command():
        place.simulated.delete(path, int(row[".id"][1:], 16))


def drifted(place: Site) -> dict[str, Any]:
    """Everything that can be wrong at once."""
    people = {name: place.subscriber(name) for name in ("karim", "rahim", "jamal", "nasir", "selim", "munir")}
    place.deliver()
    for name in people:
        assert place.simulated.dial(name, name, MAC).accepted
    place.event(people["rahim"], "disable")
    place.deliver()
    delete_by_hand(place, "/ppp/secret", "karim")
    by_hand(place, "/ppp/secret", "rahim", disabled="no")
    by_hand(place, "/ppp/secret", "jamal", profile="default")
    by_hand(place, "/ppp/secret", "nasir", caller_id="AA:BB:CC:00:00:01")
    by_hand(place, "/ppp/secret", "selim", name="salim")
    by_hand(place, "/ppp/profile", "tb-HOME", rate_limit="1M/1M")
    place.simulated.add("/ppp/secret", {"name": "uncle", "comment": "uncle's line"})
    place.simulated.add("/queue/simple", {"name": "tower", "target": "10.9.9.9"})
    return people


def test_a_router_that_is_as_wanted_has_an_empty_plan_and_each_menu_is_read_once(place: Site) -> None:
    place.subscriber("karim"), place.subscriber("hafiz", method=Method.HOTSPOT)
    place.subscriber("tanvir", method=Method.STATIC, address="10.30.0.7")
    place.deliver()
    place.simulated.counts.reset()
    report = ask(place)
    assert (report.status, report.differing, report.counts, report.items) == ("done", 0, NONE, ())
    assert report.entries == 1 + 1 + 1 + 1 + (2 + 1) + (1 + 1)  # profiles: two and one of the router's, and ours
    assert dict(place.simulated.counts.full_prints) == {
        "/ppp/secret": 1,
        "/ip/hotspot/user": 1,
        "/queue/simple": 1,
        "/ppp/profile": 1,
        "/ip/hotspot/user/profile": 1,
        "/ppp/active": 1,
        "/ip/hotspot/active": 1,
    }
    # Of these alone what the router did not put there by itself.
    assert dict(place.simulated.counts.queried_prints) == {"/ip/firewall/address-list": 1, "/ip/arp": 1}
    assert sum(place.simulated.counts.commands.values()) == 9 + 1  # and a login


def test_the_plan_names_everything_that_is_not_as_wanted_and_a_dry_run_changes_nothing(place: Site) -> None:
    people = drifted(place)
    before = state_of(place.simulated)
    report = ask(place, mend=False)
    assert state_of(place.simulated) == before
    assert (report.status, report.differing, report.delivered_count, place.waiting()) == ("done", 5, 0, 0)
    assert shown(report) == [
        ("should_be_on", "selim", "/ppp/secret", "set"),
        ("should_be_on", "karim", "/ppp/secret", "add"),
        ("should_be_off", "rahim", "/ppp/secret", "set"),
        ("wrong_profile", "jamal", "/ppp/secret", "set"),
        ("wrong", "nasir", "/ppp/secret", "set"),
        ("profile", "tb-HOME", "/ppp/profile", "set"),
        ("unknown", "uncle", "/ppp/secret", "nothing"),
        ("unknown", "tower", "/queue/simple", "nothing"),
    ]
    assert report.counts == NONE | {
        "should_be_on": 2,
        "should_be_off": 1,
        "wrong_profile": 1,
        "wrong": 1,
        "profile": 1,
        "unknown": 2,
    }
    assert report.items[2] == Item(
        report.items[2].drift,
        "rahim",
        "/ppp/secret",
        "set",
        ("alpha", people["rahim"].services[0].number),
        (("disabled", "false", "true"),),
    )
    assert report.items[6].reason == "uncle's line"


def test_mending_does_one_command_for_each_difference_and_the_next_comparison_finds_only_what_is_not_ours(
    place: Site,
) -> None:
    drifted(place)
    place.simulated.counts.reset()
    report = ask(place)
    assert (report.status, report.differing, report.delivered_count, report.refused_count) == ("done", 5, 5, 0)
    asked = place.simulated.counts
    writes = {path: count for path, count in asked.commands.items() if not path.endswith(("/print", "/login"))}
    assert writes == {"/ppp/secret/add": 1, "/ppp/secret/set": 4, "/ppp/profile/set": 1, "/ppp/active/remove": 1}
    assert asked.full_prints["/ppp/secret"] == 1
    assert {row["name"] for row in place.ask("/ppp/active")} == {
        "karim",
        "munir",
    }  # karim's entry was away, not changed
    assert {row["name"] for row in place.ask("/ppp/secret")} == {
        *("karim", "rahim", "jamal", "nasir", "selim", "munir"),
        "uncle",
    }
    assert place.secret("uncle")["comment"] == "uncle's line"  # type: ignore[index]
    again = ask(place)
    assert (again.differing, again.counts) == (0, NONE | {"unknown": 2})


def test_a_deleted_secret_comes_back_with_its_password(place: Site) -> None:
    place.subscriber("karim")
    place.deliver()
    delete_by_hand(place, "/ppp/secret", "karim")
    assert not place.simulated.dial("karim", "karim", MAC).accepted
    ask(place)
    assert place.simulated.dial("karim", "karim", MAC).accepted


def test_a_static_line_is_compared_in_its_three_menus(place: Site, world: World) -> None:
    place.router = replace(place.router, place=replace(place.router.place, arp_interface="ether2"))
    write(Put(router_row(place.router)))
    made = place.connect("tanvir")
    edit_subscriber(
        "alpha", made.number, SubscriberChange(services={made.services[0].number: {"mac": MAC}}), clock.now()
    )
    place.put_on(made, Method.STATIC, address="10.30.0.7", locks_mac=True)
    place.deliver()
    assert [len(place.ask(menu)) for menu in ("/queue/simple", "/ip/firewall/address-list", "/ip/arp")] == [1, 1, 1]
    by_hand(place, "/queue/simple", "tanvir", max_limit="99M/99M")
    for menu in ("/ip/firewall/address-list", "/ip/arp"):
        [row] = place.simulated.rows(menu)
        with place.simulated.command():
            place.simulated.delete(menu, int(row[".id"][1:], 16))
    report = ask(place)
    assert shown(report) == [
        ("should_be_on", "active 10.30.0.7", "/ip/firewall/address-list", "add"),
        ("should_be_on", "10.30.0.7", "/ip/arp", "add"),
        ("wrong", "tanvir", "/queue/simple", "set"),
    ]
    assert (report.differing, report.delivered_count) == (1, 1)
    assert ask(place).differing == 0
    assert place.ask("/ip/arp")[0]["mac-address"] == MAC


def test_a_service_that_was_taken_off_or_whose_lending_is_over_is_removed_and_nobody_elses(
    place: Site, world: World
) -> None:
    lending = Lending(place.router_id, "beta", Place(prefix="b-", pool="home"))
    write(*(Put(row) for row in lending_rows(lending)))
    karim = place.subscriber("karim")
    place.subscriber("munir")
    nadia = world.connect(world.beta_chain, "nadia", "HOME", FIRST)
    put_on(place.router, nadia)
    place.deliver()
    write(Delete(LendingRow.at(keys.lent_router("beta", place.router_id))))
    write(Delete(LendingRow.at(keys.router_access(place.router_id, "alpha", karim.services[0].number))))
    report = ask(place)
    assert shown(report) == [
        ("should_be_off", "karim", "/ppp/secret", "remove"),
        ("should_be_off", "b-nadia", "/ppp/secret", "remove"),
    ]
    assert [row["name"] for row in place.ask("/ppp/secret")] == ["munir"]
    assert ask(place).differing == 0


def test_a_change_of_a_service_whose_lending_has_ended_meanwhile_still_finds_its_secret(
    place: Site, world: World
) -> None:
    lending = Lending(place.router_id, "beta", Place(prefix="b-", pool="home"))
    write(*(Put(row) for row in lending_rows(lending)))
    nadia = world.connect(world.beta_chain, "nadia", "HOME", FIRST)
    put_on(place.router, nadia)
    place.subscriber("nadia")  # of Alpha, without the prefix
    place.deliver()
    assert place.simulated.dial("b-nadia", "nadia", MAC).accepted
    place.event(find_subscriber("alpha", 1), "disable")
    change = SubscriberChange(services={nadia.services[0].number: {"username": "nadira"}})
    edit_subscriber("beta", nadia.number, change, clock.now())
    write(Delete(LendingRow.at(keys.lent_router("beta", place.router_id))))
    assert place.deliver().delivered == 2
    assert [row["name"] for row in place.ask("/ppp/secret")] == ["nadia"]
    assert place.ask("/ppp/active") == []


def test_what_another_router_of_ours_has_on_the_same_machine_is_not_taken_for_gone(place: Site, world: World) -> None:
    twin = register(world.gamma, place.server.port, "rgamma001")
    gazi = world.connect(world.gamma_chain, "gazi", "HOME", FIRST)
    put_on(twin, gazi)
    deliver(twin.router_id, place.reach)
    place.subscriber("karim")
    report = ask(place)
    assert shown(report)[0] == ("should_be_on", "karim", "/ppp/secret", "add")
    assert {row["name"] for row in place.ask("/ppp/secret")} == {"karim", "gazi"}
    assert ask(place).differing == 0


@pytest.mark.parametrize("at", ["port", "name"])
def test_nor_is_what_it_has_there_on_another_port_or_under_a_name(place: Site, world: World, at: str) -> None:
    """A machine has two ports; and no name tells that it is the same machine as an address."""
    with RouterServer(place.simulated) as second:
        twin = register(world.gamma, second.port, "rgamma001")
        gazi = world.connect(world.gamma_chain, "gazi", "HOME", FIRST)
        put_on(twin, gazi)
        deliver(twin.router_id, place.reach)
        if at == "name":
            write(Put(router_row(replace(twin, address="core-1.example"))))
        gone = {"name": "uncle", "password": "uncle", "comment": "tributary gamma.v99 k1"}
        place.simulated.add("/ppp/secret", gone)
        for report in (ask(place, night=TODAY), ask(place)):
            told = [item for item in shown(report) if item[1] == "gazi"]
            assert told == ([] if at == "port" else [("unknown", "gazi", "/ppp/secret", "nothing")])
            assert [row["name"] for row in place.ask("/ppp/secret")] == ["gazi"]
            assert report.status == "done"


def test_a_session_of_a_service_that_is_off_is_ended_and_one_by_radius_or_of_another_menu_is_not(place: Site) -> None:
    karim = place.subscriber("karim")
    place.deliver()
    place.event(karim, "disable")
    place.deliver()
    place.simulated.add("/ip/hotspot/user", {"name": "karim", "password": "his own"})
    assert place.simulated.sign_in("karim", "his own", MAC).accepted
    by_hand(place, "/ppp/secret", "karim", disabled="no")
    assert place.simulated.dial("karim", "karim", MAC).accepted
    by_hand(place, "/ppp/secret", "karim", disabled="yes")
    with place.simulated.command():
        active = place.simulated.tables["/ppp/active"]
        active.put(active.new_id(), {"name": "karim", "service": "pppoe", "radius": "true", "_since": 0.0})
    report = ask(place)
    assert report.reason is None
    assert shown(report) == [
        ("should_be_off", "karim", "session", "hang_up"),
        ("unknown", "karim", "/ip/hotspot/user", "nothing"),
    ]
    assert [row.get("radius") for row in place.simulated.rows("/ppp/active")] == ["true"]
    assert len(place.ask("/ip/hotspot/active")) == 1


def test_by_night_a_tenant_that_wants_no_mending_is_told_alone(place: Site, world: World) -> None:
    set_terms("alpha", mends_drift=False)
    place.subscriber("karim")
    place.deliver()
    by_hand(place, "/ppp/secret", "karim", profile="default")
    report = ask(place, night=TODAY)
    assert (report.differing, report.delivered_count) == (1, 0)
    assert place.secret("karim")["profile"] == "default"  # type: ignore[index]
    assert find_drift_report(place.router_id, TODAY).counts["wrong_profile"] == 1
    assert ask(place).delivered_count == 1  # asked for by a person
    assert place.secret("karim")["profile"] == "tb-HOME"  # type: ignore[index]


def test_reports_are_kept_and_listed_newest_first(place: Site, the_clock: SetClock) -> None:
    place.subscriber("karim")
    first = ask(place)
    the_clock.at += timedelta(seconds=1)
    second = ask(place, mend=False)
    night = ask(place, night=TODAY)
    assert find_reconciliation(place.router_id, first.asked_micros) == first
    found, after = list_reconciliations(place.router_id, 1, None)
    assert (found, after) == ([second], after)
    assert list_reconciliations(place.router_id, 5, after) == ([first], None)
    assert list_drift_reports(place.router_id, 5, None) == ([night], None)
    assert list_reconciliations("gamma.rgamma001", 5, None) == ([], None)


def test_its_report_tells_how_far_it_is_while_it_goes_on(place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TOGETHER", 2)
    for number in range(5):
        put_on(place.router, place.connect(f"user{number}"))
    for change in due_changes(place.router_id, clock.now(), limit=10)[0]:
        write(delivered(change))
    seen: list[tuple[str, int]] = []

    def kept(report: Report) -> Report:
        seen.append((report.status, report.delivered_count))
        return keep_report(report)

    monkeypatch.setattr(reconciling, "keep_report", kept)
    report = ask(place)
    assert (report.differing, report.delivered_count) == (5, 5)
    assert seen == [("running", 0), ("running", 2), ("running", 4), ("running", 5), ("done", 5)]


def test_a_router_that_is_away_is_told_in_the_report(place: Site) -> None:
    place.subscriber("karim")
    place.simulated.faults.refuse_connections()
    report = ask(place)
    port = place.server.port
    assert (report.status, report.reason) == ("failed", f"127.0.0.1 port {port} refused the connection.")
    assert find_reconciliation(place.router_id, report.asked_micros) == report
    assert place.waiting() == 1


def test_a_name_in_any_script_or_in_none_is_told_kept_and_brought_back(place: Site) -> None:
    place.subscriber("karim"), place.subscriber("rahim")
    place.deliver()
    by_hand(place, "/ppp/secret", "karim", name="করিম 'উদ্দিন', \"ঢাকা\" =?#")
    by_hand(place, "/ppp/secret", "rahim", name=b"Rahim caf\xe9".decode("utf-8", "surrogateescape"))
    place.simulated.add("/ppp/secret", {"name": "নাসির আহমেদ", "comment": 'তাঁর "নিজের" লাইন'})
    report = ask(place)
    assert [(item.drift.value, item.name, item.changes) for item in report.items] == [
        ("should_be_on", "karim", (("name", "করিম 'উদ্দিন', \"ঢাকা\" =?#", "karim"),)),
        ("should_be_on", "rahim", (("name", "Rahim caf\ufffd", "rahim"),)),
        ("unknown", "নাসির আহমেদ", ()),
    ]
    assert report.items[2].reason == 'তাঁর "নিজের" লাইন'
    assert {row["name"] for row in place.simulated.rows("/ppp/secret")} == {"karim", "rahim", "নাসির আহমেদ"}


def test_a_report_of_many_long_names_fits_into_a_row(place: Site) -> None:
    for number in range(400):
        name = f"{number} " + "ঢাকা " * 80
        place.simulated.add("/ppp/secret", {"name": name, "comment": "মন্তব্য " * 60})
    place.subscriber("karim")
    report = ask(place)
    assert report.counts == NONE | {"should_be_on": 1, "profile": 1, "unknown": 400}
    assert report.items[0].name == "karim"
    assert 50 < len(report.items) < ITEMS_KEPT
    assert find_reconciliation(place.router_id, report.asked_micros) == report


def test_a_comparison_does_not_make_the_next_worker_forget_what_a_dead_one_began(
    place: Site, engine: MemoryDynamoDB, the_clock: SetClock
) -> None:
    karim = place.subscriber("karim")
    place.deliver()
    assert place.simulated.dial("karim", "karim", MAC).accepted
    place.event(karim, "change_plan", TODAY, "FAST")
    place.simulated.faults.drop_answer("/ppp/secret/set")
    assert place.deliver().status == "failed"
    assert read_state(place.router_id).is_uncertain
    ask(place, mend=False)
    assert read_state(place.router_id).is_uncertain
    the_clock.at += timedelta(seconds=6)
    assert place.deliver().ended_sessions == 1
    assert not read_state(place.router_id).is_uncertain


def test_what_is_in_the_way_is_told_and_not_touched(place: Site) -> None:
    place.subscriber("karim")
    place.simulated.add("/ppp/secret", {"name": "karim", "comment": "uncle's line"})
    report = ask(place)
    assert shown(report) == [
        ("profile", "tb-HOME", "/ppp/profile", "add"),
        ("in_the_way", "karim", "", "nothing"),
    ]
    assert "is not ours" in (report.items[1].reason or "")
    waiting = due_changes(place.router_id, clock.now(), limit=5)[0]
    assert {one.token for one in waiting} >= {"compared"}, "for who looks at the line, a change says so too"
    assert all("is not ours" in (one.reason or "") for one in waiting)
    assert place.secret("karim")["comment"] == "uncle's line"  # type: ignore[index]


def test_a_profile_that_cannot_be_made_is_named_in_the_reason(place: Site) -> None:
    place.subscriber("karim")
    place.simulated.faults.trap(DISK_FULL, "/ppp/profile/add")
    place.deliver()
    [change] = due_changes(place.router_id, clock.now(), limit=5)[0]
    assert change.reason == "The router refused to add tb-HOME in /ppp/profile: failure: disk full"


def test_terms_that_change_where_the_suspended_go_are_brought_to_every_service(place: Site, world: World) -> None:
    karim = place.subscriber("karim")
    place.subscriber("munir")
    mark_suspended("alpha", [(karim.services[0].number, karim.number)], TODAY, "alpha", 1_800_000_000_000_000)
    place.deliver()
    set_terms("alpha", suspend_by=SuspendBy.ADDRESS_LIST, expired_list="unpaid")
    report = ask(place)
    assert shown(report) == [
        ("should_be_off", "karim", "/ppp/secret", "set"),
        ("profile", "tb-HOME-expired", "/ppp/profile", "add"),
    ]
    assert place.secret("karim")["profile"] == "tb-HOME-expired"  # type: ignore[index]
    assert place.secret("munir")["profile"] == "tb-HOME"  # type: ignore[index]


def test_a_comparison_that_is_killed_at_any_moment_is_brought_to_its_end_by_asking_again(
    engine: MemoryDynamoDB, the_clock: SetClock, world: World
) -> None:
    with site(world) as place:
        scene = make_scene(engine, the_clock, place)

        def compare(reached: Any) -> Report:
            return reconcile(Report(place.router_id, 1, mends=True), reached, mend=True)

        for at in range(1, 1000, 4):
            with scene.again():
                try:
                    compare(Moments(scene, at).reach)
                    break
                except PowerCut:
                    engine.faults = None
                the_clock.at += LATER
                assert compare(scene.reach).status == "done"
                scene.recover()
                scene.check()
        assert at > 100


def test_a_service_that_comes_back_while_all_is_compared_is_on_in_the_end(
    engine: MemoryDynamoDB, the_clock: SetClock, world: World
) -> None:
    with site(world) as place:
        scene: Scene = make_scene(engine, the_clock, place)
        for at in range(2, 31):
            with scene.again() as router:
                seen = iter(range(1, 10_000))
                router.faults.watch(lambda path, seen=seen, at=at: next(seen) == at and come_back(scene))  # type: ignore[misc]
                reconcile(Report(place.router_id, 1, mends=True), scene.reach, mend=True)
                assert next(seen) > at
                scene.deliver()
                assert router.rows("/ppp/secret", name="karim")[0]["profile"] == "tb-HOME"


def test_terms_that_changed_while_the_router_was_away_are_brought_to_it_when_it_is_back(
    place: Site, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "reach_to_work", place.reach)
    karim = place.subscriber("karim")
    mark_suspended("alpha", [(karim.services[0].number, karim.number)], TODAY, "alpha", 1_800_000_000_000_000)
    place.deliver()
    register(place.world.gamma, place.server.port, "rgamma001")

    def planned() -> list[tuple[str, dict[str, Any]]]:
        due = find_due("op", clock.now()).messages
        return [(router_id, body) for router_id, _, body in due if body["do"] == "reconcile"]

    place.simulated.faults.refuse_connections()
    set_terms("alpha", expired_profile="default")
    worker.carry_out({"do": "reconcile", "router": place.router_id})
    assert (read_state(place.router_id).is_behind, planned()) == (True, [])  # left alone for a while
    place.simulated.faults.refuse_connections(False)
    the_clock.at += timedelta(seconds=6)
    [(router_id, body)] = planned()
    assert router_id == place.router_id
    worker.carry_out(body)
    assert place.secret("karim")["profile"] == "default"  # type: ignore[index]
    assert (read_state(place.router_id).is_behind, planned()) == (False, [])


def nights(place: Site) -> list[str]:
    """What the schedule asks for now of the router's comparison of the night."""
    due = find_due("op", clock.now()).messages
    return [body["day"] for router_id, _, body in due if body["do"] == "night" and router_id == place.router_id]


def test_a_night_whose_worker_is_killed_is_tried_again_after_an_hour_and_not_every_five_minutes(
    place: Site, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(router: Any) -> Any:
        raise PowerCut

    night = {"do": "night", "router": place.router_id, "day": TODAY.isoformat()}
    assert nights(place) == ["2026-11-22"]
    monkeypatch.setattr(worker, "reach_to_work", killed)
    with pytest.raises(PowerCut):
        worker.carry_out(night)
    assert nights(place) == []
    the_clock.at += timedelta(minutes=59)
    assert nights(place) == []
    the_clock.at += timedelta(minutes=1)
    assert nights(place) == ["2026-11-22"]
    monkeypatch.setattr(worker, "reach_to_work", place.reach)
    worker.carry_out(night)
    the_clock.at += timedelta(hours=2)
    assert (nights(place), read_state(place.router_id).compared_on) == ([], TODAY)


def test_a_night_that_finds_somebody_at_work_on_the_router_is_not_put_off_for_an_hour(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "reach_to_work", place.reach)
    assert take_lease(place.router_id, clock.now()) is not None
    worker.carry_out({"do": "night", "router": place.router_id, "day": TODAY.isoformat()})
    assert nights(place) == ["2026-11-22"]


@pytest.mark.parametrize("who", ["worker", "person"])
def test_the_time_for_reading_begins_with_the_reading_and_our_own_books_take_none_of_it(
    place: Site, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.subscriber("karim")
    place.deliver()
    place.simulated.add("/ppp/secret", {"name": "gazi", "comment": "tributary gamma.v99 k1"})
    happened: list[str] = []

    def told(name: str, act: Any) -> Any:
        return lambda *given, **named: (happened.append(name), act(*given, **named))[1]

    for name in ("accesses_on", "held_elsewhere", "twins_of"):
        monkeypatch.setattr(reconciling, name, told("books", getattr(reconciling, name)))
    monkeypatch.setattr(Connection, "extend", told("time", Connection.extend))
    place.simulated.faults.watch(lambda path: path.endswith("/print") and happened.append("read"))
    if who == "worker":
        assert ask(place, mend=False).status == "done"
    else:
        asked = {"ask": "plan", "router": place.router_id, "only": None, "first": 0, "limit": 10}
        assert answer_question(asked)["counts"] == {"should_be_off": 1}
    assert happened == ["books", "time", *["read"] * 9, "books", "books"]
