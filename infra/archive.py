"""The zip of the functions: made so that the same files give the same bytes, and free of foreign machine code."""

import hashlib
import inspect
import py_compile
import struct
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import chalice
from chalice import app as chalice_app

from infra.wheels import files_of

ELF = b"\x7fELF"
AARCH64 = 0xB7
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip can hold."""


class ForeignCodeError(Exception):
    """A file is machine code for another processor than the functions run on."""


def shipped_files(project: Path, packages: Path) -> dict[str, Path]:
    """What goes into the zip, by its name there: the app, its library, the packages, and Chalice's two modules of run time.

    `ForeignCodeError` for native code that is not for arm64.
    """
    files = dict(files_of(packages))
    files |= {f"chalicelib/{name}": path for name, path in files_of(project / "chalicelib") if path.suffix != ".pyc"}
    files["app.py"] = project / "app.py"
    files["chalice/__init__.py"] = Path(inspect.getfile(chalice))
    files["chalice/app.py"] = Path(inspect.getfile(chalice_app))
    _check_processor(files)
    return files


def layer_files(packages: Path) -> dict[str, Path]:
    """What goes into a layer, by its name there, which Lambda puts on Python's path. `ForeignCodeError` as above."""
    files = {f"python/{name}": path for name, path in files_of(packages)}
    _check_processor(files)
    return files


def _check_processor(files: Mapping[str, Path]) -> None:
    foreign = sorted(name for name, path in files.items() if machine_of(path) not in (None, AARCH64))
    if foreign:
        raise ForeignCodeError(f"not for arm64: {', '.join(foreign)}")


def machine_of(path: Path) -> int | None:
    """The processor that an ELF file is for (its `e_machine`); None for any other file."""
    with path.open("rb") as file:
        head = file.read(20)
    return struct.unpack_from("<H", head, 18)[0] if head.startswith(ELF) and len(head) == 20 else None


def write_zip(files: Mapping[str, Path], target: Path) -> None:
    """Write them in order of name, with one date and one mode, each module with its bytecode beside it.

    Lambda's code folder cannot be written: without bytecode in the zip every cold start would compile everything anew.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            _add(archive, name, files[name].read_bytes())
            if name.endswith(".py"):
                folder, _, module = name.rpartition("/")
                cached = f"{module.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
                _add(archive, f"{folder}/__pycache__/{cached}".lstrip("/"), bytecode_of(name, files[name]))


def bytecode_of(name: str, path: Path) -> bytes:
    """The module's bytecode, tied to the hash of its source and never checked against a date: the same at each build."""
    with tempfile.TemporaryDirectory() as folder:
        made = py_compile.compile(
            str(path),
            cfile=f"{folder}/made.pyc",
            dfile=f"/opt/{name}" if name.startswith("python/") else f"/var/task/{name}",
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        return Path(made or "").read_bytes()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, content)


def digest_of(files: Mapping[str, Path]) -> str:
    """A short name for these contents: what the functions report as their version."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(name.encode() + b"\0" + hashlib.sha256(files[name].read_bytes()).digest())
    return whole.hexdigest()[:12]
