"""The package is made once for all tests of this folder, whichever of pytest's workers comes first."""

import fcntl
import json

import pytest

from infra.package import PROJECT, make_package
from infra.size import Size
from tests.infra.packaged import Package


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Package:
    base = tmp_path_factory.getbasetemp()
    out = (base if worker_id == "master" else base.parent) / "package"
    with (out.parent / "package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        measured = out / "size.json"
        if not measured.exists():
            size = make_package(PROJECT, out)
            measured.write_text(json.dumps(size.__dict__))
    return Package(out, Size(**json.loads(measured.read_text())))
