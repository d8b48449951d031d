"""From what a router has to what it should have: the steps get there, doing them again is nothing, others' things stay."""

import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.crm.model import Plan
from chalicelib.crm.service import ServiceStatus
from chalicelib.network.difference import Difference
from chalicelib.network.entries import PROFILE_MENUS, SERVICE_MENUS, Menu, ServiceKey, is_so, mark_of, read_mark
from chalicelib.network.model import Method
from chalicelib.network.steps import Kind
from chalicelib.network.wanted import Wanted
from tests.network.wanting import HOME, Menus, wanted

NAMES = "abcd"
SERVICES = (1, 2, 3, 4)
ADDRESSES = ["10.30.0.1", "10.30.0.2", "10.30.0.3", "10.30.0.4"]
GONE = 9
"""A service that is on the router and nowhere else."""


def kinds(difference: Difference) -> list[tuple[str, str, str]]:
    return [(step.kind.value, step.menu.value, step.name) for step in difference.steps]


def secret(menus: Menus, name: str, number: int, version: int = 1, **more: str) -> str:
    mark = mark_of(("alpha", number), version)
    return menus.add(Menu.SECRET, name=name, service="pppoe", profile="default", comment=mark, password="old", **more)


@pytest.fixture
def menus() -> Menus:
    made = Menus()
    made.bring(made.difference([wanted(50, "z"), wanted(51, "y", Method.HOTSPOT)]))
    return made


def test_a_service_with_an_entry_of_its_own_takes_over_nobody_elses_when_it_is_renamed(menus: Menus) -> None:
    secret(menus, "karim", 1, 0)
    menus.add(Menu.SECRET, name="rahim", service="pppoe", profile="default", password="uncle")
    renamed = wanted(1, "rahim", adopts=True, password_sealed=None, password_version=0)
    found = menus.difference([renamed])
    assert found.steps == ()
    [obstacle] = found.obstacles
    assert "is not ours" in obstacle.reason


def test_what_is_of_a_plan_that_nobody_knows_stays_as_it_is(menus: Menus) -> None:
    secret(menus, "karim", 1)
    found = menus.difference([wanted(1, "karim", plan=None)])
    assert (found.steps, [obstacle.reason for obstacle in found.obstacles]) == (
        *((), ["Its plan is not among those of its tenant."]),
    )
    suspended = menus.difference([wanted(1, "another", plan=None, suspended=True)])
    assert [(step.kind, step.name, dict(step.sets)) for step in suspended.steps] == [
        (Kind.SET, "karim", {"disabled": "true"})
    ]


@pytest.mark.parametrize("suspended", [False, True])
def test_whoever_is_to_be_off_is_off_also_where_something_is_in_the_way(menus: Menus, suspended: bool) -> None:
    secret(menus, "karim", 1)
    menus.add(Menu.SECRET, name="camera", service="pppoe", profile="default", password="x")
    renamed = wanted(1, "camera", suspended=suspended)
    found = menus.difference([renamed])
    assert [obstacle.name for obstacle in found.obstacles] == ["camera"]
    assert [(step.name, dict(step.sets)) for step in found.steps if step.service] == (
        [("karim", {"disabled": "true"})] if suspended else []
    )
    menus.bring(found)
    assert menus.difference([renamed]).steps == ()
    back = menus.difference([wanted(1, "camera")])
    assert [(step.name, dict(step.sets)) for step in back.steps] == (
        [("karim", {"disabled": "false"})] if suspended else []
    )


def test_a_line_in_somebodys_way_goes_to_the_list_of_the_expired_by_the_address_it_has_and_takes_nobody_elses_place(
    menus: Menus,
) -> None:
    mark = mark_of(("alpha", 1), 0)
    menus.add(Menu.ADDRESS, list="active", address="10.30.0.9", disabled="false", comment=mark)
    menus.add(Menu.ADDRESS, list="expired", address="10.30.0.1", disabled="false", comment="uncle's line")
    line = wanted(1, "karim", Method.STATIC, address="10.30.0.1", adopts=True, suspended=True)
    found = menus.difference([line])
    assert [(step.kind, step.name, dict(step.sets)) for step in found.steps] == [
        (Kind.SET, "expired 10.30.0.9", {"list": "expired"})
    ]
    menus.bring(found)
    assert menus.difference([line]).steps == ()


