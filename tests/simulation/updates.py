"""Update expressions compiled once and applied often: SET, REMOVE, ADD and DELETE, never changing a document in place.

Every operand is read from the item as it was, then the actions are written: SET, ADD and DELETE first, REMOVE after,
list elements from the last to the first so that their indexes mean what they meant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from .conditions import Values
from .errors import UpdateRefusal, invalid
from .numbers import NumberError, add_numbers, subtract_numbers
from .paths import Path, Tree, overlapping, path_tree, read_path, remove_path, show_path, write_path
from .syntax import Attribute, Call, Operand, Parser, Placeholder, Sum
from .values import Item, Value, sorted_members

Producer = Callable[[Item, Values], Value]
Rule = Callable[[Values], None]

WRONG_TYPE = "An operand in the update expression has an incorrect data type"
MISSING = "The provided expression refers to an attribute that does not exist in the item"
SETS = ("SS", "NS", "BS")


class Action(NamedTuple):
    """One action of a clause; `produce` answers the value a SET writes, or an ADD or DELETE takes."""

    clause: str
    path: Path
    produce: Producer | None


class CompiledUpdate(NamedTuple):
    """An update ready to be applied."""

    actions: tuple[Action, ...]
    returned: Tree
    first_names: frozenset[str]
    used_names: frozenset[str]
    used_values: frozenset[str]
    value_rules: tuple[Rule, ...]

    def check_values(self, values: Values) -> None:
        """ValidationException for a value of a type its action never takes."""
        for rule in self.value_rules:
            rule(values)

    def apply(self, item: Item, values: Values) -> Item:
        """The item after the update. UpdateRefusal when the item does not allow it."""
        writes: list[tuple[Path, Value | None]] = []
        for clause, path, produce in self.actions:
            value = produce(item, values) if produce else None
            if clause == "ADD" and value is not None:
                value = _added(read_path(item, path), value)
            elif clause == "DELETE" and value is not None:
                value = _without(read_path(item, path), value)
            writes.append((path, value))
        # The first pass writes list elements from the first to the last, so that those past the end append in order.
        for path, value in sorted((w for w in writes if w[1] is not None), key=_list_order):
            item = write_path(item, path, value)  # type: ignore[arg-type]
        for path, _ in sorted((w for w in writes if w[1] is None), key=_list_order, reverse=True):
            item = remove_path(item, path)
        return item


def _list_order(write: tuple[Path, Value | None]) -> tuple[int, ...]:
    return tuple(part for part in write[0] if isinstance(part, int))


def _added(old: Value | None, value: Value) -> Value:
    if old is None:
        return value
    ((kind, content),) = value.items()
    if kind not in old:
        raise UpdateRefusal(WRONG_TYPE)
    if kind == "N":
        return {"N": _exact(add_numbers, old["N"], content)}
    return {kind: sorted_members(kind, list({*old[kind], *content}))}


def _without(old: Value | None, value: Value) -> Value | None:
    if old is None:
        return None
    ((kind, content),) = value.items()
    if kind not in old:
        raise UpdateRefusal(WRONG_TYPE)
    members = [member for member in old[kind] if member not in content]
    return {kind: members} if members else None


def _exact(calculate: Callable[[str, str], str], left: str, right: str) -> str:
    try:
        return calculate(left, right)
    except NumberError as error:
        raise UpdateRefusal(str(error)) from error


class _UpdateParser(Parser):
    """Reads the clauses of an update expression and turns its operands into closures."""

    def __init__(self, text: str, names: dict[str, str]) -> None:
        super().__init__("UpdateExpression", text, names)
        self.actions: list[Action] = []
        self.rules: list[Rule] = []

    def update(self) -> None:
        """Every clause, each at most once."""
        readers = {"SET": self._set, "REMOVE": self._remove, "ADD": self._member, "DELETE": self._member}
        seen: set[str] = set()
        while self.tokens[self.position][0] != "end":
            clause = next((word for word in readers if self.take(word)), None)
            if clause is None:
                raise self.unexpected()
            if clause in seen:
                raise self.refuse(f'The "{clause}" section can only be used once in an update expression;')
            seen.add(clause)
            readers[clause](clause)
            while self.take(","):
                readers[clause](clause)

    def _set(self, clause: str) -> None:
        path = self.path()
        self.expect("=")
        operand = self._sum_operand()
        if self.at("+", "-"):
            sign = self.tokens[self.position][1]
            self.position += 1
            operand = Sum(sign, operand, self._sum_operand())
        self.actions.append(Action(clause, path, self._producer(operand)))

    def _sum_operand(self) -> Operand:
        if self.take("("):
            operand = self._sum_operand()
            if self.at("+", "-"):
                sign = self.tokens[self.position][1]
                self.position += 1
                operand = Sum(sign, operand, self._sum_operand())
            self.expect(")")
            return operand
        return self.operand()

    def _remove(self, clause: str) -> None:
        self.actions.append(Action(clause, self.path(), None))

    def _member(self, clause: str) -> None:
        path = self.path()
        operand = self.operand()
        if not isinstance(operand, Placeholder):
            raise self.unexpected()
        self._require(clause, operand, SETS if clause == "DELETE" else ("N", *SETS))
        self.actions.append(Action(clause, path, self._producer(operand)))

    def _producer(self, node: Operand) -> Producer:
        if isinstance(node, Placeholder):
            name = node.name
            return lambda item, values: values[name]
        if isinstance(node, Attribute):
            path = node.path
            return lambda item, values: _present(read_path(item, path))
        if isinstance(node, Sum):
            return self._sum(node)
        if node.function == "if_not_exists":
            return self._if_not_exists(node)
        if node.function == "list_append":
            left, right = (self._producer(self._require("list_append", part, ("L",))) for part in node.operands)
            return lambda item, values: _appended(left(item, values), right(item, values))
        raise self.refuse(f"The function is not allowed in an update expression; function: {node.function}")

    def _sum(self, node: Sum) -> Producer:
        calculate = add_numbers if node.sign == "+" else subtract_numbers
        left, right = (self._producer(self._require(node.sign, part, ("N",))) for part in (node.left, node.right))

        def produce(item: Item, values: Values) -> Value:
            first, second = left(item, values), right(item, values)
            if "N" not in first or "N" not in second:
                raise UpdateRefusal(WRONG_TYPE)
            return {"N": _exact(calculate, first["N"], second["N"])}

        return produce

    def _if_not_exists(self, node: Call) -> Producer:
        attribute, other = node.operands
        if not isinstance(attribute, Attribute):
            raise self.refuse("Operator or function requires a document path; operator or function: if_not_exists")
        path, produce = attribute.path, self._producer(other)

        def value(item: Item, values: Values) -> Value:
            found = read_path(item, path)
            return produce(item, values) if found is None else found

        return value

    def _require(self, shown: str, operand: Operand, types: tuple[str, ...]) -> Operand:
        if isinstance(operand, Placeholder):
            name = operand.name

            def rule(values: Values) -> None:
                (given,) = values[name]
                if given not in types:
                    raise invalid(
                        "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                        f"operator or function: {shown}, operand type: {given}"
                    )

            self.rules.append(rule)
        return operand


def _present(value: Value | None) -> Value:
    if value is None:
        raise UpdateRefusal(MISSING)
    return value


def _appended(left: Value, right: Value) -> Value:
    if "L" not in left or "L" not in right:
        raise UpdateRefusal(WRONG_TYPE)
    return {"L": left["L"] + right["L"]}


@lru_cache(maxsize=4096)
def compile_update(text: str, names: tuple[tuple[str, str], ...]) -> CompiledUpdate:
    """The update of an UpdateExpression; a ValidationException when it is malformed or two paths overlap."""
    parser = _UpdateParser(text, dict(names))
    parser.update()
    paths = [action.path for action in parser.actions]
    clash = overlapping(paths)
    if clash:
        raise parser.refuse(
            f"Two document paths {clash[2]} with each other; must remove or rewrite one of these paths; "
            f"path one: {show_path(clash[0])}, path two: {show_path(clash[1])}"
        )
    return CompiledUpdate(
        tuple(parser.actions),
        # UPDATED_OLD and UPDATED_NEW answer a map's changed members alone, but a changed list whole.
        path_tree([tuple(takewhile(lambda part: isinstance(part, str), path)) for path in paths]),
        frozenset(str(path[0]) for path in paths),
        frozenset(parser.used_names),
        frozenset(parser.used_values),
        tuple(parser.rules),
    )


class CompiledProjection(NamedTuple):
    """A ProjectionExpression ready to be laid over items."""

    tree: Tree
    used_names: frozenset[str]


@lru_cache(maxsize=1024)
def compile_projection(text: str, names: tuple[tuple[str, str], ...]) -> CompiledProjection:
    """The paths of a ProjectionExpression; a ValidationException when malformed or overlapping."""
    parser = Parser("ProjectionExpression", text, dict(names))
    paths = [parser.path()]
    while parser.take(","):
        paths.append(parser.path())
    parser.finish()
    clash = overlapping(paths)
    if clash:
        raise parser.refuse(
            f"Two document paths {clash[2]} with each other; must remove or rewrite one of these paths; "
            f"path one: {show_path(clash[0])}, path two: {show_path(clash[1])}"
        )
    return CompiledProjection(path_tree(paths), frozenset(parser.used_names))
