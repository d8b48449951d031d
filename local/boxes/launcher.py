"""`python -m local.boxes.launcher FOLDER [demo]`: runs the two routers until its standard input closes.

Its one line of output says where they listen, or what kept them from it. What they are is kept in the folder, written
before a command is answered: after `kill -9` they are as they were, without their sessions, as after a power cut.
"""

import fcntl
import json
import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from local.boxes.table import (
    ADMIN,
    ADMIN_PASSWORD,
    BOXES,
    PROGRAM,
    PROGRAM_PASSWORD,
    REDIAL_SECONDS,
    Box,
    callers_at,
)
from local.kept import write_whole
from local.routeros.certificate import certificate
from local.routeros.router import Router
from local.routeros.server import RouterServer

PORTS_FILE: Final = "ports.json"
LOCK_FILE: Final = "running"
"""Locked by the process that runs the routers, whose number is in it."""

# Below these are ports that need more rights, above them those that the system gives to anybody who calls out.
_PORTS: Final = range(20_000, 32_000)
_TRIES: Final = 20
_BEFORE_IS_GONE_WITHIN_SECONDS: Final = 5.0


def main(folder: Path, *, is_demo: bool) -> None:
    """Runs the routers; returns when nobody needs them any more."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = _claim(folder)
    if lock is None:
        _tell({"error": f"other simulated routers run on {folder}"})
        return
    ports = folder / PORTS_FILE
    kept: dict[str, Any] = json.loads(ports.read_text()) if ports.exists() else {}
    told = {box.name: _run(box, folder, kept.get(box.name, {}).get("port"), is_demo=is_demo) for box in BOXES}
    write_whole(ports, json.dumps(told))
    _tell({"routers": told})
    sys.stdin.buffer.read()


def _claim(folder: Path) -> int | None:
    """The folder for this process alone: those of a server that was killed may take a moment to go."""
    lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _BEFORE_IS_GONE_WITHIN_SECONDS
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            return lock
        time.sleep(0.05)
    return None


def _run(box: Box, folder: Path, port: int | None, *, is_demo: bool) -> dict[str, Any]:
    router = _router(box, folder / f"{box.name}.routeros", is_demo=is_demo)
    router.users.add(PROGRAM, PROGRAM_PASSWORD, "write")
    shown = certificate(folder / f"{box.name}.pem", box.identity) if box.tls else None
    told = {"tls": box.tls, "fingerprint": shown.fingerprint if shown else None}
    # The product knows where a router was: once it has a port it keeps it.
    candidates = [port] if port else [box.port, *random.sample(_PORTS, _TRIES)]
    for candidate in candidates:
        with suppress(OSError):
            RouterServer(router, port=candidate, tls=shown).start()
            return {"port": candidate, **told}
    return {"port": candidates[0], "error": f"port {candidates[0]} is busy", **told}


def _router(box: Box, path: Path, *, is_demo: bool) -> Router:
    """The router as it was; the first time as people have set it up, all of that or nothing."""
    if not path.exists():
        fresh = path.with_suffix(".setup")
        fresh.unlink(missing_ok=True)
        router = _started(box, fresh)
        for menu, entry in box.entries:
            router.add(menu, entry)
        for method, name, password, mac in callers_at(box) if is_demo else ():
            call = router.dial if method == "pppoe" else router.sign_in
            call(name, password, mac, REDIAL_SECONDS)
        router.close()
        fresh.rename(path)
    return _started(box, path)


def _started(box: Box, path: Path) -> Router:
    return Router(box.identity, password=ADMIN_PASSWORD, version=box.version, board=box.board, path=path)


def _tell(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    assert ADMIN == "admin", "the simulator's routers come with no other"
    main(Path(sys.argv[1]), is_demo="demo" in sys.argv[2:])
    # Connections have threads of their own, which nobody waits for.
    os._exit(0)