@pytest.mark.parametrize(
    ("suspended", "plan", "listed", "moved"),
    [
        (True, None, "active", "expired"),
        (True, None, "expired", None),
        (False, None, "expired", "active"),
        (True, HOME, "active", "expired"),
        (False, HOME, "expired", "active"),
    ],
)
def test_a_static_address_is_in_the_list_it_belongs_in_whether_its_plan_is_unknown_or_its_queues_name_is_taken(
    menus: Menus, suspended: bool, plan: Plan | None, listed: str, moved: str | None
) -> None:
    mark = mark_of(("alpha", 1), 0)
    menus.add(Menu.QUEUE, name="karim", target="10.30.0.1/32", max_limit="1/1", disabled="false", comment="uncle's")
    menus.add(Menu.ADDRESS, list=listed, address="10.30.0.1", disabled="false", comment=mark)
    line = wanted(1, "karim", Method.STATIC, address="10.30.0.1", suspended=suspended, plan=plan)
    found = menus.difference([line])
    assert len(found.obstacles) == 1
    assert [(step.menu, dict(step.sets)) for step in found.steps] == (
        [(Menu.ADDRESS, {"list": moved})] if moved else []
    )


def test_where_its_new_name_is_taken_a_line_that_changes_its_method_stays_on_by_the_old_one(menus: Menus) -> None:
    menus.add(Menu.HOTSPOT_USER, name="karim", profile="default", comment="uncle's")
    secret(menus, "karim", 1)
    found = menus.difference([wanted(1, "karim", Method.HOTSPOT)])
    assert ([one.name for one in found.obstacles], [step.menu for step in found.steps if step.service]) == (
        ["karim"],
        [],
    )
    off = menus.difference([wanted(1, "karim", Method.HOTSPOT, suspended=True)])
    assert [(step.menu, dict(step.sets)) for step in off.steps if step.service] == [(Menu.SECRET, {"disabled": "true"})]


def test_what_a_user_of_a_hotspot_should_not_have_is_set_to_what_stands_for_nothing(menus: Menus) -> None:
    """Routers have no `unset` there."""
    menus.bring(menus.difference([wanted(1, "karim", Method.HOTSPOT, address="10.30.0.1", locks_mac=True)]))
    menus.named(Menu.HOTSPOT_USER)["karim"]["server"] = "lobby"
    [step] = [one for one in menus.difference([wanted(1, "karim", Method.HOTSPOT)]).steps if one.service]
    assert (step.unsets, dict(step.sets)) == (
        (),
        {"server": "all", "mac-address": "00:00:00:00:00:00", "address": "0.0.0.0"},
    )
    menus.bring(menus.difference([wanted(1, "karim", Method.HOTSPOT)]))
    assert menus.difference([wanted(1, "karim", Method.HOTSPOT)]).steps == ()


def test_a_list_that_somebody_put_into_our_profile_is_taken_out_by_an_empty_text(menus: Menus) -> None:
    menus.bring(menus.difference([wanted(1, "karim")]))
    [profile] = menus.rows[Menu.PROFILE].values()
    profile["address-list"] = "expired"
    [step] = menus.difference([wanted(1, "karim")]).steps
    assert (step.unsets, dict(step.sets)) == ((), {"address-list": ""})


def test_two_that_exchange_their_names_keep_their_passwords_though_only_the_router_knows_them(menus: Menus) -> None:
    first, second = secret(menus, "a", 1, 0), secret(menus, "b", 2, 0)
    unknown = {"password_sealed": None, "password_version": 0}
    swapped = [wanted(1, "b", **unknown), wanted(2, "a", **unknown)]
    found = menus.difference(swapped)
    assert kinds(found) == [
        ("set", "/ppp/secret", "tb:alpha.v1"),
        ("set", "/ppp/secret", "a"),
        ("set", "/ppp/secret", "b"),
    ]
    menus.bring(found)
    names = {id: row["name"] for id, row in menus.rows[Menu.SECRET].items()}
    assert (names[first], names[second]) == ("b", "a")
    assert menus.difference(swapped) == Difference()


