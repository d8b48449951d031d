"""The conditions that money hangs on, found in the code: nobody keeps a list of them.

Two kinds. A *write* condition is an expression about a column of a row (`FundRow.balance_minor >= floor`,
`HeadRow.pk.does_not_exist()`) anywhere but in the filter of a read; its mutant holds always. A *guard* is an `if` that does
nothing but refuse: because the state stands against it (`Conflict`, `NotDueError`, ...) or because something is another
tenant's (`NotFound` after looking at a tenant, parent or chain); its mutant never refuses.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MONEY = ("funds", "ledger", "billing", "retail", "partners", "proof")
ALSO = ("chalicelib/api/call.py", "chalicelib/tenants/hierarchy.py")
"""The claim of a request, and who is whose child: what the packages of money rest on."""

STATE_REFUSALS = {"Conflict", "NotDueError", "ParkedError", "OtherSheetError"}
OWNER_NAMES = {"tenant_id", "parent_id", "chain"}


@dataclass(frozen=True)
class Condition:
    """One condition: where it stands, what it says, and which node of its module it is (in the order of `ast.walk`)."""

    module: str
    line: int
    node: int
    kind: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.module}:{self.line}:{self.node}"


def sources() -> Iterator[tuple[str, Path]]:
    """The modules that may hold a condition on money."""
    paths = [path for package in MONEY for path in sorted((ROOT / "chalicelib" / package).glob("**/*.py"))]
    for path in [*paths, *(ROOT / name for name in ALSO)]:
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def conditions() -> list[Condition]:
    """Every condition, by module and line."""
    return [found for module, path in sources() for found in conditions_of(module, path.read_text())]


def conditions_of(module: str, source: str) -> list[Condition]:
    tree = ast.parse(source)
    in_filters = {
        id(node)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "filter_on"
        for node in ast.walk(keyword.value)
    }
    found = []
    for number, node in enumerate(ast.walk(tree)):
        kind = None if id(node) in in_filters else _kind(node)
        if kind is not None:
            shown = node.test if isinstance(node, ast.If) else node
            line = getattr(node, "lineno", 0)
            found.append(Condition(module, line, number, kind, ast.unparse(shown)))
    return sorted(found, key=lambda one: (one.line, one.node))


def _kind(node: ast.AST) -> str | None:
    if isinstance(node, ast.Compare) and _is_column(node.left):
        return "write"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_column(node.func.value):
        return "write" if node.func.attr in ("exists", "does_not_exist") else None
    if isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], ast.Raise):
        refusal = _refusal(node.body[-1])
        if refusal in STATE_REFUSALS or (refusal == "NotFound" and _names(node.test) & OWNER_NAMES):
            return "guard"
    return None


def _is_column(node: ast.AST) -> bool:
    """Whether it is `SomethingRow.column`."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id.endswith("Row")


def _refusal(raised: ast.Raise) -> str:
    call = raised.exc
    return ast.unparse(call.func) if isinstance(call, ast.Call) else ""


def _names(test: ast.expr) -> set[str]:
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}


def mutate(source: str, condition: Condition) -> ast.Module:
    """The module without the condition: a write condition holds always, a guard never refuses."""
    tree = ast.parse(source)
    target = next(node for number, node in enumerate(ast.walk(tree)) if number == condition.node)
    return ast.fix_missing_locations(_Without(target).visit(tree))


class _Without(ast.NodeTransformer):
    def __init__(self, target: ast.AST) -> None:
        self._target = target

    def visit(self, node: ast.AST) -> ast.AST:
        if node is not self._target:
            return self.generic_visit(node)
        if isinstance(node, ast.If):
            node.test = ast.Constant(value=False)
            return node
        column = node.left if isinstance(node, ast.Compare) else node.func.value  # type: ignore[attr-defined]
        row = ast.unparse(column.value)
        return ast.parse(f"({row}.pk.exists() | {row}.pk.does_not_exist())", mode="eval").body
