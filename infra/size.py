"""How much of AWS's limits a package uses, and how many routes fit into what is left."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_UNZIPPED_BYTES = 120_000_000
"""Our own, layers included, of which Lambda takes 250 MB; routers will want a share."""
MAX_ZIPPED_BYTES = 50_000_000
MAX_TEMPLATE_BYTES = 1_000_000
MAX_RESOURCES = 500
MAX_PATH_PARTS = 300
"""Resources of one REST API: AWS's default quota, which can be raised on request."""


@dataclass(frozen=True)
class Size:
    """What a package measures. `route_bytes` is what all routes together take of the template."""

    unzipped_bytes: int
    zipped_bytes: int
    template_bytes: int
    resources: int
    routes: int
    route_bytes: int
    path_parts: int
    layer_unzipped_bytes: int = 0
    layer_zipped_bytes: int = 0

    @property
    def bytes_per_route(self) -> float:
        """Bytes of template that one more route takes."""
        return self.route_bytes / max(1, self.routes)

    @property
    def routes_that_fit(self) -> int:
        """Routes of the kind there are now until the template, or the API's path parts, are full."""
        by_bytes = (MAX_TEMPLATE_BYTES - self.template_bytes + self.route_bytes) / max(1.0, self.bytes_per_route)
        by_parts = MAX_PATH_PARTS * self.routes / max(1, self.path_parts)
        return int(min(by_bytes, by_parts))

    def breaches(self) -> list[str]:
        """The limits that are passed, one sentence each."""
        limits = {
            "bytes unzipped": (self.unzipped_bytes + self.layer_unzipped_bytes, MAX_UNZIPPED_BYTES),
            "bytes of zip": (self.zipped_bytes, MAX_ZIPPED_BYTES),
            "bytes of layer": (self.layer_zipped_bytes, MAX_ZIPPED_BYTES),
            "bytes of template": (self.template_bytes, MAX_TEMPLATE_BYTES),
            "resources": (self.resources, MAX_RESOURCES),
            "path parts": (self.path_parts, MAX_PATH_PARTS),
        }
        return [f"{used:,} {what}, at most {most:,} go" for what, (used, most) in limits.items() if used > most]

    def lines(self) -> list[str]:
        """The figures for a person."""
        return [
            f"code      {self.unzipped_bytes / 1e6:.1f} MB unzipped (at most {MAX_UNZIPPED_BYTES / 1e6:.0f}), "
            f"{self.zipped_bytes / 1e6:.1f} MB zipped (at most {MAX_ZIPPED_BYTES / 1e6:.0f})",
            f"layer     {self.layer_unzipped_bytes / 1e6:.1f} MB unzipped (with the code at most "
            f"{MAX_UNZIPPED_BYTES / 1e6:.0f}), {self.layer_zipped_bytes / 1e6:.1f} MB zipped",
            f"template  {self.template_bytes:,} bytes (at most {MAX_TEMPLATE_BYTES:,}), "
            f"{self.resources} resources (at most {MAX_RESOURCES})",
            f"routes    {self.routes} of {self.bytes_per_route:,.0f} bytes each, "
            f"{self.path_parts} path parts (at most {MAX_PATH_PARTS}): {self.routes_that_fit} routes like these fit",
        ]


def measure(template: Mapping[str, Any], template_file: Path, zip_file: Path, layer_file: Path | None = None) -> Size:
    """The size of a package that was made."""
    paths = paths_of(template)
    return Size(
        unzipped_bytes=_unzipped_bytes(zip_file),
        zipped_bytes=zip_file.stat().st_size,
        template_bytes=template_file.stat().st_size,
        resources=resources_of(template),
        routes=sum(len(methods) for methods in paths.values()),
        route_bytes=len(json.dumps(paths, separators=(",", ":"))),
        path_parts=len(path_parts(paths)),
        layer_unzipped_bytes=_unzipped_bytes(layer_file) if layer_file else 0,
        layer_zipped_bytes=layer_file.stat().st_size if layer_file else 0,
    )


def _unzipped_bytes(zip_file: Path) -> int:
    with zipfile.ZipFile(zip_file) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def paths_of(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The API's routes: methods by path."""
    paths: dict[str, dict[str, Any]] = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    return paths


def path_parts(paths: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """What API Gateway makes a resource of: every prefix of every path, the root too."""
    split = [tuple(part for part in path.split("/") if part) for path in paths]
    return {parts[:depth] for parts in split for depth in range(len(parts) + 1)}


def resources_of(template: Mapping[str, Any]) -> int:
    """Resources after SAM has turned its own into CloudFormation's (counted against its translator, 1.115)."""
    return sum(1 + _made_besides(resource) for resource in template["Resources"].values())


def _made_besides(resource: Mapping[str, Any]) -> int:
    """An API brings a deployment and a stage; a function its event sources, and what an asynchronous call of it obeys."""
    if resource["Type"] == "AWS::Serverless::Api":
        return 2
    if resource["Type"] != "AWS::Serverless::Function":
        return 0
    rule_and_permission = {"Schedule": 2, "CloudWatchEvent": 2}
    events = resource["Properties"].get("Events", {}).values()
    made = sum(rule_and_permission.get(event["Type"], 1) for event in events)
    return made + ("EventInvokeConfig" in resource["Properties"])
