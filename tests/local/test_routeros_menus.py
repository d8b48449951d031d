"""The menus of the simulated router, read and changed with librouteros as it is."""

import time
from collections.abc import Iterator
from typing import Any

import librouteros
import pytest
from librouteros.api import Api
from librouteros.exceptions import TrapError
from librouteros.query import And, Key, Or

from chalicelib.network.connection import Target, connect
from local.routeros.router import Router
from local.routeros.server import RouterServer

by_name, by_profile, by_id = Key("name"), Key("profile"), Key(".id")


@pytest.fixture
def router() -> Router:
    return Router("core-1", password="secret")


@pytest.fixture
def server(router: Router) -> Iterator[RouterServer]:
    with RouterServer(router) as server:
        yield server


@pytest.fixture
def api(server: RouterServer) -> Iterator[Api]:
    api = librouteros.connect("127.0.0.1", "admin", "secret", port=server.port, encoding="utf-8", timeout=5)
    yield api
    api.close()


def refusal(api: Api, command: str, **given: Any) -> str:
    with pytest.raises(TrapError) as refused:
        list(api(command, **given))
    return str(refused.value.message)


def one(api: Api, menu: str, **wanted: Any) -> dict[str, Any]:
    (row,) = [row for row in api.path(menu) if all(row.get(key) == value for key, value in wanted.items())]
    return dict(row)


def test_a_secret_is_added_printed_changed_disabled_and_removed(api: Api) -> None:
    secrets = api.path("/ppp/secret")
    number = secrets.add(name="rahim", password="x1", comment="tributary s1 k1", **{"remote-address": "10.0.0.7"})
    assert number == "*1"
    assert one(api, "/ppp/secret") == {
        ".id": "*1",
        "name": "rahim",
        "service": "any",
        "caller-id": "",
        "password": "x1",
        "profile": "default",
        "remote-address": "10.0.0.7",
        "routes": "",
        "limit-bytes-in": 0,
        "limit-bytes-out": 0,
        "last-logged-out": "1970-01-01 00:00:00",
        "last-caller-id": "",
        "last-disconnect-reason": "",
        "disabled": False,
        "comment": "tributary s1 k1",
    }
    secrets.update(**{".id": number, "password": "x2", "disabled": "yes"})
    assert (one(api, "/ppp/secret")["password"], one(api, "/ppp/secret")["disabled"]) == ("x2", True)
    list(secrets("enable", numbers="rahim"))
    assert one(api, "/ppp/secret")["disabled"] is False
    list(secrets("disable", **{".id": number}))
    assert one(api, "/ppp/secret")["disabled"] is True
    list(secrets("unset", **{".id": number, "value-name": "remote-address"}))
    list(secrets("comment", numbers=number, comment=""))
    assert not {"remote-address", "comment"} & one(api, "/ppp/secret").keys()
    secrets.remove(number)
    assert list(secrets) == []


def test_an_id_is_never_given_twice(api: Api) -> None:
    secrets = api.path("/ppp/secret")
    numbers = [secrets.add(name=f"s{at}") for at in range(11)]
    assert (numbers[0], numbers[10]) == ("*1", "*B")
    secrets.remove(*numbers)
    assert secrets.add(name="s0") == "*C"


@pytest.mark.parametrize("name", ["রহিম উদ্দিন", 'with "quotes" and \\', "two  spaces ", "a=b", "x" * 300, "ünï"])
def test_a_name_of_any_letters_comes_back_as_it_went_in_and_is_found_by_a_query(api: Api, name: str) -> None:
    secrets = api.path("/ppp/secret")
    secrets.add(name=name)
    secrets.add(name="other")
    assert [row["name"] for row in secrets.select(by_name).where(by_name == name)] == [name]


def test_bytes_that_are_not_utf_8_are_kept(server: RouterServer, router: Router) -> None:
    latin = librouteros.connect("127.0.0.1", "admin", "secret", port=server.port, encoding="latin-1", timeout=5)
    latin.path("/ppp/secret").add(name="José")
    assert [row["name"] for row in latin.path("/ppp/secret").select(by_name).where(by_name == "José")] == ["José"]
    assert router.rows("/ppp/secret")[0]["name"].encode("utf-8", "surrogateescape") == b"Jos\xe9"
    latin.close()


