"""One request being served: its parameters read once, its expressions compiled, its cost noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conditions import CompiledCondition, compile_condition
from .errors import Refusal, invalid
from .metering import Charge
from .storage import Table, missing_table
from .updates import CompiledProjection, CompiledUpdate, compile_projection, compile_update
from .values import BadValue, Item, Value, take_item, take_value

Params = dict[str, Any]

# The API of before expressions. Nothing here may use it, and an index would be read as if it cost nothing.
UNSUPPORTED = frozenset(
    ("AttributesToGet", "AttributeUpdates", "ConditionalOperator", "Expected", "IndexName", "KeyConditions")
    + ("QueryFilter", "ScanFilter")
)


class Request:
    """A request on its way through the engine; `stale` says whether an eventually consistent read may lag behind."""

    __slots__ = ("operation", "params", "tables", "charge", "now", "stale")

    def __init__(
        self,
        operation: str,
        params: Params,
        tables: dict[str, Table],
        now: float,
        stale: Callable[[str, str, Item], bool] | None,
    ) -> None:
        self.operation = operation
        self.params = params
        self.tables = tables
        self.charge = Charge(operation)
        self.now = now
        self.stale = stale

    def table(self, name: str) -> Table:
        """The table of that name, or its ARN; ResourceNotFoundException when there is none."""
        table = self.tables.get(name) or self.tables.get(name.rpartition(":table/")[2])
        if table is None:
            raise missing_table()
        return table

    def answer(self, answer: Params, transactional: bool = False) -> Params:
        """The answer, with ConsumedCapacity when the request asks for it."""
        wanted = self.params.get("ReturnConsumedCapacity", "NONE")
        if wanted != "NONE":
            consumed = self.charge.consumed(wanted, transactional)
            many = transactional or self.operation.startswith("Batch")
            answer["ConsumedCapacity"] = consumed if many else consumed[0]
        return answer


class Expressions:
    """The expressions of one action. Read all of them, then call `finish`: unused names and values are refused."""

    __slots__ = ("params", "names", "values", "used_names", "used_values")

    def __init__(self, params: Params) -> None:
        if not UNSUPPORTED.isdisjoint(params):
            raise NotImplementedError(f"the simulator does not know {sorted(UNSUPPORTED & params.keys())}")
        self.params = params
        names = params.get("ExpressionAttributeNames")
        values = params.get("ExpressionAttributeValues")
        self.names: tuple[tuple[str, str], ...] = tuple(names.items()) if names else ()
        self.values: dict[str, Value] = _taken_values(values) if values else {}
        self.used_names: list[frozenset[str]] = []
        self.used_values: list[frozenset[str]] = []

    def condition(self, kind: str) -> CompiledCondition | None:
        """The condition in parameter `kind`, if there is one."""
        text = self.params.get(kind)
        if text is None:
            return None
        compiled = compile_condition(kind, text, self.names)
        self._use(kind, compiled.used_names, compiled.used_values)
        compiled.check_values(self.values)
        return compiled

    def update(self) -> CompiledUpdate | None:
        """The update, if there is one: without, UpdateItem only makes sure that the item is there."""
        text = self.params.get("UpdateExpression")
        if text is None:
            return None
        compiled = compile_update(text, self.names)
        self._use("UpdateExpression", compiled.used_names, compiled.used_values)
        compiled.check_values(self.values)
        return compiled

    def projection(self) -> CompiledProjection | None:
        """The projection, if there is one."""
        text = self.params.get("ProjectionExpression")
        if text is None:
            return None
        compiled = compile_projection(text, self.names)
        self._use("ProjectionExpression", compiled.used_names, frozenset())
        return compiled

    def _use(self, kind: str, names: frozenset[str], values: frozenset[str]) -> None:
        for name in values:
            if name not in self.values:
                raise invalid(
                    f"Invalid {kind}: An expression attribute value used in expression is not defined; "
                    f"attribute value: {name}"
                )
        self.used_names.append(names)
        self.used_values.append(values)

    def finish(self) -> None:
        """Refuse names and values that no expression used."""
        if self.names:
            unused = {name for name, _ in self.names}.difference(*self.used_names)
            if unused:
                raise _unused("ExpressionAttributeNames", unused)
        if self.values:
            unused = set(self.values).difference(*self.used_values)
            if unused:
                raise _unused("ExpressionAttributeValues", unused)


def _unused(parameter: str, unused: set[str]) -> Refusal:
    return invalid(f"Value provided in {parameter} unused in expressions: keys: {{{', '.join(sorted(unused))}}}")


def _taken_values(values: dict[str, Value]) -> dict[str, Value]:
    taken = {}
    for name, value in values.items():
        try:
            taken[name] = take_value(value)[0]
        except BadValue as error:
            raise invalid(f"ExpressionAttributeValues contains invalid value: {error} for key {name}") from error
    return taken


def taken_item(item: Item) -> tuple[Item, int]:
    """A canonical copy of an item a request carries, and its size; a ValidationException when it is refused."""
    try:
        return take_item(item)
    except BadValue as error:
        raise invalid(str(error)) from error
