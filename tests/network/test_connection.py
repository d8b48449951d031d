"""A connection to a router: what comes and goes unchanged, and how each thing that can go wrong is told."""

import logging
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from librouteros.protocol import encode_sentence

from chalicelib.network import connection as module
from chalicelib.network.connection import Connection, Reason, RouterFailure, RouterTrap, Target, connect, readable
from chalicelib.network.line import Deadline
from local.routeros.router import Router
from local.routeros.server import RouterServer

DONE = encode_sentence("!done", encoding="ASCII")
BANGLA = "আব্দুল করিম"


def target_of(port: int, **more: object) -> Target:
    target = Target("127.0.0.1", port, False, None, "admin", "secret")
    return replace(target, **more)  # type: ignore[arg-type]


@pytest.fixture
def router() -> Router:
    return Router("core-1", password="secret")


@pytest.fixture
def server(router: Router) -> Iterator[RouterServer]:
    with RouterServer(router) as server:
        yield server


@pytest.fixture
def line(server: RouterServer) -> Iterator[Connection]:
    with connect(target_of(server.port), 10) as connection:
        yield connection


@contextmanager
def speaking(*answers: bytes, then: Callable[[socket.socket], None] | None = None) -> Iterator[int]:
    """A port on which something answers each thing it hears with the next of these bytes, and then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                with listener.accept()[0] as peer:
                    for answer in answers:
                        peer.recv(1 << 16)
                        peer.sendall(answer)
                    if then is not None:
                        then(peer)
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
    thread.join(timeout=5)


def failure_of(act: Callable[[], object]) -> RouterFailure:
    with pytest.raises(RouterFailure) as caught:
        act()
    return caught.value


def taken(act: Callable[[], object]) -> tuple[RouterFailure, float]:
    started = time.perf_counter()
    failure = failure_of(act)
    return failure, time.perf_counter() - started


def answered_with(*answers: bytes) -> RouterFailure:
    """How a print ends that is answered like this, after a sign-in that went well."""
    with speaking(DONE, *answers) as port, connect(target_of(port), 2) as connection:
        failure = failure_of(lambda: connection.rows("/ppp/secret"))
        assert not connection.is_open
    return failure


# What comes and goes


@pytest.mark.parametrize(
    "name", ["yes", "12", "no", "true", "007", BANGLA, 'a "quoted" name', "a=b=c", " two  spaces "]
)
def test_a_name_comes_back_as_the_text_that_it_was(line: Connection, name: str) -> None:
    made = line.add("/ppp/secret", {"name": name, "password": "12", "caller-id": "yes"})

    assert made == "*1"
    assert line.rows("/ppp/secret", f"?name={name}", props=(".id", "name", "caller-id")) == [
        {".id": "*1", "name": name, "caller-id": "yes"}
    ]


def test_bytes_that_are_no_utf_8_come_and_go_unchanged_and_are_shown_as_what_they_are_not(line: Connection) -> None:
    name = b"caf\xe9 \xff".decode("utf-8", "surrogateescape")
    line.add("/ppp/secret", {"name": name})

    (row,) = line.rows("/ppp/secret", f"?name={name}", props=("name",))

    assert row["name"].encode("utf-8", "surrogateescape") == b"caf\xe9 \xff"
    assert readable(row["name"]) == "caf\ufffd \ufffd"


def test_an_entry_is_added_changed_unset_and_removed(line: Connection) -> None:
    first = line.add("/ppp/secret", {"name": "a", "remote-address": "10.0.0.5"})
    second = line.add("/ppp/secret", {"name": "b"})

    line.set("/ppp/secret", first, {"comment": "tributary t1.v1 k1", "disabled": "yes"})
    line.unset("/ppp/secret", first, "remote-address")
    props = ("name", "comment", "disabled", "remote-address")
    assert line.rows("/ppp/secret", props=props) == [
        {"name": "a", "comment": "tributary t1.v1 k1", "disabled": "true"},
        {"name": "b", "disabled": "false"},
    ]
    line.remove("/ppp/secret", [first, second])
    assert line.rows("/ppp/secret") == []
    assert line.count("/ppp/secret") == 0
    assert line.commands == {
        "/login": 1,
        "/ppp/secret/add": 2,
        "/ppp/secret/set": 1,
        "/ppp/secret/unset": 1,
        "/ppp/secret/print": 3,
        "/ppp/secret/remove": 1,
    }


def test_entries_are_asked_for_by_any_of_many_names_fifty_with_one_print(router: Router, line: Connection) -> None:
    for number in range(200):
        router.add("/ppp/secret", {"name": f"s{number}"})
    router.counts.reset()

    found = line.either("/ppp/secret", "name", [f"s{number}" for number in range(0, 240, 2)] + ["s0"], (".id", "name"))

    assert [row["name"] for row in found] == [f"s{number}" for number in range(0, 200, 2)]
    assert router.counts.queried_prints["/ppp/secret"] == 3
    assert router.counts.full_prints["/ppp/secret"] == 0
    assert line.either("/ppp/secret", "name", []) == []
    assert [row["name"] for row in line.either("/ppp/secret", "name", ["s7"], ("name",))] == ["s7"]
    assert router.counts.queried_prints["/ppp/secret"] == 4


def test_removing_a_hundred_and_one_entries_is_three_commands(router: Router, line: Connection) -> None:
    ids = [router.add("/ppp/secret", {"name": f"s{number}"}) for number in range(102)]

    line.remove("/ppp/secret", ids[:101])
    line.remove("/ppp/secret", [])

    assert [row["name"] for row in router.rows("/ppp/secret")] == ["s101"]
    assert line.commands["/ppp/secret/remove"] == 3


def test_twenty_thousand_rows_are_read_in_seconds(router: Router, line: Connection) -> None:
    for number in range(20_000):
        router.add("/ppp/secret", {"name": f"s{number}", "comment": f"tributary t1.v{number} k1"})
    started = time.perf_counter()

    rows = line.rows("/ppp/secret", props=(".id", "name", "profile", "comment", "disabled"))

    assert len(rows) == 20_000
    assert rows[-1] == {
        ".id": "*4E20",
        "name": "s19999",
        "profile": "default",
        "comment": "tributary t1.v19999 k1",
        "disabled": "false",
    }
    assert time.perf_counter() - started < 5


def test_other_commands_give_their_rows_and_what_the_last_sentence_said(line: Connection) -> None:
    (row,) = line.call("/system/identity/print")
    assert row == {"name": "core-1"}
    assert line.call("/ppp/secret/add", {"name": "a"}) == [{"ret": "*1"}]
    assert line.call("/system/identity/set", {"name": "core-2"}) == []


# What the router says no to


def test_a_no_to_a_command_is_told_in_the_routers_words_and_the_connection_goes_on(line: Connection) -> None:
    line.add("/ppp/secret", {"name": "a"})

    with pytest.raises(RouterTrap) as duplicate:
        line.add("/ppp/secret", {"name": "a"})
    with pytest.raises(RouterTrap) as missing:
        line.set("/ppp/secret", "*99", {"comment": "x"})
    with pytest.raises(RouterTrap) as unknown:
        line.add("/ppp/secret", {"name": "b", "profile": "gone"})

    assert duplicate.value.message == "failure: secret with the same name already exists"
    assert duplicate.value.is_missing is False
    assert missing.value.is_missing is True
    assert unknown.value.message == "input does not match any value of profile"
    assert unknown.value.category == 1
    assert line.count("/ppp/secret") == 1


def test_a_full_disk_is_a_no(router: Router, line: Connection) -> None:
    router.faults.disk_full()
    with pytest.raises(RouterTrap, match="failure: disk full"):
        line.add("/ppp/secret", {"name": "a"})


def test_a_no_without_a_word_is_still_one(router: Router, line: Connection) -> None:
    router.faults.nonsense("trap without message", on="/ppp", times=1)
    with pytest.raises(RouterTrap, match="the router did not say why"):
        line.rows("/ppp/secret")
    assert line.rows("/ppp/secret") == []


def test_several_noes_to_one_command_are_told_together() -> None:
    trap = encode_sentence("!trap", "=category=2", "=message=one", encoding="ASCII")
    other = encode_sentence("!trap", "=message=two", encoding="ASCII")
    with speaking(DONE, trap + other + DONE, DONE) as port, connect(target_of(port), 2) as connection:
        with pytest.raises(RouterTrap) as caught:
            connection.rows("/ppp/secret")
        assert connection.rows("/ppp/secret") == []
    assert (caught.value.message, caught.value.category) == ("one; two", 2)


def test_what_the_user_may_not_do_is_a_failure_and_the_connection_goes_on(router: Router, server: RouterServer) -> None:
    router.users.add("looker", "pw", "read")
    with connect(target_of(server.port, username="looker", password="pw"), 5) as connection:
        failure = failure_of(lambda: connection.add("/ppp/secret", {"name": "a"}))
        assert connection.rows("/ppp/secret") == []
    assert failure.reason is Reason.NO_PERMISSION
    assert failure.detail == "The router's user may not do that: not enough permissions (9)."


def test_half_a_character_is_not_sent_and_the_connection_goes_on(line: Connection) -> None:
    with pytest.raises(RouterTrap, match="half a character"):
        line.add("/ppp/secret", {"name": "a\ud800"})
    with pytest.raises(RouterTrap, match="too long"):
        line.add("/ppp/secret", {"name": "a" * (module.MOST_WORD_BYTES + 1)})
    assert line.count("/ppp/secret") == 0


# Signing in


def test_a_router_from_before_6_43_is_answered_its_challenge() -> None:
    router = Router("old", password="secret", version="6.42.7")
    with RouterServer(router) as server, connect(target_of(server.port), 5) as connection:
        assert connection.add("/ppp/secret", {"name": "a"}) == "*1"
        assert connection.commands["/login"] == 2


@pytest.mark.parametrize("version", ["6.42.7", "7.16.2"])
def test_a_wrong_password_is_told_by_old_and_new_routers(version: str) -> None:
    router = Router("any", password="secret", version=version)
    with RouterServer(router) as server:
        for target in (target_of(server.port, password="Secret"), target_of(server.port, username="nobody")):
            failure = failure_of(lambda target=target: connect(target, 5))
            assert failure.reason is Reason.WRONG_PASSWORD
    assert "secret" not in str(failure).lower()


def test_a_password_in_bangla_is_taken_by_a_new_router_and_clearly_not_by_an_old_one() -> None:
    for version in ("7.16.2", "6.42.7"):
        router = Router("any", password=BANGLA, version=version)
        with RouterServer(router) as server:
            target = target_of(server.port, password=BANGLA)
            if version == "7.16.2":
                with connect(target, 5) as connection:
                    assert connection.rows("/ppp/secret") == []
            else:
                failure = failure_of(lambda target=target: connect(target, 5))
    assert failure.reason is Reason.WRONG_PASSWORD
    assert failure.detail.startswith("The router is older than 6.43: it takes no password but of English letters")


def test_a_user_whose_group_may_not_use_the_api_has_no_permission(router: Router, server: RouterServer) -> None:
    router.users.groups["people"] = frozenset({"read", "write"})
    router.users.add("person", "pw", "people")
    failure = failure_of(lambda: connect(target_of(server.port, username="person", password="pw"), 5))
    assert failure.reason is Reason.NO_PERMISSION


@pytest.mark.parametrize("challenge", ["", "nothing", "zz" * 16, "ab" * 15, "ab" * 17, "é" * 32])
def test_a_challenge_that_is_none_is_nonsense(challenge: str) -> None:
    with speaking(encode_sentence("!done", f"=ret={challenge}", encoding="utf-8")) as port:
        assert failure_of(lambda: connect(target_of(port), 2)).reason is Reason.NONSENSE


def test_a_challenge_to_the_answer_of_a_challenge_is_nonsense() -> None:
    challenge = encode_sentence("!done", f"=ret={'ab' * 16}", encoding="ASCII")
    with speaking(challenge, challenge) as port:
        assert failure_of(lambda: connect(target_of(port), 2)).reason is Reason.NONSENSE


def test_no_password_is_written_to_a_log_or_shown(server: RouterServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with connect(target_of(server.port), 5) as connection:
        connection.add("/ppp/secret", {"name": "a", "password": "hidden"})
    assert not [one for one in caplog.messages if "secret" in one or "hidden" in one]
    assert "secret" not in repr(target_of(1))


# TLS


@pytest.fixture(scope="module")
def secured() -> Iterator[RouterServer]:
    with RouterServer(Router("tls", password="secret"), tls=True) as server:
        yield server


def test_the_certificate_that_was_confirmed_is_trusted_however_its_fingerprint_is_written(
    secured: RouterServer,
) -> None:
    shown = secured.fingerprint or ""
    assert len(shown) == 64
    in_pairs = ":".join(shown[at : at + 2] for at in range(0, 64, 2)).upper()
    for pin in (shown, in_pairs):
        with connect(target_of(secured.port, tls=True, fingerprint=pin), 5) as connection:
            assert connection.call("/system/identity/print") == [{"name": "tls"}]


def test_another_certificate_or_one_that_nobody_confirmed_is_shown_and_no_password_is_sent(
    secured: RouterServer,
) -> None:
    before = secured.router.counts.commands["/login"]
    for pin in (None, "", "0" * 64, (secured.fingerprint or "")[:-1]):
        failure = failure_of(lambda pin=pin: connect(target_of(secured.port, tls=True, fingerprint=pin), 5))
        assert (failure.reason, failure.fingerprint) == (Reason.CERTIFICATE, secured.fingerprint)
    assert secured.router.counts.commands["/login"] == before


def test_a_router_without_a_certificate_offers_what_cannot_be_pinned() -> None:
    def anonymous(peer: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ADH-AES256-GCM-SHA384:@SECLEVEL=0")
        context.wrap_socket(peer, server_side=True)

    with speaking(then=anonymous) as port:
        failure = failure_of(lambda: connect(target_of(port, tls=True), 5))
    assert failure.reason is Reason.CERTIFICATE
    assert "anonymous Diffie-Hellman" in failure.detail


def test_tls_with_a_port_that_speaks_none_is_told_at_once() -> None:
    with speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        failure = failure_of(lambda: connect(target_of(port, tls=True), 5))
    assert (failure.reason, failure.detail) == (Reason.CERTIFICATE, "What answers does not speak TLS.")


def test_a_port_that_hangs_up_on_tls_is_closed_and_one_that_is_silent_is_timed_out() -> None:
    with speaking(b"") as port:
        assert failure_of(lambda: connect(target_of(port, tls=True), 5)).reason is Reason.CLOSED
    with speaking(then=lambda peer: time.sleep(0.5)) as port:
        failure, seconds = taken(lambda: connect(target_of(port, tls=True), 0.2))
    assert failure.reason is Reason.TIMED_OUT
    assert seconds < 0.4


def test_a_port_of_tls_is_not_spoken_to_without(secured: RouterServer) -> None:
    failure, seconds = taken(lambda: connect(target_of(secured.port), 2))
    assert failure.reason in (Reason.NONSENSE, Reason.CLOSED)
    assert seconds < 1


# Not to be reached


def test_a_port_where_nobody_listens_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = failure_of(lambda: connect(target_of(port), 5))
    assert (failure.reason, failure.detail) == (
        Reason.REFUSED,
        f"127.0.0.1 port {port} refused the connection.",
    )


@pytest.mark.parametrize("address", ["", "a..b", "x" * 300, "nul\x00", "half\ud800"])
def test_an_address_that_is_none_is_unreachable(address: str) -> None:
    assert failure_of(lambda: connect(target_of(8728, address=address), 5)).reason is Reason.UNREACHABLE


def test_a_name_that_nobody_knows_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    failure = failure_of(lambda: connect(target_of(8728, address="router.example"), 5))
    assert failure.reason is Reason.UNREACHABLE
    assert failure.detail == "router.example has no address: Name or service not known."


@pytest.mark.parametrize("port", [0, -1, 65536, 1 << 40])
def test_a_port_that_is_none_is_unreachable(port: int) -> None:
    assert failure_of(lambda: connect(target_of(port), 5)).reason is Reason.UNREACHABLE


def test_no_way_to_a_network_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(113, "No route to host")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    failure = failure_of(lambda: connect(target_of(8728, address="192.0.2.1"), 5))
    assert failure.reason is Reason.UNREACHABLE
    assert failure.detail == "There is no way to 192.0.2.1 port 8728: No route to host."


def test_name_servers_that_do_not_answer_do_not_outlast_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, flags: int = 0, **__: object) -> None:
        if not flags & socket.AI_NUMERICHOST:
            time.sleep(0.5)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    started = time.perf_counter()
    failure = failure_of(lambda: connect(target_of(8728, address="router.invalid"), 0.2))
    assert failure.reason is Reason.UNREACHABLE
    assert "did not answer in time" in failure.detail
    assert time.perf_counter() - started < 0.4


def test_of_several_addresses_of_a_name_the_one_that_answers_is_taken(
    server: RouterServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def several(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", several)
    with connect(target_of(server.port, address="router.example"), 5) as connection:
        assert connection.count("/ppp/secret") == 0


# One deadline for everything


def test_a_router_that_takes_the_connection_and_says_nothing_is_timed_out(router: Router, server: RouterServer) -> None:
    router.faults.never_answer()
    failure, seconds = taken(lambda: connect(target_of(server.port), 0.3))
    assert (failure.reason, failure.detail) == (Reason.TIMED_OUT, "The router did not answer within 0.3 s.")
    assert 0.3 <= seconds < 0.6


def test_a_router_that_drips_a_byte_at_a_time_is_timed_out_at_the_deadline(
    router: Router, server: RouterServer
) -> None:
    for number in range(50):
        router.add("/ppp/secret", {"name": f"s{number}"})
    router.faults.drip(0.05, on="/ppp/secret", of="byte")
    with connect(target_of(server.port), 0.5) as connection:
        failure, seconds = taken(lambda: connection.rows("/ppp/secret"))
        again = failure_of(lambda: connection.rows("/ppp/secret"))
    assert failure.reason is Reason.TIMED_OUT
    assert seconds < 0.7
    assert again.reason is Reason.CLOSED, "the rest of the answer is never taken for the next one"


def test_many_answers_that_are_each_in_time_are_together_not(router: Router, server: RouterServer) -> None:
    router.faults.slow(0.1, on="/ppp/secret")
    with connect(target_of(server.port), 0.45) as connection:
        asked = 0

        def ask() -> None:
            nonlocal asked
            while True:
                connection.count("/ppp/secret")
                asked += 1

        failure, seconds = taken(ask)
    assert failure.reason is Reason.TIMED_OUT
    assert 1 <= asked <= 4
    assert seconds < 0.7


def test_a_batch_may_have_more_time_once_it_is_reached(router: Router, server: RouterServer) -> None:
    router.faults.slow(0.15, on="/ppp/secret")
    with connect(target_of(server.port), 0.2) as connection:
        for _ in range(4):
            connection.extend(0.3)
            assert connection.count("/ppp/secret") == 0


def test_a_router_that_reads_nothing_does_not_keep_us_writing() -> None:
    with speaking(DONE, then=lambda peer: time.sleep(1)) as port, connect(target_of(port), 0.4) as connection:
        attributes = {f"a{number}": "x" * 900_000 for number in range(20)}
        failure, seconds = taken(lambda: connection.call("/ppp/secret/add", attributes))
    assert failure.reason is Reason.TIMED_OUT
    assert seconds < 0.8


def test_no_time_at_all_is_timed_out() -> None:
    assert failure_of(lambda: connect(target_of(8728), 0)).reason is Reason.TIMED_OUT
    with pytest.raises(TimeoutError):
        Deadline(-1).left()


# Lost in the middle, and nonsense


def test_a_connection_lost_before_during_or_after_a_command_is_closed(router: Router, server: RouterServer) -> None:
    for fault in (router.faults.drop_command, router.faults.drop_answer, router.faults.drop_mid_answer):
        fault(on="/ppp/secret/add")
        with connect(target_of(server.port), 5) as connection:
            failure = failure_of(lambda connection=connection: connection.add("/ppp/secret", {"name": "a"}))
            assert failure.reason is Reason.CLOSED
            assert not connection.is_open
        for row in router.rows("/ppp/secret"):
            with router.command():
                router.delete("/ppp/secret", int(row[".id"][1:], 16))


def test_a_router_that_restarts_closes_and_one_that_says_goodbye_too(router: Router, server: RouterServer) -> None:
    with connect(target_of(server.port), 5) as connection:
        router.restart()
        assert failure_of(lambda: connection.rows("/ppp/secret")).reason is Reason.CLOSED
    with connect(target_of(server.port), 5) as connection:
        failure = failure_of(lambda: connection.call("/quit"))
    assert failure.reason is Reason.CLOSED
    assert failure.detail.startswith("The router ended the connection: ")


def test_a_connection_that_was_closed_stays_so(server: RouterServer) -> None:
    with connect(target_of(server.port), 5) as connection:
        pass
    connection.close()
    assert failure_of(lambda: connection.rows("/ppp/secret")).reason is Reason.CLOSED


@pytest.mark.parametrize(
    "answer",
    {
        "an empty sentence": b"\x00",
        "a control byte that is reserved": b"\xff\xff\xff\xff",
        "a length of five bytes": b"\xf0\x00\x00\x00\x05!done\x00",
        "a reply nobody knows": encode_sentence("!what", "=a=b", encoding="ASCII"),
        "a reply that is a property": encode_sentence("=a=b", encoding="ASCII"),
        "a property without a value": encode_sentence("!re", "=name", encoding="ASCII"),
        "a property without a name sign": encode_sentence("!re", "name=x", encoding="ASCII"),
        "a web page": b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n" + b"\x00" * 200,
        "an alert of TLS": b"\x15\x03\x03\x00\x02\x02\x28",
        "a greeting that would be waited for": b"SSH-2.0-ROSSSH\r\n",
    }.items(),
    ids=lambda given: given[0],
)
def test_what_is_no_answer_of_a_routeros_is_nonsense(answer: tuple[str, bytes]) -> None:
    assert answered_with(answer[1]).reason is Reason.NONSENSE


def test_a_last_word_of_a_router_may_be_empty() -> None:
    failure = answered_with(encode_sentence("!fatal", encoding="ASCII"))
    assert (failure.reason, failure.detail) == (
        Reason.CLOSED,
        "The router ended the connection: it did not say why.",
    )


def test_every_nonsense_of_the_simulator_ends_as_a_failure_within_the_deadline(
    router: Router, server: RouterServer
) -> None:
    from local.routeros.faults import NONSENSE

    for kind in NONSENSE.keys() - {"trap without message"}:
        router.faults.nonsense(kind, on="/ppp", times=1)
        with connect(target_of(server.port), 0.4) as connection:
            failure, seconds = taken(lambda connection=connection: connection.rows("/ppp/secret"))
        assert failure.reason in (Reason.NONSENSE, Reason.TOO_MUCH, Reason.TIMED_OUT, Reason.CLOSED), kind
        assert seconds < 0.6, kind


def test_words_before_a_sign_in_are_no_sign_in(router: Router, server: RouterServer) -> None:
    for kind in ("random", "http", "unknown reply", "empty sentence"):
        router.faults.nonsense(kind, on="/login", times=1)
        failure = failure_of(lambda: connect(target_of(server.port), 0.3))
        assert failure.reason in (Reason.NONSENSE, Reason.TIMED_OUT, Reason.TOO_MUCH), kind


def test_a_count_that_is_no_number_is_nonsense() -> None:
    for told in ("", "many", "-1", "৩", "9" * 5000):
        with speaking(DONE, encode_sentence("!done", f"=ret={told}", encoding="utf-8")) as port:
            with connect(target_of(port), 2) as connection:
                assert failure_of(lambda connection=connection: connection.count("/a")).reason is Reason.NONSENSE


# Too much


def test_a_word_of_a_quarter_gigabyte_is_not_waited_for() -> None:
    failure = answered_with(b"\x03!re\xef\xff\xff\xff=a=b")
    assert (failure.reason, failure.detail) == (Reason.TOO_MUCH, "The router sent a word of 268435455 bytes.")


def test_a_word_of_a_megabyte_is_read_and_one_byte_more_is_not() -> None:
    most = module.MOST_WORD_BYTES
    value = "x" * (most - len("=name="))
    fits = encode_sentence("!re", f"=name={value}", encoding="ASCII") + DONE
    with speaking(DONE, fits) as port, connect(target_of(port), 5) as connection:
        assert connection.rows("/a") == [{"name": value}]
    assert answered_with(encode_sentence("!re", f"=name={value}x", encoding="ASCII")).reason is Reason.TOO_MUCH


def test_rows_and_words_and_bytes_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    monkeypatch.setattr(module, "MOST_WORDS", 50)
    row = encode_sentence("!re", "=name=x", encoding="ASCII")

    assert answered_with(row * 200).reason is Reason.TOO_MUCH
    assert answered_with(encode_sentence("!re", encoding="ASCII") * 200).reason is Reason.TOO_MUCH
    assert answered_with(encode_sentence("!trap", encoding="ASCII") * 200).reason is Reason.TOO_MUCH
    assert answered_with(encode_sentence("!re", *["=a=b"] * 60, encoding="ASCII")).reason is Reason.TOO_MUCH
    monkeypatch.setattr(module, "MOST_ANSWER_BYTES", 1 << 20)
    long = encode_sentence("!re", "=name=" + "x" * 100_000, encoding="ASCII")
    assert answered_with(long * 20).reason is Reason.TOO_MUCH


def test_the_bounds_are_of_one_answer_and_not_of_a_connection(
    router: Router, line: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(80):
        router.add("/ppp/secret", {"name": f"s{number}"})
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    monkeypatch.setattr(module, "MOST_ANSWER_BYTES", 80 * 60)
    assert [len(line.rows("/ppp/secret", props=("name",))) for _ in range(5)] == [80] * 5


def test_of_a_row_nothing_is_kept_that_was_not_asked_for() -> None:
    told = ["=.id=*1", "=name=karim", *(f"=p{at}={'x' * 1000}" for at in range(900)), "=password=secret"]
    rows = encode_sentence("!re", *told, encoding="ASCII") * 50
    trap = encode_sentence("!trap", "=category=2", "=message=no such item", encoding="ASCII")
    with speaking(DONE, rows + DONE, rows + DONE, trap + DONE, rows + DONE) as port:
        with connect(target_of(port), 10) as connection:
            tracemalloc.start()
            try:
                found = connection.rows("/ppp/secret", props=("name", "comment"))
                assert tracemalloc.get_traced_memory()[1] < 8_000_000  # the answer has 45 MB
            finally:
                tracemalloc.stop()
            assert found == [{".id": "*1", "name": "karim"}] * 50
            assert connection.either("/ppp/secret", "name", ["karim"], ("name",)) == found
            with pytest.raises(RouterTrap, match="no such item"):
                connection.rows("/ppp/secret", props=("name",))
            [row, *_] = connection.rows("/ppp/secret")  # everything was asked for
            assert len(row) == 903


# For people


def test_what_a_router_said_is_shown_in_one_short_line() -> None:
    assert readable("a\r\nb\x00c\u202ed  ") == "a b c d"
    assert readable("x" * 500) == "x" * 299 + "…"
    assert readable("x" * 300) == "x" * 300
    assert readable("ক\u200dষ") == "ক\u200dষ"
    assert readable("\ud800\udcff") == "\ufffd\ufffd"
