"""Pages out of a template: the process that prints (`press.py`) is started, held to its limits, and asked what was wrong."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from chalicelib.core.errors import Unavailable
from chalicelib.core.json import compact_json

HERE = Path(__file__).parent
MAX_PAGES = 300
MAX_PRINTED_BYTES = 10_000_000
MEMORY_BYTES = 900_000_000
CPU_SECONDS = 20
_FAULT = 3
_STARTS_SECONDS = 4
_OUT_OF_TIME = (-signal.SIGXCPU, -signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one paper may take."""

    cpu_seconds: int = CPU_SECONDS
    memory_bytes: int = MEMORY_BYTES
    pages: int = MAX_PAGES
    bytes: int = MAX_PRINTED_BYTES


OURS = Limits()
A_TENANTS = Limits(cpu_seconds=8)
"""A template that somebody wrote. Ours take 0.05 seconds for a page, and 1.7 with 800 MB of addresses for 5,000 lines."""
A_SAMPLE = Limits(cpu_seconds=4, memory_bytes=600_000_000)
"""The same within a request, where a page is printed."""


class TemplateFault(Exception):
    """What is wrong with a template: a sentence, and its line (0 when there is none to name)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def print_files(files: Mapping[str, str], printed_at: datetime, library_path: str = "", limits: Limits = OURS) -> bytes:
    """The PDF of `main.typ` among the files (texts by name), which are all that it can read.

    `TemplateFault` when it cannot be printed within the limits; `Unavailable` when the press itself fails: the same may
    be asked for again. `library_path` is where this machine's Python finds its libraries.
    """
    given = {
        "files": dict(files),
        "printed_seconds": int(printed_at.timestamp()),
        "cpu_seconds": limits.cpu_seconds,
        "memory_bytes": limits.memory_bytes,
        "pages": limits.pages,
        "bytes": limits.bytes,
    }
    done = _run_press(compact_json(given).encode(), library_path, 2 * limits.cpu_seconds + _STARTS_SECONDS)
    if done.returncode == 0 and done.stdout.startswith(b"%PDF"):
        return done.stdout
    said = done.stderr.decode(errors="replace")[-4000:]
    if done.returncode == _FAULT:
        told = json.loads(said.splitlines()[-1])
        raise TemplateFault(told["message"], told["line"])
    if done.returncode in _OUT_OF_TIME:
        raise TemplateFault(f"takes longer than {limits.cpu_seconds} second{'s' if limits.cpu_seconds != 1 else ''}")
    if done.returncode == -signal.SIGABRT and "memory allocation" in said:
        raise TemplateFault("needs more memory than there is")
    if done.returncode in (-signal.SIGSEGV, -signal.SIGABRT):
        raise TemplateFault("is nested too deeply")
    raise _stuck() from RuntimeError(said[-500:])


def _run_press(given: bytes, library_path: str, seconds: int) -> "subprocess.CompletedProcess[bytes]":
    environment = {"LD_LIBRARY_PATH": library_path} if library_path else {}
    with tempfile.TemporaryDirectory() as root:
        try:
            return subprocess.run(
                [sys.executable, "-I", "-S", "-B", str(HERE / "press.py"), str(HERE / "fonts"), _packages()],
                input=given,
                capture_output=True,
                cwd=root,
                env=environment,
                timeout=seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _stuck() from error


def _packages() -> str:
    """Where Typst is installed, found without importing it."""
    found = find_spec("typst")
    if found is None or found.origin is None:
        raise _stuck()
    return str(Path(found.origin).parent.parent)


def _stuck() -> Unavailable:
    return Unavailable("press-away", "The document could not be printed; please ask for it again.")
