"""Which secrets of a router can become subscribers, and the reason told of each that cannot."""

import json

import pytest

from chalicelib.core.json import compact_json, read_json
from chalicelib.network import found_secrets
from chalicelib.network.found_secrets import Candidate, Ground, found_data, judge_secrets, to_found
from chalicelib.network.model import Place

OURS = Place(pool="home", local_address="10.20.0.1")
PLANS = {"10M": "HOME", "20M": "FAST"}
MAC = "9C:53:00:07:00:01"


def a_secret(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "service": "pppoe", "profile": "10M", "disabled": "false", **more}


def judged(*rows: dict[str, str], place: Place = OURS, prefixes: tuple[str, ...] = ()) -> found_secrets.FoundSecrets:
    return judge_secrets(rows, Ground(place, prefixes, PLANS))


def reason_of(row: dict[str, str], place: Place = OURS) -> str:
    found = judged(row, place=place)
    assert (found.candidates, found.left_out_count, len(found.left_out)) == ([], 1, 1)
    return found.left_out[0].reason


def test_a_secret_becomes_a_subscriber_named_by_its_comment() -> None:
    row = a_secret(
        "karim", comment="  Abdul   Karim ", **{"caller-id": "9c-53-00-07-00-01", "remote-address": "10.1.2.3"}
    )
    assert judged(row).candidates == [Candidate("karim", "Abdul Karim", "HOME", MAC, "10.1.2.3")]


@pytest.mark.parametrize("comment", ["আব্দুল করিম", 'Karim "the tall"', "yes", "12"])
def test_a_name_of_people_may_be_of_any_letters(comment: str) -> None:
    assert [one.name for one in judged(a_secret("karim", comment=comment)).candidates] == [comment]


@pytest.mark.parametrize(
    ("more", "address"),
    [({}, None), ({"remote-address": "home"}, None), ({"remote-address": "0.0.0.0"}, None), ({"comment": ""}, None)],
)
def test_without_a_comment_the_username_names_it_and_the_name_of_a_pool_is_no_address(
    more: dict[str, str], address: str | None
) -> None:
    assert judged(a_secret("karim", **more)).candidates == [Candidate("karim", "karim", "HOME", None, address)]


@pytest.mark.parametrize("name", ["yes", "12", "a.b@isp", "Karim-1"])
def test_names_that_look_like_values_are_names(name: str) -> None:
    assert [one.username for one in judged(a_secret(name)).candidates] == [name]


@pytest.mark.parametrize("name", ["abdul karim", "করিম", 'ka"rim', "-karim", "k" * 65, "", "k\udce9rim"])
def test_a_name_that_no_username_can_be_is_left_out(name: str) -> None:
    assert reason_of(a_secret(name)).startswith("its name must be 1 to 64 letters")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (a_secret(" karim"), "its name has spaces around it"),
        (a_secret("karim", disabled="true"), "it is disabled on the router"),
        (a_secret("karim", service="l2tp"), "it is for l2tp, not for PPPoE"),
        (a_secret("karim", profile="50M"), "no plan is named for its profile 50M"),
        (a_secret("karim", profile=""), "no plan is named for its profile default"),
        (
            a_secret("karim", **{"caller-id": "10.0.0.1"}),
            "its caller-id must be a MAC address, such as AA:BB:CC:DD:EE:FF",
        ),
        (
            a_secret("karim", comment="k" * 121),
            "its comment is longer than a name, 120 characters, and would be lost",
        ),
        (
            a_secret("karim", comment="Ren\udce9"),
            "its comment holds a character that was lost on its way: the text has to be sent in UTF-8",
        ),
    ],
)
def test_each_secret_that_cannot_be_taken_over_is_told_why(row: dict[str, str], reason: str) -> None:
    assert reason_of(row) == reason


@pytest.mark.parametrize("service", ["", "any", "pppoe"])
def test_a_secret_for_any_service_is_for_pppoe_too(service: str) -> None:
    assert len(judged(a_secret("karim", service=service)).candidates) == 1


