"""Writes of one item: PutItem, UpdateItem, DeleteItem, and the four actions of a transaction, which are the same thing.

A write is prepared (every rule that needs no item), judged (its condition), and resolved (its next version). Only then
is anything stored, so that a transaction can do the first three for all its actions and the last for all or none.
"""

from __future__ import annotations

from typing import Any

from .errors import CONDITION_FAILED, CONDITION_FAILED_MESSAGE, Refusal, UpdateRefusal, invalid
from .metering import write_units
from .paths import project_item
from .requests import Expressions, Params, Request, taken_item
from .storage import Key, Record, Table
from .updates import CompiledUpdate
from .values import Item, copy_item, item_size

MAX_ITEM_BYTES = 400 * 1024
TOO_LARGE = "Item size has exceeded the maximum allowed size"
TOO_LARGE_AFTER_UPDATE = "Item size to update has exceeded the maximum allowed size"

RETURN_VALUES = {
    "Put": ("NONE", "ALL_OLD"),
    "Delete": ("NONE", "ALL_OLD"),
    "Update": ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"),
}


class Write:
    """One prepared write. `kind` is Put, Update, Delete or ConditionCheck."""

    __slots__ = ("kind", "table", "key", "before", "after", "condition", "values", "update", "key_item", "tells_item")

    table: Table
    key: Key
    key_item: Item
    before: Record | None
    after: Record | None
    update: CompiledUpdate | None

    def __init__(self, request: Request, kind: str, params: Params) -> None:
        """Check all that needs no item, and find the item. ValidationException, ResourceNotFoundException."""
        self.kind = kind
        self.after = None
        self.update = None
        self.table = request.table(params["TableName"])
        expressions = Expressions(params)
        condition = expressions.condition("ConditionExpression")
        if kind == "Update":
            self.update = expressions.update()
        elif kind == "ConditionCheck" and condition is None:
            raise invalid("The ConditionExpression of a ConditionCheck can not be empty")
        expressions.finish()
        self.condition = condition.test if condition else None
        self.values = expressions.values
        self.tells_item = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        self._find(params)

    def _find(self, params: Params) -> None:
        if self.kind == "Put":
            item, size = taken_item(params["Item"])
            self.key = self.table.key_of_item(item)
            if size > MAX_ITEM_BYTES:
                raise invalid(TOO_LARGE)
            self.after = Record(item, size)
        else:
            plain = self.table.plain_key(params["Key"])
            self.key_item = taken_item(params["Key"])[0] if plain is None else copy_item(params["Key"])
            self.key = plain or self.table.key_of_request(self.key_item)
        self.before = self.table.get(self.key)

    def holds(self) -> bool:
        """Whether the condition is met by the item as it is."""
        if self.condition is None:
            return True
        return self.condition(self.before.item if self.before else {}, self.values)

    def resolve(self) -> None:
        """Make out the item's next version. UpdateRefusal when an update cannot be applied to the item."""
        if self.kind == "ConditionCheck":
            self.after = self.before
        elif self.kind == "Update":
            item = self.before.item if self.before else self.key_item
            if self.update is not None:
                self._refuse_key_changes(self.update)
                item = self.update.apply(item, self.values)
            size = item_size(item)
            if size > MAX_ITEM_BYTES:
                raise UpdateRefusal(TOO_LARGE_AFTER_UPDATE)
            self.after = Record(item, size)

    def _refuse_key_changes(self, update: CompiledUpdate) -> None:
        for name in self.table.key_names:
            if name in update.first_names:
                raise UpdateRefusal(
                    f"One or more parameter values were invalid: Cannot update attribute {name}. "
                    "This attribute is part of the key"
                )

    def store(self) -> None:
        """Write the next version."""
        if self.kind != "ConditionCheck":
            self.table.put(self.key, self.after)

    def size_bytes(self) -> int:
        """The larger of the item's two versions."""
        return max(self.before.size_bytes if self.before else 0, self.after.size_bytes if self.after else 0)

    def units(self) -> int:
        """Plain write units."""
        return write_units(self.before.size_bytes if self.before else 0, self.after.size_bytes if self.after else 0)

    def told_item(self) -> Item | None:
        """The item a failed condition tells the caller, when it asked."""
        return copy_item(self.before.item) if self.tells_item and self.before else None


def write_one(request: Request, kind: str) -> Params:
    """PutItem, UpdateItem or DeleteItem. A condition that fails is charged like the write it prevented."""
    params = request.params
    returned = params.get("ReturnValues", "NONE")
    if returned not in RETURN_VALUES[kind]:
        raise invalid(f"Value '{returned}' at 'returnValues' failed to satisfy constraint")
    write = Write(request, kind, params)
    if not write.holds():
        raise _condition_failed(request, write)
    write.resolve()
    write.store()
    request.charge.write(write.table.name, write.units())
    answer: Params = {}
    attributes = _returned_attributes(write, returned)
    if attributes:
        answer["Attributes"] = copy_item(attributes)
    return request.answer(answer)


def _condition_failed(request: Request, write: Write) -> Refusal:
    try:
        write.resolve()
    except UpdateRefusal:
        write.after = None
    request.charge.write(write.table.name, write.units())
    told = write.told_item()
    extra: dict[str, Any] = {"Item": told} if told is not None else {}
    return Refusal(CONDITION_FAILED, CONDITION_FAILED_MESSAGE, **extra)


def _returned_attributes(write: Write, returned: str) -> Item | None:
    if returned == "NONE":
        return None
    version = write.before if returned.endswith("OLD") else write.after
    if version is None or returned.startswith("ALL"):
        return version.item if version else None
    return project_item(version.item, write.update.returned) if write.update else None
