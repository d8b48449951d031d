"""The engine as the server sees it: a child process with an address, which lives no longer than the server."""

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Final

from local.refusal import Refused

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = REPOSITORY / ".venv-engine" / "bin" / "python"
STARTS_WITHIN_SECONDS: Final = 120.0
STOPS_WITHIN_SECONDS: Final = 2.0


class Engine:
    """A running engine. `url` is what AWS_ENDPOINT_URL takes."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
        """Holds the writing end of the child's standard input: the child leaves when that closes, however it closes."""
        self._process = process
        self._log = log
        self.url = url

    @property
    def pid(self) -> int:
        """The process, for a test that kills it."""
        return self._process.pid

    def death(self) -> str | None:
        """None while it runs, else the last thing it said."""
        if self._process.poll() is None:
            return None
        return f"the local engine stopped: {_last_line(self._log)} (all of it in {self._log})"

    def stop(self) -> None:
        """Ends it. What it has answered is on disk already, so there is nothing to wait for but its leaving."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start(folder: Path, log: Path) -> Engine:
    """Starts the engine on `folder` and waits until it serves. Raises Refused, with the engine's own words."""
    if not PYTHON.exists():
        raise Refused("the local engine is not installed: `make run` installs it")
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [PYTHON, "-m", "local.engine.launcher", folder.resolve()],
            cwd=REPOSITORY,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # A Ctrl-C is for the server, which finishes its requests first and needs the engine for that.
            start_new_session=True,
        )
    told = _first_line(process)
    if "port" in told:
        return Engine(process, f"http://127.0.0.1:{told['port']}", log)
    process.kill()
    process.wait()
    raise Refused(told.get("error") or f"the local engine does not start: {_last_line(log)} (all of it in {log})")


def _first_line(process: "subprocess.Popen[bytes]") -> dict[str, str]:
    assert process.stdout is not None
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 0.5)[0]:
            line = process.stdout.readline()
            return dict(json.loads(line)) if line.startswith(b"{") else {}
    return {}


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
