"""From nothing to a server that answers, in order; and back."""

import importlib
import logging
import os
import signal
import sys
import threading
import time
from typing import Final

from local import claims, first_start, kept, scheduler, settings, storage
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
    engine = process.start(chosen.data_dir / "engine", chosen.data_dir / "engine.log")
    try:
        storage.point_at(engine.url)
        os.environ.update(storage.prepare())
        _configure_app(chosen)
        app = one_request_a_thread(importlib.import_module("app").app)
        is_first = first_start.complete(chosen)
        work = scheduler.Scheduler()

        def ready() -> None:
            _tell_how_to_sign_in(chosen, listener.getsockname()[1], is_first)
            _start_functions(work)

        serve(Gateway(app), listener, ready, lambda: stop.asked_while_serving() or engine.death() is not None)
        work.stop(WORKERS_FINISH_WITHIN_SECONDS)
        if death := engine.death():
            raise Refused(death)
        _say("stopped")
    finally:
        engine.stop()
        os.close(lock)


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
