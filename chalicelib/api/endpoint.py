"""A route as it was declared: what clients are told of it, and what is held against every request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

PUBLIC: Literal["public"] = "public"

View = Callable[..., Any]


@dataclass(frozen=True)
class Endpoint:
    """One route: what `openapi.py` tells clients and `serving.py` enforces."""

    path: str
    method: str
    view: View
    may: str
    module: str | None
    body: type[BaseModel] | Literal["csv"] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    status: int
    tag: str
    repeatable: bool
    also: dict[int, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_public(self) -> bool:
        return self.may == PUBLIC

    @property
    def changes(self) -> bool:
        """Whether a request of it may change something, and so leaves a line in the audit log."""
        return self.method != "GET"
