"""A connection to a router, signed in: the only place that knows librouteros.

What is done differently from the library, and why:

* it casts values (a secret named `yes` becomes True, `12` a number): here a value is the text that was sent;
* it drops what is not ASCII: here text is UTF-8, and bytes that are none come and go unchanged (surrogates stand for
  them; `readable` is for showing them);
* it believes every length up to 256 MB and any number of rows: here there are bounds;
* its limit of time starts again with every byte: here one deadline holds for all that is done (`line.py`);
* it writes every word to its log, passwords too: here nothing is written;
* it takes the challenge of an old router for a sign-in that went well: here the challenge is answered;
* on half an answer or on nonsense it raises whatever it trips over: here that is a `RouterFailure` with its reason.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from sys import intern
from typing import Self, cast

from librouteros.api import Api
from librouteros.connections import SocketTransport
from librouteros.exceptions import FatalError, LibRouterosError, MultiTrapError, TrapError
from librouteros.login import encode_password, plain
from librouteros.protocol import ApiProtocol, decode_length, determine_length, encode_length
from librouteros.types import ReplyDict

from chalicelib.network.failure import Reason, RouterFailure, RouterTrap, readable
from chalicelib.network.line import Deadline, Line, Target, open_line

__all__ = ["Connection", "Reason", "Row", "RouterFailure", "RouterTrap", "Target", "connect", "readable"]

Row = dict[str, str]
"""One entry as the router prints it: property by name, and `.id`. What is not set is not there, or empty."""

MOST_WORD_BYTES = 1 << 20
MOST_REPLY_BYTES = 16
"""Of the first word of a sentence, which is one of five. Whatever else listens there begins with more."""
MOST_WORDS = 1000
"""In one sentence, which has one for each property of a row."""
MOST_ANSWER_BYTES = 1 << 27
MOST_ROWS = 200_000
AT_ONCE = 50
"""How many names one print asks for, and how many entries one command removes."""

PROPLIST = "=.proplist="
"""Before the properties that a print asks for. Not every router keeps to it."""

_CHALLENGE = re.compile("[0-9a-fA-F]{32}")


class _Protocol(ApiProtocol):
    """Sentences as lists of words, within bounds and without a log."""

    bytes_read = 0
    """Of the answer that is being read."""

    def writeSentence(self, cmd: str, *words: str) -> None:  # noqa: N802
        sentence = bytearray()
        for word in (cmd, *words):
            data = word.encode("utf-8", "surrogateescape")
            if len(data) > MOST_WORD_BYTES:
                raise RouterTrap("is too long to be sent")
            sentence += encode_length(len(data)) + data
        self.transport.write(bytes(sentence) + b"\x00")

    def readSentence(self) -> tuple[str, tuple[str, ...]]:  # noqa: N802
        words: list[str] = []
        while word := self.readWord(MOST_WORD_BYTES if words else MOST_REPLY_BYTES):
            words.append(word)
            if len(words) > MOST_WORDS:
                raise RouterFailure(Reason.TOO_MUCH, f"The router sent a sentence of more than {MOST_WORDS} words.")
        if not words:
            raise RouterFailure(Reason.NONSENSE, "The router sent a sentence without words.")
        if words[0] == "!fatal":
            raise FatalError(" ".join(words[1:]))
        return words[0], tuple(words[1:])

    def readWord(self, most: int = MOST_WORD_BYTES) -> str:  # noqa: N802
        head = self.transport.read(1)
        length = head[0]
        if length >= 0x80:
            length = decode_length(head + self.transport.read(determine_length(head)))
        if length > most == MOST_REPLY_BYTES:
            raise RouterFailure(Reason.NONSENSE, "What answers does not speak the API of RouterOS.")
        if length > most:
            raise RouterFailure(Reason.TOO_MUCH, f"The router sent a word of {length} bytes.")
        self.bytes_read += length + 1
        if self.bytes_read > MOST_ANSWER_BYTES:
            raise RouterFailure(Reason.TOO_MUCH, f"The router's answer is longer than {MOST_ANSWER_BYTES >> 20} MB.")
        return self.transport.read(length).decode("utf-8", "surrogateescape")


class _Api(Api):
    """Answers as they were sent: rows of text, and apart from them what the last sentence said."""

    protocol: _Protocol

    def __init__(self, protocol: _Protocol) -> None:
        super().__init__(protocol)
        self.ended_with: Row = {}
        self.sentences_read = 0
        self._kept: frozenset[str] | None = None

    def readSentence(self) -> tuple[str, ReplyDict]:  # noqa: N802
        reply, words = self.protocol.readSentence()
        said = _properties(words, self._kept if reply == "!re" else None)
        self.sentences_read += 1
        if self.sentences_read > MOST_ROWS:
            raise RouterFailure(Reason.TOO_MUCH, f"The router's answer has more than {MOST_ROWS} rows.")
        if reply == "!done":
            self.ended_with = said
            return reply, {}
        if reply == "!trap":
            category = said.get("category", "")
            number = int(category) if category.isascii() and category.isdigit() else None
            return reply, cast(ReplyDict, {"message": said.get("message", ""), "category": number})
        if reply not in ("!re", "!empty"):
            raise RouterFailure(Reason.NONSENSE, f"The router answered {readable(reply, 40)!r}.")
        return reply, cast(ReplyDict, said)

    def ask(self, command: str, *words: str) -> list[Row]:
        """The rows of an answer, with `.id` and no property that was not asked for; its last sentence is in `ended_with`."""
        self.ended_with, self.sentences_read, self.protocol.bytes_read = {}, 0, 0
        listed = [word.removeprefix(PROPLIST).split(",") for word in words if word.startswith(PROPLIST)]
        self._kept = frozenset((".id", *listed[0])) if listed else None
        return cast(list[Row], list(self.rawCmd(command, *words)))


def _properties(words: Iterable[str], kept: frozenset[str] | None) -> Row:
    """What a sentence says; of what is not `kept` nothing stays: no router fills our memory with it."""
    said: Row = {}
    for word in words:
        if word[0] == ".":  # about the answer, not of it: the tag of a command, which ours have not
            continue
        name, equals, value = word[1:].partition("=")
        if word[0] != "=" or not equals:
            raise RouterFailure(Reason.NONSENSE, f"The router sent {readable(word, 40)!r} where a property was due.")
        if kept is None or name in kept:
            said[intern(name)] = value
    return said


class Connection:
    """A signed-in connection. `commands` counts what was sent, by command (`/ppp/secret/print`).

    All methods raise `RouterFailure`, after which the connection is closed (not after `no_permission`), and
    `RouterTrap`, after which it goes on. Paths are of menus: `/ppp/secret`. Properties and their values are text, as
    RouterOS writes it.
    """

    def __init__(self, line: Line) -> None:
        self.commands: Counter[str] = Counter()
        self._line = line
        self._api = _Api(_Protocol(cast(SocketTransport, line), "utf-8"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        return self._line.is_open

    def close(self) -> None:
        """Hang up; more than once does no harm."""
        self._line.close()

    def extend(self, seconds: float) -> None:
        """From now on there are so many seconds for all that follows, whatever was left before."""
        self._line.deadline.extend(seconds)

    def rows(self, path: str, *queries: str, props: Sequence[str] = ()) -> list[Row]:
        """Print a menu: the entries that the queries (`?name=x`, `?#|`) leave, with these properties or all."""
        listed = [f"{PROPLIST}{','.join(props)}"] if props else []
        return self._ask(f"{path}/print", *listed, *queries)

    def count(self, path: str, *queries: str) -> int:
        """How many entries of a menu the queries leave."""
        self._ask(f"{path}/print", "=count-only=", *queries)
        told = self._api.ended_with.get("ret", "")
        if not (told.isascii() and told.isdigit() and len(told) < 10):
            self.close()
            raise RouterFailure(Reason.NONSENSE, f"The router counted {readable(told, 40)!r} entries.")
        return int(told)

    def either(self, path: str, attribute: str, values: Iterable[str], props: Sequence[str] = ()) -> list[Row]:
        """The entries whose property is one of the values, by one print for each 50 values; none for no values."""
        wanted = list(dict.fromkeys(values))
        found: list[Row] = []
        for start in range(0, len(wanted), AT_ONCE):
            first, *others = (f"?{attribute}={value}" for value in wanted[start : start + AT_ONCE])
            queries = [first, *(word for other in others for word in (other, "?#|"))]
            found += self.rows(path, *queries, props=props)
        return found

    def add(self, path: str, attributes: Mapping[str, str]) -> str:
        """Add an entry; its id, or "" from a router that does not say it."""
        self._ask(f"{path}/add", *_words(attributes))
        return self._api.ended_with.get("ret", "")

    def set(self, path: str, id: str, attributes: Mapping[str, str]) -> None:
        """Change properties of an entry."""
        self._ask(f"{path}/set", f"=.id={id}", *_words(attributes))

    def unset(self, path: str, id: str, attribute: str) -> None:
        """Take a property from an entry, so that it has its default or none."""
        self._ask(f"{path}/unset", f"=.id={id}", f"=value-name={attribute}")

    def remove(self, path: str, ids: Iterable[str]) -> None:
        """Remove entries, 50 with one command; after a trap, whether others of its 50 went is not known."""
        going = list(ids)
        for start in range(0, len(going), AT_ONCE):
            self._ask(f"{path}/remove", f"=.id={','.join(going[start : start + AT_ONCE])}")

    def call(self, path: str, attributes: Mapping[str, str] | None = None) -> list[Row]:
        """Any other command, by its full path. Its rows; behind them what its last sentence said, if anything."""
        rows = self._ask(path, *_words(attributes or {}))
        return [*rows, self._api.ended_with] if self._api.ended_with else rows

    def sign_in(self, username: str, password: str) -> None:
        """In the form the router knows: since 6.43 with the password, before it with the answer to a challenge."""
        self.commands["/login"] += 1
        with self._refused_sign_in(), self._told():
            plain(self._api, username, password)
        challenge = self._api.ended_with.get("ret")
        if challenge is None:
            return
        if not password.isascii():
            detail = "The router is older than 6.43: it takes no password but of English letters, digits and signs."
            raise RouterFailure(Reason.WRONG_PASSWORD, detail)
        if not _CHALLENGE.fullmatch(challenge):
            raise RouterFailure(Reason.NONSENSE, "The router sent a challenge that is none.")
        with self._refused_sign_in():
            self._ask("/login", f"=name={username}", f"=response={encode_password(challenge, password)}")
        if "ret" in self._api.ended_with:
            raise RouterFailure(Reason.NONSENSE, "The router answered the answer to its challenge with another one.")

    @contextmanager
    def _refused_sign_in(self) -> Iterator[None]:
        try:
            yield
        except RouterTrap as trap:
            if "not allowed" in trap.message:  # what a user hears whose group has no policy `api`
                raise RouterFailure(Reason.NO_PERMISSION, f"The user may not sign in: {trap.message}.") from None
            raise RouterFailure(Reason.WRONG_PASSWORD, f"The router refused the sign-in: {trap.message}.") from None

    def _ask(self, command: str, *words: str) -> list[Row]:
        self.commands[command] += 1
        with self._told():
            return self._api.ask(command, *words)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What can come out of the library, the socket and the answer, as one of ours. After a failure it is not known
        what of an answer is still to come, so nothing more may be read."""
        try:
            if not self.is_open:
                raise EOFError
            yield
        except (TrapError, MultiTrapError) as trap:
            raise _no(trap) from None
        except UnicodeEncodeError:  # nothing was sent
            raise RouterTrap("holds half a character, which cannot be sent") from None
        except RouterTrap:
            raise
        except BaseException as error:
            self.close()
            raise _failure(error, self._line.deadline) from None


