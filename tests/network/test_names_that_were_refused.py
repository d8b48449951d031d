"""A service whose new name the router refused: whatever happens to it next finds the entry that it still has."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from chalicelib.crm.edit import SubscriberChange, edit_subscriber
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.outbox import due_changes
from chalicelib.crm.subscriber import Subscriber
from chalicelib.network.deliver import deliver
from chalicelib.network.refused import all_refused
from tests.conftest import SetClock
from tests.network.site import Site, put_on, register, site_beside_gamma
from tests.simulation import MemoryDynamoDB

TODAY = date(2026, 11, 22)
MAC = "9C:53:00:07:00:01"


@pytest.fixture
def place(engine: MemoryDynamoDB, the_clock: SetClock) -> Iterator[Site]:
    with site_beside_gamma() as made:
        yield made


@pytest.fixture
def karim(place: Site, the_clock: SetClock) -> Subscriber:
    """Karim is on, and was to be named rahim; the router has a rahim of its own, and has said no five times."""
    made = place.subscriber("karim")
    place.deliver()
    place.simulated.add("/ppp/secret", {"name": "rahim", "password": "uncle", "comment": "uncle's"})
    rename(place, made, "rahim", the_clock)
    for _ in range(6):
        the_clock.at += timedelta(minutes=6)
        place.deliver()
    [refused] = all_refused(place.router_id)
    assert (sorted(refused.names), place.waiting()) == (["karim", "rahim"], 0)
    assert place.simulated.dial("karim", "karim", MAC).accepted
    return find_subscriber("alpha", made.number)


def rename(place: Site, who: Subscriber, name: str, the_clock: SetClock) -> None:
    change = SubscriberChange(services={who.services[0].number: {"username": name}})
    edit_subscriber("alpha", who.number, change, the_clock.at)


def online(place: Site) -> set[str]:
    return {str(row["name"]) for row in place.ask("/ppp/active")}


def is_off(place: Site, name: str) -> bool:
    secret = place.secret(name)
    return secret is not None and secret["disabled"] is True and name not in online(place)


def test_disabled_it_is_off_by_the_name_that_it_still_has_also_after_that_was_refused_too(
    place: Site, karim: Subscriber, the_clock: SetClock
) -> None:
    place.event(karim, "disable", TODAY)
    place.deliver()
    assert is_off(place, "karim")
    for _ in range(6):
        the_clock.at += timedelta(minutes=6)
        place.deliver()
    [refused] = all_refused(place.router_id)
    assert sorted(refused.names) == ["karim", "rahim"]
    place.event(karim, "enable", TODAY)
    place.deliver()
    assert place.secret("karim")["disabled"] is False  # type: ignore[index]
    uncle = place.secret("rahim")
    assert uncle is not None
    assert (uncle["comment"], uncle["disabled"]) == ("uncle's", False)


def test_disconnected_it_is_gone_by_the_name_that_it_had(place: Site, karim: Subscriber) -> None:
    place.event(karim, "disconnect", TODAY)
    place.deliver()
    assert place.secret("karim") is None
    assert online(place) == set()
    assert (place.waiting(), all_refused(place.router_id)) == (0, [])
    assert place.secret("rahim") is not None


def test_moved_to_another_router_it_leaves_nothing_behind(place: Site, karim: Subscriber) -> None:
    other = register(place.world.alpha, 1, "rother001")
    put_on(other, karim)
    place.deliver()
    assert place.secret("karim") is None
    assert online(place) == set()


def test_while_the_new_name_is_only_put_off_whoever_is_disabled_is_off_at_once(
    place: Site, the_clock: SetClock
) -> None:
    salma = place.subscriber("salma")
    place.deliver()
    assert place.simulated.dial("salma", "salma", MAC).accepted
    place.simulated.faults.trap("failure: disk full", "/ppp/secret/set", times=1)
    rename(place, salma, "salima", the_clock)
    place.deliver()
    the_clock.at += timedelta(seconds=1)
    [waiting] = due_changes(place.router_id, the_clock.at, limit=9)[0]
    assert waiting.after_micros > 0
    place.event(find_subscriber("alpha", salma.number), "disable", TODAY)
    place.deliver()
    assert online(place) == set()
    [secret] = [row for row in place.ask("/ppp/secret") if row["name"] != "rahim"]
    assert (secret["name"], secret["disabled"]) == ("salima", True)


def test_who_stays_as_it_is_while_the_router_says_no_stays_on(place: Site, the_clock: SetClock) -> None:
    salma = place.subscriber("salma")
    place.deliver()
    assert place.simulated.dial("salma", "salma", MAC).accepted
    [session] = place.ask("/ppp/active")
    place.simulated.faults.trap("failure: disk full", "/ppp/secret/set", times=None)
    rename(place, salma, "salima", the_clock)
    for _ in range(6):
        the_clock.at += timedelta(minutes=6)
        place.deliver()
    assert [row["session-id"] for row in place.ask("/ppp/active")] == [session["session-id"]]
    assert len(all_refused(place.router_id)) == 1


def test_of_a_tenant_whose_services_have_all_left_the_router_nothing_is_asked(place: Site) -> None:
    """The worker has nobody's plans to look at, and goes on."""
    salma = place.subscriber("salma")
    place.deliver()
    other = register(place.world.alpha, 1, "rother001")
    put_on(other, salma)
    told = deliver(place.router_id, place.reach)
    assert (told.status, told.delivered, place.waiting()) == ("done", 1, 0)
    assert place.secret("salma") is None
