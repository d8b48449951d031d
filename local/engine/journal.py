"""A write-ahead journal: what has been answered is on disk, whatever kills the process.

Two files in one folder. `snapshot` is a whole state, replaced at once by a rename. `journal` holds what came after it,
one line for one request: `crc32 [sequence, effects]`. Effects are the items as they were stored, not the requests, so
that a replay decides nothing anew and meets no clock. A line is there whole or not at all, and so is a transaction.

A last line without its end is a request that was never answered: it is cut off. Anything else that does not add up was
done by a disk or a hand, and is refused: to go on without a part of the books is not this program's decision.
"""

import asyncio
import fcntl
import json
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

Effect = list[Any]

COMPACT_AT_START_BYTES: Final = 8 * 1024 * 1024
COMPACT_WHILE_RUNNING_BYTES: Final = 48 * 1024 * 1024
OTHER_ENGINE_LEAVES_WITHIN_SECONDS: Final = 5.0


class Unusable(Exception):
    """The folder cannot be used; the message is one line for the person who started the server."""


def encode(sequence: int, effects: list[Effect]) -> bytes:
    """One line of either file."""
    text = json.dumps([sequence, effects], separators=(",", ":"), ensure_ascii=False)
    body = text.encode("utf-8", "surrogatepass")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> tuple[int, list[Effect]] | None:
    """What a line says, or None where it is torn or damaged."""
    if len(line) < 10 or not line.endswith(b"\n"):
        return None
    body = line[9:-1]
    if line[:9] != b"%08x " % zlib.crc32(body):
        return None
    sequence, effects = json.loads(body.decode("utf-8", "surrogatepass"))
    return sequence, effects


class Journal:
    """The two files, held by one process at a time.

    Open it, read `replay()` to its end, then `append` and wait for `settled`. `append` belongs to one thread: the order
    of its calls is the order of the file.
    """

    def __init__(self, folder: Path) -> None:
        """Claims the folder. Raises Unusable where another engine holds it or it cannot be written."""
        self.folder = folder
        self.snapshot_path = folder / "snapshot"
        self.journal_path = folder / "journal"
        self.sequence = 0
        self.file_bytes = 0
        self.snapshot_bytes = 0
        self._settled = 0
        self._syncing: asyncio.Future[None] | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            _claim(self._lock, folder)
            self._file = os.open(self.journal_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            _sync_folder(folder)
        except OSError as error:
            raise Unusable(f"{folder} cannot be used: {error.strerror}") from error

    def replay(self) -> Iterator[list[Effect]]:
        """Every effect that was ever answered for, in order. Raises Unusable where a file is damaged."""
        yield from self._read_snapshot()
        yield from self._read_journal()

    def append(self, effects: list[Effect]) -> int:
        """Puts one request's effects at the end of the journal; gives the number to pass to `settled`.

        From here on a killed process loses nothing; a power cut may, until `settled`. Raises OSError where the disk is
        full: the last line may then be torn, and nothing may be appended any more.
        """
        self.sequence += 1
        line = encode(self.sequence, effects)
        rest = line
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self.file_bytes += len(line)
        return self.sequence

    async def settled(self, sequence: int) -> None:
        """Returns when the disk has everything up to `sequence`. Requests that wait together share one sync."""
        while self._settled < sequence:
            if self._syncing is None:
                self._syncing = asyncio.ensure_future(self._sync())
            await asyncio.shield(self._syncing)

    def compact(self, state: Iterable[list[Effect]]) -> None:
        """Replaces the snapshot by `state`, the whole of it, and begins the journal anew."""
        fresh = self.folder / "snapshot.new"
        with fresh.open("wb") as file:
            number = 0
            for number, effects in enumerate(state, start=1):
                file.write(encode(number, effects))
            file.write(encode(number + 1, [["as of", self.sequence]]))
            file.flush()
            os.fsync(file.fileno())
            self.snapshot_bytes = file.tell()
        fresh.rename(self.snapshot_path)
        _sync_folder(self.folder)
        os.ftruncate(self._file, 0)
        os.fdatasync(self._file)
        self.file_bytes = 0
        self._settled = self.sequence

    def close(self) -> None:
        """Gives the folder up."""
        os.close(self._file)
        os.close(self._lock)

    async def _sync(self) -> None:
        upto = self.sequence
        try:
            await asyncio.get_running_loop().run_in_executor(None, os.fdatasync, self._file)
            self._settled = max(self._settled, upto)
        finally:
            self._syncing = None

    def _read_snapshot(self) -> Iterator[list[Effect]]:
        if not self.snapshot_path.exists():
            return
        effects: list[Effect] = []
        with self.snapshot_path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                told = decode(line)
                if told is None or told[0] != number:
                    raise Unusable(f"{self.snapshot_path} is damaged at line {number}; restore it from a copy")
                yield effects
                effects = told[1]
        if not effects or effects[0][0] != "as of":
            raise Unusable(f"{self.snapshot_path} is damaged: its end is missing; restore it from a copy")
        self.sequence = effects[0][1]

    def _read_journal(self) -> Iterator[list[Effect]]:
        sound_bytes = 0
        last: int | None = None
        with self.journal_path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    break
                told = decode(line)
                if told is None or told[0] != (last + 1 if last else min(told[0], self.sequence + 1)):
                    raise Unusable(f"{self.journal_path} is damaged at line {number}; restore it from a copy")
                last = told[0]
                sound_bytes += len(line)
                if last > self.sequence:
                    self.sequence = last
                    yield told[1]
        os.ftruncate(self._file, sound_bytes)
        self.file_bytes = sound_bytes


def _claim(lock: int, folder: Path) -> None:
    """Takes the lock, waiting a little for an engine whose server was killed a moment ago."""
    deadline = time.monotonic() + OTHER_ENGINE_LEAVES_WITHIN_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Unusable(f"{folder} is in use by another running engine") from None
            time.sleep(0.05)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
