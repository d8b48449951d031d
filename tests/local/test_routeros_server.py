"""The simulated router as a server: both logins, TLS, who may do what, tags, what streams, and what a kill leaves."""

import hashlib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import librouteros
import pytest
from librouteros.api import Api
from librouteros.exceptions import ConnectionClosed, FatalError, TrapError
from librouteros.login import plain, token

from local.routeros.certificate import certificate
from local.routeros.router import Router
from local.routeros.server import RouterServer


@pytest.fixture
def router() -> Router:
    return Router("core-1", password="secret")


@pytest.fixture
def server(router: Router) -> Iterator[RouterServer]:
    with RouterServer(router) as server:
        yield server


def connect(server: RouterServer, user: str = "admin", password: str = "secret", **more: object) -> Api:
    return librouteros.connect("127.0.0.1", user, password, port=server.port, encoding="utf-8", timeout=5, **more)


def identity(api: Api) -> object:
    (row,) = api.path("/system/identity")
    return row["name"]


@pytest.mark.parametrize("method", [plain, token])
def test_a_router_of_today_takes_the_password_and_the_answer_to_a_challenge(
    server: RouterServer, method: object
) -> None:
    assert identity(connect(server, login_method=method)) == "core-1"
    with pytest.raises(TrapError, match=r"invalid user name or password \(6\)"):
        connect(server, password="wrong", login_method=method)
    with pytest.raises(TrapError, match=r"invalid user name or password \(6\)"):
        connect(server, user="nobody", login_method=method)


def test_a_router_before_6_43_answers_a_password_with_a_challenge_and_lets_nobody_in_by_it() -> None:
    with RouterServer(Router("old", password="secret", version="6.42.7")) as server:
        careless = connect(server, login_method=plain)
        with pytest.raises(FatalError, match="not logged in"):
            identity(careless)
        assert identity(connect(server, login_method=token)) == "old"
        with pytest.raises(TrapError, match="cannot log in"):
            connect(server, password="wrong", login_method=token)


def test_a_challenge_is_good_for_one_answer(server: RouterServer) -> None:
    api = connect(server)
    ret = next(iter(api("/login")))["ret"]
    digest = hashlib.md5(b"\x00secret" + bytes.fromhex(str(ret)), usedforsecurity=False).hexdigest()
    assert list(api("/login", name="admin", response=f"00{digest}")) == []
    with pytest.raises(TrapError):
        list(api("/login", name="admin", response=f"00{digest}"))


def test_a_command_before_the_login_ends_the_connection(server: RouterServer) -> None:
    with pytest.raises(FatalError, match="not logged in"):
        connect(server, login_method=lambda api, *_: tuple(api("/ppp/secret/print")))


def test_to_quit_is_answered_with_a_fatal(server: RouterServer) -> None:
    with pytest.raises(FatalError, match="session terminated on request"):
        list(connect(server)("/quit"))


def test_over_tls_the_certificate_has_the_fingerprint_that_the_server_tells(router: Router, tmp_path: Path) -> None:
    kept = certificate(tmp_path / "router.pem")
    assert certificate(tmp_path / "router.pem").fingerprint == kept.fingerprint
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    for tls in (kept, True):
        with RouterServer(router, tls=tls) as server:
            api = connect(server, ssl_wrapper=trusting.wrap_socket)
            assert identity(api) == "core-1"
            der = api.protocol.transport.sock.getpeercert(True)
            assert hashlib.sha256(der).hexdigest() == server.fingerprint
            assert (server.fingerprint == kept.fingerprint) is (tls is kept)
            api.close()
            with pytest.raises((ConnectionClosed, OSError)):
                connect(server)


def test_a_group_may_do_what_its_policies_allow(server: RouterServer, router: Router) -> None:
    router.add("/ppp/secret", {"name": "a", "password": "x"})
    router.users.groups["blind"] = frozenset({"read", "api"})
    router.users.groups["web"] = frozenset({"read", "write", "web"})
    for user, group in (("writer", "write"), ("reader", "read"), ("blind", "blind"), ("web", "web")):
        router.users.add(user, "pw", group)
    assert list(connect(server, "writer", "pw")("/ppp/secret/add", name="b")) == [{"ret": "*2"}]
    reader = connect(server, "reader", "pw")
    for command in ("add", "set", "remove", "enable", "disable", "unset", "comment"):
        with pytest.raises(TrapError, match=r"not enough permissions \(9\)"):
            list(reader(f"/ppp/secret/{command}", **{".id": "*1"}))
    assert [row["password"] for row in reader.path("/ppp/secret")] == ["x", ""]
    assert all("password" not in row for row in connect(server, "blind", "pw").path("/ppp/secret"))
    with pytest.raises(TrapError, match=r"not allowed \(9\)"):
        connect(server, "web", "pw")