def test_what_is_wrong_with_a_command_is_said_as_routeros_says_it(api: Api) -> None:
    api.path("/ppp/secret").add(name="rahim")
    api.path("/ppp/secret").add(name="karim")
    assert refusal(api, "/ppp/secret/add", name="rahim") == "failure: secret with the same name already exists"
    assert refusal(api, "/ppp/secret/set", numbers="karim", name="rahim").endswith("already exists")
    assert refusal(api, "/ppp/secret/add", name="x", profile="50M") == "input does not match any value of profile"
    assert refusal(api, "/ppp/secret/add", name="x", service="dial") == "input does not match any value of service"
    assert refusal(api, "/ppp/secret/add", password="x") == "missing value(s) of argument(s) name"
    assert refusal(api, "/ppp/secret/add", name="x", colour="red") == "unknown parameter"
    assert refusal(api, "/ppp/secret/add", name="x", **{"last-caller-id": "x"}) == "unknown parameter"
    assert refusal(api, "/ppp/secret/add", name="x", disabled="maybe") == "invalid value for argument disabled"
    address = "invalid value for argument remote-address"
    assert refusal(api, "/ppp/secret/add", name="x", **{"remote-address": "10.0.0"}) == address
    assert refusal(api, "/ppp/secret/set", **{".id": "*FF"}) == "no such item"
    assert refusal(api, "/ppp/secret/remove", **{".id": "*zz"}) == "no such item"
    assert refusal(api, "/ppp/secret/remove", **{".id": "*1,*FF"}) == "no such item"
    assert refusal(api, "/ppp/secret/remove") == "missing =.id="
    assert refusal(api, "/ppp/secret/unset", **{".id": "*1", "value-name": "x"}).endswith("value of value-name")
    assert refusal(api, "/ppp/secret/unset", **{".id": "*1", "value-name": "name"}).endswith("value of value-name")
    for end in ("local-address", "remote-address"):
        assert refusal(api, "/ppp/secret/set", **{".id": "*1", end: ""}) == f"invalid value for argument {end}"
        assert refusal(api, "/ppp/profile/set", numbers="default", **{end: ""}) == f"invalid value for argument {end}"
    assert refusal(api, "/ppp/secret/frob") == "no such command"
    assert refusal(api, "/ppp/active/add", name="x") == "no such command"
    assert refusal(api, "/ppp/nothing/print") == "no such command prefix"
    assert [row["name"] for row in api.path("/ppp/secret")] == ["rahim", "karim"]


def test_a_trap_carries_its_category(api: Api) -> None:
    with pytest.raises(TrapError) as refused:
        api.path("/ppp/secret").add(name="x", profile="50M")
    assert refused.value.category == 1


def test_queries_of_librouteros_choose_among_secrets(api: Api, router: Router) -> None:
    router.add("/ppp/profile", {"name": "5M"})
    for name, profile in (("a", "5M"), ("b", "default"), ("c", "5M"), ("d", "default")):
        router.add("/ppp/secret", {"name": name, "profile": profile, "disabled": "yes" if name == "c" else "no"})

    def found(*query: Any) -> str:
        return "".join(str(row["name"]) for row in api.path("/ppp/secret").select(by_name).where(*query))

    assert found(by_profile == "5M") == "ac"
    assert found(by_profile != "5M") == "bd"
    assert found(by_name.In("a", "d", "x")) == "ad"
    assert found(And(by_profile == "5M", Key("disabled") == True)) == "c"  # noqa: E712  # the query, not a comparison
    assert found(Or(by_name == "b", Key("disabled") == True)) == "bc"  # noqa: E712
    assert found(by_id == "*4") == "d"
    assert found(by_name == "nobody") == ""
    assert found(Key("remote-address") == "10.0.0.1") == ""
    assert router.counts.queried_prints["/ppp/secret"] == 8
    assert router.counts.full_prints["/ppp/secret"] == 0


def test_a_print_gives_the_properties_that_are_asked_for_or_their_count_alone(api: Api, router: Router) -> None:
    for name in ("a", "b", "c"):
        router.add("/ppp/secret", {"name": name, "comment": "tributary"} if name == "b" else {"name": name})
    assert list(api.path("/ppp/secret").select(by_name, Key("comment"))) == [
        {"name": "a"},
        {"name": "b", "comment": "tributary"},
        {"name": "c"},
    ]
    assert list(api("/ppp/secret/print", **{"count-only": ""})) == [{"ret": 3}]
    assert list(api.rawCmd("/ppp/secret/print", "=count-only=", "?comment=tributary")) == [{"ret": 1}]
    assert list(api.rawCmd("/ppp/secret/getall", "=.proplist=.id", "?name=c")) == [{".id": "*3"}]


