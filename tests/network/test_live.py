"""What a router tells of a subscriber's line and of itself at this moment."""

from collections.abc import Iterator

import pytest

from chalicelib.network.connection import Connection, Reason, RouterFailure, Target, connect
from chalicelib.network.health import health_of, read_health
from chalicelib.network.live import (
    Session,
    SignOff,
    Traffic,
    hotspot_session,
    interface_traffic,
    newest_session,
    ppp_session,
    queue_traffic,
    read_last_sign_off,
    read_session,
    read_traffic,
    sign_off,
    static_session,
)
from chalicelib.network.model import Health, Method
from chalicelib.network.values import read_mac, read_moment, read_number, read_pair, read_size, read_span, read_text
from local.routeros.router import Router
from local.routeros.server import RouterServer

MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
BANGLA = "আব্দুল করিম"


@pytest.fixture
def router() -> Router:
    router = Router("core-1", password="secret")
    router.add("/ip/pool", {"name": "pool", "ranges": "10.0.0.2-10.0.0.200"})
    router.add("/ppp/profile", {"name": "10M", "rate-limit": "5M/10M", "remote-address": "pool"})
    router.add("/ip/hotspot/user/profile", {"name": "10M", "rate-limit": "5M/10M"})
    return router


@pytest.fixture
def line(router: Router) -> Iterator[Connection]:
    with RouterServer(router) as server:
        with connect(Target("127.0.0.1", server.port, False, None, "admin", "secret"), 10) as connection:
            yield connection


# A session


@pytest.mark.parametrize("name", ["kamal", BANGLA, 'a "b" c', "yes", "12", "a,b"])
def test_a_pppoe_session_is_told_with_its_traffic_and_no_other_of_the_router(
    router: Router, line: Connection, name: str
) -> None:
    router.add("/ppp/secret", {"name": name, "password": "x", "profile": "10M"})
    router.add("/ppp/secret", {"name": "other", "password": "x", "profile": "10M"})
    assert router.dial("other", "x", OTHER_MAC).accepted
    assert read_session(line, Method.PPPOE, name) is None

    called = router.dial(name, "x", MAC)
    router.pass_time(93_784)
    session = read_session(line, Method.PPPOE, name)

    assert session is not None
    assert (session.up_seconds, session.address, session.mac) == (93_784, called.address, MAC)
    assert session.interface == f"<pppoe-{name}>"
    assert (session.session_id or "").startswith("0x")
    traffic = read_traffic(line, session)
    assert traffic is not None
    assert 500_000 <= traffic.upload_bps <= 4_000_000
    assert 1_000_000 <= traffic.download_bps <= 8_000_000

    router.hang_up(name)
    assert read_session(line, Method.PPPOE, name) is None
    assert read_traffic(line, session) is None


def test_a_hotspot_session_is_told_and_its_traffic_by_its_queue(router: Router, line: Connection) -> None:
    router.add("/ip/hotspot/user", {"name": "guest", "password": "x", "profile": "10M"})
    assert read_session(line, Method.HOTSPOT, "guest") is None

    called = router.sign_in("guest", "x", MAC)
    router.pass_time(61)
    session = read_session(line, Method.HOTSPOT, "guest")

    assert session is not None
    assert (session.up_seconds, session.address, session.mac) == (61, called.address, MAC)
    assert (session.interface, session.queue) == (None, "<hotspot-guest>")
    traffic = read_traffic(line, session)
    assert traffic is not None
    assert 500_000 <= traffic.upload_bps <= 4_000_000
    assert 1_000_000 <= traffic.download_bps <= 8_000_000
    assert read_session(line, Method.PPPOE, "guest") is None


def test_a_hotspot_session_without_a_limit_has_no_traffic_of_its_own(router: Router, line: Connection) -> None:
    router.add("/ip/hotspot/user", {"name": "guest", "password": "x"})
    router.sign_in("guest", "x", MAC)
    session = read_session(line, Method.HOTSPOT, "guest")
    assert session is not None
    assert read_traffic(line, session) is None


