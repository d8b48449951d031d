"""What an import comes to: the file as it was checked, how far its lines are, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from chalicelib.aws.guards import Guard
from chalicelib.crm import job as jobs
from chalicelib.crm.csv_file import MAX_FAULTS_TOLD, Fault
from chalicelib.crm.job import Job
from chalicelib.crm.numbers import Pair

LINES_WITHIN_REQUEST = 400
"""A file of so many lines is written before the answer; a longer one becomes a job to follow."""
PROGRESS_EVERY_LINES = 200


@dataclass(frozen=True)
class Checked:
    """What checking a file found: its lines, the good ones as they are kept, and how many numbers these take.

    `earliest` is the first day it is about; None when there are faults.
    """

    lines: int
    faults: list[Fault]
    kept: list[list[Any]]
    guard: Guard
    earliest: date | None
    subscribers: int = 0
    not_before_micros: int = 0


@dataclass(frozen=True)
class ImportResult:
    """What became of a file. `written` counts what this request wrote, `faults` tell what was refused of it; `job` is
    there when a worker goes on with it."""

    dry_run: bool
    lines: int
    written: int
    unchanged: int
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0
    job: Job | None = None


@dataclass(frozen=True)
class Outcome:
    """What a piece of a job came to: lines written now, lines that were there before, what stood against others, and
    the numbers that these leave."""

    written: int
    there: int = 0
    faults: tuple[Fault, ...] = ()
    left: tuple[Pair, ...] = ()


@dataclass
class Progress:
    """How many lines of a job are written (`there`: were before), what stood against others, and the numbers `left`.

    The job's row is told now and then.
    """

    job: Job
    done: int = 0
    there: int = 0
    faults: list[Fault] = field(default_factory=list)
    left: list[Pair] = field(default_factory=list)
    _told: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count what one piece of the work came to."""
        self.done += outcome.written + outcome.there
        self.there += outcome.there
        self.faults += outcome.faults
        self.left += outcome.left
        if self.job.lines > LINES_WITHIN_REQUEST and self.done - self._told >= PROGRESS_EVERY_LINES:
            jobs.tell_progress(self.job, self.done)
            self._told = self.done

    def result(self) -> ImportResult:
        """What became of the whole file."""
        told = tuple(self.faults[:MAX_FAULTS_TOLD])
        return ImportResult(False, self.job.lines, self.done - self.there, self.there, told, len(self.faults))


Run = Callable[[Job, Progress], None]
"""Writes those lines of a job that are not written yet, and adds them (with those that are) to the progress."""
