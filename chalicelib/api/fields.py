"""The kinds of field that bodies, queries and answers are made of, each with its check and its place in OpenAPI."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.aws.config import config
from chalicelib.core.dates import format_instant, parse_day, parse_instant, zone
from chalicelib.core.money import amount_pattern, format_money, parse_money, shown_pattern
from chalicelib.core.text import clean_text


class Body(BaseModel):
    """What a request carries: unknown fields and wrong types are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True, frozen=True)


class Answer(BaseModel):
    """What a request gets back."""

    model_config = ConfigDict(defer_build=True, frozen=True)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("text", "must be a string")
    return value


def _told(parse: Any) -> Any:
    """Turn a parser's `ValueError` into the message of the field."""

    def check(value: Any) -> Any:
        try:
            return parse(_text(value))
        except ValueError as error:
            raise PydanticCustomError("field", "{message}", {"message": str(error)}) from None

    return check


def _money(text: str) -> int:
    return parse_money(text, config().decimals)


def _positive(value: int) -> int:
    if value <= 0:
        raise PydanticCustomError("positive", "must be more than zero")
    return value


def show_money(amount_minor: int) -> str:
    """An amount as the API writes it."""
    return format_money(amount_minor, config().decimals)


def _unsigned_money(text: str) -> int:
    if text.startswith("-"):
        raise ValueError("must not be negative")
    return _money(text)


class _Written:
    """How an amount is written, for OpenAPI: in a currency of so many decimals, and of so much as one request may name."""

    def __init__(self, pattern: Callable[[int], str]) -> None:
        self.pattern = pattern

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        decimals = config().decimals
        example = format_money(800 * 10**decimals, decimals)
        pattern = f"^{self.pattern(decimals)}$"
        return {"type": "string", "pattern": pattern, "examples": [example], "description": "An amount."}


Money = Annotated[
    int,
    BeforeValidator(_told(_money)),
    PlainSerializer(show_money, return_type=str),
    _Written(lambda decimals: f"-?{amount_pattern(decimals)}"),
]
"""An amount of either sign: a string outside, minor units inside."""

Amount = Annotated[
    Money, AfterValidator(_positive), _Written(lambda decimals: f"(?=.*[1-9]){amount_pattern(decimals)}")
]
"""An amount of more than zero."""

Price = Annotated[
    int,
    BeforeValidator(_told(_unsigned_money)),
    PlainSerializer(show_money, return_type=str),
    _Written(amount_pattern),
]
"""An amount of zero or more."""

MoneyOut = Annotated[int, PlainSerializer(show_money, return_type=str), _Written(shown_pattern)]
"""An amount in an answer: minor units inside, a string outside."""

Day = Annotated[
    date,
    BeforeValidator(_told(parse_day)),
    WithJsonSchema(
        {"type": "string", "format": "date", "pattern": "^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}$", "examples": ["2026-11-22"]}
    ),
]
DayOut = Annotated[
    date,
    PlainSerializer(lambda day: day.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-22"]}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_told(parse_instant)),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T06:30:00Z"]}),
]
InstantOut = Annotated[
    datetime,
    PlainSerializer(format_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T06:30:00.000000Z"]}),
]


def _named(shortest: int, longest: int) -> Any:
    def parse(value: str) -> str:
        text = clean_text(value)
        if not shortest <= len(text) <= longest:
            raise ValueError(f"must be {shortest} to {longest} characters long")
        return text

    return parse


def text_field(shortest: int, longest: int, example: str) -> Any:
    """A line of text of that length, cleaned."""
    schema = {"type": "string", "minLength": shortest, "maxLength": longest, "examples": [example]}
    return Annotated[str, BeforeValidator(_told(_named(shortest, longest))), WithJsonSchema(schema)]


def pattern_field(pattern: str, message: str, example: str) -> Any:
    """A text that matches the whole pattern."""
    compiled = re.compile(pattern, re.ASCII)

    def parse(value: str) -> str:
        if compiled.fullmatch(value) is None:
            raise ValueError(message)
        return value

    schema = {"type": "string", "pattern": f"^{pattern}$", "examples": [example]}
    return Annotated[str, BeforeValidator(_told(parse)), WithJsonSchema(schema)]


def parsed(parse: Callable[[str], str]) -> BeforeValidator:
    """Bring a text to its stored form by a rule of the domain, whose `ValueError` says what is wrong with it."""
    return BeforeValidator(_told(parse))


def shown(example: str, **schema: Any) -> WithJsonSchema:
    """How such a text looks in OpenAPI."""
    return WithJsonSchema({"type": "string", **schema, "examples": [example]})


Name = text_field(1, 120, "Beta Net")
Note = text_field(0, 500, "paid at the counter")
Reason = text_field(3, 500, "asked for help with an import")
Code = pattern_field(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}",
    "must be 1 to 32 letters, digits, - or _, starting with a letter or digit",
    "HOME-10",
)
Reference = pattern_field(
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "must be an id or a code: letters, digits, and . _ - inside", "HOME-10"
)
Email = pattern_field(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}",
    "must be an e-mail address",
    "owner@beta.test",
)


def _zone_name(value: str) -> str:
    zone(value)
    return value


Timezone = Annotated[
    str, BeforeValidator(_told(_zone_name)), WithJsonSchema({"type": "string", "examples": ["Asia/Dhaka"]})
]
RateBps = Annotated[int, Field(ge=0, le=10_000, strict=True, examples=[500])]
Speed = Annotated[int, Field(ge=1, le=1_000_000_000, strict=True, examples=[10_240])]

Instead: Any = Field(default_factory=lambda: None)
"""The default of a field that may be left out, but may not be null."""

Zero: Any = Field(default_factory=lambda: 0)
"""An amount of nothing; a plain default would stand in OpenAPI as a number where amounts are strings."""