def test_a_static_line_is_told_by_its_queue_and_who_has_its_address(router: Router, line: Connection) -> None:
    queue = router.add("/queue/simple", {"name": "shop", "target": "10.0.9.5", "max-limit": "5M/10M"})
    router.add("/queue/simple", {"name": "other", "target": "10.0.9.6", "max-limit": "5M/10M"})
    router.hear("10.0.9.6", OTHER_MAC, "ether1")
    flowing = read_session(line, Method.STATIC, "shop")
    assert flowing == Session(None, "10.0.9.5", None, queue="shop")

    router.hear("10.0.9.5", MAC, "ether2")
    session = read_session(line, Method.STATIC, "shop")
    assert session == Session(None, "10.0.9.5", MAC, interface="ether2", queue="shop")
    traffic = read_traffic(line, session)
    assert traffic is not None
    assert 500_000 <= traffic.upload_bps <= 4_000_000
    assert 1_000_000 <= traffic.download_bps <= 8_000_000

    line.set("/queue/simple", queue, {"disabled": "yes"})
    assert read_session(line, Method.STATIC, "shop") == session, "nothing flows, and its address was just heard"
    router.hear("10.0.9.5", MAC, "ether2", "stale")
    assert read_session(line, Method.STATIC, "shop") is None
    assert read_session(line, Method.STATIC, "nobody") is None


def test_a_static_line_that_is_locked_to_its_mac_is_on_when_something_flows_alone(
    router: Router, line: Connection
) -> None:
    queue = router.add("/queue/simple", {"name": "shop", "target": "10.0.9.5", "max-limit": "5M/10M"})
    router.add("/ip/arp", {"address": "10.0.9.5", "mac-address": MAC, "interface": "ether2"})
    assert read_session(line, Method.STATIC, "shop") == Session(None, "10.0.9.5", MAC, interface="ether2", queue="shop")
    line.set("/queue/simple", queue, {"disabled": "yes"})
    assert read_session(line, Method.STATIC, "shop") is None, "the lock is there, nobody is heard"


def test_a_static_line_on_a_router_of_version_6_is_there_while_its_address_is_heard() -> None:
    router = Router("old", password="secret", version="6.49.10")
    queue = {"name": "shop", "target": "10.0.9.5", "max-limit": "5M/10M", "disabled": "yes"}
    router.add("/queue/simple", queue)
    with RouterServer(router) as server:
        with connect(Target("127.0.0.1", server.port, False, None, "admin", "secret"), 10) as old:
            assert read_session(old, Method.STATIC, "shop") is None
            router.hear("10.0.9.5", MAC, "ether2")
            there = Session(None, "10.0.9.5", MAC, interface="ether2", queue="shop")
            assert read_session(old, Method.STATIC, "shop") == there
            router.add("/ip/arp", {"address": "10.0.9.5", "mac-address": MAC, "interface": "ether2"})
            assert read_session(old, Method.STATIC, "shop") is None


def test_the_newest_of_several_sessions_of_a_name_is_told(router: Router, line: Connection) -> None:
    router.add("/ppp/secret", {"name": "twice", "password": "x", "profile": "10M"})
    router.dial("twice", "x", OTHER_MAC)
    router.pass_time(500)
    router.dial("twice", "x", MAC)
    router.pass_time(10)

    session = read_session(line, Method.PPPOE, "twice")

    assert session is not None
    assert (session.up_seconds, session.mac) == (10, MAC)
    rows = [{"name": "a"}, {"name": "a", "uptime": "2h"}, {"name": "a", "uptime": "1h59m59s"}]
    newest = newest_session(rows, ppp_session)
    assert newest is not None
    assert newest.up_seconds == 7199
    assert newest_session([], ppp_session) is None


def test_how_the_last_session_ended_is_told(router: Router, line: Connection) -> None:
    router.add("/ppp/secret", {"name": "kamal", "password": "x", "profile": "10M"})
    assert read_last_sign_off(line, "nobody") is None
    assert read_last_sign_off(line, "kamal") is None, "it never was on"

    router.dial("kamal", "x", MAC)
    router.hang_up("kamal", "peer-request")
    ended = read_last_sign_off(line, "kamal")

    assert ended is not None
    assert (ended.reason, ended.mac) == ("peer-request", MAC)
    assert (ended.at_router_time or "").startswith("20")
    assert len(ended.at_router_time or "") == len("2026-11-22T10:11:12")


def test_a_line_costs_three_questions_at_most(router: Router, line: Connection) -> None:
    router.add("/queue/simple", {"name": "shop", "target": "10.0.9.5", "max-limit": "5M/10M"})
    session = read_session(line, Method.STATIC, "shop")
    assert session is not None
    read_traffic(line, session)
    assert sum(line.commands.values()) - line.commands["/login"] == 3


