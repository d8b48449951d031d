"""From nothing to a server that answers, in order; and back."""

import importlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from local import claims, first_start, kept, scheduler, settings, storage
from local.boxes import process as boxes
from local.boxes.table import ADMIN, ADMIN_PASSWORD
from local.engine import process
from local.gateway import Gateway
from local.http import serve
from local.invocation import one_request_a_thread
from local.refusal import Refused

WORKERS_FINISH_WITHIN_SECONDS: Final = 0.5
PLANNERS: Final = (
    ("chalicelib.billing.jobs", "plan_settlements", scheduler.PLANS_EVERY_SECONDS),
    ("chalicelib.proof.jobs", "tend_books", scheduler.TENDS_EVERY_SECONDS),
    ("chalicelib.network.jobs", "plan_routers", scheduler.ROUTERS_EVERY_SECONDS),
)
WORKERS: Final = (
    ("SETTLEMENT_QUEUE_URL", "chalicelib.billing.worker", "settle_day"),
    ("JOBS_QUEUE_URL", "chalicelib.crm.worker", "run_import"),
    ("BOOKS_QUEUE_URL", "chalicelib.proof.worker", "tend_book"),
    ("DOCUMENTS_QUEUE_URL", "chalicelib.documents.worker", "print_document"),
)


def main() -> int:
    """Runs the server. Gives the exit code: 0 after a stop that was asked for, 1 after one line about what is wrong."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # It warns of every request that waits a moment for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        run(settings.read(os.environ))
    except Refused as refusal:
        print(f"tributary: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def run(chosen: settings.Settings) -> None:
    """Starts everything, serves, and stops everything. Raises Refused."""
    stop = _Stop()
    lock = claims.claim_folder(chosen.data_dir)
    listener = claims.claim_port(chosen.host, chosen.port)
    _say(f"data in {chosen.data_dir}; starting the local engine")
    # They come up beside the engine: nobody waits for the one and then for the other.
    simulated = _begin_routers(chosen)
    try:
        _run(chosen, stop, listener, simulated)
    finally:
        if simulated:
            simulated.stop()
        os.close(lock)


def _begin_routers(chosen: settings.Settings) -> boxes.Boxes | None:
    if not chosen.routers:
        return None
    folder, log = chosen.data_dir / settings.ROUTERS_FOLDER, chosen.data_dir / "routers.log"
    return boxes.begin(folder, log, is_demo=chosen.demo)


def _run(chosen: settings.Settings, stop: "_Stop", listener: socket.socket, simulated: boxes.Boxes | None) -> None:
    engine = process.start(chosen.data_dir / "engine", chosen.data_dir / "engine.log")
    try:
        storage.point_at(engine.url)
        os.environ.update(storage.prepare())
        _configure_app(chosen)
        app = one_request_a_thread(importlib.import_module("app").app)
        routers = simulated.wait() if simulated else []
        is_first = first_start.complete(chosen, routers)
        work = scheduler.Scheduler()

        def ready() -> None:
            _tell_routers(chosen, routers)
            _tell_how_to_sign_in(chosen, listener.getsockname()[1], is_first)
            _start_functions(work)

        serve(Gateway(app), listener, ready, lambda: stop.asked_while_serving() or engine.death() is not None)
        work.stop(WORKERS_FINISH_WITHIN_SECONDS)
        if death := engine.death():
            raise Refused(death)
        _say("stopped")
    finally:
        engine.stop()


def _configure_app(chosen: settings.Settings) -> None:
    os.environ["TOKEN_KEYS"] = kept.token_keys(chosen.data_dir)
    os.environ.setdefault("OPERATOR_ID", "op")
    os.environ.setdefault("CURRENCY", "BDT")
    # On AWS metrics travel as log lines; here they would only be in the way of reading the log.
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")


def _start_functions(work: scheduler.Scheduler) -> None:
    # The engine keeps no messages over a restart, so every job that is not over is asked for again.
    requeue = scheduler.function_at("chalicelib.crm.job", "requeue_open_jobs")
    if requeue:
        requeue(os.environ["OPERATOR_ID"], 0)
    _take_routers_up_again()
    for module, name, seconds in PLANNERS:
        planner = scheduler.function_at(module, name)
        if planner:
            work.every(seconds, planner)
    for queue, module, name in WORKERS:
        function = scheduler.function_at(module, name)
        if function:
            work.for_each_message(os.environ[queue], function)
    # One after the other, a router that is away would hold up all others until its time is over.
    reach = scheduler.function_at("chalicelib.network.worker", "reach_router")
    if reach:
        routers = os.environ["ROUTERS_QUEUE_URL"]
        work.for_each_message(routers, reach, scheduler.ROUTERS_SIDE_BY_SIDE, scheduler.ROUTER_TIMEOUT_SECONDS)


def _take_routers_up_again() -> None:
    """A killed server leaves its routers to workers that are gone with it, and simulated ones were away as it was."""
    find = scheduler.function_at("chalicelib.network.find", "all_router_ids")
    again = [scheduler.function_at("chalicelib.network.state", name) for name in ("let_go", "end_pause")]
    for router_id in find(os.environ["OPERATOR_ID"]) if find else ():
        for do in again:
            if do:
                do(router_id)


def _tell_routers(chosen: settings.Settings, routers: Sequence[boxes.Listening]) -> None:
    for one in routers:
        kind = "RouterOS API" if one.fingerprint is None else "RouterOS API over TLS"
        is_away = f", but not now: {one.error}" if one.error else ""
        _say(f"simulated router {one.name} at 127.0.0.1:{one.port} ({kind}){is_away}")
    if routers:
        _say(f"  their user is {ADMIN} with password {ADMIN_PASSWORD}; to look at a menu of one:")
        where = "" if chosen.data_dir == Path(settings.DATA_DIR) else f"DATA_DIR={chosen.data_dir} "
        _say(f"  {where}.venv/bin/python -m local.boxes.look {routers[0].name} /ppp/active")


def _tell_how_to_sign_in(chosen: settings.Settings, port: int, is_first: bool) -> None:
    host = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
    password_file = chosen.data_dir / kept.PASSWORD_FILE
    _say(f"ready at http://{host}:{port} (the API is described at /docs)")
    if not password_file.exists():
        _say("sign in with the e-mail and password that were set on the first start")
    elif is_first:
        password = password_file.read_text().strip()
        _say(f"sign in as {chosen.operator_email} with password {password} (kept in {password_file})")
    else:
        _say(f"sign in as the operator with the password kept in {password_file}")


def _say(text: str) -> None:
    print(text, flush=True)


class _Stop:
    """Ctrl-C, SIGTERM, or the end of the `make` that started this: nobody could stop it by that afterwards."""

    def __init__(self) -> None:
        self._asked = False
        self._serving = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)
        if "MAKELEVEL" in os.environ:
            threading.Thread(target=_stop_without_parent, args=(os.getppid(),), daemon=True).start()

    def asked_while_serving(self) -> bool:
        """True from the first request to stop on. Until this is called for the first time, a request ends the start."""
        self._serving = True
        return self._asked

    def _ask(self, number: int, frame: object) -> None:
        self._asked = True
        if not self._serving:
            raise KeyboardInterrupt


def _stop_without_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