def connect(target: Target, seconds: float) -> Connection:
    """Connect and sign in; everything done with the connection has to be done within so many seconds.

    `RouterFailure` with any reason; where the certificate is not the one that was confirmed, or none was, it tells the
    fingerprint of the one that was shown.
    """
    connection = Connection(open_line(target, Deadline(seconds)))
    try:
        connection.sign_in(target.username, target.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _words(attributes: Mapping[str, str]) -> list[str]:
    return [f"={name}={value}" for name, value in attributes.items()]


def _no(error: TrapError | MultiTrapError) -> RouterFailure | RouterTrap:
    traps = error.traps if isinstance(error, MultiTrapError) else (error,)
    message = readable("; ".join(trap.message for trap in traps if trap.message)) or "the router did not say why"
    if "not enough permissions" in message:
        return RouterFailure(Reason.NO_PERMISSION, f"The router's user may not do that: {message}.")
    return RouterTrap(message, traps[0].category)


def _failure(error: BaseException, deadline: Deadline) -> BaseException:
    """The failure that something stands for; what is no failure of a router (an interrupt) stays what it is."""
    match error:
        case TimeoutError():
            return RouterFailure(Reason.TIMED_OUT, f"The router did not answer within {deadline.seconds:g} s.")
        case EOFError() | OSError():
            return RouterFailure(Reason.CLOSED, "The connection to the router was lost.")
        case FatalError():
            said = readable(str(error)) or "it did not say why"
            return RouterFailure(Reason.CLOSED, f"The router ended the connection: {said}.")
        case LibRouterosError() | TypeError() | ValueError() | LookupError():
            return RouterFailure(Reason.NONSENSE, "What the router sent is no answer of a RouterOS.")
    return error
