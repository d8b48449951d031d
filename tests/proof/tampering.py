"""Writing over what is stored, underneath the product: what nobody should be able to do, and the proof has to find."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.simulation import MemoryDynamoDB

Item = dict[str, dict[str, Any]]


class Underneath:
    """The rows of an engine, as somebody with the keys to the database sees them."""

    def __init__(self, engine: MemoryDynamoDB) -> None:
        self._engine = engine

    def items(self, pk: str, table: str = "books") -> list[Item]:
        """The items of a partition in order, copied."""
        partition = self._engine.tables[table].partitions.get(pk)
        if partition is None:
            return []
        return [deepcopy(partition.records[sk].item) for sk in sorted(partition.records)]

    def item(self, pk: str, sk: str = "", table: str = "books") -> Item:
        """The first item of the partition whose sort key holds that text."""
        return next(item for item in self.items(pk, table) if sk in item["sk"]["S"])

    def put(self, item: Item, table: str = "books") -> None:
        self._engine.call("PutItem", {"TableName": table, "Item": item})

    def delete(self, item: Item, table: str = "books") -> None:
        key = {"pk": item["pk"], "sk": item["sk"]}
        self._engine.call("DeleteItem", {"TableName": table, "Key": key})

    def change(self, pk: str, sk: str, how: Callable[[Item], None], table: str = "books") -> Item:
        """Change one item in place; the item as it was."""
        before = self.item(pk, sk, table)
        after = deepcopy(before)
        how(after)
        self.put(after, table)
        return before

    def change_json(self, pk: str, sk: str, name: str, how: Callable[[Any], None], table: str = "books") -> Item:
        """Change the JSON text in one attribute of an item; the item as it was."""

        def rewrite(item: Item) -> None:
            data = json.loads(item[name]["S"])
            how(data)
            item[name]["S"] = json.dumps(data, separators=(",", ":"))

        return self.change(pk, sk, rewrite, table)