def test_a_profile_that_is_renamed_takes_its_secrets_along_and_one_that_is_removed_leaves_its_id(api: Api) -> None:
    profiles = api.path("/ppp/profile")
    assert [row["name"] for row in profiles] == ["default", "default-encryption"]
    number = profiles.add(name="5M", **{"rate-limit": "5M/5M", "address-list": "paid"}, comment="tributary profile")
    api.path("/ppp/secret").add(name="a", profile="5M")
    profiles.update(**{".id": number, "name": "five"})
    assert one(api, "/ppp/secret")["profile"] == "five"
    profiles.remove(number)
    assert one(api, "/ppp/secret")["profile"] == number
    assert refusal(api, "/ppp/profile/remove", numbers="default") == "failure: can not remove default profile"
    assert refusal(api, "/ppp/profile/add", name="default").endswith("profile with the same name already exists")


def test_a_hotspot_user_has_a_comment_and_its_profile_has_none(api: Api) -> None:
    api.path("/ip/hotspot/user/profile").add(name="tb-5M", **{"rate-limit": "5M/5M"})
    assert refusal(api, "/ip/hotspot/user/profile/set", numbers="tb-5M", comment="x") == "unknown parameter"
    users = api.path("/ip/hotspot/user")
    users.add(name="a", profile="tb-5M", comment="tributary s1 k1", **{"mac-address": "aa:bb:cc:00:11:22"})
    row = one(api, "/ip/hotspot/user")
    assert (row["mac-address"], row["server"], row["comment"]) == ("AA:BB:CC:00:11:22", "all", "tributary s1 k1")
    assert refusal(api, "/ip/hotspot/user/add", name="a").endswith("already have user with this name for this server")
    assert users.add(name="a", server="hotspot2") == "*2"


def test_a_hotspot_user_knows_no_unset_and_is_given_back_what_it_had_by_values_that_mean_nothing(
    api: Api, router: Router
) -> None:
    locked = {"mac-address": "AA:BB:CC:00:11:22", "address": "10.0.0.7", "server": "hotspot2"}
    users = api.path("/ip/hotspot/user")
    number = users.add(name="a", password="pw", **locked)
    for name in locked:
        assert refusal(api, "/ip/hotspot/user/unset", **{".id": number, "value-name": name}) == "no such command"
        refused = f"invalid value for argument {name}"
        assert refusal(api, "/ip/hotspot/user/set", **{".id": number, name: ""}) == refused
        assert refusal(api, "/ip/hotspot/user/set", **{".id": number, f"!{name}": ""}) == "unknown parameter"
    assert {name: one(api, "/ip/hotspot/user")[name] for name in locked} == locked
    assert router.sign_in("a", "pw", "AA:BB:CC:00:11:33").accepted is False

    neutral = {"mac-address": "00:00:00:00:00:00", "address": "0.0.0.0", "server": "all"}
    users.update(**{".id": number}, **neutral)
    assert {name: one(api, "/ip/hotspot/user")[name] for name in neutral} == neutral
    outcome = router.sign_in("a", "pw", "AA:BB:CC:00:11:33")
    assert (outcome.accepted, outcome.address) == (True, "10.5.50.2")


@pytest.mark.parametrize(
    "menu, given, can, cannot",
    [
        (
            "/ppp/secret",
            {"name": "a", "local-address": "10.0.0.1", "remote-address": "10.0.0.7", "caller-id": "x", "routes": "y"},
            {"local-address", "remote-address"},
            {"caller-id", "routes", "service", "profile", "comment", "password", "disabled", "last-caller-id"},
        ),
        (
            "/ppp/profile",
            {
                "name": "a",
                **dict.fromkeys(("local-address", "remote-address", "dns-server", "wins-server"), "10.0.0.1"),
                "rate-limit": "1M/1M",
                **dict.fromkeys(("idle-timeout", "session-timeout"), "5m"),
                **dict.fromkeys(("bridge", "interface-list", "incoming-filter", "outgoing-filter"), "x"),
                **dict.fromkeys(("insert-queue-before", "parent-queue", "queue-type"), "x"),
                "address-list": "paid",
            },
            {
                *("local-address", "remote-address", "rate-limit", "bridge", "dns-server", "idle-timeout"),
                *("session-timeout", "insert-queue-before", "parent-queue", "queue-type", "interface-list"),
                *("incoming-filter", "outgoing-filter", "wins-server"),
            },
            {"address-list", "only-one", "comment", "on-up", "change-tcp-mss"},
        ),
        (
            "/ip/hotspot/user/profile",
            {
                "name": "a",
                "rate-limit": "1M/1M",
                "address-list": "paid",
                **dict.fromkeys(("insert-queue-before", "parent-queue", "queue-type"), "x"),
            },
            {"insert-queue-before", "parent-queue", "queue-type", "idle-timeout", "keepalive-timeout"},
            {"address-list", "rate-limit", "shared-users", "address-pool"},
        ),
        ("/queue/simple", {"name": "a", "target": "10.0.0.5"}, set(), {"comment", "max-limit", "parent"}),
        ("/ip/arp", {"address": "10.0.0.5", "interface": "ether1"}, set(), {"comment", "mac-address"}),
        ("/ip/firewall/address-list", {"list": "x", "address": "10.0.0.5"}, set(), {"comment", "list"}),
    ],
)
def test_what_can_be_unset_is_a_list_of_each_menu(
    api: Api, menu: str, given: dict[str, str], can: set[str], cannot: set[str]
) -> None:
    number = api.path(menu).add(**given)
    for name in cannot:
        message = refusal(api, f"{menu}/unset", **{".id": number, "value-name": name})
        assert message == "input does not match any value of value-name", name
    for name in can:
        list(api(f"{menu}/unset", **{".id": number, "value-name": name}))
    (row,) = api.rawCmd(f"{menu}/print", f"?.id={number}")
    assert not can & row.keys() - {"idle-timeout", "keepalive-timeout"}
    kept = given.keys() - can - {"target"}
    assert {name: row[name] for name in kept} == {name: given[name] for name in kept}


