"""The simulated routers as the server sees them: a child process that lives no longer than the server."""

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.refusal import Refused

REPOSITORY: Final = Path(__file__).resolve().parents[2]
STARTS_WITHIN_SECONDS: Final = 60.0
STOPS_WITHIN_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Listening:
    """Where a router listens on this machine; `fingerprint` is that of its certificate, None without TLS.

    `error` says why it does not listen now.
    """

    name: str
    port: int
    fingerprint: str | None
    error: str | None = None


class Boxes:
    """The running routers."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        """Holds the writing end of the child's standard input: the child leaves when that closes, however it closes."""
        self._process = process
        self._log = log

    def wait(self) -> list[Listening]:
        """Where they listen, as soon as they do. Raises Refused, with their own words."""
        told = self._first_line()
        if "routers" not in told:
            self.stop()
            reason = told.get("error") or f"see {self._log}"
            raise Refused(f"the simulated routers do not start: {reason}; ROUTERS=0 starts without them")
        return [
            Listening(name, one["port"], one["fingerprint"], one.get("error")) for name, one in told["routers"].items()
        ]

    def stop(self) -> None:
        """Ends them. What they have answered is on disk already."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _first_line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while time.monotonic() < deadline:
            if select.select([self._process.stdout], [], [], 0.5)[0]:
                line = self._process.stdout.readline()
                return dict(json.loads(line)) if line.startswith(b"{") else {}
        return {}


def begin(folder: Path, log: Path, *, is_demo: bool) -> Boxes:
    """Starts the routers and does not wait for them. With `is_demo` the demo's subscribers call at new ones."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.boxes.launcher", folder.resolve(), *(["demo"] if is_demo else [])],
            cwd=REPOSITORY,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # A Ctrl-C is for the server, which ends its children itself.
            start_new_session=True,
        )
    return Boxes(process, log)
