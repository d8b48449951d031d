"""Random requests for the differential test: what a careful application may send, and some of what it should not.

Keys name the partition "P", which the test replaces by a fresh one for every sequence, and a long string is only named
by its length, so that a sequence that fails can be read: `as_sent` puts both in.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from . import books

TABLE = books.TABLE
Request = tuple[str, dict[str, Any]]

NUMBERS = ["0", "1", "-1", "7", "100", "12.5", "-0.01", "1e3", "007", "12345678901234567890.12345", "1E-9"]
WORDS = ["", "a", "ab", "abc", "zebra", "é", "漢字"]
SORT_KEYS = ["a", "ab", "b", "b#1", "c", "é"]


def string(word: str) -> dict[str, Any]:
    """A String value."""
    return {"S": word}


def as_sent(params: Any, partition: str) -> Any:
    """The parameters with a partition of their own, and long strings in their length."""
    if isinstance(params, dict):
        text = params.get("S")
        if text == "P":
            return string(partition)
        if isinstance(text, str) and text.startswith("long:"):
            return string("x" * int(text.removeprefix("long:")))
        return {
            name: f"{partition}-{part}" if name == "ClientRequestToken" else as_sent(part, partition)
            for name, part in params.items()
        }
    return [as_sent(part, partition) for part in params] if isinstance(params, list) else params


numbers = st.sampled_from(NUMBERS).map(lambda text: {"N": text})
strings = st.sampled_from(WORDS).map(string)
string_sets = st.lists(st.sampled_from(WORDS[1:]), min_size=1, max_size=3, unique=True).map(lambda m: {"SS": m})
number_sets = st.lists(st.sampled_from(["1", "2", "-3"]), min_size=1, max_size=3, unique=True).map(lambda m: {"NS": m})
binaries = st.sampled_from([b"\x00", b"ab", b"abc"]).map(lambda raw: {"B": raw})
flags = st.sampled_from([{"BOOL": True}, {"BOOL": False}, {"NULL": True}])
lists = st.lists(numbers | strings, max_size=3).map(lambda elements: {"L": elements})
maps = st.dictionaries(st.sampled_from(["a", "b"]), numbers | strings | lists, max_size=2).map(lambda m: {"M": m})
big_strings = st.sampled_from([900, 1100, 3000, 5000]).map(lambda length: string(f"long:{length}"))
values = numbers | strings | string_sets | number_sets | binaries | flags | lists | maps

keys = st.sampled_from(SORT_KEYS).map(lambda sort: {"pk": string("P"), "sk": string(sort)})
attributes = st.fixed_dictionaries(
    {},
    optional={
        "n": numbers,
        "s": strings,
        "t": string_sets,
        "u": number_sets,
        "l": lists,
        "m": maps,
        "w": values,
        "big": big_strings,
    },
)
items = st.builds(lambda key, rest: {**rest, **key}, keys, attributes)

# Conditions and updates: text in which each {} stands for one value, and the values.
PATHS = ["n", "s", "t", "u", "l", "m", "w", "l[0]", "m.a", "m.b[1]", "absent"]
paths = st.sampled_from(PATHS)
ordered = numbers | strings
Template = tuple[str, list[dict[str, Any]]]


def _sorted_pair(low: dict[str, Any], high: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted((low, high), key=lambda value: float(value["N"]))


atoms: st.SearchStrategy[Template] = st.one_of(
    st.builds(lambda p: (f"attribute_exists({p})", []), paths),
    st.builds(lambda p: (f"attribute_not_exists({p})", []), st.sampled_from(["pk", *PATHS])),
    st.builds(lambda p, c, v: (f"{p} {c} {{}}", [v]), paths, st.sampled_from(["=", "<>"]), values),
    st.builds(lambda p, c, v: (f"{p} {c} {{}}", [v]), paths, st.sampled_from(["<", "<=", ">", ">="]), ordered),
    st.builds(lambda p, a, b: (f"{p} BETWEEN {{}} AND {{}}", _sorted_pair(a, b)), paths, numbers, numbers),
    st.builds(lambda p, vs: (f"{p} IN ({', '.join(['{}'] * len(vs))})", vs), paths, st.lists(values, min_size=1)),
    st.builds(lambda p, v: (f"begins_with({p}, {{}})", [v]), paths, strings),
    st.builds(lambda p, v: (f"contains({p}, {{}})", [v]), paths, numbers | strings),
    st.builds(lambda p, v: (f"attribute_type({p}, {{}})", [string(v)]), paths, st.sampled_from(["S", "N", "M", "SS"])),
    st.builds(lambda p, v: (f"size({p}) > {{}}", [v]), paths, st.sampled_from([{"N": "0"}, {"N": "2"}])),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(lambda a: (f"NOT ({a[0]})", a[1]), atoms),
        st.builds(lambda a, w, b: (f"({a[0]}) {w} {b[0]}", a[1] + b[1]), atoms, st.sampled_from(["AND", "OR"]), inner),
    ),
    max_leaves=3,
)

set_targets = st.sampled_from(["n", "s", "l", "w", "l[0]", "l[9]", "m.a", "fresh"])
set_actions: st.SearchStrategy[Template] = st.one_of(
    st.builds(lambda p, v: (f"{p} = {{}}", [v]), set_targets, values),
    st.builds(lambda p, s, v: (f"{p} = n {s} {{}}", [v]), set_targets, st.sampled_from("+-"), numbers),
    st.builds(lambda p, v: (f"{p} = if_not_exists(fresh, {{}})", [v]), set_targets, values),
    st.builds(lambda p, v, d: (f"{p} = if_not_exists(n, {{}}) + {{}}", [v, d]), set_targets, numbers, numbers),
    st.builds(lambda v: ("l = list_append(l, {})", [v]), lists),
    st.builds(lambda p, q: (f"{p} = {q}", []), set_targets, st.sampled_from(["s", "w", "m.b", "absent"])),
)
clauses: st.SearchStrategy[Template] = st.one_of(
    set_actions.map(lambda action: ("SET " + action[0], action[1])),
    st.builds(lambda a, v: (f"SET {a[0]}, extra = {{}}", [*a[1], v]), set_actions, big_strings | numbers),
    st.sampled_from(["n", "s", "l[0]", "m.a", "absent", "big"]).map(lambda path: (f"REMOVE {path}", [])),
    st.builds(lambda p, v: (f"ADD {p} {{}}", [v]), st.sampled_from(["n", "fresh"]), numbers),
    st.builds(lambda p, v: (f"ADD {p} {{}}", [v]), st.sampled_from(["t", "w"]), string_sets),
    st.builds(lambda v: ("DELETE t {}", [v]), string_sets),
    st.builds(lambda v, w: ("SET s = {} ADD n {} REMOVE m", [v, w]), strings, numbers),
)


def expression(params: dict[str, Any], parameter: str, template: Template | None) -> dict[str, Any]:
    """`params` with one more expression: its values get placeholders, all its names stay."""
    if template is None:
        return params
    known = dict(params.get("ExpressionAttributeValues", {}))
    names = [f":v{len(known) + index}" for index in range(len(template[1]))]
    known.update(zip(names, template[1], strict=True))
    more: dict[str, Any] = {parameter: template[0].format(*names)}
    if known:
        more["ExpressionAttributeValues"] = known
    return {**params, **more}


maybe_conditions = st.none() | conditions
told = st.sampled_from(["NONE", "ALL_OLD"])
puts = st.builds(lambda item, c: expression({"Item": item}, "ConditionExpression", c), items, maybe_conditions)
deletes = st.builds(lambda key, c: expression({"Key": key}, "ConditionExpression", c), keys, maybe_conditions)
checks = st.builds(lambda key, c: expression({"Key": key}, "ConditionExpression", c), keys, conditions)
updates = st.builds(
    lambda key, u, c: expression(expression({"Key": key}, "UpdateExpression", u), "ConditionExpression", c),
    keys,
    clauses,
    maybe_conditions,
)


def _single(operation: str, action: dict[str, Any], returned: str, on_failure: str) -> Request:
    more = {"ReturnValues": returned, "ReturnValuesOnConditionCheckFailure": on_failure}
    return operation, {"TableName": TABLE, **action, **more, "ReturnConsumedCapacity": "TOTAL"}


def _action(kind: str, action: dict[str, Any], on_failure: str) -> dict[str, Any]:
    return {kind: {"TableName": TABLE, **action, "ReturnValuesOnConditionCheckFailure": on_failure}}


actions = st.one_of(
    st.builds(_action, st.just("Put"), puts, told),
    st.builds(_action, st.just("Delete"), deletes, told),
    st.builds(_action, st.just("Update"), updates, told),
    st.builds(_action, st.just("ConditionCheck"), checks, told),
)


def _transaction(chosen: list[dict[str, Any]], token: str | None) -> Request:
    more = {"ClientRequestToken": token} if token else {}
    return "TransactWriteItems", {"TransactItems": chosen, "ReturnConsumedCapacity": "TOTAL", **more}


transactions = st.builds(_transaction, st.lists(actions, min_size=1, max_size=4), st.sampled_from([None, None, "1"]))
# The same transaction again under one token, which has to do nothing the second time.
safe_puts = items.map(lambda item: _action("Put", {"Item": item}, "NONE"))
repeated = st.lists(safe_puts, min_size=1, max_size=2).map(lambda chosen: _transaction(chosen, "2"))

range_conditions: st.SearchStrategy[Template] = st.one_of(
    st.just(("", [])),
    st.builds(
        lambda c, v: (f" AND sk {c} {{}}", [string(v)]),
        st.sampled_from(["=", "<", "<=", ">", ">="]),
        st.sampled_from(SORT_KEYS),
    ),
    st.builds(lambda v: (" AND begins_with(sk, {})", [string(v)]), st.sampled_from(["a", "b", "é"])),
    st.just((" AND sk BETWEEN {} AND {}", [string("ab"), string("c")])),
)


def _query(part: Template, filtering: Template | None, limit: int | None, forward: bool, projected: bool) -> Request:
    params = expression({"TableName": TABLE}, "KeyConditionExpression", ("pk = {}" + part[0], [string("P"), *part[1]]))
    params = expression(params, "FilterExpression", filtering)
    more: dict[str, Any] = {"ScanIndexForward": forward, "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"}
    if limit is not None:
        more["Limit"] = limit
    if projected:
        more["ProjectionExpression"] = "sk, m.a, l[0], n"
    return "Query", {**params, **more}


filters = st.none() | conditions.filter(lambda template: "pk" not in template[0])
queries = st.builds(_query, range_conditions, filters, st.sampled_from([None, 1, 2, 3]), st.booleans(), st.booleans())
gets = keys.map(
    lambda key: ("GetItem", {"TableName": TABLE, "Key": key, "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"})
)
many_gets = st.lists(keys, min_size=1, max_size=4).map(
    lambda chosen: (
        "TransactGetItems",
        {"TransactItems": [{"Get": {"TableName": TABLE, "Key": key}} for key in chosen]},
    )
)
batch_gets = st.lists(keys, min_size=1, max_size=4).map(
    lambda chosen: ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": chosen, "ConsistentRead": True}}})
)
batches = st.lists(
    items.map(lambda item: {"PutRequest": {"Item": item}}) | keys.map(lambda key: {"DeleteRequest": {"Key": key}}),
    min_size=1,
    max_size=4,
).map(lambda entries: ("BatchWriteItem", {"RequestItems": {TABLE: entries}, "ReturnConsumedCapacity": "TOTAL"}))

update_returns = st.sampled_from(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
single_writes = st.one_of(
    st.builds(_single, st.just("PutItem"), puts, told, told),
    st.builds(_single, st.just("DeleteItem"), deletes, told, told),
    st.builds(_single, st.just("UpdateItem"), updates, update_returns, told),
)
requests = st.one_of(single_writes, single_writes, transactions, queries, gets, many_gets, batch_gets, batches)
sequences = st.lists(
    st.one_of(requests.map(lambda request: [request]), repeated.map(lambda request: [request, request])),
    min_size=4,
    max_size=12,
).map(lambda groups: [request for group in groups for request in group])
