"""Puts one mutant under this run of pytest: `MUTANT=module:line:node pytest -p tests.mutants.plugin ...`.

The module is compiled without the condition when it is first imported; nothing on disk changes.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from tests.mutants.found import ROOT, conditions_of, mutate

NAME = os.environ.get("MUTANT", "")


class _Mutant(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads that one module."""

    def __init__(self, name: str) -> None:
        self.module = name.rpartition(":")[0].rpartition(":")[0]
        self.path = ROOT.joinpath(*self.module.split(".")).with_suffix(".py")
        source = self.path.read_text()
        found = next((one for one in conditions_of(self.module, source) if one.name == name), None)
        if found is None:
            raise SystemExit(f"there is no condition {name}")
        self.code = compile(mutate(source, found), str(self.path), "exec")

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


if NAME:
    mutant = _Mutant(NAME)
    assert mutant.module not in sys.modules, f"{mutant.module} was imported before it could be changed"
    sys.meta_path.insert(0, mutant)
