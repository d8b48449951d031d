"""Addresses: where we go to on somebody's word, and where never."""

import socket
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws.config import config
from chalicelib.network import line
from chalicelib.network.address import may_be_reached, parse_router_address, parse_service_address
from chalicelib.network.connection import Reason, RouterFailure, Target, connect


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("10.10.0.2", "10.10.0.2"),
        ("203.0.113.7", "203.0.113.7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("fd12:3456::1", "fd12:3456::1"),
        ("Core-1.Alpha.Example", "core-1.alpha.example"),
        ("core1", "core1"),
    ],
)
def test_a_router_is_at_a_host_name_or_an_address_of_its_own(written: str, kept: str) -> None:
    assert parse_router_address(written, allows_local=False) == kept


@pytest.mark.parametrize(
    "written",
    [
        "127.0.0.1",
        "127.8.9.1",
        "::1",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "169.254.169.254",
        "169.254.170.2",
        "fe80::1",
        "fd00:ec2::254",
        "224.0.0.1",
        "239.1.1.1",
        "ff02::1",
        "240.0.0.1",
        "255.255.255.255",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "localhost",
        "LOCALHOST",
        "a.localhost",
        "metadata.google.internal",
    ],
)
def test_no_router_is_on_our_own_machine_its_link_or_in_a_group(written: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_router_address(written, allows_local=False)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "127.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "a..b",
            "-a.example",
            "a_b.example",
        ),
        *("", " ", " 10.0.0.1", "10.0.0.1 ", "10.0.0.1:8728", "http://10.0.0.1", "a/b", "১০.০.০.১", "রাউটার", "a" * 254),
        *("fe80::1%eth0", "10.0.0.256", "10.0.0", "a" * 64 + ".example", "user@host", "a\nb", "10.0.0.1\n"),
    ],
)
def test_what_is_neither_a_name_nor_an_address_is_refused_in_every_spelling(written: str) -> None:
    for allows_local in (False, True):
        with pytest.raises(ValueError, match="must"):
            parse_router_address(written, allows_local=allows_local)


def test_a_local_run_may_reach_its_own_machine_and_still_nothing_else_of_it() -> None:
    assert parse_router_address("127.0.0.1", allows_local=True) == "127.0.0.1"
    assert parse_router_address("::1", allows_local=True) == "::1"
    assert parse_router_address("localhost", allows_local=True) == "localhost"
    for never in ("169.254.169.254", "fd00:ec2::254", "224.0.0.1", "0.0.0.0", "::ffff:169.254.169.254"):
        assert not may_be_reached(never, allows_local=True)


@pytest.mark.parametrize("found", ["10.0.0.1", "192.168.88.1", "100.64.0.1", "203.0.113.7", "2001:db8::7", "fd12::1"])
def test_private_addresses_are_where_routers_are(found: str) -> None:
    assert may_be_reached(found, allows_local=False)


def test_the_address_of_a_service_is_that_of_one_host() -> None:
    assert parse_service_address("10.20.0.7") == "10.20.0.7"
    for wrong in (
        "",
        "10.20.0",
        "10.20.0.7/32",
        "10.20.0.256",
        "010.20.0.7",
        " 10.20.0.7",
        "::1",
        "0.0.0.0",
        "0.1.2.3",
    ):
        with pytest.raises(ValueError, match="must be"):
            parse_service_address(wrong)
    for wrong in ("127.0.0.1", "224.0.0.5", "255.255.255.255", "240.0.0.1", "169.254.1.1"):
        with pytest.raises(ValueError, match="must be"):
            parse_service_address(wrong)


@pytest.mark.parametrize("leads_to", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254"])
def test_a_name_that_leads_to_our_own_machine_is_not_followed(monkeypatch: pytest.MonkeyPatch, leads_to: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    family = socket.AF_INET6 if ":" in leads_to else socket.AF_INET

    def looked_up(host: str, asked: int, **more: Any) -> list[Any]:
        if more["flags"] == socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "no number")
        return [(family, socket.SOCK_STREAM, 6, "", (leads_to, port, *((0, 0) if ":" in leads_to else ())))]

    monkeypatch.setattr(line.socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(line, "config", lambda: replace(config(), allows_local_routers=False))
    with listening, pytest.raises(RouterFailure) as failure:
        connect(Target("router.example", port, False, None, "admin", "secret"), 2.0)
    assert failure.value.reason is Reason.UNREACHABLE
    listening.close()


def test_what_is_written_as_a_number_is_not_followed_there_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "config", lambda: replace(config(), allows_local_routers=False))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for written in ("127.0.0.1", "127.1", "2130706433", "0x7f000001"):
            with pytest.raises(RouterFailure) as failure:
                connect(Target(written, port, False, None, "admin", "secret"), 2.0)
            assert failure.value.reason is Reason.UNREACHABLE
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
