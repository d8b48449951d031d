"""Which routers are behind, over HTTP; what they refused, and trying that again."""

from datetime import timedelta
from typing import Any

from chalicelib.aws import clock
from chalicelib.core.dates import to_micros
from chalicelib.crm.access_change import AccessChange
from chalicelib.crm.outbox import add_changes
from tests.conftest import SetClock
from tests.network.watched import Watched, code_of
from tests.tenants.isp import nobody

WAITS = (0, 6, 21, 81, 321)


def lag(place: Watched, client: Any = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (client or place.operator).get("/v1/network/lag").ok(200)["items"]
    return found


def test_a_router_that_is_not_behind_is_not_listed(place: Watched) -> None:
    assert lag(place) == lag(place, place.beta) == lag(place, place.gamma) == []
    place.subscriber(place.operator, "karim")
    assert len(lag(place)) == 1
    place.deliver()
    assert lag(place) == []


def test_what_waits_for_a_silent_router_is_counted_for_its_owner_and_for_whoever_it_is_lent_to(
    place: Watched, the_clock: SetClock
) -> None:
    place.simulated.faults.refuse_connections(True)
    place.subscriber(place.operator, "karim")
    the_clock.at += timedelta(seconds=30)
    place.subscriber(place.beta, "rahim")
    place.deliver()
    the_clock.at += timedelta(seconds=3)
    [own] = lag(place)
    assert "refused the connection" in own.pop("failure")
    assert own == {
        "router": {"id": place.router_id, "name": place.get("").ok(200)["name"], "enabled": True, "lent": False},
        "waiting": 2,
        "more": False,
        "oldest_due_at": "2026-11-22T06:00:00.000000Z",
        "lag_seconds": 33,
        "failing_since": "2026-11-22T06:00:30.000000Z",
        "reason": "refused",
        "next_try_at": "2026-11-22T06:00:35.000000Z",
        "refused": 0,
        "more_refused": False,
    }
    [lent] = lag(place, place.beta)
    assert (lent["router"]["lent"], lent["waiting"], lent["lag_seconds"], lent["reason"]) == (True, 1, 3, "refused")
    assert (lent["oldest_due_at"], lent["failure"]) == ("2026-11-22T06:00:30.000000Z", None)
    assert lag(place, place.gamma) == []


def test_the_longest_wait_comes_first_and_the_list_is_read_by_pages(place: Watched, the_clock: SetClock) -> None:
    body = {"name": "edge", "address": "127.0.0.1", "port": 1, "transport": "api", "username": "admin"}
    edges = [place.operator.post("/v1/routers", {**body, "password": "x"}).ok(201)["id"] for _ in range(2)]
    place.subscriber(place.operator, "first", edges[1])
    the_clock.at += timedelta(seconds=1)
    place.subscriber(place.operator, "second")
    the_clock.at += timedelta(seconds=1)
    place.subscriber(place.operator, "third", edges[0])
    wanted = [edges[1], place.router_id, edges[0]]
    assert [one["router"]["id"] for one in lag(place)] == wanted
    found, cursor = [], ""
    while cursor is not None:
        page = place.operator.get(f"/v1/network/lag?limit=1{cursor and '&cursor=' + cursor}").ok(200)
        found += [one["router"]["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert found == wanted


def test_a_thousand_changes_are_counted_and_no_more(place: Watched) -> None:
    due = to_micros(clock.now())

    def wait(tenant_id: str, first: int, number: int) -> None:
        add_changes(
            [
                AccessChange(place.router_id, tenant_id, 1, one, ("x",), due - 1_000_000 + one, "1")
                for one in range(first, first + number)
            ]
        )

    wait(place.ids["BETA"], 1, 3)
    wait("op", 10, 997)
    [own] = lag(place)
    assert (own["waiting"], own["more"]) == (1_000, False)
    wait("op", 5_000, 1)
    wait(place.ids["BETA"], 6_000, 1)
    [own], [lent] = lag(place), lag(place, place.beta)
    assert (own["waiting"], own["more"]) == (1_000, True)
    assert (lent["waiting"], lent["more"]) == (3, True)


def refused_both(place: Watched, the_clock: SetClock) -> None:
    """The disk is full: five times for karim of the operator and rahim of Beta."""
    place.simulated.faults.disk_full()
    place.subscriber(place.operator, "karim")
    place.subscriber(place.beta, "rahim")
    for pause in WAITS:
        the_clock.at += timedelta(seconds=pause)
        place.deliver()
    place.sent.clear()


def test_what_was_refused_is_listed_with_the_reason_and_each_sees_its_own(place: Watched, the_clock: SetClock) -> None:
    refused_both(place, the_clock)
    karim, rahim = place.get("/refused-changes").ok(200)["items"]
    assert "disk full" in karim["reason"]
    assert {
        name: karim[name] for name in ("service", "subscriber", "reseller", "names", "tries", "due_at", "since")
    } == {
        "service": place.ids["karim"],
        "subscriber": "op.s1",
        "reseller": None,
        "names": ["karim"],
        "tries": 5,
        "due_at": "2026-11-22T06:00:00.000000Z",
        "since": "2026-11-22T06:07:09.000000Z",
    }
    assert (rahim["service"], rahim["subscriber"], rahim["reseller"]) == (None, None, place.ids["BETA"])
    [own] = place.get("/refused-changes", place.beta).ok(200)["items"]
    assert (own["service"], own["reseller"]) == (place.ids["rahim"], None)
    assert [(one["refused"], one["waiting"]) for one in (*lag(place), *lag(place, place.beta))] == [(2, 0), (1, 0)]
    assert code_of(place.get("/refused-changes", place.gamma)) == (404, "not-found")
    page = place.get("/refused-changes?limit=1").ok(200)
    rest = place.get(f"/refused-changes?limit=1&cursor={page['next_cursor']}").ok(200)
    assert [page["items"][0]["service"], rest["items"][0]["reseller"]] == [place.ids["karim"], place.ids["BETA"]]


def test_tried_again_everything_arrives_and_nothing_is_refused_any_more(place: Watched, the_clock: SetClock) -> None:
    refused_both(place, the_clock)
    place.simulated.faults.clear()
    assert place.operator.post(f"{place.at}/refused-changes/retry").ok(200).data == {"retried": 2, "more": False}
    assert place.get("/refused-changes").ok(200)["items"] == []
    assert place.work() == [{"do": "deliver", "router": place.router_id}]
    assert sorted(one["name"] for one in place.simulated.rows("/ppp/secret")) == ["beta-rahim", "karim"]
    assert lag(place) == []
    assert place.operator.post(f"{place.at}/refused-changes/retry").ok(200)["retried"] == 0


def test_whoever_it_is_lent_to_has_its_own_tried_again(place: Watched, the_clock: SetClock) -> None:
    refused_both(place, the_clock)
    place.simulated.faults.clear()
    assert place.beta.post(f"{place.at}/refused-changes/retry").ok(200)["retried"] == 1
    place.work()
    assert [one["name"] for one in place.simulated.rows("/ppp/secret")] == ["beta-rahim"]
    assert len(place.get("/refused-changes").ok(200)["items"]) == 1
    assert code_of(place.gamma.post(f"{place.at}/refused-changes/retry")) == (404, "not-found")


def test_a_router_that_is_back_is_tried_at_once_when_its_owner_says_so(place: Watched) -> None:
    place.subscriber(place.operator, "karim")
    place.simulated.faults.refuse_connections(True)
    place.deliver()
    place.simulated.faults.refuse_connections(False)
    place.sent.clear()
    place.beta.post(f"{place.at}/refused-changes/retry").ok(200)
    place.work()
    assert place.simulated.rows("/ppp/secret") == [], "it is left alone for a while"
    place.operator.post(f"{place.at}/refused-changes/retry").ok(200)
    place.work()
    assert [one["name"] for one in place.simulated.rows("/ppp/secret")] == ["karim"]


def test_a_technician_may_try_again_and_an_accountant_may_not_even_look(place: Watched) -> None:
    for role in ("technician", "accountant"):
        body = {"name": role, "email": f"{role}@isp.test", "role": role, "password": "correct horse 1"}
        place.operator.post("/v1/users", body).ok(201)
    technician = nobody().signed_in("technician@isp.test", "correct horse 1")
    accountant = nobody().signed_in("accountant@isp.test", "correct horse 1")
    assert technician.post(f"{place.at}/refused-changes/retry").ok(200)["retried"] == 0
    assert technician.get("/v1/network/lag").ok(200)["items"] == []
    assert code_of(technician.post(f"{place.at}/reconciliations", {})) == (403, "role-not-allowed")
    assert code_of(accountant.get("/v1/network/lag")) == (403, "role-not-allowed")
