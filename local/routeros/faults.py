"""What goes wrong with a router on demand, and the count of what it was asked.

A fault waits for commands: `on` is the beginning of their path (None: every command, the login too), `skip` lets so many of
them pass first, `times` is how often it strikes (None: until it is cleared).
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from local.routeros.wire import END, encode_length, encode_sentence

NONSENSE: Final[dict[str, bytes]] = {
    "random": random.Random(43).randbytes(400),
    "control byte": b"\xff\xff\xff\xff",
    "long word": b"\xef\xff\xff\xff" + b"!re",
    "empty sentence": END,
    "trap without message": encode_sentence(["!trap"]) + encode_sentence(["!done"]),
    "word without a name": encode_sentence(["!re", "nothing"]) + encode_sentence(["!done"]),
    "unknown reply": encode_sentence(["!what", "=name=x"]) + encode_sentence(["!done"]),
    "half a word": encode_length(40) + b"!done",
    "http": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
}
"""Answers that are none. A client that waits for the rest of one must have a deadline."""

DISK_FULL: Final = "failure: disk full"
NO_PERMISSION: Final = "not enough permissions (9)"


@dataclass
class Fault:
    """One thing that goes wrong."""

    kind: str
    on: str | None = None
    skip: int = 0
    times: int | None = None
    seconds: float = 0.0
    text: str = ""


@dataclass
class Counts:
    """What a router was asked since it was made or since `reset`."""

    commands: Counter[str] = field(default_factory=Counter)
    """By path: `/ppp/secret/print`."""

    full_prints: Counter[str] = field(default_factory=Counter)
    """Prints of a whole menu, by menu: `/ppp/secret`."""

    queried_prints: Counter[str] = field(default_factory=Counter)
    """Prints with queries, by menu."""

    connections: int = 0
    logins: int = 0

    def reset(self) -> None:
        """Begins again."""
        for counter in (self.commands, self.full_prints, self.queried_prints):
            counter.clear()
        self.connections = self.logins = 0


class Faults:
    """The faults of one router. Every method may be called while clients are at work."""

    def __init__(self, reachable: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._reachable = reachable
        self.refusing = False
        self.sentences_a_connection: int | None = None
        self.watcher: Callable[[str], None] | None = None

    def slow(self, seconds: float, on: str | None = None, times: int | None = None) -> None:
        """Waits before each answer."""
        self._add(Fault("slow", on, 0, times, seconds))

    def drip(self, seconds: float, on: str | None = None, times: int | None = None, of: str = "word") -> None:
        """Gives its answers a word (or a `byte`) at a time and waits before each."""
        self._add(Fault("drip", on, 0, times, seconds, of))

    def drop_command(self, on: str | None = None, skip: int = 0, times: int | None = 1) -> None:
        """Closes the connection and does not do the command."""
        self._add(Fault("drop command", on, skip, times))

    def drop_answer(self, on: str | None = None, skip: int = 0, times: int | None = 1) -> None:
        """Does the command and closes the connection before it answers."""
        self._add(Fault("drop answer", on, skip, times))

    def drop_mid_answer(self, on: str | None = None, skip: int = 0, times: int | None = 1) -> None:
        """Does the command and closes the connection in the middle of the answer."""
        self._add(Fault("drop mid answer", on, skip, times))

    def drop_after(self, sentences: int | None) -> None:
        """Closes every connection that has sent so many sentences, its login counted; None for none."""
        self.sentences_a_connection = sentences

    def never_answer(self, on: str | None = None, skip: int = 0, times: int | None = None) -> None:
        """Takes the command, does nothing and says nothing."""
        self._add(Fault("never answer", on, skip, times))

    def nonsense(self, kind: str = "random", on: str | None = None, skip: int = 0, times: int | None = None) -> None:
        """Answers with one of NONSENSE and does nothing."""
        self._add(Fault("nonsense", on, skip, times, text=kind if kind in NONSENSE else _unknown(kind)))

    def trap(self, message: str, on: str | None = None, skip: int = 0, times: int | None = None) -> None:
        """Refuses a command with a `!trap` of this message."""
        self._add(Fault("trap", on, skip, times, text=message))

    def wrong_password(self, times: int | None = None) -> None:
        """Takes no password for right."""
        self._add(Fault("wrong password", "/login", 0, times))

    def no_permission(self, on: str | None = None, times: int | None = None) -> None:
        """Refuses commands for want of permission, logins aside."""
        self._add(Fault("no permission", on, 0, times, text=NO_PERMISSION))

    def disk_full(self, on: str | None = None, skip: int = 0, times: int | None = None) -> None:
        """Refuses what would change the configuration."""
        self._add(Fault("disk full", on, skip, times, text=DISK_FULL))

    def refuse_connections(self, refuse: bool = True) -> None:
        """Listens no more, as if the service were off; connections that are open stay so."""
        self.refusing = refuse
        self._reachable()

    def watch(self, watcher: Callable[[str], None] | None) -> None:
        """Calls this with the path of each command that was done, before it is answered, on the connection's thread."""
        self.watcher = watcher

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults = []
        self.sentences_a_connection = None
        self.watcher = None
        self.refuse_connections(False)

    def strike(self, kind: str, command: str) -> Fault | None:
        """The fault of this kind that strikes this command, one time less of it; None if none does."""
        with self._lock:
            for fault in self._faults:
                if fault.kind != kind or not (fault.on is None or _within(command, fault.on)):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def active(self, kind: str) -> bool:
        """Whether there is a fault of this kind."""
        with self._lock:
            return any(fault.kind == kind for fault in self._faults)

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)


def _within(command: str, beginning: str) -> bool:
    return command == beginning or command.startswith(beginning.rstrip("/") + "/")


def _unknown(kind: str) -> str:
    raise ValueError(f"{kind!r} is none of {', '.join(NONSENSE)}")
