"""A package that was made, as the tests look at it."""

import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.package import TEMPLATE, ZIP
from infra.size import Size

FUNCTIONS = (
    "APIHandler",
    "PlanRouters",
    "PlanSettlements",
    "PrintDocument",
    "ReachRouter",
    "RunImport",
    "SettleDay",
    "TendBook",
    "TendBooks",
)


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