def test_the_list_of_a_profile_is_taken_away_by_an_empty_text(api: Api) -> None:
    for menu in ("/ppp/profile", "/ip/hotspot/user/profile"):
        number = api.path(menu).add(name="a", **{"address-list": "paid"})
        api.path(menu).update(**{".id": number, "address-list": ""})
        assert one(api, menu, name="a")["address-list"] == ""


@pytest.mark.parametrize(
    "version, before_done",
    [("6.49.10", []), ("7.9", []), ("7.17.2", []), ("7.18", ["!empty"]), ("7.20.1", ["!empty"]), ("8.0", ["!empty"])],
)
def test_since_7_18_a_print_of_nothing_says_so(version: str, before_done: list[str]) -> None:
    with RouterServer(Router("core-1", password="secret", version=version)) as server:
        api = librouteros.connect("127.0.0.1", "admin", "secret", port=server.port, encoding="utf-8", timeout=5)

        def answered(*words: str) -> list[str]:
            api.protocol.writeSentence(*words)
            said = []
            while not said or said[-1] not in ("!done", "!trap"):
                said.append(api.protocol.readSentence()[0])
            return said

        assert answered("/ppp/secret/print") == [*before_done, "!done"]
        assert answered("/ppp/profile/print", "?name=nobody") == [*before_done, "!done"]
        assert answered("/user/print", "?name=nobody") == [*before_done, "!done"]
        assert answered("/ppp/profile/print", "?name=default") == ["!re", "!done"]
        assert answered("/ppp/secret/print", "=count-only=") == ["!done"]
        assert answered("/ppp/secret/add", "=name=a") == ["!done"]
        assert answered("/ppp/secret/remove", "=.id=*1") == ["!done"]
        assert list(api.path("/ppp/secret")) == []
        assert list(api.path("/ppp/secret").select(by_name).where(by_name == "a")) == []
        assert [row["name"] for row in api.path("/ppp/profile")] == ["default", "default-encryption"]
        api.close()


def test_an_empty_print_of_7_18_is_an_empty_list_through_our_connection() -> None:
    with RouterServer(Router("core-1", password="secret", version="7.18")) as server:
        with connect(Target("127.0.0.1", server.port, False, None, "admin", "secret"), 10) as connection:
            assert connection.rows("/ppp/secret") == []
            assert connection.rows("/ppp/secret", "?name=a", props=("name",)) == []
            assert connection.either("/ppp/secret", "name", ["a", "b"]) == []
            assert connection.call("/ppp/secret/print") == []
            assert connection.count("/ppp/secret") == 0
            connection.add("/ppp/secret", {"name": "a"})
            assert [row["name"] for row in connection.rows("/ppp/secret")] == ["a"]


