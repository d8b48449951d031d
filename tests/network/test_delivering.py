"""Changes of services arrive on the router: seen through librouteros, unmodified."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.aws.tables import Delete, write
from chalicelib.core.dates import to_micros
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.outbox import add_changes, delivered, due_changes
from chalicelib.crm.plans import create_plan, find_plan
from chalicelib.crm.suspension import mark_resumed, mark_suspended
from chalicelib.network.deliver import deliver
from chalicelib.network.find import read_accesses
from chalicelib.network.look import Look
from chalicelib.network.model import Method, SuspendBy
from chalicelib.network.refused import all_refused, as_changes, refuse
from chalicelib.network.store import access_row
from tests.conftest import SetClock
from tests.network.site import Site, put_on, register, set_terms, site_beside_gamma
from tests.simulation import MemoryDynamoDB

TODAY = date(2026, 11, 22)


@pytest.fixture
def place(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Site]:
    with site_beside_gamma() as made:
        yield made


def test_a_connected_service_gets_its_secret_its_profile_and_our_mark(place: Site) -> None:
    karim = place.subscriber("karim")
    told = place.deliver()
    assert (told.status, told.delivered, told.steps) == ("done", 1, 2)
    secret = place.secret("karim")
    assert secret is not None
    assert secret["profile"] == "tb-HOME"
    assert secret["comment"] == f"tributary alpha.v{karim.services[0].number} k1"
    assert secret["disabled"] is False
    [profile] = place.ask("/ppp/profile", name="tb-HOME")
    assert (profile["rate-limit"], profile["remote-address"], profile["local-address"]) == (
        "10000k/10000k",
        "home",
        "10.20.0.1",
    )
    assert place.simulated.dial("karim", "karim", "9C:53:00:07:00:01").accepted
    assert place.waiting() == 0


def test_delivering_again_does_nothing(place: Site) -> None:
    place.subscriber("karim")
    place.deliver()
    place.simulated.counts.reset()
    assert place.deliver().steps == 0
    assert sum(place.simulated.counts.commands.values()) == 0


def test_a_disabled_service_cannot_dial_in_and_its_session_is_ended_and_no_other(place: Site) -> None:
    karim, rahim = place.subscriber("karim"), place.subscriber("rahim")
    place.deliver()
    for name in ("karim", "rahim"):
        assert place.simulated.dial(name, name, "9C:53:00:07:00:01").accepted
    place.event(karim, "disable")
    assert place.deliver().ended_sessions == 1
    assert [row["name"] for row in place.ask("/ppp/active")] == ["rahim"]
    assert place.secret("karim")["disabled"] is True  # type: ignore[index]
    assert place.simulated.dial("karim", "karim", "9C:53:00:07:00:01").reason == "disabled"
    place.event(karim, "enable", TODAY)
    place.deliver()
    assert place.simulated.dial("karim", "karim", "9C:53:00:07:00:01").accepted
    assert find_subscriber("alpha", rahim.number).services[0].router == place.router_id


def test_a_suspended_service_is_in_the_expired_profile_and_comes_back_out_of_it(place: Site) -> None:
    karim = place.subscriber("karim")
    place.deliver()
    place.simulated.dial("karim", "karim", "9C:53:00:07:00:01")
    numbers = (karim.services[0].number, karim.number)
    mark_suspended("alpha", [numbers], TODAY, "alpha", 1_800_000_000_000_000)
    assert place.deliver().ended_sessions == 1
    assert place.secret("karim")["profile"] == "tb-expired"  # type: ignore[index]
    assert place.ask("/ppp/active") == []
    mark_resumed("alpha", [numbers], TODAY, 1_800_000_000_000_001)
    place.deliver()
    assert place.secret("karim")["profile"] == "tb-HOME"  # type: ignore[index]


def test_by_choice_a_suspended_service_keeps_its_speed_and_its_address_is_in_a_list(place: Site) -> None:
    set_terms("alpha", suspend_by=SuspendBy.ADDRESS_LIST, expired_list="unpaid")
    karim = place.subscriber("karim")
    mark_suspended("alpha", [(karim.services[0].number, karim.number)], TODAY, "alpha", 1_800_000_000_000_000)
    place.deliver()
    [profile] = place.ask("/ppp/profile", name="tb-HOME-expired")
    assert (profile["rate-limit"], profile["address-list"]) == ("10000k/10000k", "unpaid")
    address = place.simulated.dial("karim", "karim", "9C:53:00:07:00:01").address
    assert [row["address"] for row in place.ask("/ip/firewall/address-list", list="unpaid")] == [address]


def test_a_profile_for_the_expired_that_the_router_has_not_is_told_and_tried_again(
    place: Site, the_clock: SetClock
) -> None:
    set_terms("alpha", expired_profile="walled garden")
    karim = place.subscriber("karim")
    mark_suspended("alpha", [(karim.services[0].number, karim.number)], TODAY, "alpha", 1_800_000_000_000_000)
    told = place.deliver()
    assert (told.delivered, place.waiting()) == (0, 2)
    place.simulated.add("/ppp/profile", {"name": "walled garden"})
    the_clock.at += timedelta(seconds=6)
    assert place.deliver().delivered == 1
    assert place.secret("karim")["profile"] == "walled garden"  # type: ignore[index]
    assert place.waiting() == 0


def test_a_moved_plan_is_another_profile_and_the_line_signs_in_anew(place: Site) -> None:
    karim = place.subscriber("karim")
    place.deliver()
    place.simulated.dial("karim", "karim", "9C:53:00:07:00:01", redial_seconds=0.0)
    place.event(karim, "change_plan", TODAY, "FAST")
    assert place.deliver().ended_sessions == 1
    assert place.secret("karim")["profile"] == "tb-FAST"  # type: ignore[index]


def test_a_disconnected_service_is_gone_from_the_router(place: Site) -> None:
    karim = place.subscriber("karim")
    place.deliver()
    place.simulated.dial("karim", "karim", "9C:53:00:07:00:01")
    place.event(karim, "disconnect", TODAY)
    place.deliver()
    assert place.secret("karim") is None
    assert place.ask("/ppp/active") == []


def test_what_holds_from_tomorrow_on_is_delivered_tomorrow(place: Site, the_clock: SetClock) -> None:
    karim = place.subscriber("karim")
    place.event(karim, "disable", TODAY + timedelta(days=1))
    place.deliver()
    assert place.secret("karim")["disabled"] is False  # type: ignore[index]
    assert place.waiting() == 0
    the_clock.set("2026-11-22T17:59:59")
    assert place.waiting() == 0
    the_clock.set("2026-11-22T18:00:00")  # midnight in Dhaka
    assert place.waiting() == 1
    place.deliver()
    assert place.secret("karim")["disabled"] is True  # type: ignore[index]


def test_a_static_line_has_a_queue_a_place_in_a_list_and_nobody_elses_are_touched(place: Site) -> None:
    place.simulated.add("/queue/simple", {"name": "tower", "target": "10.9.9.9", "max-limit": "1M/1M"})
    place.simulated.add("/ip/firewall/address-list", {"list": "active", "address": "10.9.9.9"})
    karim = place.subscriber("karim", method=Method.STATIC, address="10.30.0.7")
    place.deliver()
    [queue] = place.ask("/queue/simple", name="karim")
    assert (queue["target"], queue["max-limit"]) == ("10.30.0.7/32", "10000000/10000000")
    assert place.ask("/ip/firewall/address-list", address="10.30.0.7")[0]["list"] == "active"
    mark_suspended("alpha", [(karim.services[0].number, karim.number)], TODAY, "alpha", 1_800_000_000_000_000)
    place.deliver()
    assert [row["list"] for row in place.ask("/ip/firewall/address-list", address="10.30.0.7")] == ["expired"]
    place.event(karim, "disconnect", TODAY)
    place.deliver()
    assert [row["name"] for row in place.ask("/queue/simple")] == ["tower"]
    assert [row["address"] for row in place.ask("/ip/firewall/address-list")] == ["10.9.9.9"]


def test_a_hotspot_user_is_kept_as_a_secret_is(place: Site) -> None:
    karim = place.subscriber("karim", method=Method.HOTSPOT)
    place.deliver()
    [user] = place.ask("/ip/hotspot/user", name="karim")
    assert user["profile"] == "tb-HOME"
    place.event(karim, "disable")
    place.deliver()
    [user] = place.ask("/ip/hotspot/user", name="karim")
    assert user["disabled"] is True


def test_a_secret_of_somebody_else_with_the_same_name_stays_and_its_session_too(
    place: Site, the_clock: SetClock
) -> None:
    place.simulated.add("/ppp/secret", {"name": "karim", "password": "old", "comment": "uncle's line"})
    place.simulated.add("/ppp/profile", {"name": "open", "remote-address": "home"})
    karim = place.subscriber("karim")
    for pause in (0, 6, 21, 81, 321):
        the_clock.at += timedelta(seconds=pause)
        assert place.deliver().delivered == 0
    assert place.secret("karim")["comment"] == "uncle's line"  # type: ignore[index]
    assert place.waiting() == 0
    [refused] = all_refused(place.router_id)
    assert (refused.service, refused.tries) == (karim.services[0].number, 5)
    assert "is not ours" in refused.reason


def test_a_router_that_does_not_answer_keeps_its_changes_and_is_left_alone_for_a_while(
    place: Site, the_clock: SetClock
) -> None:
    place.subscriber("karim")
    place.simulated.faults.refuse_connections(True)
    assert place.deliver().status == "failed"
    assert place.deliver().status == "paused"
    assert place.waiting() == 1
    place.simulated.faults.refuse_connections(False)
    the_clock.at += timedelta(seconds=5)
    assert place.deliver().delivered == 1
    assert place.secret("karim") is not None


def test_what_is_refused_now_is_looked_at_again_on_the_day_it_is_another(place: Site, the_clock: SetClock) -> None:
    place.simulated.add("/ppp/secret", {"name": "karim", "password": "old", "comment": "uncle's line"})
    karim = place.subscriber("karim")
    place.event(karim, "disconnect", TODAY + timedelta(days=2))
    for pause in (0, 6, 21, 81, 321):
        the_clock.at += timedelta(seconds=pause)
        place.deliver()
    assert (place.waiting(), len(all_refused(place.router_id))) == (0, 1)
    the_clock.set("2026-11-23T18:00:00")  # midnight in Dhaka before the 24th
    assert place.waiting() == 1
    assert place.deliver().delivered == 1
    assert all_refused(place.router_id) == []


def test_an_entry_that_is_found_by_name_no_more_is_removed_when_it_is_tried_again(
    place: Site, the_clock: SetClock
) -> None:
    karim = place.subscriber("karim")
    place.deliver()
    with place.simulated.command():
        [secret] = [row for row in place.simulated.rows("/ppp/secret") if row["name"] == "karim"]
        place.simulated.alter("/ppp/secret", int(secret[".id"][1:], 16), {"name": "somebody"})
    place.event(karim, "disconnect", TODAY)
    place.simulated.faults.trap("try again", "/ppp/secret/remove", times=None)
    write(*refuse(due_changes(place.router_id, the_clock.now(), limit=1)[0][0], "try again", 1))
    for change in due_changes(place.router_id, the_clock.now(), limit=10)[0]:
        write(delivered(change))
    place.simulated.faults.clear()
    add_changes(as_changes(all_refused(place.router_id), to_micros(the_clock.now())))
    place.deliver()
    assert place.secret("somebody") is None
    assert all_refused(place.router_id) == []


def test_a_plan_that_was_made_while_a_worker_is_at_work_is_known_to_it(place: Site, the_clock: SetClock) -> None:
    karim = place.subscriber("karim")
    place.deliver()
    look = Look(place.router)
    keys_of = [("alpha", karim.services[0].number)]
    assert look.wanted(keys_of, the_clock.now())[0].obstacle is None
    made = replace(find_plan("alpha", "HOME"), code="NEW", download_kbps=50_000)
    create_plan(made, lambda _: ())
    place.event(karim, "change_plan", TODAY, "NEW")
    [wanted] = look.wanted(keys_of, the_clock.now())
    assert (wanted.obstacle, wanted.entries[0].attributes["profile"]) == (None, "tb-NEW")


def test_a_session_that_the_router_will_not_end_is_told_and_others_are_delivered(
    place: Site, the_clock: SetClock
) -> None:
    karim, rahim = place.subscriber("karim"), place.subscriber("rahim")
    place.deliver()
    for name in ("karim", "rahim"):
        assert place.simulated.dial(name, name, "9C:53:00:07:00:01").accepted
    place.event(karim, "disable")
    place.event(rahim, "change_plan", TODAY, "FAST")
    place.subscriber("salam")
    place.simulated.faults.trap("cannot remove", "/ppp/active/remove", times=1)
    told = place.deliver()
    assert (told.status, told.delivered, place.waiting()) == ("done", 1, 2)
    place.simulated.faults.clear()
    the_clock.at += timedelta(seconds=6)
    assert place.deliver().delivered == 2
    assert place.ask("/ppp/active") == []


def test_a_line_that_moves_to_the_same_machine_entered_twice_stays_on(place: Site) -> None:
    again = register(place.world.alpha, place.server.port, "ragain001")
    karim = place.subscriber("karim")
    place.deliver()
    assert place.simulated.dial("karim", "karim", "9C:53:00:07:00:01").accepted
    put_on(again, karim)
    write(Delete(access_row(read_accesses(place.router_id, [("alpha", karim.services[0].number)])[0])))
    deliver(again.router_id, place.reach)
    assert place.deliver().delivered == 1
    assert place.secret("karim") is not None
    assert [row["name"] for row in place.ask("/ppp/active")] == ["karim"]
