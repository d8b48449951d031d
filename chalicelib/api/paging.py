"""Cursors: opaque to clients, a sort key inside; and the page every list answers with."""

import base64
import binascii
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.fields import Answer, Body
from chalicelib.core.errors import invalid_field

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class PageQuery(Body):
    """How much of a list, and from where on."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, examples=[50])] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=2000)] | None = None


def encode_cursor(after: str | None) -> str | None:
    """The cursor a client goes on with; None at the end of the list."""
    return None if after is None else base64.urlsafe_b64encode(after.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str | None:
    """The sort key inside a cursor; 422 when a client made it up."""
    if cursor is None:
        return None
    try:
        after = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        raise invalid_field("cursor", "must be a next_cursor of this list") from None
    if not 0 < len(after.encode()) <= 1000:
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return after


@cache
def page_of(item: type[Answer]) -> type[Any]:
    """The answer model of a list of such items."""
    name = f"{item.__name__.removesuffix('Answer')}Page"
    annotations = {"items": list[item], "next_cursor": str | None}  # type: ignore[valid-type]
    return type(
        name, (Answer,), {"__annotations__": annotations, "__doc__": "A page of a list.", "__module__": item.__module__}
    )


def answer_page(item: type[Answer], items: Sequence[Answer], after: str | None) -> Answer:
    """The page of a list with these items; `after` is the sort key to go on behind, None at the end of the list."""
    page: Answer = page_of(item)(items=items, next_cursor=encode_cursor(after))
    return page
