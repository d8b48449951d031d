"""Which route an address means, as API Gateway decides it: a name written out goes before a variable."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class _Node:
    names: dict[str, "_Node"] = field(default_factory=dict)
    variables: dict[str, "_Node"] = field(default_factory=dict)
    route: str | None = None


class Routes:
    """All routes as a tree by path segment: an address is found in as many steps as it has segments."""

    def __init__(self, routes: Iterable[str]) -> None:
        """`routes` are written as Chalice writes them: `/v1/plans/{plan_id}`."""
        self._root = _Node()
        for route in routes:
            node = self._root
            for part in _segments(route):
                is_variable = part.startswith("{") and part.endswith("}")
                children = node.variables if is_variable else node.names
                node = children.setdefault(part[1:-1] if is_variable else part, _Node())
            node.route = route

    def find(self, segments: list[str]) -> tuple[str, dict[str, str]] | None:
        """The route and the values of its variables, or None."""
        return _find(self._root, segments, 0)


def segments_of(raw_path: str) -> list[str]:
    """The parts of an address, still percent-encoded; a slash at the end means nothing."""
    return _segments(raw_path)


def _segments(path: str) -> list[str]:
    stripped = path.removeprefix("/").removesuffix("/")
    return stripped.split("/") if stripped else []


def _find(node: _Node, segments: list[str], at: int) -> tuple[str, dict[str, str]] | None:
    if at == len(segments):
        return (node.route, {}) if node.route is not None else None
    named = node.names.get(segments[at])
    found = _find(named, segments, at + 1) if named else None
    if found is not None or not segments[at]:
        return found
    for name, child in node.variables.items():
        found = _find(child, segments, at + 1)
        if found is not None:
            return found[0], {name: segments[at], **found[1]}
    return None