def test_every_sentence_of_an_answer_carries_the_tag_of_its_command(server: RouterServer, router: Router) -> None:
    for name in ("a", "b"):
        router.add("/ppp/secret", {"name": name})
    words = connect(server).protocol
    words.writeSentence("/ppp/secret/print", "=.proplist=name", ".tag=7")
    words.writeSentence("/ppp/secret/add", ".tag=a b")
    words.writeSentence("/system/identity/print")
    assert [words.readSentence() for _ in range(7)] == [
        ("!re", (".tag=7", "=name=a")),
        ("!re", (".tag=7", "=name=b")),
        ("!done", (".tag=7",)),
        ("!trap", (".tag=a b", "=category=1", "=message=missing value(s) of argument(s) name")),
        ("!done", (".tag=a b",)),
        ("!re", ("=name=core-1",)),
        ("!done", ()),
    ]


def test_traffic_streams_a_reading_a_second_beside_other_commands_until_it_is_cancelled(server: RouterServer) -> None:
    words = connect(server).protocol
    began = time.perf_counter()
    words.writeSentence("/interface/monitor-traffic", "=interface=ether1", ".tag=m")
    assert words.readSentence()[1][:2] == (".tag=m", "=name=ether1")
    words.writeSentence("/system/identity/print", ".tag=i")
    assert [words.readSentence()[1] for _ in range(2)] == [(".tag=i", "=name=core-1"), (".tag=i",)]
    assert words.readSentence()[1][:2] == (".tag=m", "=name=ether1")
    assert time.perf_counter() - began > 0.9
    words.writeSentence("/cancel", "=tag=m", ".tag=c")
    assert [words.readSentence() for _ in range(3)] == [
        ("!trap", (".tag=m", "=category=2", "=message=interrupted")),
        ("!done", (".tag=m",)),
        ("!done", (".tag=c",)),
    ]


def test_traffic_once_of_an_interface_that_is_not_there_is_refused(server: RouterServer) -> None:
    api = connect(server)
    assert [row["name"] for row in api("/interface/monitor-traffic", interface="ether1,ether2", once="")] == [
        "ether1",
        "ether2",
    ]
    for once in ({"once": ""}, {}):
        with pytest.raises(TrapError, match="input does not match any value of interface"):
            list(api("/interface/monitor-traffic", interface="<pppoe-nobody>", **once))


def test_a_client_that_speaks_no_routeros_is_hung_up_on_and_others_go_on(server: RouterServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as stranger:
        stranger.sendall(b"\xff\xff\xff")
        assert stranger.recv(10) == b""
    assert identity(connect(server)) == "core-1"


def test_twenty_clients_at_once_add_what_they_add(server: RouterServer, router: Router) -> None:
    clients = [connect(server) for _ in range(20)]
    for at, client in enumerate(clients):
        client.protocol.writeSentence("/ppp/secret/add", f"=name=s{at}")
    assert {client.protocol.readSentence()[0] for client in clients} == {"!done"}
    assert {row["name"] for row in router.rows("/ppp/secret")} == {f"s{at}" for at in range(20)}
    assert (router.counts.connections, router.counts.logins) == (20, 20)


WORK = """
import os, sys
from pathlib import Path
from local.routeros.router import Router
router = Router("core-1", path=Path(sys.argv[1]))
router.add("/ip/pool", {"name": "p", "ranges": "10.0.0.2-10.0.0.9"})
router.add("/ppp/profile", {"name": "5M", "rate-limit": "5M/5M", "remote-address": "p", "address-list": "paid"})
for name in ("a", "b", "caf\\udce9"):
    router.add("/ppp/secret", {"name": name, "profile": "5M", "comment": "tributary s1 k1"})
with router.command():
    router.delete("/ppp/secret", 2)
assert router.dial("a", "", "AA:00:00:00:00:01", redial_seconds=0.01).accepted
assert router.dial("caf\\udce9", "", "AA:00:00:00:00:02").accepted
os.kill(os.getpid(), 9)
"""


def test_what_was_answered_is_there_again_after_a_kill_and_sessions_are_not(tmp_path: Path) -> None:
    path = tmp_path / "core.json"
    assert subprocess.run([sys.executable, "-c", WORK, str(path)]).returncode == -9
    with path.open("ab") as file:
        file.write(b'[["/ppp/secret", 9, {"name": "ha')
    for _ in range(2):
        router = Router("ignored", path=path)
        assert [row["name"] for row in router.rows("/ppp/secret")] == ["a", "caf\udce9"]
        assert router.rows("/system/identity")[0]["name"] == "core-1"
        assert {row["dynamic"] for row in router.rows("/ip/firewall/address-list")} <= {"true"}
        router.pass_time(1)
        assert [row["name"] for row in router.rows("/ppp/active")] == ["a"]  # it dials by itself; the other does not
        router.close()
    router = Router(path=path)
    assert router.add("/ppp/secret", {"name": "c"}) == "*4"
    with router.command():
        router.delete("/ppp/secret", 4)
    router.close()
    Router(path=path).close()  # what is gone is written nowhere any more
    router = Router(path=path)
    assert router.add("/ppp/secret", {"name": "d"}) == "*5"
    router.close()
