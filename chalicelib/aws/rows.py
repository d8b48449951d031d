"""Rows: PynamoDB models over three tables, their columns, and the one connection they share."""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Self, TypeVar, overload

from pynamodb.attributes import Attribute, BinaryAttribute
from pynamodb.connection.base import Connection, MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.constants import NUMBER, STRING
from pynamodb.exceptions import AttributeNullError
from pynamodb.models import Model

from chalicelib.aws.config import config
from chalicelib.aws.keys import Key
from chalicelib.core.json import compact_json, read_json

RowT = TypeVar("RowT", bound="Row")
ValueT = TypeVar("ValueT")


class _Column(Attribute[ValueT]):
    """An attribute that a row hands out without detours: PynamoDB's own look-up is half of what a long list costs."""

    _own_name = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        super().__set_name__(owner, name)
        self._own_name = name

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, instance: Any, owner: Any) -> ValueT: ...

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else instance.attribute_values.get(self._own_name)


class TextAttribute(_Column[str]):
    """Text as it is."""

    attr_type = STRING


class IntegerAttribute(_Column[int]):
    """A whole number, exactly: a float or a bool is a mistake in the code and raises `TypeError`."""

    attr_type = NUMBER

    def serialize(self, value: Any) -> str:
        if type(value) is not int:
            raise TypeError(f"{self.attr_name} takes an int, not {type(value).__name__}")
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class JsonAttribute(_Column[Any]):
    """Plain data kept as compact JSON text: cheap to store, and never searched by the database."""

    attr_type = STRING

    def serialize(self, value: Any) -> str:
        return compact_json(value)

    def deserialize(self, value: str) -> Any:
        return read_json(value)


class BytesAttribute(BinaryAttribute):
    """Bytes as they are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(legacy_encoding=False, **kwargs)


@cache
def connection() -> Connection:
    """The process's connection to the database, made at the first call."""
    return Connection(max_pool_connections=32, connect_timeout_seconds=5, read_timeout_seconds=20)


@cache
def _table(name: str) -> TableConnection:
    """One connection for all tables: a client costs 50 ms and its own sockets."""
    meta = MetaTable(
        {
            "TableName": name,
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "GlobalSecondaryIndexes": [],
            "LocalSecondaryIndexes": [],
        }
    )
    table = TableConnection(name, meta_table=meta)
    table.connection = connection()
    table.connection.add_meta_table(meta)
    return table


def forget_connections() -> None:
    """Make the next call build its client anew: for tests that swap the endpoint."""
    connection.cache_clear()
    _table.cache_clear()


class Row(Model):
    """A row of one of the three tables. A subclass names its table in `Meta` and its own attributes."""

    class Meta:
        table_name: ClassVar[str] = ""

    pk = TextAttribute(hash_key=True)
    sk = TextAttribute(range_key=True)

    @classmethod
    def at(cls, key: Key, **attributes: Any) -> Self:
        """A new row of this kind at that key; nothing is read or written. `ValueError` for an attribute it does not have.

        Like `serialize` it is written here because it is most of what a write costs; none of our attributes has a default.
        """
        unknown = attributes.keys() - _encoders(cls).keys()
        if unknown:
            raise ValueError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
        row = cls.__new__(cls)
        row.attribute_values = {"pk": key.pk, "sk": key.sk, **attributes}
        return row

    @property
    def key(self) -> Key:
        return Key(self.pk, self.sk)

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """The row of an item as the database gave it.

        Written here because it is most of what a list costs: PynamoDB goes over every declared attribute three times.
        """
        row = cls.__new__(cls)
        values: dict[str, Any] = {}
        row.attribute_values = values
        decoders = _decoders(cls)
        for name, typed in data.items():
            known = decoders.get(name)
            if known is not None:
                attribute, kind, decode = known
                value = typed.get(kind)
                if value is not None:
                    values[attribute] = decode(value) if decode is not None else value
        return row

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        """The item the row is stored as; `AttributeNullError` when one is missing that has to be there."""
        values = self.attribute_values
        item: dict[str, dict[str, Any]] = {}
        for attribute, (name, kind, encode, may_miss) in _encoders(type(self)).items():
            value = values.get(attribute)
            if value is not None:
                item[name] = {kind: encode(value) if encode is not None else value}
            elif null_check and not may_miss:
                raise AttributeNullError(attribute)
        return item

    @classmethod
    def _get_connection(cls) -> TableConnection:
        return _table(cls.Meta.table_name)


@cache
def _decoders(kind: type[Row]) -> dict[str, tuple[str, str, Callable[[Any], Any] | None]]:
    """By stored name: the attribute's own name, its type in the database, and what decodes it (None for text)."""
    return {
        attribute.attr_name: (
            name,
            attribute.attr_type,
            None if type(attribute) is TextAttribute else attribute.deserialize,
        )
        for name, attribute in kind.get_attributes().items()
    }


@cache
def _encoders(kind: type[Row]) -> dict[str, tuple[str, str, Callable[[Any], Any] | None, bool | None]]:
    """By an attribute's own name: its stored name and type, what encodes it (None for text), whether it may be missing."""
    return {
        name: (
            attribute.attr_name,
            attribute.attr_type,
            None if type(attribute) is TextAttribute else attribute.serialize,
            attribute.null,
        )
        for name, attribute in kind.get_attributes().items()
    }


class TenantsRow(Row):
    """People, the hierarchy, plans and tariffs."""

    class Meta:
        table_name = config().tenants_table


class BooksRow(Row):
    """Funds, journals, entries, settlements and the claims of money requests."""

    class Meta:
        table_name = config().books_table


class CrmRow(Row):
    """Subscribers, their events, what finds them, and import jobs."""

    class Meta:
        table_name = config().crm_table
