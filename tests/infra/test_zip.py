"""The zip of the functions: what is in it, for which processor, and that it comes out the same each time."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import source_hash
from pathlib import Path

import pytest

from infra.archive import AARCH64, ForeignCodeError, machine_of, shipped_files, write_zip
from infra.package import CACHE, PRINTER_ZIP, PROJECT, ZIP
from infra.size import MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES, Size
from infra.wheels import SERVICES, MissingWheelError, site_packages
from tests.infra.packaged import Package


@pytest.fixture(scope="module")
def packages(package: Package) -> Path:
    return site_packages(PROJECT / "requirements.txt", CACHE)


@pytest.fixture(scope="module")
def unzipped(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unzipped")
    with zipfile.ZipFile(package.out / ZIP) as archive:
        archive.extractall(folder)
    return folder


def test_all_native_code_in_the_zip_is_for_arm64(unzipped: Path) -> None:
    machines = {path.relative_to(unzipped).as_posix(): machine_of(path) for path in unzipped.rglob("*.so*")}
    assert {name.partition("/")[0].partition(".")[0] for name in machines} == {
        "_argon2_cffi_bindings",
        "_cffi_backend",
        "pydantic_core",
    }
    assert set(machines.values()) == {AARCH64}


def test_native_code_for_another_processor_is_refused(tmp_path: Path) -> None:
    shutil.copy(Path(sys.executable).resolve(), tmp_path / "foreign.so")
    if machine_of(tmp_path / "foreign.so") == AARCH64:
        pytest.skip("this machine is an arm64 itself")
    with pytest.raises(ForeignCodeError, match=r"not for arm64: foreign\.so"):
        shipped_files(PROJECT, tmp_path)


def test_the_zip_holds_the_app_and_its_dependencies_and_nothing_else(package: Package, packages: Path) -> None:
    dependencies = {path.name for path in packages.iterdir()}
    sources_only = [name for name in package.names if not name.endswith(".pyc")]
    tops = {name.partition("/")[0] for name in sources_only}
    assert tops == dependencies | {"app.py", "chalicelib", "chalice"}
    assert [name for name in sources_only if name.startswith("chalice/")] == ["chalice/__init__.py", "chalice/app.py"]
    sources = {p.relative_to(PROJECT).as_posix() for p in (PROJECT / "chalicelib").rglob("*") if p.is_file()}
    shipped = {name for name in sources_only if name.startswith("chalicelib/")}
    assert shipped == {name for name in sources if "__pycache__" not in name}


def test_every_module_has_its_bytecode_beside_it_tied_to_its_source_and_to_no_date(package: Package) -> None:
    modules = [name for name in package.names if name.endswith(".py")]
    expected = {f"{Path(n).parent}/__pycache__/{Path(n).stem}.cpython-311.pyc".removeprefix("./") for n in modules}
    assert {name for name in package.names if name.endswith(".pyc")} == expected
    with zipfile.ZipFile(package.out / ZIP) as archive:
        source, compiled = archive.read("app.py"), archive.read("__pycache__/app.cpython-311.pyc")
    assert compiled[4:8] == (1).to_bytes(4, "little")
    assert compiled[8:16] == source_hash(source)


def test_no_stubs_no_scripts_and_no_pip_are_in_the_zip(package: Package) -> None:
    assert not [name for name in package.names if name.endswith(".pyi")]
    assert not [name for name in package.names if name.partition("/")[0] in ("bin", "pip", "setuptools", "tests")]


def test_there_is_no_xray_sdk_in_the_zip(package: Package) -> None:
    assert not [name for name in package.names if "aws_xray_sdk" in name]


def test_botocore_is_shipped_with_the_services_that_are_called_and_no_other(package: Package) -> None:
    data = {name.split("/")[2] for name in package.names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert data == SERVICES


def test_what_is_left_of_botocore_makes_each_client(unzipped: Path) -> None:
    script = (
        "import botocore.session, json\n"
        "session = botocore.session.get_session()\n"
        f"clients = [session.create_client(name) for name in {sorted(SERVICES)}]\n"
        "print(json.dumps([botocore.session.__file__, [client.meta.endpoint_url for client in clients]]))\n"
    )
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "ap-southeast-1"}
    environment = os.environ | keys | {"PYTHONPATH": str(unzipped), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("AWS_ENDPOINT_URL", None)
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    loaded_from, endpoints = json.loads(done.stdout)
    assert loaded_from.startswith(str(unzipped))
    assert endpoints == [f"https://{name}.ap-southeast-1.amazonaws.com" for name in sorted(SERVICES)]


def test_every_client_that_the_code_makes_is_of_a_shipped_service() -> None:
    made = []
    for path in (PROJECT / "chalicelib").rglob("*.py"):
        made += [piece.partition('"')[0] for piece in path.read_text().split('create_client("')[1:]]
    assert set(made) | {"dynamodb"} == SERVICES, "PynamoDB makes the client of DynamoDB"


def test_the_code_is_within_its_limits(package: Package) -> None:
    with zipfile.ZipFile(package.out / ZIP) as archive:
        unzipped_bytes = sum(entry.file_size for entry in archive.infolist())
    assert package.size.unzipped_bytes == unzipped_bytes < MAX_UNZIPPED_BYTES
    assert package.size.zipped_bytes == (package.out / ZIP).stat().st_size < MAX_ZIPPED_BYTES
    assert package.size.breaches() == []


def test_the_printer_is_a_layer_for_arm64_and_not_in_the_zip(package: Package, tmp_path: Path) -> None:
    with zipfile.ZipFile(package.out / PRINTER_ZIP) as archive:
        names = archive.namelist()
        (native,) = [name for name in names if ".so" in name]
        assert machine_of(Path(archive.extract(native, tmp_path))) == AARCH64
    assert {name.split("/")[1].partition("-")[0] for name in names} == {"typst"}
    assert {name.partition("/")[0] for name in names} == {"python"}
    assert not [name for name in package.names if name.startswith("typst")]
    assert [name for name in package.names if name.endswith((".ttf", ".typ", "OFL.txt"))] == [
        "chalicelib/documents/fonts/NotoSans-Bold.ttf",
        "chalicelib/documents/fonts/NotoSans-Regular.ttf",
        "chalicelib/documents/fonts/NotoSansBengali-Bold.ttf",
        "chalicelib/documents/fonts/NotoSansBengali-Regular.ttf",
        "chalicelib/documents/fonts/OFL.txt",
        "chalicelib/documents/layouts/commission_statement.typ",
        "chalicelib/documents/layouts/credit_note.typ",
        "chalicelib/documents/layouts/house.typ",
        "chalicelib/documents/layouts/invoice.typ",
        "chalicelib/documents/layouts/payslip.typ",
        "chalicelib/documents/layouts/receipt.typ",
        "chalicelib/documents/layouts/statement.typ",
        "chalicelib/documents/table.typ",
    ]


def test_code_and_printer_together_are_within_the_limit(package: Package) -> None:
    size = package.size
    assert 70_000_000 < size.layer_unzipped_bytes < MAX_UNZIPPED_BYTES - size.unzipped_bytes
    full = Size(**{**size.__dict__, "layer_unzipped_bytes": MAX_UNZIPPED_BYTES - size.unzipped_bytes + 1})
    assert full.breaches() == ["120,000,001 bytes unzipped, at most 120,000,000 go"]


def test_the_same_files_give_the_same_zip_whenever_they_were_touched(packages: Path, tmp_path: Path) -> None:
    digests = set()
    for touched in ("one", "two"):
        copy = tmp_path / touched
        shutil.copytree(PROJECT / "chalicelib", copy / "chalicelib", copy_function=shutil.copy)
        shutil.copy(PROJECT / "app.py", copy)
        os.utime(copy / "app.py", (10**9, 10**9))
        write_zip(shipped_files(copy, packages), tmp_path / f"{touched}.zip")
        digests.add(hashlib.sha256((tmp_path / f"{touched}.zip").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_dependency_without_a_wheel_for_lambda_is_named(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("pydantic-core==0.0.0\n")
    with pytest.raises(MissingWheelError, match=r"pydantic-core==0\.0\.0"):
        site_packages(requirements, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("site-packages-*"))
