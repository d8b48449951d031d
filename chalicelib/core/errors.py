"""Refusals: what the product says no with, one class for each HTTP status a client may meet.

A refusal changed nothing. `code` is stable kebab-case that clients may switch on; `detail` is a sentence for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One bad field: its dotted path in the request (`lines.0.debit`) and a sentence about it."""

    field: str
    message: str


class Refusal(Exception):
    """A request that is refused. Subclasses fix `status` and a title; `code` is named by the caller."""

    status = 500
    title = "Refused"

    def __init__(
        self, code: str, detail: str, errors: tuple[FieldError, ...] = (), also: Mapping[str, int | str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.also = also or {}
        """Further members of the problem document: what a client may want beside the sentence, such as figures."""


class Unreadable(Refusal):
    status = 400
    title = "The request cannot be read"


class NotSignedIn(Refusal):
    status = 401
    title = "Not signed in"


class NotAllowed(Refusal):
    status = 403
    title = "Not allowed"


class NotFound(Refusal):
    """Not there, or another tenant's: the two are never told apart."""

    status = 404
    title = "Not found"

    def __init__(self, what: str) -> None:
        super().__init__("not-found", f"There is no such {what}.")


class Conflict(Refusal):
    status = 409
    title = "In conflict with the present state"


class TooLarge(Refusal):
    status = 413
    title = "Too large"


class Invalid(Refusal):
    """One or more bad fields; `code` defaults to `invalid`."""

    status = 422
    title = "A field is not valid"


class TooMany(Refusal):
    status = 429
    title = "Too many requests"

    def __init__(self, code: str, detail: str, retry_after_seconds: int) -> None:
        super().__init__(code, detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(Refusal):
    """Something we depend on is away, or too busy; the same request may be sent again."""

    status = 503
    title = "Unavailable for now"


def invalid_field(field: str, message: str, code: str = "invalid") -> Invalid:
    """An `Invalid` about a single field."""
    return Invalid(code, f"{field}: {message}", (FieldError(field, message),))