def test_a_router_that_hangs_is_said_to_within_the_time_given(router: Router) -> None:
    router.faults.never_answer(on="/ppp/active")
    with RouterServer(router) as server:
        with connect(Target("127.0.0.1", server.port, False, None, "admin", "secret"), 0.3) as connection:
            with pytest.raises(RouterFailure) as caught:
                read_session(connection, Method.PPPOE, "kamal")
    assert caught.value.reason is Reason.TIMED_OUT


# The router itself


def test_the_health_of_a_router_is_read_with_four_questions(router: Router, line: Connection) -> None:
    router.add("/ppp/secret", {"name": "kamal", "password": "x", "profile": "10M"})
    router.add("/ip/hotspot/user", {"name": "guest", "password": "x"})
    router.dial("kamal", "x", MAC)
    router.sign_in("guest", "x", OTHER_MAC)
    router.pass_time(700_000)

    health = read_health(line)

    assert health.sessions == 2
    assert health.uptime_seconds in (700_000, 700_001)
    assert health.memory_used_percent == 12
    assert 0 <= (health.cpu_percent or -1) <= 97
    assert (health.version, health.model, health.identity) == ("7.16.2 (stable)", "CCR2004-16G-2S+", "core-1")
    assert sum(line.commands.values()) - line.commands["/login"] == 4


def test_a_router_without_hotspot_counts_what_it_has(router: Router, line: Connection) -> None:
    router.add("/ppp/secret", {"name": "kamal", "password": "x", "profile": "10M"})
    router.dial("kamal", "x", MAC)
    router.faults.trap("no such command prefix", on="/ip/hotspot")
    assert read_health(line).sessions == 1
    router.faults.trap("no such command prefix")
    assert read_health(line) == Health(None, None, None, None, None, None, None)


def test_what_is_missing_or_strange_is_not_known() -> None:
    assert health_of({}, {}, []) == Health(None, None, None, None, None, None, None)
    strange = {
        "cpu-load": "-3",
        "uptime": "soon",
        "free-memory": "9",
        "total-memory": "8",
        "version": "",
        "board-name": "",
    }
    assert health_of(strange, {"name": "\x00"}, [None, 7]) == Health(None, None, None, 7, None, None, None)
    assert health_of({"free-memory": "1", "total-memory": "0"}, {}, []).memory_used_percent is None
    old = {"cpu-load": "7%", "free-memory": "12.5MiB", "total-memory": "50.0MiB", "uptime": "1d00:00:01"}
    assert health_of(old, {}, [0]) == Health(7, 75, 86_401, 0, None, None, None)
    assert ppp_session({}) == Session(None, None, None, interface="<pppoe->")
    assert hotspot_session({}) == Session(None, None, None, queue="<hotspot->")
    assert interface_traffic({}) is None
    assert interface_traffic({"rx-bits-per-second": "1"}) is None
    assert queue_traffic({}) is None
    assert sign_off({}) is None
    assert sign_off({"last-logged-out": "1970-01-01 00:00:00", "last-disconnect-reason": ""}) is None


def test_what_a_router_receives_is_what_a_subscriber_sends() -> None:
    row = {"rx-bits-per-second": "1000", "tx-bits-per-second": "9000"}
    assert interface_traffic(row) == Traffic(download_bps=9000, upload_bps=1000)
    assert queue_traffic({"rate": "1000/9000"}) == Traffic(download_bps=9000, upload_bps=1000)


def test_a_static_line_is_there_when_its_address_was_heard_or_something_flows() -> None:
    quiet, flowing = {"name": "shop", "rate": "0/0"}, {"name": "shop", "rate": "0/8"}
    heard = {"complete": "true", "dynamic": "true", "mac-address": MAC.lower(), "interface": "ether1"}
    there = Session(None, "10.0.0.5", MAC, interface="ether1", queue="shop")
    assert static_session(quiet, "10.0.0.5", [heard]) == there, "version 6 tells no status"
    assert static_session(quiet, "10.0.0.5", [{**heard, "status": ""}]) == there
    for status in ("reachable", "delay", "probe"):
        assert static_session(quiet, "10.0.0.5", [{**heard, "status": status}]) == there, status

    lock = {**heard, "dynamic": "false", "status": "permanent"}
    stale = {**heard, "status": "stale"}
    for once_there in (lock, {**lock, "status": "reachable"}, {**lock, "dynamic": ""}, stale):
        assert static_session(quiet, "10.0.0.5", [once_there]) is None, once_there
        assert static_session(flowing, "10.0.0.5", [once_there]) == there, once_there
    unknown = Session(None, "10.0.0.5", None, queue="shop")
    for nobody in (
        {**heard, "complete": "false"},
        {**heard, "disabled": "true"},
        {**heard, "mac-address": ""},
        {**heard, "status": "failed", "complete": "false"},
        {**heard, "status": "failed", "complete": "true"},
        {**heard, "status": "incomplete", "complete": "true"},
        {**lock, "disabled": "true"},
        {},
    ):
        assert static_session(quiet, "10.0.0.5", [nobody]) is None, nobody
        assert static_session(flowing, "10.0.0.5", [nobody]) == unknown, nobody
    assert static_session(flowing, "", []) == Session(None, None, None, queue="shop")
    assert static_session({}, "", []) is None


