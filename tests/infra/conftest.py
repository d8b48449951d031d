"""The package is made once for all tests of this folder, whichever of pytest's workers comes first."""

import fcntl
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from infra.package import PROJECT, TEMPLATE, ZIP, make_package
from infra.size import Size

FUNCTIONS = ("APIHandler", "PlanSettlements", "RunImport", "SettleDay")


@dataclass(frozen=True)
class Package:
    """What `make package` wrote."""

    out: Path
    size: Size

    @cached_property
    def template(self) -> dict[str, Any]:
        return json.loads((self.out / TEMPLATE).read_text())

    @cached_property
    def names(self) -> list[str]:
        """What the zip holds."""
        with zipfile.ZipFile(self.out / ZIP) as archive:
            return archive.namelist()

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The template's resources of that type, by name."""
        return {name: found for name, found in self.template["Resources"].items() if found["Type"] == kind}

    def properties(self, name: str) -> dict[str, Any]:
        return self.template["Resources"][name]["Properties"]

    def environment(self, function: str) -> dict[str, Any]:
        """What the function reads: SAM lays its own over what all functions share."""
        shared = self.template["Globals"]["Function"]["Environment"]["Variables"]
        return shared | self.properties(function).get("Environment", {}).get("Variables", {})


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Package]:
    base = tmp_path_factory.getbasetemp()
    out = (base if worker_id == "master" else base.parent) / "package"
    with (out.parent / "package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        measured = out / "size.json"
        if not measured.exists():
            size = make_package(PROJECT, out)
            measured.write_text(json.dumps(size.__dict__))
    yield Package(out, Size(**json.loads(measured.read_text())))