@pytest.mark.parametrize("done", [1, 2])
def test_an_exchange_that_was_left_in_the_middle_is_brought_to_its_end(menus: Menus, done: int) -> None:
    secret(menus, "a", 1), secret(menus, "b", 2)
    swapped = [wanted(1, "b"), wanted(2, "a")]
    for step in menus.difference(swapped).steps[:done]:
        menus.do(step)
    menus.bring(menus.difference(swapped))
    assert {row["comment"]: name for name, row in menus.named(Menu.SECRET).items() if name in "ab"} == {
        mark_of(("alpha", 1), 1): "b",
        mark_of(("alpha", 2), 1): "a",
    }


def test_names_that_move_up_a_row_are_set_from_its_end_on_with_one_command_each(menus: Menus) -> None:
    for number, name in ((1, "a"), (2, "b"), (3, "c")):
        secret(menus, name, number)
    found = menus.difference([wanted(1, "b"), wanted(2, "c"), wanted(3, "d")])
    assert [step.name for step in found.steps] == ["d", "c", "b"]


def test_two_static_lines_that_exchange_addresses_and_names(menus: Menus) -> None:
    before = [wanted(n, name, Method.STATIC, address=at, locks_mac=True) for n, name, at in _static("ab", (0, 1))]
    menus.bring(menus.difference(before))
    after = [wanted(n, name, Method.STATIC, address=at, locks_mac=True) for n, name, at in _static("ba", (1, 0))]
    menus.bring(menus.difference(after))
    assert menus.difference(after) == Difference()
    assert [len(menus.rows[menu]) for menu in (Menu.QUEUE, Menu.ADDRESS, Menu.ARP)] == [2, 2, 2]


def _static(names: str, at: tuple[int, ...]) -> list[tuple[int, str, str]]:
    return [(number, name, ADDRESSES[one]) for number, (name, one) in enumerate(zip(names, at, strict=True), 1)]


def test_a_changed_name_is_one_command_and_the_entry_is_never_away(menus: Menus) -> None:
    secret(menus, "a", 1)
    found = menus.difference([wanted(1, "b")])
    assert [(step.kind, step.with_password) for step in found.steps] == [(Kind.SET, False)]
    assert found.steps[0].sets == {"name": "b", "profile": "tb-HOME"}


def test_from_pppoe_to_static_and_back(menus: Menus) -> None:
    secret(menus, "a", 1)
    static = [wanted(1, "a", Method.STATIC, address=ADDRESSES[0])]
    found = menus.difference(static)
    assert [one[:2] for one in kinds(found)] == [
        ("remove", "/ppp/secret"),
        ("add", "/queue/simple"),
        ("add", "/ip/firewall/address-list"),
    ]
    menus.bring(found)
    assert menus.difference(static) == Difference()
    menus.bring(menus.difference([wanted(1, "a")]))
    assert [len(menus.rows[menu]) for menu in SERVICE_MENUS] == [2, 1, 0, 0, 0]  # "y" and "z" stay


def test_a_secret_that_may_be_adopted_gets_our_mark_and_keeps_its_password(menus: Menus) -> None:
    menus.add(Menu.SECRET, name="a", password="theirs", profile="tb-HOME", service="pppoe", comment="uncle's line")
    unknown = wanted(1, "a", password_sealed=None, password_version=0, adopts=True)
    menus.bring(menus.difference([unknown]))
    row = menus.named(Menu.SECRET)["a"]
    assert (row["password"], row["comment"]) == ("theirs", "tributary alpha.v1 k0")
    menus.bring(menus.difference([wanted(1, "a", adopts=True)]))  # a password was given
    assert (row := menus.named(Menu.SECRET)["a"])["password"] == "secret"
    assert row["comment"] == "tributary alpha.v1 k1"


def test_a_secret_of_others_is_in_the_way_and_what_we_have_under_the_old_name_stays(menus: Menus) -> None:
    menus.add(Menu.SECRET, name="b", password="theirs")
    secret(menus, "a", 1)
    found = menus.difference([wanted(1, "b")])
    assert (found.steps, [one.service for one in found.obstacles]) == ((), [("alpha", 1)])
    assert "is not ours" in found.obstacles[0].reason


