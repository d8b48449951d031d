"""What goes wrong between us and a router: why it could not be spoken to, and what it said no to."""

from enum import StrEnum

MOST_SHOWN = 300
JOINERS = "\u200c\u200d"
"""Which stand inside words of Bangla."""


class Reason(StrEnum):
    """Why a router could not be spoken to, or not to the end."""

    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    """No way to its address, or no address to its name."""
    WRONG_PASSWORD = "wrong_password"
    CERTIFICATE = "certificate"
    NO_PERMISSION = "no_permission"
    CLOSED = "closed"
    """The connection was lost in the middle."""
    NONSENSE = "nonsense"
    """What came is no answer of a RouterOS."""
    TOO_MUCH = "too_much"


class RouterFailure(Exception):
    """The router could not be spoken to. Whether the command it happened in was done is not known.

    `detail` is a sentence for people. `fingerprint` is that of the certificate the router showed, where that is what
    was wrong with it (64 hexadecimal digits), otherwise empty.
    """

    def __init__(self, reason: Reason, detail: str, fingerprint: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.fingerprint = fingerprint


class RouterTrap(Exception):
    """The router understood a command and said no: it was not done, and the connection goes on.

    `message` is in the router's words; `category` its number of what kind of no it is, if it gave one.
    """

    def __init__(self, message: str, category: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.category = category

    @property
    def is_missing(self) -> bool:
        """What was to be changed or removed is not there (any more)."""
        return "no such item" in self.message


def readable(text: str, most: int = MOST_SHOWN) -> str:
    """What a router said, fit to be shown and stored: one line, at most that long, bytes that are no UTF-8 as \ufffd."""
    shown = " ".join("".join(_shown(one) for one in text[: 2 * most]).split())
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _shown(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    return character if character.isprintable() or character in JOINERS else " "