def test_of_several_who_had_the_address_of_a_static_line_the_one_that_is_heard_is_told() -> None:
    queue = {"name": "shop", "rate": "0/8"}
    lock = {"complete": "true", "dynamic": "false", "mac-address": OTHER_MAC, "interface": "ether1"}
    heard = {"complete": "true", "dynamic": "true", "status": "delay", "mac-address": MAC, "interface": "ether2"}
    there = Session(None, "10.0.0.5", MAC, interface="ether2", queue="shop")
    assert static_session(queue, "10.0.0.5", [lock, heard]) == there
    assert static_session({**queue, "rate": "0/0"}, "10.0.0.5", [lock, heard]) == there


# Values as RouterOS writes them


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("1w2d3h4m5s", 788_645),
        ("5s", 5),
        ("3h", 10_800),
        ("2w", 1_209_600),
        ("1m30s500ms", 90),
        ("20ms", 0),
        ("00:01:02", 62),
        ("1d03:04:05", 97_445),
        ("1w2d 03:04:05", 788_645),
        ("0s", 0),
        ("", None),
        (" ", None),
        ("never", None),
        ("5", None),
        ("2600w", 1_572_480_000),
        ("2700w", None),
        ("999999w", None),
        ("999999d 00:00:00", None),
        ("-5s", None),
        ("5s ", None),
        ("৫s", None),
        ("9" * 400 + "s", None),
        (None, None),
    ],
)
def test_a_span_of_time_is_read_in_every_way_it_is_written(text: str | None, seconds: int | None) -> None:
    assert read_span(text) == seconds


@pytest.mark.parametrize(
    "text, moment",
    [
        ("2026-11-22 10:11:12", "2026-11-22T10:11:12"),
        ("nov/22/2026 10:11:12", "2026-11-22T10:11:12"),
        ("Feb/01/2024 00:00:00", "2024-02-01T00:00:00"),
        ("jan/01/1970 00:00:00", None),
        ("1970-01-01 00:00:00", None),
        ("2026-02-30 10:11:12", None),
        ("xyz/22/2026 10:11:12", None),
        ("0000-00-00 99:99:99", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_is_read_as_old_and_new_versions_write_it(text: str | None, moment: str | None) -> None:
    assert read_moment(text) == moment


def test_numbers_sizes_and_addresses_are_read_or_not_known() -> None:
    assert [read_number(text) for text in ("0", "12", "-1", "1.5", "৩", "", None, "9" * 19)] == [0, 12] + [None] * 6
    assert [read_pair(text) for text in ("1/2", "1", "/", "a/b", "1/2/3", None)] == [(1, 2)] + [None] * 5
    sizes = ("1048576", "1.0MiB", "1.5KiB", "2GiB", "MiB", "-1", "")
    assert [read_size(text) for text in sizes] == [1 << 20, 1 << 20, 1536, 1 << 31, None, None, None]
    assert [read_mac(text) for text in ("aa:bb:cc:dd:ee:ff", "10.0.0.1", "", None)] == ["AA:BB:CC:DD:EE:FF"] + [
        None
    ] * 3
    assert [read_text(text) for text in ("a", " ", "", None)] == ["a", None, None, None]


def test_the_end_of_a_session_is_told_by_what_is_known_of_it() -> None:
    told = {"last-logged-out": "nov/22/2026 10:11:12", "last-caller-id": MAC}
    assert sign_off(told) == SignOff("2026-11-22T10:11:12", None, MAC)
    assert sign_off({"last-disconnect-reason": "nas-request"}) == SignOff(None, "nas-request", None)
