"""Document paths (a, a.b, a.b[0]): reading, writing and removing what they name, and projecting items onto them.

A path is a tuple of names and list indexes. Writers never change a container in place: they answer a new item that
shares what did not change, so that a kept item and its earlier versions stay as they were.
"""

from __future__ import annotations

from typing import Any

from .errors import UpdateRefusal
from .values import Item, Value

Path = tuple[str | int, ...]

INVALID_FOR_UPDATE = "The document path provided in the update expression is invalid for update"


def show_path(path: Path) -> str:
    """A path as DynamoDB's messages write it: [a, b, [0]]."""
    return "[" + ", ".join(f"[{part}]" if isinstance(part, int) else part for part in path) + "]"


def read_path(item: Item, path: Path) -> Value | None:
    """The value at a path, None when the item has none."""
    value = item.get(path[0])  # type: ignore[arg-type]
    for part in path[1:]:
        if value is None:
            return None
        if isinstance(part, int):
            elements = value.get("L")
            value = elements[part] if elements is not None and part < len(elements) else None
        else:
            value = value["M"].get(part) if "M" in value else None
    return value


def write_path(item: Item, path: Path, value: Value) -> Item:
    """The item with `value` at the path; an index past the end appends. UpdateRefusal when its parent is missing."""
    written = dict(item)
    first = str(path[0])
    written[first] = value if len(path) == 1 else _write_inside(item.get(first), path[1:], value)
    return written


def _write_inside(container: Value | None, path: Path, value: Value) -> Value:
    part, rest = path[0], path[1:]
    if container is None:
        raise UpdateRefusal(INVALID_FOR_UPDATE)
    if isinstance(part, int):
        if "L" not in container:
            raise UpdateRefusal(INVALID_FOR_UPDATE)
        elements = list(container["L"])
        inside = elements[part] if part < len(elements) else None
        new = value if not rest else _write_inside(inside, rest, value)
        elements[part : part + 1] = [new]
        return {"L": elements}
    if "M" not in container:
        raise UpdateRefusal(INVALID_FOR_UPDATE)
    members = dict(container["M"])
    members[part] = value if not rest else _write_inside(members.get(part), rest, value)
    return {"M": members}


def remove_path(item: Item, path: Path) -> Item:
    """The item without the path; nothing happens to a missing leaf. UpdateRefusal when its parent is missing."""
    left = dict(item)
    first = str(path[0])
    if len(path) == 1:
        left.pop(first, None)
    else:
        left[first] = _remove_inside(item.get(first), path[1:])
    return left


def _remove_inside(container: Value | None, path: Path) -> Value:
    part, rest = path[0], path[1:]
    kind = "L" if isinstance(part, int) else "M"
    if container is None or kind not in container:
        raise UpdateRefusal(INVALID_FOR_UPDATE)
    if isinstance(part, int):
        elements = list(container["L"])
        if not rest:
            del elements[part : part + 1]
        else:
            inside = elements[part] if part < len(elements) else None
            elements[part : part + 1] = [_remove_inside(inside, rest)]
        return {"L": elements}
    members = dict(container["M"])
    if not rest:
        members.pop(part, None)
    else:
        members[part] = _remove_inside(members.get(part), rest)
    return {"M": members}


def overlapping(paths: list[Path]) -> tuple[Path, Path, str] | None:
    """The first two paths that cannot stand together, and whether they "overlap" or "conflict"."""
    for index, second in enumerate(paths):
        for first in paths[:index]:
            problem = _problem(first, second)
            if problem:
                return first, second, problem
    return None


def _problem(first: Path, second: Path) -> str | None:
    for one, other in zip(first, second, strict=False):
        if isinstance(one, int) != isinstance(other, int):
            return "conflict"
        if one != other:
            return None
    return "overlap"


Tree = dict[str | int, Any]


def path_tree(paths: list[Path]) -> Tree:
    """Paths as nested dicts by their parts; a leaf is an empty dict."""
    tree: Tree = {}
    for path in paths:
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
    return tree


def project_item(item: Item, tree: Tree) -> Item:
    """The parts of an item a tree names; list elements close up, in their order."""
    projected: Item = {}
    for name, branch in tree.items():
        value = item.get(name)  # type: ignore[arg-type]
        part = _project_value(value, branch) if value is not None else None
        if part is not None:
            projected[str(name)] = part
    return projected


def _project_value(value: Value, tree: Tree) -> Value | None:
    if not tree:
        return value
    if "M" in value:
        members = project_item(value["M"], {part: tree[part] for part in tree if isinstance(part, str)})
        return {"M": members} if members else None
    if "L" in value:
        indexes = sorted(part for part in tree if isinstance(part, int) and part < len(value["L"]))
        parts = [_project_value(value["L"][index], tree[index]) for index in indexes]
        elements = [part for part in parts if part is not None]
        return {"L": elements} if elements else None
    return None
