"""Two kinds of row for the tests of tables, and an engine that answers as it is told."""

from collections.abc import Callable
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws.keys import Key
from chalicelib.aws.rows import BooksRow, BytesAttribute, CrmRow, IntegerAttribute, JsonAttribute
from tests.simulation import MemoryDynamoDB

Answering = Callable[[str, dict[str, Any], Callable[[], dict[str, Any]]], dict[str, Any]]


class NoteRow(BooksRow):
    """A note with a number."""

    text = UnicodeAttribute(null=True)
    number = IntegerAttribute(null=True)
    data = JsonAttribute(null=True)
    raw = BytesAttribute(null=True)


class OtherRow(CrmRow):
    """A row of another table."""

    text = UnicodeAttribute(null=True)


def at(sort: str, tenant: str = "t1") -> Key:
    return Key(f"{tenant}#notes", sort)


def note(sort: str, number: int = 0, tenant: str = "t1", **more: Any) -> NoteRow:
    return NoteRow.at(at(sort, tenant), number=number, **more)


def answer_with(engine: MemoryDynamoDB, answering: Answering) -> None:
    """Let `answering(operation, params, proceed)` answer every call in the engine's stead."""
    serve = engine.call
    engine.call = lambda operation, params: answering(operation, params, lambda: serve(operation, params))  # type: ignore[method-assign]
