"""What goes wrong with the simulated router when it is told to, as librouteros meets it."""

import threading
import time
from collections.abc import Callable, Iterator

import librouteros
import pytest
from librouteros.api import Api
from librouteros.exceptions import ConnectionClosed, ProtocolError, TrapError

from local.routeros.router import Router
from local.routeros.server import RouterServer

SECRET = "/ppp/secret"


@pytest.fixture
def router() -> Router:
    router = Router("core-1", password="secret")
    for name in ("a", "b", "c"):
        router.add(SECRET, {"name": name})
    return router


@pytest.fixture
def server(router: Router) -> Iterator[RouterServer]:
    with RouterServer(router) as server:
        yield server


@pytest.fixture
def open_connection(server: RouterServer) -> Callable[..., Api]:
    def connect(timeout: float = 5) -> Api:
        return librouteros.connect("127.0.0.1", "admin", "secret", port=server.port, encoding="utf-8", timeout=timeout)

    return connect


def names(api: Api) -> list[object]:
    return [row["name"] for row in api.path(SECRET)]


Open = Callable[..., Api]


def test_a_slow_router_answers_late(router: Router, open_connection: Open) -> None:
    api = open_connection()
    router.faults.slow(0.15, on=SECRET, times=1)
    began = time.perf_counter()
    assert names(api) == ["a", "b", "c"]
    assert 0.15 <= time.perf_counter() - began < 1
    began = time.perf_counter()
    names(api)
    assert time.perf_counter() - began < 0.15


@pytest.mark.parametrize("of, seconds", [("word", 0.1), ("byte", 0.02)])
def test_a_dripping_router_answers_whole_in_the_end_and_no_wait_of_the_client_s_is_ever_too_long(
    router: Router, open_connection: Open, of: str, seconds: float
) -> None:
    api = open_connection(timeout=0.3)
    router.faults.drip(seconds, on="/system/identity", of=of)
    began = time.perf_counter()
    assert list(api.path("/system/identity")) == [{"name": "core-1"}]
    assert time.perf_counter() - began > 0.4


def test_a_command_that_is_dropped_was_not_done(router: Router, open_connection: Open) -> None:
    api = open_connection()
    router.faults.drop_command(on="/ppp/secret/add", skip=1)
    api.path(SECRET).add(name="d")
    with pytest.raises(ConnectionClosed):
        api.path(SECRET).add(name="e")
    assert names(open_connection()) == ["a", "b", "c", "d"]


def test_an_answer_that_is_dropped_leaves_its_command_done(router: Router, open_connection: Open) -> None:
    api = open_connection()
    router.faults.drop_answer(on="/ppp/secret/add")
    with pytest.raises(ConnectionClosed):
        api.path(SECRET).add(name="d")
    assert names(open_connection()) == ["a", "b", "c", "d"]


def test_a_connection_is_dropped_in_the_middle_of_an_answer_once(router: Router, open_connection: Open) -> None:
    api = open_connection()
    router.faults.drop_mid_answer(on=SECRET)
    with pytest.raises(ConnectionClosed):
        names(api)
    assert names(open_connection()) == ["a", "b", "c"]


def test_every_connection_is_dropped_after_so_many_sentences(router: Router, open_connection: Open) -> None:
    router.faults.drop_after(3)
    for _ in range(2):
        api = open_connection()
        assert len(names(api)) == len(names(api)) == 3
        with pytest.raises(ConnectionClosed):
            names(api)
    router.faults.clear()
    api = open_connection()
    assert [len(names(api)) for _ in range(4)] == [3, 3, 3, 3]


def test_a_wrong_password_a_want_of_permission_and_a_full_disk_are_traps(router: Router, open_connection: Open) -> None:
    router.faults.wrong_password(times=1)
    with pytest.raises(TrapError, match=r"invalid user name or password \(6\)"):
        open_connection()
    api = open_connection()
    router.faults.no_permission(on="/ppp/secret/add", times=1)
    with pytest.raises(TrapError, match=r"not enough permissions \(9\)"):
        api.path(SECRET).add(name="d")
    router.faults.disk_full()
    with pytest.raises(TrapError, match="failure: disk full"):
        api.path(SECRET).add(name="d")
    assert names(api) == ["a", "b", "c"]
    assert [row["free-hdd-space"] for row in api.path("/system/resource")] == [0]
    router.faults.clear()
    assert api.path(SECRET).add(name="d") == "*4"


