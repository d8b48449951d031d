"""What a service should be on its router: by its state, its method, its plan, its place and its tenant's terms."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.crm.model import EventKind
from chalicelib.crm.service import Change, Resumption, ServiceStatus, with_change
from chalicelib.network.entries import Menu, read_mark
from chalicelib.network.model import Method, NetworkTerms, Place, SuspendBy
from chalicelib.network.wanted import Setting, Wanted, wanted_of
from tests.network.wanting import HOME, MAC, NOON, SETTING, TODAY, access, service, wanted

LENT = Setting(Place(prefix="b-", pool="home"), NetworkTerms(), "Asia/Dhaka")


def only(made: Wanted) -> dict[str, str]:
    """The properties of its only entry."""
    [entry] = made.entries
    return dict(entry.attributes)


def test_a_service_that_is_on_has_a_secret_in_the_profile_of_its_plan() -> None:
    assert only(wanted(7, "karim")) == {
        "name": "karim",
        "service": "pppoe",
        "profile": "tb-HOME",
        "caller-id": "",
        "remote-address": "",
        "disabled": "false",
        "comment": "tributary alpha.v7 k1",
    }
    [profile] = wanted(7, "karim").profiles
    assert profile.attributes == {
        "name": "tb-HOME",
        "rate-limit": "5000k/10000k",
        "address-list": "",
        "local-address": "",
        "remote-address": "home",
        "comment": "tributary profile",
    }


def test_a_locked_mac_and_an_address_are_in_the_secret_and_in_the_hotspot_user() -> None:
    secret = only(wanted(7, "karim", locks_mac=True, address="10.20.0.9"))
    assert (secret["caller-id"], secret["remote-address"]) == (MAC, "10.20.0.9")
    user = only(wanted(7, "karim", Method.HOTSPOT, locks_mac=True, address="10.20.0.9"))
    assert (user["mac-address"], user["address"], user["profile"]) == (MAC, "10.20.0.9", "tb-HOME")


def test_a_static_service_has_a_queue_an_address_in_a_list_and_an_arp_entry() -> None:
    made = wanted(7, "karim", Method.STATIC, address="10.30.0.7", locks_mac=True)
    assert [(one.menu, one.name) for one in made.entries] == [
        (Menu.QUEUE, "karim"),
        (Menu.ADDRESS, "active 10.30.0.7"),
        (Menu.ARP, "10.30.0.7"),
    ]
    assert {one.attributes["comment"] for one in made.entries} == {"tributary alpha.v7 k0"}
    assert made.entries[0].attributes["max-limit"] == "5000000/10000000"
    assert made.sign_in is None


def test_a_suspended_service_is_in_the_profile_for_the_expired_of_whatever_kind_the_tenant_wants() -> None:
    by_list = NetworkTerms(suspend_by=SuspendBy.ADDRESS_LIST, expired_list="unpaid")
    named = NetworkTerms(expired_profile="walled garden")
    assert only(wanted(7, "karim", suspended=True))["profile"] == "tb-expired"
    listed = wanted(7, "karim", suspended=True, setting=replace(SETTING, terms=by_list))
    assert only(listed)["profile"] == "tb-HOME-expired"
    assert listed.profiles[0].attributes["address-list"] == "unpaid"
    garden = wanted(7, "karim", suspended=True, setting=replace(SETTING, terms=named))
    assert (only(garden)["profile"], garden.profiles) == ("walled garden", ())
    static = wanted(7, "karim", Method.STATIC, address="10.30.0.7", suspended=True)
    assert [one.name for one in static.entries] == ["karim", "expired 10.30.0.7"]
    assert all(one.is_on for one in (listed, garden, static))


def test_no_two_profiles_that_differ_have_one_name_whatever_plans_and_prefixes_are_called() -> None:
    by_list = NetworkTerms(suspend_by=SuspendBy.ADDRESS_LIST)
    codes = ("HOME", "expired", "HOME-expired", "b-HOME", "b-expired")
    names: dict[str, tuple[str, str, str]] = {}
    for place in (Place(), Place(prefix="b-"), Place(prefix="b")):
        for code in codes:
            for terms, suspended in ((NetworkTerms(), False), (NetworkTerms(), True), (by_list, True)):
                setting = Setting(place, terms, "Asia/Dhaka")
                made = wanted(7, "karim", suspended=suspended, setting=setting, plan=replace(HOME, code=code))
                what = (place.prefix, code if terms is by_list or not suspended else "", f"{terms is by_list}")
                assert names.setdefault(made.profiles[0].name, what) == what
    assert len(names) == 3 * (5 + 1 + 5)


def test_on_a_lent_router_the_name_begins_with_the_prefix_and_profiles_are_apart() -> None:
    made = wanted(7, "karim", setting=LENT, tenant_id="beta")
    assert (made.sign_in, only(made)["profile"]) == ((Menu.SECRET, "b-karim"), "tb-b-.HOME")
    assert read_mark(only(made)["comment"]) == (("beta", 7), 1)


def test_on_a_lent_router_lists_are_the_tenants_own_and_it_names_no_profile_of_its_lenders() -> None:
    terms = NetworkTerms(expired_profile="unlimited", active_list="trusted", expired_list="unpaid")
    lent = Setting(Place(prefix="b-", pool="home"), terms, "Asia/Dhaka")
    own = replace(lent, place=Place(pool="home"))
    line = {"method": Method.STATIC, "address": "10.20.0.9"}
    lists = [
        entry.attributes["list"]
        for setting in (lent, own)
        for suspended in (False, True)
        for entry in wanted(7, "karim", setting=setting, suspended=suspended, **line).entries
        if entry.menu is Menu.ADDRESS
    ]
    assert lists == ["b-.trusted", "b-.unpaid", "trusted", "unpaid"]
    profiles = [only(wanted(7, "karim", setting=setting, suspended=True))["profile"] for setting in (lent, own)]
    assert profiles == ["tb-b-.expired", "unlimited"]
    assert [lent.is_for_expired(name) for name in (*profiles, "tb-b-.HOME", "tb-b-.HOME-expired")] == [
        *(True, False, False, True),
    ]
    assert [own.is_for_expired(name) for name in ("unlimited", "tb-expired", "tb-HOME")] == [True, True, False]


def test_a_profile_that_the_place_names_for_the_plan_is_the_routers_own() -> None:
    setting = replace(SETTING, place=Place(profiles={"HOME": "10 Mbps"}))
    made = wanted(7, "karim", setting=setting)
    assert (only(made)["profile"], made.profiles) == ("10 Mbps", ())


@pytest.mark.parametrize(
    ("kind", "status", "entries", "is_on"),
    [
        (EventKind.DISABLE, ServiceStatus.DISABLED, 1, False),
        (EventKind.DISCONNECT, ServiceStatus.DISCONNECTED, 0, False),
    ],
)
def test_a_service_that_is_off_may_have_no_session(
    kind: EventKind, status: ServiceStatus, entries: int, is_on: bool
) -> None:
    changed = with_change(service(7, "karim"), Change(kind, TODAY, 9, 0, None))
    made = wanted_of(access(7), changed, HOME, SETTING, NOON)
    assert (made.status, len(made.entries), made.is_on) == (status, entries, is_on)
    assert [one.attributes["disabled"] for one in made.entries] == ["true"] * entries


def test_a_static_line_that_is_disabled_is_listed_with_the_expired_and_keeps_the_limit_of_its_speed() -> None:
    """Routers let through what is in the one list or stop what is in the other: an address in none would be on there."""
    changed = with_change(service(7, "karim"), Change(EventKind.DISABLE, TODAY, 9, 0, None))
    made = wanted_of(access(7, Method.STATIC, address="10.30.0.7", locks_mac=True), changed, HOME, SETTING, NOON)
    assert [(one.name, one.attributes["disabled"]) for one in made.entries] == [
        ("karim", "false"),
        ("expired 10.30.0.7", "false"),
        ("10.30.0.7", "true"),
    ]


def test_a_service_of_a_later_day_or_of_a_plan_that_is_not_known_is_not_there() -> None:
    later = replace(service(7, "karim"), start_on=TODAY + timedelta(days=2))
    made = wanted_of(access(7), later, HOME, SETTING, NOON)
    assert (made.entries, made.is_on) == ((), False)
    assert made.look_again == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # midnight in Dhaka
    assert wanted(7, "karim", plan=None).entries == ()


def test_it_is_looked_at_again_when_the_next_day_begins_on_which_it_is_another() -> None:
    assert wanted(7, "karim").look_again is None
    changed = with_change(service(7, "karim"), Change(EventKind.DISABLE, date(2026, 11, 30), 9, 0, None))
    changed = replace(changed, resumption=Resumption(date(2026, 11, 25), 10))
    made = wanted_of(access(7), changed, HOME, SETTING, NOON)
    assert made.look_again == datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    at_that = wanted_of(access(7), changed, HOME, SETTING, made.look_again)
    assert at_that.look_again == datetime(2026, 11, 29, 18, 0, tzinfo=UTC)
    assert at_that.status is ServiceStatus.ACTIVE
    assert wanted_of(access(7), changed, HOME, SETTING, at_that.look_again).status is ServiceStatus.DISABLED


@pytest.mark.parametrize(
    "comment",
    ["", "tributary", "tributary profile", "tributary alpha.v0 k1", "tributary alpha.v7", "x tributary alpha.v7 k1"]
    + ["tributary alpha.v7 k1 ", "Tributary alpha.v7 k1", "tributary আলফা.v7 k1", "tributary alpha.v７ k1", "uncle's"],
)
def test_a_comment_that_is_not_exactly_our_mark_is_none(comment: str) -> None:
    assert read_mark(comment) is None
