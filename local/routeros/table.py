"""The items of one menu, each under an id that is never given twice, found by id, by what is unique and by name."""

from collections.abc import Iterable, Iterator

from local.routeros.menu import Menu, Row
from local.routeros.query import candidates, succeeds
from local.routeros.values import Trap

NO_SUCH_ITEM = "no such item"


def as_number(item: str) -> int:
    """The number of an id `*1A`; one that no item has when it is not of that form."""
    try:
        return int(item[1:], 16) if item.startswith("*") else -1
    except ValueError:
        return -1


class Table:
    """A row is never changed: another takes its place, so that one who is printing goes on with what was there."""

    def __init__(self, menu: Menu) -> None:
        self.menu = menu
        self.rows: dict[int, Row] = {}
        self.next_id = menu.first_id
        self._unique: dict[tuple[str, ...], int] = {}
        self._index: dict[str, dict[str, set[int]]] = {name: {} for name in menu.indexed}

    def __len__(self) -> int:
        return len(self.rows)

    def new_id(self) -> int:
        """An id that no item ever had."""
        self.next_id += 1
        return self.next_id - 1

    def put(self, number: int, row: Row) -> None:
        """Sets an item, new or in the place of what it was. Raises Trap if another one is the same."""
        key = self._key(row)
        if key is not None:
            holder = self._unique.get(key)
            if holder is not None and holder != number:
                raise Trap(self.menu.duplicate)
        if number in self.rows:
            self._forget(number)
        self.rows[number] = row
        self.next_id = max(self.next_id, number + 1)
        if key is not None:
            self._unique[key] = number
        for name, index in self._index.items():
            value = row.get(name)
            if value is not None:
                index.setdefault(value, set()).add(number)

    def drop(self, number: int) -> Row:
        """Takes an item out."""
        self._forget(number)
        return self.rows.pop(number)

    def clear(self) -> None:
        """Takes every item out; their ids stay used."""
        for number in list(self.rows):
            self.drop(number)

    def values(self, name: str) -> set[str]:
        """What the items have for an indexed property."""
        return set(self._index[name])

    def having(self, name: str, value: str) -> list[int]:
        """The ids of the items with a value of an indexed property, in their order."""
        return sorted(self._index[name].get(value, ()))

    def number_of(self, item: str) -> int:
        """The id meant by `*1A` or by a name. Raises Trap."""
        if item.startswith("*"):
            number = as_number(item)
            if number in self.rows:
                return number
        elif "name" in self._index and self._index["name"].get(item):
            return min(self._index["name"][item])
        raise Trap(NO_SUCH_ITEM, 0)

    def chosen(self, queries: list[str], now: float, sensitive: bool) -> Iterator[Row]:
        """The items as they are printed, those that the queries let through. Raises NotAQuery."""
        for number, row in self._possible(queries):
            shown = self.shown(number, row, now, sensitive)
            if not queries or succeeds(queries, shown):
                yield shown

    def shown(self, number: int, row: Row, now: float, sensitive: bool = True) -> Row:
        """An item with everything that a print shows of it."""
        printed = {".id": f"*{number:X}"}
        for one in self.menu.properties:
            value = row.get(one.name, one.default) if one.computed is None else one.computed(row, now)
            if value is not None and (sensitive or not one.secret):
                printed[one.name] = value
        return printed

    def _possible(self, queries: list[str]) -> Iterable[tuple[int, Row]]:
        for name in (".id", *self._index) if queries else ():
            wanted = candidates(queries, name)
            if wanted is None:
                continue
            if name == ".id":
                numbers = {as_number(one) for one in wanted}
            else:
                numbers = {number for value in wanted for number in self._index[name].get(value, ())}
            return [(number, self.rows[number]) for number in sorted(numbers) if number in self.rows]
        return list(self.rows.items())

    def _key(self, row: Row) -> tuple[str, ...] | None:
        if not self.menu.unique:
            return None
        return tuple(row.get(name, self.menu.by_name[name].default or "") for name in self.menu.unique)

    def _forget(self, number: int) -> None:
        row = self.rows[number]
        key = self._key(row)
        if key is not None and self._unique.get(key) == number:
            del self._unique[key]
        for name, index in self._index.items():
            value = row.get(name)
            if value is not None:
                holders = index[value]
                holders.discard(number)
                if not holders:
                    del index[value]
