"""Conditions compiled once and asked often: text and names in, a function of (item, values) out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .errors import Refusal, invalid
from .numbers import read_number
from .paths import Path, read_path
from .syntax import Attribute, Between, Call, Comparison, Condition, In, Logic, Operand, Parser, Placeholder
from .values import Item, Value, order_key

Values = Mapping[str, Value]
Reader = Callable[[Item, Values], Value | None]
Test = Callable[[Item, Values], bool]

ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
ORDERED_TYPES = ("S", "N", "B")
TYPES = ("S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M")


class CompiledCondition(NamedTuple):
    """A condition ready to be asked.

    `check_values` refuses values no item could make right (begins_with of a number): before any item is read.
    """

    kind: str
    tree: Condition
    test: Test
    used_names: frozenset[str]
    used_values: frozenset[str]
    first_names: frozenset[str]
    value_rules: tuple[Callable[[str, Values], None], ...]

    def check_values(self, values: Values) -> None:
        """ValidationException for a value of a type its operator never takes."""
        for rule in self.value_rules:
            rule(self.kind, values)


class _Compiler:
    """Turns one tree into closures and collects what must be checked of the values before."""

    def __init__(self, refuse: Callable[[str], Refusal]) -> None:
        self.refuse = refuse
        self.rules: list[Callable[[str, Values], None]] = []
        self.paths: list[Path] = []

    def test(self, node: Condition) -> Test:
        """The closure of a condition."""
        if isinstance(node, Logic):
            return self._logic(node)
        if isinstance(node, Comparison):
            return self._comparison(node)
        if isinstance(node, Between):
            return self._between(node)
        if isinstance(node, In):
            wanted, choices = self.reader(node.operand), [self.reader(choice) for choice in node.choices]
            return lambda item, values: _is_among(wanted(item, values), [c(item, values) for c in choices])
        return self._function(node)

    def reader(self, node: Operand) -> Reader:
        """The closure that reads an operand."""
        if isinstance(node, Placeholder):
            name = node.name
            return lambda item, values: values[name]
        if isinstance(node, Attribute):
            return self._attribute(node.path)
        if isinstance(node, Call) and node.function == "size":
            measured = self._attribute(self._path_of(node.operands[0], "size"))
            return lambda item, values: _size_of(measured(item, values))
        shown = getattr(node, "function", getattr(node, "sign", ""))
        raise self.refuse(f"The function is not allowed to be used this way in an expression; function: {shown}")

    def _path_of(self, node: Operand, function: str) -> Path:
        if not isinstance(node, Attribute):
            raise self.refuse(f"Operator or function requires a document path; operator or function: {function}")
        return node.path

    def _attribute(self, path: Path) -> Reader:
        self.paths.append(path)
        if len(path) == 1:
            name = str(path[0])
            return lambda item, values: item.get(name)
        return lambda item, values: read_path(item, path)

    def _logic(self, node: Logic) -> Test:
        parts = [self.test(part) for part in node.parts]
        if node.operator == "NOT":
            inner = parts[0]
            return lambda item, values: not inner(item, values)
        if node.operator == "AND":
            return lambda item, values: all(part(item, values) for part in parts)
        return lambda item, values: any(part(item, values) for part in parts)

    def _comparison(self, node: Comparison) -> Test:
        left, right = self.reader(node.left), self.reader(node.right)
        if node.left == node.right:
            raise self.refuse(
                f"The first operand must be distinct from the remaining operands for this operator or function; "
                f"operator: {node.comparator}, first operand: {node.left}"
            )
        if node.comparator == "=":
            return lambda item, values: _equal(left(item, values), right(item, values))
        if node.comparator == "<>":
            # A missing attribute differs from everything.
            return lambda item, values: not _equal(left(item, values), right(item, values))
        order = ORDERS[node.comparator]
        self._require(node.comparator, (node.left, node.right), ORDERED_TYPES)
        return lambda item, values: _in_order(order, left(item, values), right(item, values))

    def _between(self, node: Between) -> Test:
        wanted, low, high = self.reader(node.operand), self.reader(node.low), self.reader(node.high)
        self._require("BETWEEN", (node.operand, node.low, node.high), ORDERED_TYPES)
        if isinstance(node.low, Placeholder) and isinstance(node.high, Placeholder):
            first, last = node.low.name, node.high.name
            self.rules.append(lambda kind, values: _check_bounds(kind, values[first], values[last]))

        def test(item: Item, values: Values) -> bool:
            value = wanted(item, values)
            return _in_order(operator.ge, value, low(item, values)) and _in_order(
                operator.le, value, high(item, values)
            )

        return test

    def _function(self, node: Call) -> Test:
        first = node.operands[0]
        if node.function in ("attribute_exists", "attribute_not_exists"):
            read, missing = self._attribute(self._path_of(first, node.function)), node.function.count("not") == 1
            return lambda item, values: (read(item, values) is None) is missing
        left, right = self.reader(first), self.reader(node.operands[1])
        if node.function == "begins_with":
            self._require(node.function, node.operands, ("S", "B"))
            return lambda item, values: _begins_with(left(item, values), right(item, values))
        if node.function == "contains":
            return lambda item, values: _contains(left(item, values), right(item, values))
        if node.function == "attribute_type":
            second = node.operands[1]
            if not isinstance(second, Placeholder):
                raise self.refuse("Operator or function requires a value; operator or function: attribute_type")
            self._require(node.function, (second,), ("S",))
            self.rules.append(lambda kind, values: _check_type_name(kind, values[second.name]))
            return lambda item, values: values[second.name]["S"] in (left(item, values) or ())
        raise self.refuse(f"The function is not allowed in a condition expression; function: {node.function}")

    def _require(self, shown: str, operands: tuple[Operand, ...], types: tuple[str, ...]) -> None:
        for operand in operands:
            if isinstance(operand, Placeholder):
                self.rules.append(_type_rule(shown, operand.name, types))


def _type_rule(shown: str, name: str, types: tuple[str, ...]) -> Callable[[str, Values], None]:
    def rule(kind: str, values: Values) -> None:
        (given,) = values[name]
        if given not in types:
            raise invalid(
                f"Invalid {kind}: Incorrect operand type for operator or function; "
                f"operator or function: {shown}, operand type: {given}"
            )

    return rule


def _check_bounds(kind: str, low: Value, high: Value) -> None:
    if low.keys() != high.keys():
        raise invalid(
            f"Invalid {kind}: The BETWEEN operator requires same data type for lower and upper bounds; "
            f"lower bound operand: AttributeValue: {low}, upper bound operand: AttributeValue: {high}"
        )
    if order_key(low) > order_key(high):
        raise invalid(
            f"Invalid {kind}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            f"lower bound operand: AttributeValue: {low}, upper bound operand: AttributeValue: {high}"
        )


def _check_type_name(kind: str, value: Value) -> None:
    if value["S"] not in TYPES:
        raise invalid(f"Invalid {kind}: Invalid attribute type name found; type: {value['S']}, valid types: {TYPES}")


def _equal(left: Value | None, right: Value | None) -> bool:
    return left is not None and left == right


def _is_among(wanted: Value | None, choices: list[Value | None]) -> bool:
    return wanted is not None and wanted in choices


def _in_order(order: Callable[[Any, Any], bool], left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    ((left_kind, left_content),) = left.items()
    ((right_kind, right_content),) = right.items()
    if left_kind != right_kind or left_kind not in ORDERED_TYPES:
        return False
    if left_kind == "N":
        return order(read_number(left_content).value, read_number(right_content).value)
    return order(left_content, right_content)


def _begins_with(value: Value | None, prefix: Value | None) -> bool:
    if value is None or prefix is None or value.keys() != prefix.keys():
        return False
    ((kind, content),) = value.items()
    return kind in ("S", "B") and content.startswith(prefix[kind])


def _contains(value: Value | None, wanted: Value | None) -> bool:
    if value is None or wanted is None:
        return False
    ((kind, content),) = value.items()
    if kind == "L":
        return wanted in content
    ((wanted_kind, wanted_content),) = wanted.items()
    if kind in ("SS", "NS", "BS"):
        return kind[0] == wanted_kind and wanted_content in content
    return kind in ("S", "B") and kind == wanted_kind and wanted_content in content


def _size_of(value: Value | None) -> Value | None:
    """Characters, bytes or members; a number or a boolean has no size, and no comparison with it holds."""
    if value is None:
        return None
    ((kind, content),) = value.items()
    return None if kind in ("N", "BOOL", "NULL") else {"N": str(len(content))}


@lru_cache(maxsize=4096)
def compile_condition(kind: str, text: str, names: tuple[tuple[str, str], ...]) -> CompiledCondition:
    """The condition of a ConditionExpression, FilterExpression or KeyConditionExpression.

    `names` are the items of ExpressionAttributeNames. Raises a ValidationException when the text is malformed.
    """
    parser = Parser(kind, text, dict(names))
    tree = parser.condition()
    parser.finish()
    compiler = _Compiler(parser.refuse)
    test = compiler.test(tree)
    return CompiledCondition(
        kind,
        tree,
        test,
        frozenset(parser.used_names),
        frozenset(parser.used_values),
        frozenset(str(path[0]) for path in compiler.paths),
        tuple(compiler.rules),
    )
