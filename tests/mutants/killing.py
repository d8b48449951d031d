"""Runs the tests against mutants: each has to make at least one of them fail."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from tests.mutants.found import ROOT, Condition

LIMIT_SECONDS = 300
"""A mutant that makes the tests hang is as dead as one that makes them fail."""

SCHEDULES = "tests/simulation/schedules"
STAGES: dict[str, tuple[tuple[str, ...], ...]] = {
    "funds": (("tests/funds",), (SCHEDULES,), ("tests/billing", "tests/journeys")),
    "ledger": (("tests/ledger", "tests/billing/test_closing.py"), (SCHEDULES, "tests/proof"), ("tests/journeys",)),
    "billing": (("tests/billing",), (SCHEDULES,), ("tests/crm", "tests/journeys")),
    "retail": (("tests/retail",), (SCHEDULES,), ("tests/journeys",)),
    "partners": (("tests/partners",), (SCHEDULES,), ("tests/journeys",)),
    "proof": (("tests/proof",), ("tests/journeys",)),
    "api": (("tests/api",), ("tests/funds",), ("tests/journeys",)),
    "tenants": (("tests/tenants",), ("tests/journeys",)),
}
"""By package: which tests are tried after those that name the module themselves, the likeliest first."""

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: the test that killed it, or None if it lived."""

    condition: Condition
    killed_by: str | None
    seconds: float


def kill(condition: Condition) -> Verdict:
    """Try the tests that name its module, then the stages of its package, until a test fails."""
    started = time.monotonic()
    for targets in (_naming(condition.module), *STAGES[condition.module.split(".")[1]]):
        killed_by = _run(condition, targets)
        if killed_by is not None:
            return Verdict(condition, killed_by, time.monotonic() - started)
    return Verdict(condition, None, time.monotonic() - started)


def kill_all(conditions: Iterable[Condition], workers: int) -> Iterator[Verdict]:
    """The verdicts as they come."""
    with ThreadPoolExecutor(workers) as pool:
        for done in as_completed([pool.submit(kill, condition) for condition in conditions]):
            yield done.result()


def _naming(module: str) -> tuple[str, ...]:
    """The files of tests that import from the module, those of its own package first."""
    package = module.split(".")[1]
    paths = [path for path in sorted((ROOT / "tests").glob("*/test_*.py")) if module in path.read_text()]
    paths.sort(key=lambda path: path.parent.name != package)
    return tuple(str(path.relative_to(ROOT)) for path in paths)


def _run(condition: Condition, targets: tuple[str, ...]) -> str | None:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "tests.mutants.plugin", "-p", "no:cacheprovider"]
    there = [target for target in targets if (ROOT / target).exists()]
    if not there:
        return None
    try:
        ended = subprocess.run(
            [*command, *there],
            cwd=ROOT,
            env={**os.environ, "MUTANT": condition.name, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "the time limit"
    if ended.returncode == 0:
        return None
    named = _FAILED.search(ended.stdout)
    if named is None:
        raise RuntimeError(f"{condition.name}: the tests did not run\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return named[1]
