"""One client of a router: its commands are done and answered in order; what streams goes on beside, until `/cancel`."""

import contextlib
import socket
import threading
import time
from typing import Final

from local.routeros.commands import DONE, Words, answer, arguments, monitored, trap_words
from local.routeros.faults import NONSENSE
from local.routeros.router import Router
from local.routeros.users import new_challenge
from local.routeros.values import Trap
from local.routeros.wire import END, NotASentence, Sentences, encode_sentence, encode_word

_PIECE: Final = 65_536
_STREAM_SECONDS: Final = 1.0
_WRONG: Final = "invalid user name or password (6)"
_WRONG_OF_OLD: Final = "cannot log in"


class Gone(Exception):
    """This connection is over."""


class Connection:
    """A connection from its first sentence to its end."""

    def __init__(self, router: Router, sock: socket.socket) -> None:
        self._router = router
        self._socket = sock
        self._user = ""
        self._challenge = ""
        self._sending = threading.Lock()
        self._streams: dict[str, threading.Event] = {}
        self._sentences = 0

    def serve(self) -> None:
        """Answers until either side closes."""
        sentences = Sentences(self._socket.recv)
        try:
            while (sentence := sentences.read()) is not None:
                if sentence:
                    self._take(sentence)
        except (Gone, NotASentence, OSError):
            pass  # Whoever it was has hung up, or speaks something else.
        finally:
            self.close()

    def close(self) -> None:
        """Ends the connection from whatever thread."""
        for stop in list(self._streams.values()):
            stop.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()

    def _take(self, sentence: list[str]) -> None:
        faults = self._router.faults
        words = [word for word in sentence if not word.startswith(".tag=")]
        tag = next((word for word in sentence if word.startswith(".tag=") and word != ".tag="), "")
        if not words:
            return
        command = words[0]
        self._sentences += 1
        if faults.sentences_a_connection is not None and self._sentences > faults.sentences_a_connection:
            raise Gone
        if faults.strike("drop command", command):
            raise Gone
        if faults.strike("never answer", command):
            return
        nonsense = faults.strike("nonsense", command)
        if nonsense:
            self._write(NONSENSE[nonsense.text])
            return
        self._router.counts.commands[command] += 1
        answered = self._answer(command, words, tag)
        if faults.watcher:
            faults.watcher(command)
        if faults.strike("drop answer", command):
            raise Gone
        self._send(answered, command, tag)
        if command == "/quit":
            raise Gone

    def _answer(self, command: str, words: list[str], tag: str) -> Words:
        if command == "/login":
            return self._login(arguments(words))
        if command == "/quit":
            return [["!fatal", "session terminated on request"]]
        if not self._user:
            self._send([["!fatal", "not logged in"]], command, tag)
            raise Gone
        policies = self._router.users.policies(self._user)
        if command == "/cancel":
            return self._cancel(arguments(words).get("tag"))
        if command == "/interface/monitor-traffic" and "once" not in arguments(words):
            return self._stream(arguments(words), tag, policies)
        return answer(self._router, policies, words)

    def _login(self, given: dict[str, str]) -> Words:
        router, name = self._router, given.get("name", "")
        router.counts.logins += 1
        old = not router.at_least(6, 43)
        if "response" in given:
            right = router.users.knows_digest(name, self._challenge, given["response"])
        elif old or "name" not in given:
            self._challenge = new_challenge()
            return [["!done", f"=ret={self._challenge}"]]
        else:
            right = router.users.knows(name, given.get("password", ""))
        self._challenge = ""
        if not right or router.faults.strike("wrong password", "/login"):
            return [trap_words(Trap(_WRONG_OF_OLD if old else _WRONG)), DONE]
        if "api" not in router.users.policies(name):
            return [trap_words(Trap("not allowed (9)")), DONE]
        self._user = name
        return [DONE]

    def _stream(self, given: dict[str, str], tag: str, policies: frozenset[str]) -> Words:
        """Starts a reading a second. The `!done` comes when it is cancelled."""
        first = answer(self._router, policies, ["/interface/monitor-traffic", *(f"={k}={v}" for k, v in given.items())])
        readings = [sentence for sentence in first if sentence[0] != "!done"]
        if any(sentence[0] == "!trap" for sentence in readings):
            return [*readings, DONE]
        stop = threading.Event()
        self._streams[tag] = stop
        threading.Thread(target=self._go_on, args=(given, tag, stop), daemon=True).start()
        return readings

    def _go_on(self, given: dict[str, str], tag: str, stop: threading.Event) -> None:
        trap = Trap("interrupted", 2)
        with contextlib.suppress(OSError):
            while not stop.wait(_STREAM_SECONDS):
                try:
                    with self._router.command():
                        readings = monitored(self._router, given)
                except Trap as gone:
                    trap = gone
                    break
                self._write(b"".join(self._encoded(one, tag) for one in readings))
            self._write(self._encoded(trap_words(trap), tag) + self._encoded(DONE, tag))
        self._streams.pop(tag, None)

    def _cancel(self, tag: str | None) -> Words:
        stopped = [one for one in self._streams if tag is None or one == f".tag={tag}"]
        if tag is not None and not stopped:
            return [trap_words(Trap("unknown tag", 5)), DONE]
        for one in stopped:
            self._streams[one].set()
        while any(one in self._streams for one in stopped):
            time.sleep(0.002)
        return [DONE]

    def _encoded(self, words: list[str], tag: str) -> bytes:
        return encode_sentence([words[0], tag, *words[1:]] if tag else words)

    def _send(self, answered: Words, command: str, tag: str) -> None:
        faults = self._router.faults
        slow = faults.strike("slow", command)
        if slow:
            time.sleep(slow.seconds)
        if faults.strike("drop mid answer", command):
            whole = b"".join(self._encoded(words, tag) for words in answered)
            self._write(whole[: len(whole) // 2])
            raise Gone
        drip = faults.strike("drip", command)
        piece = bytearray()
        for words in answered:
            if drip:
                self._drip(self._encoded(words, tag) if drip.text == "byte" else words, tag, drip.seconds)
                continue
            piece += self._encoded(words, tag)
            if len(piece) >= _PIECE:
                self._write(bytes(piece))
                piece.clear()
        if piece:
            self._write(bytes(piece))

    def _drip(self, words: list[str] | bytes, tag: str, seconds: float) -> None:
        if isinstance(words, bytes):
            pieces = [words[at : at + 1] for at in range(len(words))]
        else:
            pieces = [encode_word(word) for word in ([words[0], tag, *words[1:]] if tag else words)] + [END]
        for piece in pieces:
            time.sleep(seconds)
            self._write(piece)

    def _write(self, data: bytes) -> None:
        with self._sending:
            self._socket.sendall(data)
