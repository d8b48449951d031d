"""Tables as a whole: made, described, listed, deleted."""

from __future__ import annotations

import re

from .errors import Refusal, invalid
from .requests import Params, Request
from .storage import Table

TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")


def create_table(request: Request) -> Params:
    """CreateTable: active at once. Indexes are refused: reading and writing one costs units that nobody counts here."""
    params = request.params
    name = params["TableName"]
    if params.get("GlobalSecondaryIndexes") or params.get("LocalSecondaryIndexes"):
        raise NotImplementedError("the simulator does not know indexes")
    if not TABLE_NAME.fullmatch(name):
        raise invalid("TableName must be 3 to 255 letters, digits, dots, dashes and underscores")
    if name in request.tables:
        raise Refusal("ResourceInUseException", f"Table already exists: {name}")
    table = Table(name, params["KeySchema"], params["AttributeDefinitions"])
    request.tables[name] = table
    return {"TableDescription": table.description()}


def describe_table(request: Request) -> Params:
    """DescribeTable."""
    return {"Table": request.table(request.params["TableName"]).description()}


def delete_table(request: Request) -> Params:
    """DeleteTable: gone at once."""
    table = request.table(request.params["TableName"])
    del request.tables[table.name]
    return {"TableDescription": {**table.description(), "TableStatus": "DELETING"}}


def list_tables(request: Request) -> Params:
    """ListTables: all of them in one answer."""
    return {"TableNames": sorted(request.tables)}


def update_time_to_live(request: Request) -> Params:
    """UpdateTimeToLive: remembered and answered, but nothing ever expires; DynamoDB too may take days."""
    table = request.table(request.params["TableName"])
    table.time_to_live = dict(request.params["TimeToLiveSpecification"])
    return {"TimeToLiveSpecification": dict(table.time_to_live)}


def describe_time_to_live(request: Request) -> Params:
    """DescribeTimeToLive."""
    wanted = request.table(request.params["TableName"]).time_to_live
    if not wanted.get("Enabled"):
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    name = wanted["AttributeName"]
    return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": name}}
