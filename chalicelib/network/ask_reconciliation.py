"""Ask for a reconciliation: the report and the router's word that it is asked for in one write, then the message.

There is one at a time on a router. One whose message was lost, whose worker was stopped, or that met somebody at work on
the router is asked for again by the plan of each minute, which sees it in the router's state.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.log import log
from chalicelib.aws.queue import send_to_routers
from chalicelib.aws.tables import ConditionFailed, Operation, Remember, Update, forget, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.network.asking import check_enabled
from chalicelib.network.model import Router
from chalicelib.network.reports import Report, asked, find_reconciliation
from chalicelib.network.state import RouterState, StateRow, read_state

TRIES = 8
ASKED_AGAIN_AFTER = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(hours=1)
"""One that has not ended by then never will: it is not asked for again, and another one may be."""


def ask_reconciliation(router: Router, *, dry_run: bool, now: datetime, remember: Remember = forget) -> Report:
    """Have the router compared with what is wanted of it, and, unless it is a dry run, brought in line with it.

    `Conflict` `router-disabled`, or `reconciliation-under-way` while an earlier one has not ended.
    """
    check_enabled(router)
    for number in range(TRIES):
        # Of two that are asked for at one instant the later one is a microsecond later.
        report = Report(router.router_id, to_micros(now) + number, mends=not dry_run)
        before = read_state(router.router_id)
        if not _is_free(before, now):
            raise Conflict(
                "reconciliation-under-way", "This router is being reconciled; ask again when that has ended."
            )
        try:
            write(asked(report), _noted(report, before.asked_micros), *remember(report))
        except ConditionFailed:
            continue
        _send(report)
        return report
    raise Unavailable("busy", "This router is being asked for by others; please send the request again.")


def keep_for_later(report: Report) -> None:
    """Nobody asked for it, and somebody is at work on the router: it is asked for again, unless another one is already."""
    try:
        write(asked(report), _noted(report, None))
    except ConditionFailed:
        log("left to another reconciliation", router=report.router_id)


def no_longer_asked(report: Report) -> None:
    """The reconciliation has ended: another one may be asked for."""
    row = StateRow.at(keys.router_state(report.router_id))
    try:
        write(Update(row, [StateRow.asked.remove()], StateRow.asked == report.asked_micros))
    except ConditionFailed:
        return


def asked_again(state: RouterState, now: datetime) -> tuple[str, str, dict[str, Any]] | None:
    """The message for the reconciliation that should have ended by now; None where there is none, or somebody is at work
    on the router."""
    micros, now_micros = state.asked_micros, to_micros(now)
    if micros is None or state.leased_until_micros > now_micros:
        return None
    if not to_micros(now - GIVEN_UP_AFTER) < micros <= to_micros(now - ASKED_AGAIN_AFTER):
        return None
    return state.router_id, f"reconcile-{micros}-{now_micros}", _body(state.router_id, micros)


def _is_free(state: RouterState, now: datetime) -> bool:
    if state.asked_micros is None or state.asked_micros <= to_micros(now - GIVEN_UP_AFTER):
        return True
    return find_reconciliation(state.router_id, state.asked_micros).has_ended


def _noted(report: Report, instead_of: int | None) -> Operation:
    same = StateRow.asked.does_not_exist() if instead_of is None else StateRow.asked == instead_of
    return Update(StateRow.at(keys.router_state(report.router_id)), [StateRow.asked.set(report.asked_micros)], same)


def _send(report: Report) -> None:
    """Lost, it costs the person two minutes and no more."""
    try:
        send_to_routers(
            [(report.router_id, f"reconcile-{report.asked_micros}", _body(report.router_id, report.asked_micros))]
        )
    except Unavailable as refusal:
        log("reconciliation not queued", router=report.router_id, reason=refusal.detail)


def _body(router_id: str, asked_micros: int) -> dict[str, Any]:
    return {"do": "reconcile", "router": router_id, "asked": asked_micros}