def test_a_service_that_cannot_move_keeps_its_name_from_the_one_that_was_to_get_it(menus: Menus) -> None:
    menus.add(Menu.SECRET, name="c", password="theirs")
    secret(menus, "a", 1), secret(menus, "b", 2)
    found = menus.difference([wanted(1, "b"), wanted(2, "c")])
    assert found.steps == ()
    assert {one.service: one.reason.split(";")[0] for one in found.obstacles} == {
        ("alpha", 1): "Another service has the name b on this router",
        ("alpha", 2): "The router has an entry named c in /ppp/secret that is not ours",
    }


def test_a_deleted_secret_whose_password_is_not_known_is_told(menus: Menus) -> None:
    found = menus.difference([wanted(1, "a", password_sealed=None, password_version=0)])
    assert found.steps == ()
    assert "password is not known" in found.obstacles[0].reason


def test_our_profile_is_mended_and_one_of_others_with_its_name_is_not() -> None:
    ours, theirs = Menus(), Menus()
    ours.add(Menu.PROFILE, name="tb-HOME", rate_limit="1k/1k", comment="tributary profile", on_up="/log info up")
    theirs.add(Menu.PROFILE, name="tb-HOME", rate_limit="1k/1k")
    found = ours.difference([wanted(1, "a")])
    assert kinds(found) == [("set", "/ppp/profile", "tb-HOME"), ("add", "/ppp/secret", "a")]
    ours.bring(found)
    assert ours.named(Menu.PROFILE)["tb-HOME"]["on-up"] == "/log info up"
    assert kinds(theirs.difference([wanted(1, "a")])) == [("add", "/ppp/secret", "a")]


def test_a_profile_that_others_keep_and_that_is_away_is_told_once_and_nothing_is_done(menus: Menus) -> None:
    named = replace(wanted(1, "a"), profiles=())
    entry = replace(named.entries[0], attributes={**named.entries[0].attributes, "profile": "gold"})
    found = menus.difference([replace(named, entries=(entry,))])
    assert (found.steps, [one.reason.split(";")[0] for one in found.obstacles]) == (
        (),
        ["The router has no profile named gold"],
    )


def test_a_caller_id_in_small_letters_is_set_because_a_router_compares_it_as_it_is(menus: Menus) -> None:
    menus.bring(menus.difference([wanted(1, "a", locks_mac=True)]))
    row = menus.named(Menu.SECRET)["a"]
    row["caller-id"] = row["caller-id"].lower()
    found = menus.difference([wanted(1, "a", locks_mac=True)])
    assert [dict(step.sets) for step in found.steps] == [{"caller-id": "9C:53:00:07:00:01"}]


@some.composite
def wanted_services(draw: some.DrawFn) -> list[Wanted]:
    """Up to four services with names and addresses of their own."""
    numbers = draw(some.lists(some.sampled_from(SERVICES), unique=True))
    names, addresses = draw(some.permutations(NAMES)), draw(some.permutations(ADDRESSES))
    made = []
    for number, name, address in zip(numbers, names, addresses, strict=False):
        method = draw(some.sampled_from(list(Method)))
        more = {} if draw(some.booleans()) else {"password_sealed": None, "password_version": 0}
        given_address = address if method is Method.STATIC or draw(some.booleans()) else None
        flags = {name: draw(some.booleans()) for name in ("adopts", "locks_mac", "suspended")}
        made.append(wanted(number, name, method, address=given_address, **more, **flags))
    return made


