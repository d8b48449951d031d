"""The run time's dependencies as Lambda wants them: wheels for arm64 and Python 3.11, unpacked and trimmed.

Chalice would fetch them too, but resolves afresh, takes 8 seconds every time and writes its zip with today's dates.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PYTHON_VERSION = "3.11"
MACHINE = "aarch64"
GLIBC_MINORS = range(17, 27)
"""Lambda's Python 3.11 runs on Amazon Linux 2, with glibc 2.26. pip takes a platform literally, so each is listed."""
SERVICES = frozenset({"dynamodb", "kms", "lambda", "s3", "secretsmanager", "sqs"})
"""The services we call: botocore describes some 400 others, in 24 MB that no import ever opens."""
RECIPE = "1"
"""Part of the cache's name: raise it when this module would unpack the same wheels differently."""


class MissingWheelError(Exception):
    """A dependency has no wheel for Lambda, or the package registry does not answer."""


def site_packages(requirements: Path, cache: Path) -> Path:
    """The folder with the trimmed packages, made once for each content of the requirements file and kept in `cache`."""
    digest = hashlib.sha256(f"{RECIPE} {sorted(SERVICES)}\n".encode() + requirements.read_bytes()).hexdigest()[:16]
    folder = cache / f"site-packages-{digest}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        wheels = Path(scratch) / "wheels"
        unpacked = Path(scratch) / "unpacked"
        _download(requirements, wheels)
        for wheel in sorted(wheels.glob("*.whl")):
            _unpack(wheel, unpacked)
        _put_in_place(unpacked, folder)
    return folder


def _download(requirements: Path, wheels: Path) -> None:
    """Fetch what is pinned and nothing else; no source distribution, so that nothing is built for this machine."""
    platforms = [f"manylinux_2_{minor}_{MACHINE}" for minor in GLIBC_MINORS] + [f"manylinux2014_{MACHINE}"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--implementation", "cp", "--python-version", PYTHON_VERSION]
    command += [part for abi in ("cp311", "abi3", "none") for part in ("--abi", abi)]
    command += [part for platform in platforms for part in ("--platform", platform)]
    command += ["--requirement", str(requirements), "--dest", str(wheels)]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise MissingWheelError((errors or done.stderr.splitlines() or ["pip failed"])[-1])


def _environment() -> dict[str, str]:
    """pip wants a home for its cache; some machines give none."""
    environment = dict(os.environ)
    if not os.access(environment.get("HOME", "/nonexistent"), os.W_OK):
        environment["PIP_NO_CACHE_DIR"] = "1"
    return environment


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            target = _place_of(PurePosixPath(name))
            if target is None or name.endswith("/"):
                continue
            path = folder / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(name))


def _place_of(name: PurePosixPath) -> PurePosixPath | None:
    """Where a file of a wheel goes; None for what a function never reads: scripts, headers, foreign services."""
    if name.parts[0].endswith(".data"):
        return PurePosixPath(*name.parts[2:]) if name.parts[1] in ("purelib", "platlib") else None
    if name.suffix in (".pyc", ".pyi") or name.name == "RECORD":
        return None
    if name.parts[:2] == ("botocore", "data") and len(name.parts) > 3 and name.parts[2] not in SERVICES:
        return None
    if name.parts[:2] in (("boto3", "examples"), ("boto3", "data")):
        return None
    return name


def _put_in_place(unpacked: Path, folder: Path) -> None:
    """In one step, so that a cache that is there is whole; another process may have been first."""
    try:
        unpacked.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, named as from there."""
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), path