def test_a_queue_an_address_list_and_an_arp_entry_print_as_routeros_prints_them(api: Api) -> None:
    api.path("/queue/simple").add(name="q", target="10.0.0.5", **{"max-limit": "10M/10M"})
    queue = one(api, "/queue/simple")
    assert (queue["target"], queue["max-limit"], queue["dynamic"]) == ("10.0.0.5/32", "10000000/10000000", False)
    assert int(queue["rate"].split("/")[1]) in range(1_000_000, 8_000_001)
    assert refusal(api, "/queue/simple/add", name="q", target="10.0.0.6") == "failure: already have such name"
    lists = api.path("/ip/firewall/address-list")
    lists.add(list="expired", address="10.0.0.5/32")
    assert one(api, "/ip/firewall/address-list")["address"] == "10.0.0.5"
    assert refusal(api, "/ip/firewall/address-list/add", list="expired", address="10.0.0.5") == (
        "failure: already have such entry"
    )
    assert lists.add(list="paid", address="10.0.0.5") == "*2"
    api.path("/ip/arp").add(address="10.0.0.5", interface="ether2", **{"mac-address": "aabbcc001122"})
    assert one(api, "/ip/arp")["mac-address"] == "AA:BB:CC:00:11:22"
    assert refusal(api, "/ip/arp/add", address="10.0.0.6", interface="ether99").endswith("any value of interface")


def test_a_static_arp_entry_is_permanent_and_complete_and_takes_the_place_of_what_the_router_had_heard(
    api: Api, router: Router
) -> None:
    mac, other = "AA:BB:CC:00:11:22", "AA:BB:CC:00:11:33"
    told = ("mac-address", "dynamic", "complete", "status")

    def arp(address: str) -> list[Any]:
        return [[row[name] for name in told] for row in api.path("/ip/arp") if row["address"] == address]

    router.hear("10.0.0.5", mac, "ether2")
    assert arp("10.0.0.5") == [[mac, True, True, "reachable"]]
    router.hear("10.0.0.5", other, "ether2", "stale")
    assert arp("10.0.0.5") == [[other, True, True, "stale"]]
    router.hear("10.0.0.5", other, "ether2", "failed")
    assert arp("10.0.0.5") == [[other, True, False, "failed"]]
    (heard,) = api.path("/ip/arp")
    assert refusal(api, "/ip/arp/set", **{".id": heard[".id"], "comment": "x"}).endswith("change dynamic entry")

    api.path("/ip/arp").add(address="10.0.0.5", interface="ether2", **{"mac-address": mac})
    router.hear("10.0.0.6", other, "ether2")
    assert arp("10.0.0.5") == [[mac, False, True, "permanent"]]
    router.hear("10.0.0.5", other, "ether2")
    assert arp("10.0.0.5") == [[mac, False, True, "permanent"]], "a static entry is not learnt over"

    router.restart()
    assert [row["address"] for row in router.rows("/ip/arp")] == ["10.0.0.5"], "what was heard is forgotten"


def test_a_router_of_version_6_tells_no_status_of_arp() -> None:
    old = Router("old", version="6.49.10")
    old.hear("10.0.0.5", "AA:BB:CC:00:11:22", "ether2")
    old.add("/ip/arp", {"address": "10.0.0.6", "mac-address": "AA:BB:CC:00:11:33", "interface": "ether2"})
    assert [(row["dynamic"], row["complete"], "status" in row) for row in old.rows("/ip/arp")] == [
        ("true", "true", False),
        ("false", "true", False),
    ]


def test_the_router_says_who_and_how_it_is(api: Api, router: Router) -> None:
    assert list(api.path("/system/identity")) == [{"name": "core-1"}]
    api.path("/system/identity").update(name="edge-9")
    assert list(api.path("/system/identity")) == [{"name": "edge-9"}]
    router.pass_time(90_061)
    (resource,) = api.path("/system/resource")
    assert (resource["uptime"], resource["version"]) == ("1d1h1m1s", "7.16.2 (stable)")
    assert resource["board-name"] == "CCR2004-16G-2S+"
    assert 0 <= resource["cpu-load"] <= 100
    assert 0 < resource["free-memory"] < resource["total-memory"]
    assert [row["name"] for row in api.path("/interface")] == ["ether1", "ether2", "ether3", "ether4", "ether5"]
    assert [row["name"] for row in api.path("/user/group")] == ["full", "write", "read"]


def test_a_hundred_thousand_secrets_are_printed_in_seconds_and_one_of_them_at_once(api: Api, router: Router) -> None:
    for at in range(100_000):
        router.add("/ppp/secret", {"name": f"s{at}", "password": "x", "comment": f"tributary s{at} k1"})
    began = time.perf_counter()
    names = [row["name"] for row in api.path("/ppp/secret").select(by_name)]
    assert (len(names), names[-1]) == (100_000, "s99999")
    assert time.perf_counter() - began < 10
    began = time.perf_counter()
    wanted = [f"s{at}" for at in range(0, 100_000, 2_000)]
    for _ in range(10):
        assert [row["name"] for row in api.path("/ppp/secret").select(by_name).where(by_name.In(*wanted))] == wanted
    assert time.perf_counter() - began < 1
