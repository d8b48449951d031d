"""The grammar of DynamoDB's expressions: text to a tree, names resolved, placeholders noted.

condition := condition OR condition | condition AND condition | NOT condition | ( condition )
           | operand comparator operand | operand BETWEEN operand AND operand | operand IN ( operand, ... ) | function
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .errors import Refusal, invalid
from .paths import Path
from .reserved_words import RESERVED_WORDS

TOKEN = re.compile(
    r"\s*(?:(?P<name>\#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>\d+)"
    r"|(?P<sign><>|<=|>=|[=<>(),.\[\]+-]))"
)
COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
    "if_not_exists": 2,
    "list_append": 2,
}
MAX_EXPRESSION_BYTES = 4096
MAX_IN_OPERANDS = 100


class Placeholder(NamedTuple):
    """A value given beside the expression, such as :amount."""

    name: str


class Attribute(NamedTuple):
    """A document path of the item."""

    path: Path


class Call(NamedTuple):
    """A function and its operands."""

    function: str
    operands: tuple[Operand, ...]


class Sum(NamedTuple):
    """left + right or left - right, in a SET."""

    sign: str
    left: Operand
    right: Operand


Operand = Placeholder | Attribute | Call | Sum


class Comparison(NamedTuple):
    """Two operands and a comparator."""

    comparator: str
    left: Operand
    right: Operand


class Between(NamedTuple):
    """low <= operand <= high."""

    operand: Operand
    low: Operand
    high: Operand


class In(NamedTuple):
    """The operand equals one of the choices."""

    operand: Operand
    choices: tuple[Operand, ...]


class Logic(NamedTuple):
    """AND, OR, or NOT (with one part)."""

    operator: str
    parts: tuple[Condition, ...]


Condition = Comparison | Between | In | Logic | Call


class Parser:
    """One expression being read. `kind` is the parameter's name, which every message begins with."""

    def __init__(self, kind: str, text: str, names: dict[str, str]) -> None:
        self.kind = kind
        self.names = names
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        self.position = 0
        self.last_group = (-1, -1)
        self.tokens = self._tokens(text)

    def _tokens(self, text: str) -> list[tuple[str, str]]:
        if not text.strip():
            raise self.refuse("The expression can not be empty;")
        if len(text.encode()) > MAX_EXPRESSION_BYTES:
            raise self.refuse("Expression size has exceeded the maximum allowed size;")
        tokens, position, text = [], 0, text.rstrip()
        while position < len(text):
            match = TOKEN.match(text, position)
            if match is None:
                raise self.refuse(f'Syntax error; token: "{text[position:].split()[0]}", near: "{text}"')
            tokens.append((str(match.lastgroup), match[match.lastgroup or 0]))
            position = match.end()
        return [*tokens, ("end", "<EOF>")]

    def refuse(self, message: str) -> Refusal:
        """The ValidationException of a malformed expression."""
        return invalid(f"Invalid {self.kind}: {message}")

    def unexpected(self) -> Refusal:
        """A syntax error at the token at hand."""
        near = " ".join(token for _, token in self.tokens[max(0, self.position - 1) : self.position + 2])
        return self.refuse(f'Syntax error; token: "{self.tokens[self.position][1]}", near: "{near}"')

    def at(self, *texts: str) -> bool:
        """Whether the token at hand is one of these signs or (in any case) keywords."""
        kind, text = self.tokens[self.position]
        return (text.upper() if kind == "word" else text) in texts and kind in ("word", "sign")

    def take(self, text: str) -> bool:
        """Step over `text` when it is at hand."""
        if self.at(text):
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Step over `text`; a syntax error when it is not at hand."""
        if not self.take(text):
            raise self.unexpected()

    def finish(self) -> None:
        """A syntax error unless everything was read."""
        if self.tokens[self.position][0] != "end":
            raise self.unexpected()

    def condition(self) -> Condition:
        """A whole condition: the loosest binding is OR."""
        return self._joined("OR", lambda: self._joined("AND", self._negation))

    def _joined(self, word: str, part: Any) -> Condition:
        parts = [part()]
        while self.take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Logic(word, tuple(parts))

    def _negation(self) -> Condition:
        if self.take("NOT"):
            return Logic("NOT", (self._negation(),))
        if self.at("("):
            return self._group()
        return self._comparison()

    def _group(self) -> Condition:
        start = self.position
        self.expect("(")
        inner = self.condition()
        if self.last_group == (start + 1, self.position):
            raise self.refuse("The expression has redundant parentheses;")
        self.expect(")")
        self.last_group = (start, self.position)
        return inner

    def _comparison(self) -> Condition:
        left = self.operand()
        for comparator in COMPARATORS:
            if self.take(comparator):
                return Comparison(comparator, left, self.operand())
        if self.take("BETWEEN"):
            low = self.operand()
            self.expect("AND")
            return Between(left, low, self.operand())
        if self.take("IN"):
            return In(left, self._choices())
        if isinstance(left, Call) and left.function not in ("size", "if_not_exists", "list_append"):
            return left
        raise self.unexpected()

    def _choices(self) -> tuple[Operand, ...]:
        self.expect("(")
        choices = [self.operand()]
        while self.take(","):
            choices.append(self.operand())
        self.expect(")")
        if len(choices) > MAX_IN_OPERANDS:
            raise self.refuse("The IN operator is provided with too many operands;")
        return tuple(choices)

    def operand(self) -> Operand:
        """A placeholder, a function or a document path."""
        kind, text = self.tokens[self.position]
        if kind == "value":
            self.position += 1
            self.used_values.add(text)
            return Placeholder(text)
        if kind == "word" and self.tokens[self.position + 1][1] == "(":
            return self._call(text)
        return Attribute(self.path())

    def _call(self, function: str) -> Call:
        if function not in FUNCTIONS:
            raise self.refuse(f"Invalid function name; function: {function}")
        self.position += 2
        operands = [self.operand()]
        while self.take(","):
            operands.append(self.operand())
        self.expect(")")
        if len(operands) != FUNCTIONS[function]:
            raise self.refuse(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {function}, number of operands: {len(operands)}"
            )
        return Call(function, tuple(operands))

    def path(self) -> Path:
        """A document path, its # names resolved."""
        parts: list[str | int] = [self._path_name()]
        while True:
            if self.take("."):
                parts.append(self._path_name())
            elif self.take("["):
                kind, text = self.tokens[self.position]
                if kind != "number":
                    raise self.unexpected()
                self.position += 1
                parts.append(int(text))
                self.expect("]")
            else:
                return tuple(parts)

    def _path_name(self) -> str:
        kind, text = self.tokens[self.position]
        if kind not in ("name", "word"):
            raise self.unexpected()
        self.position += 1
        if kind == "word":
            if text.upper() in RESERVED_WORDS:
                raise self.refuse(f"Attribute name is a reserved keyword; reserved keyword: {text}")
            return text
        if text not in self.names:
            raise self.refuse(
                f"An expression attribute name used in the document path is not defined; attribute name: {text}"
            )
        self.used_names.add(text)
        return self.names[text]