@pytest.mark.parametrize("place", [Place(), Place(pool="home"), Place(local_address="10.20.0.1")])
def test_nobody_is_moved_into_a_profile_that_gives_no_address(place: Place) -> None:
    assert reason_of(a_secret("karim"), place).startswith("it would get no address")
    named = Place(place.prefix, {"HOME": "10M"}, place.pool, place.local_address)
    assert len(judged(a_secret("karim"), place=named).candidates) == 1


def test_of_two_with_the_same_username_mac_or_address_the_second_is_left_out() -> None:
    found = judged(
        a_secret("karim", **{"caller-id": MAC, "remote-address": "10.1.2.3"}),
        a_secret("KARIM"),
        a_secret("rahim", **{"caller-id": MAC.lower()}),
        a_secret("salam", **{"remote-address": "10.1.2.3"}),
        a_secret("jabbar", **{"caller-id": "9C:53:00:07:00:02", "remote-address": "10.1.2.4"}),
    )
    assert [one.username for one in found.candidates] == ["karim", "jabbar"]
    assert [(one.name, one.reason) for one in found.left_out] == [
        ("KARIM", "its username is that of karim too"),
        ("rahim", "its MAC is that of karim too"),
        ("salam", "its address is that of karim too"),
    ]


def test_what_is_marked_and_what_the_router_made_itself_are_not_candidates() -> None:
    found = judged(
        a_secret("karim", comment="tributary alpha.v7 k1"),
        a_secret("rahim", dynamic="true"),
        a_secret("salam", comment="tributary was here"),
    )
    assert (found.secrets, found.marked, [one.name for one in found.candidates]) == (2, 1, ["tributary was here"])
    assert found.profiles == {"10M": 1}


def test_a_row_without_a_name_is_left_out() -> None:
    assert reason_of({"service": "pppoe", "profile": "10M"}).startswith("its name must be 1 to 64 letters")


def test_names_of_those_whom_the_router_is_lent_to_are_not_seen() -> None:
    rows = [a_secret("beta-karim"), a_secret("karim"), a_secret("beta-"), a_secret("Beta-rahim")]
    own = judged(*rows, prefixes=("beta-",))
    assert (own.secrets, [one.username for one in own.candidates]) == (2, ["karim", "Beta-rahim"])


def test_only_so_many_are_taken_at_a_time_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_secrets, "MOST_TAKEN", 3)
    monkeypatch.setattr(found_secrets, "MOST_TOLD", 2)
    rows = [a_secret(f"user{n}") for n in range(5)] + [a_secret(f"user {n}") for n in range(5)]
    found = judged(*rows)
    assert ([one.username for one in found.candidates], found.more) == (["user0", "user1", "user2"], 2)
    assert ([one.name for one in found.left_out], found.left_out_count) == (["user 0", "user 1"], 5)


def test_what_was_found_travels_as_plain_data() -> None:
    found = judged(
        a_secret("karim", comment="আব্দুল করিম"), a_secret("ra him"), a_secret("x", comment="tributary a.v1 k0")
    )
    assert to_found(read_json(compact_json(found_data(found)))) == found
    assert (found.secrets, found.marked, found.left_out_count) == (3, 1, 1)


def test_the_most_that_is_taken_at_a_time_fits_into_what_a_function_may_answer() -> None:
    rows = [
        a_secret(
            f"{n:064d}", comment="আ" * 120, **{"caller-id": f"{n:012X}", "remote-address": f"10.1.{n // 200}.{n % 200}"}
        )
        for n in range(found_secrets.MOST_TAKEN)
    ]
    rows += [a_secret("আ" * 100 + str(n)) for n in range(found_secrets.MOST_TOLD)]
    found = judged(*rows)
    assert (len(found.candidates), len(found.left_out)) == (found_secrets.MOST_TAKEN, found_secrets.MOST_TOLD)
    # As Lambda writes it: each letter of Bangla is six of ASCII.
    assert len(json.dumps(found_data(found))) < 6_000_000
