"""Finding every movement of money in the code, so that none is in no schedule.

A *movement* is a public function or class from which a call leads to one of the few places that move money or what
money follows from: a posting, a fund's change, a tenant's settlement state, a kept head or entry, or any write of the
packages of money. Calls are followed by name through every module, whatever they are handed to; only entrypoints, which
call what is found here, are left out. A name that two things share makes too many movements, never too few.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

CODE = Path(__file__).resolve().parents[3] / "chalicelib"
MONEY_PACKAGES = ("funds", "ledger", "billing", "retail", "partners")
ENTRYPOINTS = ("jobs.py", "worker.py", "installation.py", "run.py")
WRITES = ("write", "put_many")
MOVES = frozenset(
    ("Posting", "move_fund", "change_state", "change_limits", "opening_row", "put_entry", "put_head", "put_new_head")
)

Name = tuple[str, str]
"""A module, as `chalicelib.funds.transfer`, and a function at its top level, or a class."""


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(CODE.rglob("*.py")):
        parts = path.relative_to(CODE.parent).with_suffix("").parts
        yield ".".join(parts), path


class _Module:
    """What a module defines, and what its names mean."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.is_money = path.relative_to(CODE).parts[0] in MONEY_PACKAGES
        self.is_entrypoint = path.name in ENTRYPOINTS or path.name.endswith("routes.py")
        self.defined: dict[str, ast.AST] = {}
        self.imported: dict[str, Name] = {}
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self.defined[node.name] = node
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = (node.module, alias.name)

    def uses(self, function: str) -> Iterator[Name]:
        """Everything of ours that the function names, by the module it comes from."""
        for node in ast.walk(self.defined[function]):
            if isinstance(node, ast.Name):
                if node.id in self.defined:
                    yield self.name, node.id
                elif node.id in self.imported:
                    yield self.imported[node.id]
            elif (
                isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.imported
            ):
                module, name = self.imported[node.value.id]
                yield f"{module}.{name}", node.attr


def money_movements() -> set[Name]:
    """Every public function and class that moves money, or from which a call leads to one that does."""
    modules = {name: _Module(name, path) for name, path in _modules()}
    users: dict[Name, set[Name]] = defaultdict(set)
    reached: set[Name] = set()
    for module in modules.values():
        for function in module.defined:
            for used in module.uses(function):
                users[used].add((module.name, function))
                is_write = used == ("chalicelib.aws.tables", used[1]) and used[1] in WRITES and module.is_money
                if used[1] in MOVES or is_write:
                    reached.add((module.name, function))
    waiting = list(reached)
    while waiting:
        for user in users[waiting.pop()]:
            if user not in reached and not modules[user[0]].is_entrypoint:
                reached.add(user)
                waiting.append(user)
    reached |= {(module.name, name) for module in modules.values() for name in MOVES if name in module.defined}
    return {(module, name) for module, name in reached if name[0] != "_" and not modules[module].is_entrypoint}


def functions_run(act: Callable[[], object]) -> set[Name]:
    """The functions and classes of ours that ran while it did."""
    run: set[Name] = set()
    folder = str(CODE)

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(folder):
            run.add((frame.f_globals["__name__"], frame.f_code.co_qualname.partition(".")[0]))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return run
