"""What a person wants to know of a router now: asked by the API, answered where routers can be reached.

A question is `{"ask": ..., "router": id, ...}`, an answer plain data. A router that does not answer is an answer too:
`{"failure": {"reason": ..., "detail": ...}}`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from chalicelib.aws import clock
from chalicelib.network.entries import Menu
from chalicelib.network.failure import Reason, RouterFailure, RouterTrap, readable
from chalicelib.network.find import lendings_of, read_router
from chalicelib.network.found_secrets import PROPERTIES, Ground, found_data, judge_secrets
from chalicelib.network.health import read_health
from chalicelib.network.live import has_entry, read_last_sign_off, read_session, read_traffic
from chalicelib.network.look import Look
from chalicelib.network.model import Method, Router
from chalicelib.network.probe import probe
from chalicelib.network.reach import ANSWER_SECONDS, reach, reach_to_work, target_of
from chalicelib.network.reconcile import see
from chalicelib.network.reports import item_data
from chalicelib.network.state import note_failed, note_met

READING_SECONDS = 20.0
"""To read a whole router, behind the sign-in: whoever asks waits for 27 s."""
PROBE_SECONDS = 6.0
NO_ENTRY = "The router has no entry of this service under that name."

Question = Mapping[str, Any]
Answer = dict[str, Any]


def answer_question(question: Question) -> Answer:
    """Answer one question about one router."""
    router = read_router(question["router"])
    if router is None:
        return _failed(Reason.UNREACHABLE.value, "There is no such router any more.")
    try:
        return QUESTIONS[question["ask"]](router, question)
    except RouterFailure as failure:
        return _failed(failure.reason.value, failure.detail)
    except RouterTrap as trap:
        return _failed("refused", f"The router said: {trap.message}")


def _failed(reason: str, detail: str) -> Answer:
    return {"failure": {"reason": reason, "detail": detail}}


def _test(router: Router, question: Question) -> Answer:
    """Whether the router can be worked with; what it said of itself is kept."""
    began = clock.now()
    found = probe(target_of(router), PROBE_SECONDS)
    if found.ok:
        met = {name: getattr(found, name) for name in ("identity", "model", "version", "architecture")}
        note_met(router.router_id, clock.now(), met, router.address)
    elif found.reason is not None and found.reason is not Reason.NO_PERMISSION and router.enabled:
        note_failed(router.router_id, began, found.reason.value, found.detail)
    return asdict(found)


def _session(router: Router, question: Question) -> Answer:
    """A subscriber's line now: session, traffic, last sign-off; all within two seconds.

    Nothing of it is told where the entry of that name is another's, or nobody's: names alone prove nothing.
    """
    method, name = Method(question["method"]), question["name"]
    tenant_id, number = question["service"]
    with reach(router, ANSWER_SECONDS) as connection:
        if not has_entry(connection, method, name, (tenant_id, number)):
            return {"session": None, "traffic": None, "last_sign_off": None, "note": NO_ENTRY}
        session = read_session(connection, method, name)
        traffic = None if session is None else read_traffic(connection, session)
        sign_off = read_last_sign_off(connection, name) if method is Method.PPPOE else None
    return {
        "session": None if session is None else _shown(asdict(session)),
        "traffic": None if traffic is None else asdict(traffic),
        "last_sign_off": None if sign_off is None else asdict(sign_off),
        "note": None,
    }


def _health(router: Router, question: Question) -> Answer:
    """How the router is now."""
    with reach(router, ANSWER_SECONDS) as connection:
        return {"health": asdict(read_health(connection))}


def _plan(router: Router, question: Question) -> Answer:
    """What is not as wanted, of everybody or of one tenant, a page of it; nothing is changed."""
    with reach_to_work(router) as connection:
        plan = see(router, Look(router), connection, clock.now(), lambda: connection.extend(READING_SECONDS)).plan
    only = question["only"]
    items = [item for item in plan.items if only is None or (item.service is not None and item.service[0] == only)]
    first, limit = question["first"], question["limit"]
    counts: dict[str, int] = {}
    for item in items:
        counts[item.drift.value] = counts.get(item.drift.value, 0) + 1
    return {
        "entries": plan.entries,
        "counts": counts,
        "items": [item_data(item) for item in items[first : first + limit]],
        "more": len(items) > first + limit,
    }


def _secrets(router: Router, question: Question) -> Answer:
    """What of the router's secrets its owner may take over; nothing is changed."""
    tenant_id = question["tenant"]
    if router.tenant_id != tenant_id:
        return _failed(Reason.UNREACHABLE.value, "There is no such router any more.")
    lent = lendings_of(router.router_id)
    ground = Ground(router.place, tuple(one.place.prefix for one in lent), question["plans"])
    with reach_to_work(router) as connection:
        connection.extend(READING_SECONDS)
        rows = connection.rows(Menu.SECRET.value, props=PROPERTIES)
    return found_data(judge_secrets(rows, ground))


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    """Without what is no text."""
    return {name: readable(value) if isinstance(value, str) else value for name, value in told.items()}


QUESTIONS: Mapping[str, Callable[[Router, Question], Answer]] = {
    "test": _test,
    "session": _session,
    "health": _health,
    "plan": _plan,
    "secrets": _secrets,
}
