"""The CloudFormation template: Chalice's own, merged with the parts in `infra/template/`."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

PARTS = Path(__file__).parent / "template"
LAMBDA_PYTHON = (3, 11)
STAGE = "prod"

Template = dict[str, Any]


class PackagingError(Exception):
    """The template cannot be made, or breaks a limit; the message says why."""


def combine(parts: Path, version: str) -> Template:
    """The parts as one template, with the version that the functions report. No two parts may define the same name."""
    whole: Template = {}
    for path in sorted(parts.glob("*.yaml")):
        for section, entries in yaml.safe_load(path.read_text()).items():
            known = whole.setdefault(section, {})
            if twice := known.keys() & entries.keys():
                raise PackagingError(f"{path.name}: {section} has {', '.join(sorted(twice))} twice")
            known.update(entries)
    whole["Globals"]["Function"]["Environment"]["Variables"]["TRIBUTARY_VERSION"] = version
    return whole


def make_template(project: Path, version: str, parts: Path = PARTS) -> Template:
    """What `chalice package --merge-template` makes of the app and the parts. Needs no credentials and no network.

    Chalice works on a copy without requirements, so that it neither fetches nor zips them: the zip is ours to make.
    """
    if sys.version_info[:2] != LAMBDA_PYTHON:
        raise PackagingError("Python 3.11 is needed: Chalice gives the functions the Python it runs on")
    with tempfile.TemporaryDirectory() as scratch:
        copy, out = Path(scratch) / "app", Path(scratch) / "out"
        merge = Path(scratch) / "merge.json"
        merge.write_text(json.dumps(combine(parts, version)))
        _copy_app(project, copy)
        _run_chalice(copy, ["package", "--stage", STAGE, "--merge-template", str(merge), str(out)])
        template: Template = json.loads((out / "sam.json").read_text())
    return template


def _copy_app(project: Path, copy: Path) -> None:
    skipped = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
    for folder in ("chalicelib", ".chalice"):
        shutil.copytree(project / folder, copy / folder, ignore=skipped)
    shutil.copy(project / "app.py", copy)
    (copy / "requirements.txt").write_text("")


def _run_chalice(project: Path, arguments: list[str]) -> None:
    """Chalice asks botocore for a region to name service principals with: any region of the partition does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_DEFAULT_REGION": os.environ.get("AWS_REGION") or "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [_tool("chalice"), *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackagingError(f"chalice {arguments[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def write_template(template: Template, target: Path) -> None:
    """Write it without a blank too many: CloudFormation counts bytes."""
    target.write_text(json.dumps(template, separators=(",", ":"), sort_keys=True))


def lint(template: Path) -> list[str]:
    """What cfn-lint calls an error, one line each."""
    command = [_tool("cfn-lint"), "--template", str(template), "--format", "parseable"]
    command += ["--non-zero-exit-code", "error"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line.rpartition(str(template))[2].lstrip(":") for line in done.stdout.splitlines() if ":E" in line]
    if done.returncode and not found:
        raise PackagingError(f"cfn-lint failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return found if done.returncode else []


def _tool(name: str) -> str:
    """A command of the virtualenv we run in."""
    return str(Path(sys.executable).with_name(name))