@some.composite
def routers(draw: some.DrawFn) -> Menus:
    """A router with some entries of ours, of services that are gone and of others."""
    menus = Menus()
    for menu in PROFILE_MENUS:
        if draw(some.booleans()):
            comment = {} if menu is Menu.HOTSPOT_PROFILE else {"comment": "tributary profile"}
            menus.add(menu, name="tb-HOME", rate_limit=draw(some.sampled_from(["5000k/10000k", "1k/1k"])), **comment)
    comments = [mark_of(("alpha", number), version) for number in (*SERVICES, GONE) for version in (0, 1)]
    comment = some.sampled_from([*comments, "uncle's line", ""])
    for menu in SERVICE_MENUS:
        by_address = menu in (Menu.ADDRESS, Menu.ARP)
        for at in draw(some.sets(some.sampled_from(ADDRESSES if by_address else list(NAMES)))):
            row = {"address": at} if by_address else {"name": at}
            if menu is Menu.ADDRESS:
                row["list"] = draw(some.sampled_from(["active", "expired", "theirs"]))
            row["disabled"] = draw(some.sampled_from(["true", "false"]))
            menus.add(menu, **row, comment=draw(comment))
    return menus


def ours(menus: Menus, key: ServiceKey) -> list[tuple[Menu, dict[str, str]]]:
    return [
        (menu, row)
        for menu in SERVICE_MENUS
        for row in menus.rows[menu].values()
        if (mark := read_mark(row["comment"])) and mark[0] == key
    ]


@settings(max_examples=400)
@given(some.data(), wanted_services(), routers())
def test_the_steps_lead_to_what_is_wanted_and_touch_nothing_else(
    data: some.DataObject, asked: list[Wanted], menus: Menus
) -> None:
    scope = {one.key for one in asked} | data.draw(some.sampled_from([set(), {("alpha", GONE)}]))
    before = {(menu, id): dict(row) for menu in SERVICE_MENUS for id, row in menus.rows[menu].items()}
    found = menus.difference(asked, scope)
    adopting = {one.key for one in asked if one.access.adopts}
    for step in found.steps:
        if step.kind is Kind.ADD or step.menu in PROFILE_MENUS:
            continue
        mark = read_mark(step.row["comment"])
        assert step.service in scope
        assert mark[0] == step.service if mark is not None else step.service in adopting
    menus.bring(found)
    blocked = {one.service for one in found.obstacles}
    for one in asked:
        if one.key in blocked:
            continue
        rows = ours(menus, one.key)
        assert sorted(menu for menu, _ in rows) == sorted(entry.menu for entry in one.entries)
        for menu, row in rows:
            [entry] = [entry for entry in one.entries if entry.menu is menu]
            assert all(is_so(entry, name, row) for name in entry.attributes)
    for (menu, id), row in before.items():
        mark = read_mark(row["comment"])
        if (mark is not None and mark[0] not in scope) or (mark is None and not adopting):
            assert menus.rows[menu][id] == row
    if ("alpha", GONE) in scope:
        assert ours(menus, ("alpha", GONE)) == []
    again = menus.difference(asked, scope)
    # Where something was in the way, switching that off may have made room for somebody.
    for _ in asked if blocked else ():
        menus.bring(again)
        again = menus.difference(asked, scope)
    assert again.steps == ()
    assert {one.service for one in again.obstacles} <= blocked


@settings(max_examples=400)
@given(wanted_services(), routers())
def test_whoever_is_to_be_off_is_off_and_whoever_is_to_be_on_stays_on_whatever_is_in_the_way(
    asked: list[Wanted], menus: Menus
) -> None:
    were_on = {one.key for one in asked if any(lets_on(menu, row) for menu, row in ours(menus, one.key))}
    found = menus.difference(asked)
    menus.bring(found)
    blocked = {one.service for one in found.obstacles}
    for one in asked:
        is_on = any(lets_on(menu, row) for menu, row in ours(menus, one.key))
        if one.status is not ServiceStatus.ACTIVE:
            assert not is_on or one.key not in blocked
        elif one.key in blocked and one.key in were_on:
            assert is_on


def lets_on(menu: Menu, row: dict[str, str]) -> bool:
    """Whether somebody is on by an entry that something is in the way of: a queue and a MAC let nobody on."""
    is_by_entry = menu in (Menu.SECRET, Menu.HOTSPOT_USER) or (menu is Menu.ADDRESS and row["list"] == "active")
    return is_by_entry and row["disabled"] == "false"


@given(some.text(string.printable, max_size=30))
def test_any_other_comment_than_a_mark_is_never_taken_for_one(text: str) -> None:
    mark = read_mark(text)
    assert mark is None or mark_of(*mark) == text
