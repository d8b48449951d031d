"""The one function that speaks to routers: it takes the routers queue, and answers what a person waits for."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from chalice.app import Blueprint

from chalicelib.aws import clock
from chalicelib.aws.invoke import answer_in_process
from chalicelib.aws.log import flush_metrics, log, measure
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Unavailable
from chalicelib.core.json import read_json
from chalicelib.network.ask_reconciliation import keep_for_later, no_longer_asked
from chalicelib.network.deliver import deliver
from chalicelib.network.failure import RouterFailure
from chalicelib.network.find import read_router
from chalicelib.network.health import read_health
from chalicelib.network.questions import answer_question
from chalicelib.network.reach import ANSWER_SECONDS, reach, reach_to_work
from chalicelib.network.reconcile import reconcile
from chalicelib.network.reports import Report, find_reconciliation
from chalicelib.network.samples import Sample, keep_sample
from chalicelib.network.silence import note_answered, note_silent
from chalicelib.network.state import (
    note_behind,
    note_compared,
    note_failed,
    note_met,
    note_night_failed,
    note_sampled,
    read_state,
)

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="tributary-routers.fifo", batch_size=1, name="reach_router")
def reach_router(event: Any) -> dict[str, Any] | None:
    """Carry out a message of the queue, or answer a question (`{"ask": ...}`) that the API asks by calling this function.

    What a router does wrong is noted with the router. What cannot be done just now is planned again within a minute: a
    message that failed would keep its router waiting for longer.
    """
    told: dict[str, Any] = event.to_dict()
    if "ask" in told:
        return answer_question(told)
    for record in event:
        try:
            carry_out(read_json(record.body))
        except Unavailable as refusal:
            log("router put off", reason=refusal.detail)
        except Exception:
            measure("Failures", 1)
            raise
        finally:
            flush_metrics()
    return None


def carry_out(message: Mapping[str, Any]) -> None:
    """Do what a message of the queue asks for."""
    router_id = message["router"]
    match message["do"]:
        case "deliver":
            told = deliver(router_id, reach_to_work)
            log("delivered", router=router_id, status=told.status, delivered=told.delivered, refused=told.refused)
        case "reconcile":
            _reconcile(router_id, message.get("asked"))
        case "sample":
            _sample(router_id)
        case "night":
            _compare_at_night(router_id, date.fromisoformat(message["day"]))


def _reconcile(router_id: str, asked_micros: int | None) -> None:
    """What a person asked for, or what a change of terms or plans makes necessary."""
    if asked_micros is None:
        report = Report(router_id, to_micros(clock.now()), mends=True)
    else:
        report = find_reconciliation(router_id, asked_micros)
    if not report.has_ended:
        report = reconcile(report, reach_to_work, mend=report.mends)
    if report.has_ended:
        no_longer_asked(report)
    elif asked_micros is None:
        keep_for_later(report)
    is_behind = asked_micros is None and report.status == "failed"
    if is_behind or (report.status == "done" and report.mends and read_state(router_id).is_behind):
        note_behind(router_id, is_behind)
    log("reconciled", router=router_id, status=report.status, differing=report.differing)


def _compare_at_night(router_id: str, day: date) -> None:
    report = reconcile(Report(router_id, to_micros(clock.now()), mends=True, day=day), reach_to_work, mend=True)
    if report.status == "done":
        note_compared(router_id, day)
    elif report.status == "failed":
        note_night_failed(router_id, clock.now())
    log("compared by night", router=router_id, status=report.status, differing=report.differing)


def _sample(router_id: str) -> None:
    """How the router is; that it does not answer is worth keeping too."""
    router = read_router(router_id)
    if router is None or not router.enabled:
        return
    now, state = clock.now(), read_state(router_id)
    try:
        with reach(router, ANSWER_SECONDS) as connection:
            health = read_health(connection)
    except RouterFailure as failure:
        note_silent(state, failure.reason, now)
        note_failed(router_id, now, failure.reason.value, failure.detail)
        keep_sample(router_id, Sample(to_micros(now), None, failure.detail))
    else:
        note_answered(state, health.uptime_seconds, now)
        keep_sample(router_id, Sample(to_micros(now), health))
        met = {"identity": health.identity, "model": health.model, "version": health.version}
        note_met(router_id, now, met, router.address)
    note_sampled(router_id, now)


# Where no function of that name is configured, the API asks in its own process.
answer_in_process(answer_question)