def test_any_other_refusal_can_be_had_by_its_message(router: Router, open_connection: Open) -> None:
    api = open_connection()
    router.faults.trap("failure: something of the future", on="/ppp/secret/set", skip=1, times=1)
    api.path(SECRET).update(**{".id": "*1", "comment": "x"})
    with pytest.raises(TrapError, match="something of the future"):
        api.path(SECRET).update(**{".id": "*1", "comment": "y"})
    assert [row.get("comment") for row in router.rows(SECRET)] == ["x", None, None]


def test_a_router_that_never_answers_is_left_by_the_client_s_own_clock(router: Router, open_connection: Open) -> None:
    api = open_connection(timeout=0.1)
    router.faults.never_answer(on="/ppp/secret/add", times=1)
    with pytest.raises(TimeoutError):
        api.path(SECRET).add(name="d")
    assert len(router.rows(SECRET)) == 3
    router.faults.never_answer()
    with pytest.raises(TimeoutError):
        open_connection(timeout=0.1)


@pytest.mark.parametrize(
    "kind, met",
    {
        "random": TimeoutError,
        "control byte": ProtocolError,
        "long word": TimeoutError,
        "empty sentence": IndexError,
        "trap without message": TypeError,
        "word without a name": ValueError,
        "half a word": TimeoutError,
        "http": TimeoutError,
    }.items(),
)
def test_nonsense_is_no_answer_and_once_it_is_over_the_router_is_as_before(
    router: Router, open_connection: Open, kind: str, met: type[Exception]
) -> None:
    api = open_connection(timeout=0.3)
    router.faults.nonsense(kind, on=SECRET, times=1)
    with pytest.raises(met):
        names(api)
    assert names(open_connection()) == ["a", "b", "c"]


def test_a_reply_that_does_not_exist_is_swallowed_by_librouteros(router: Router, open_connection: Open) -> None:
    router.faults.nonsense("unknown reply", on=SECRET, times=1)
    assert names(open_connection()) == []


def test_a_kind_of_nonsense_that_there_is_not_is_a_mistake(router: Router) -> None:
    with pytest.raises(ValueError, match="none of"):
        router.faults.nonsense("poetry")


def test_a_router_that_refuses_connections_keeps_those_it_has(router: Router, open_connection: Open) -> None:
    api = open_connection()
    router.faults.refuse_connections()
    with pytest.raises(ConnectionRefusedError):
        open_connection()
    assert names(api) == ["a", "b", "c"]
    router.faults.refuse_connections(False)
    assert names(open_connection()) == ["a", "b", "c"]


def test_a_restart_in_the_middle_closes_every_connection_and_refuses_for_a_while(
    router: Router, open_connection: Open
) -> None:
    apis = [open_connection() for _ in range(3)]
    closed = threading.Event()

    def restart(command: str) -> None:
        if command == "/ppp/secret/add":
            router.restart(0.8)
            closed.set()

    router.faults.watch(restart)
    with pytest.raises((ConnectionClosed, ConnectionResetError)):
        apis[0].path(SECRET).add(name="d")
    router.faults.watch(None)
    assert closed.wait(5)
    for api in apis[1:]:
        with pytest.raises((ConnectionClosed, OSError)):
            names(api)
    with pytest.raises(ConnectionRefusedError):
        open_connection()
    time.sleep(0.9)
    assert names(open_connection()) == ["a", "b", "c", "d"]


def test_the_router_counts_what_it_was_asked(router: Router, open_connection: Open) -> None:
    api = open_connection()
    names(api)
    list(api.rawCmd("/ppp/secret/print", "?name=a"))
    list(api("/ppp/secret/print", **{"count-only": ""}))
    api.path(SECRET).add(name="d")
    assert router.counts.commands == {"/login": 1, "/ppp/secret/print": 3, "/ppp/secret/add": 1}
    assert (router.counts.full_prints[SECRET], router.counts.queried_prints[SECRET]) == (1, 1)
    router.counts.reset()
    assert router.counts.commands == {}
    assert router.counts.connections == 0
