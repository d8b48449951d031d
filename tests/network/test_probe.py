"""The test of a connection: what it finds of a router, and what it tells somebody to see to."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.network.connection import Reason, Target, connect
from chalicelib.network.probe import ADVICE, probe
from local.routeros.router import Router
from local.routeros.server import RouterServer


@pytest.fixture
def router() -> Router:
    return Router("core-1", password="secret")


@pytest.fixture
def server(router: Router) -> Iterator[RouterServer]:
    with RouterServer(router) as server:
        yield server


def target_of(server: RouterServer, username: str = "admin", password: str = "secret") -> Target:
    return Target("127.0.0.1", server.port, server.fingerprint is not None, server.fingerprint, username, password)


def test_a_router_that_is_well_is_known_by_what_it_says(server: RouterServer) -> None:
    found = probe(target_of(server), 5)

    assert (found.ok, found.reason, found.may_write) == (True, None, True)
    assert found.detail == "The router answers, and its user may do all that is needed."
    assert (found.identity, found.model, found.version) == ("core-1", "CCR2004-16G-2S+", "7.16.2 (stable)")
    assert (found.architecture, found.certificate_fingerprint) == ("arm64", None)


def test_a_user_that_may_only_look_is_told_what_it_lacks_and_nothing_was_changed(
    router: Router, server: RouterServer
) -> None:
    router.users.add("looker", "pw", "read")
    router.add("/ppp/secret", {"name": "a"})

    found = probe(target_of(server, "looker", "pw"), 5)

    assert (found.ok, found.may_write, found.reason) == (False, False, Reason.NO_PERMISSION)
    assert found.detail == f"The router's user may look but not change anything. {ADVICE[Reason.NO_PERMISSION]}"
    assert found.version == "7.16.2 (stable)"
    assert sum(count for path, count in router.counts.commands.items() if not path.endswith(("print", "login"))) == 0


@pytest.mark.parametrize("group, may", [("write", True), ("read", False)])
@pytest.mark.parametrize("hidden", ["/user", "/user/group"])
def test_where_policies_cannot_be_read_a_change_of_nothing_tells(
    router: Router, server: RouterServer, group: str, may: bool, hidden: str
) -> None:
    router.users.add("worker", "pw", group)
    router.faults.no_permission(on=hidden)
    router.add("/ppp/secret", {"name": "a", "comment": "by hand"})
    before = router.rows("/ppp/secret")

    found = probe(target_of(server, "worker", "pw"), 5)

    assert (found.ok, found.may_write) == (may, may)
    assert router.counts.commands["/ppp/secret/set"] == 1
    assert router.rows("/ppp/secret") == before


def test_a_user_that_the_router_keeps_elsewhere_is_asked_the_same_way(router: Router, server: RouterServer) -> None:
    router.faults.trap("no such command prefix", on="/user")
    assert probe(target_of(server), 5).may_write


def test_a_user_that_may_sign_in_and_nothing_else_has_no_permission(router: Router, server: RouterServer) -> None:
    router.users.groups["api only"] = frozenset({"api"})
    router.users.add("guest", "pw", "api only")
    found = probe(target_of(server, "guest", "pw"), 5)
    assert (found.ok, found.reason, found.version) == (False, Reason.NO_PERMISSION, None)


def test_a_router_that_says_little_of_itself_is_still_well(router: Router, server: RouterServer) -> None:
    router.faults.trap("no such command prefix", on="/system")
    found = probe(target_of(server), 5)
    assert found.ok
    assert (found.identity, found.model, found.version, found.architecture) == (None, None, None, None)


def test_each_failure_says_what_to_check(router: Router, server: RouterServer) -> None:
    target = target_of(server)
    wrong = probe(replace(target, password="Secret"), 5)
    assert (wrong.ok, wrong.reason) == (False, Reason.WRONG_PASSWORD)
    assert wrong.detail == (
        "The router refused the sign-in: invalid user name or password (6). Check the user name and the password, "
        "and under System > Users from where the user may come."
    )

    router.faults.never_answer(on="/system")
    silent = probe(target, 0.3)
    assert (silent.ok, silent.reason) == (False, Reason.TIMED_OUT)
    assert silent.detail == (
        "The router did not answer within 0.3 s. "
        "Check that the router is on, that the way to it is up, and that its firewall lets us in."
    )

    router.faults.clear()
    router.faults.nonsense("http")
    other = probe(target, 0.3)
    assert (other.ok, other.reason) == (False, Reason.NONSENSE)
    assert "Check that the port is that of api under IP > Services" in other.detail

    router.faults.clear()
    router.faults.drop_command(on="/system")
    lost = probe(target, 5)
    assert (lost.ok, lost.reason) == (False, Reason.CLOSED)
    assert "Check under IP > Services that api is available from our address" in lost.detail


def test_a_router_that_is_not_there_says_so(server: RouterServer) -> None:
    target = target_of(server)
    server.stop()
    refused = probe(target, 5)
    assert (refused.ok, refused.reason) == (False, Reason.REFUSED)
    assert refused.detail == (
        f"127.0.0.1 port {target.port} refused the connection. "
        "Check under IP > Services that api is enabled and has this port."
    )
    server.start()


def test_with_tls_the_certificate_is_shown_first_and_trusted_when_it_was_confirmed(router: Router) -> None:
    with RouterServer(router, tls=True) as server:
        target = target_of(server)
        first = probe(replace(target, fingerprint=None), 5)
        assert (first.ok, first.reason, first.certificate_fingerprint) == (
            False,
            Reason.CERTIFICATE,
            server.fingerprint,
        )
        assert first.detail == (
            "The router shows a certificate that nobody has confirmed yet. Compare its fingerprint with that under "
            "System > Certificates on the router, and confirm it."
        )
        assert router.counts.commands["/login"] == 0

        confirmed = probe(replace(target, fingerprint=first.certificate_fingerprint), 5)
        assert (confirmed.ok, confirmed.certificate_fingerprint) == (True, server.fingerprint)

        changed = probe(replace(target, fingerprint="0" * 64), 5)
        assert (changed.ok, changed.reason, changed.certificate_fingerprint) == (
            False,
            Reason.CERTIFICATE,
            server.fingerprint,
        )
        assert "something else answers in its place" in changed.detail


def test_there_is_advice_for_every_reason() -> None:
    assert ADVICE.keys() == set(Reason)


def test_what_a_router_says_of_itself_can_be_kept_whatever_it_is(router: Router, server: RouterServer) -> None:
    with connect(target_of(server), 5) as connection:
        name = "a\r\n" + b"\xff".decode("utf-8", "surrogateescape") + "x" * 5000
        connection.call("/system/identity/set", {"name": name})
    found = probe(target_of(server), 5)
    assert found.identity == "a \ufffd" + "x" * 116 + "…"
    assert found.identity.encode()
