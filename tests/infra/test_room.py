"""Room for 250 routes: the real app with as many more of the same kind, packaged."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.archive import write_zip
from infra.package import PROJECT
from infra.size import MAX_PATH_PARTS, MAX_RESOURCES, MAX_TEMPLATE_BYTES, Size, measure
from infra.template import make_template, write_template
from tests.infra.packaged import Package

ROUTES = 250
MORE = '''
"""Routes of modules that are still to come: a list, its members, what is done to one, and the notes on it."""

from chalicelib.api.blueprint import PUBLIC, Blueprint

bp = Blueprint(__name__, "More")
SHAPES = [
    ("GET", ""), ("POST", ""), ("GET", "/{%s_id}"), ("PATCH", "/{%s_id}"), ("POST", "/{%s_id}/disable"),
    ("POST", "/{%s_id}/enable"), ("GET", "/{%s_id}/history"), ("GET", "/{%s_id}/notes"), ("POST", "/{%s_id}/notes"),
    ("GET", "/{%s_id}/notes/{note_id}"),
]


def declare(number):
    noun, (method, shape) = f"invoice-lines-{number // len(SHAPES)}", SHAPES[number % len(SHAPES)]
    view = lambda call, **variables: None
    view.__name__ = f"more_{number}"
    view.__module__ = __name__
    path = shape % noun.replace("-", "_") if "%" in shape else shape
    bp.api(method, f"/v1/{noun}{path}", may=PUBLIC)(view)


for number in range(WANTED):
    declare(number)
'''


@pytest.fixture(scope="module")
def full(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Size:
    """The size of the app with 250 routes."""
    folder = tmp_path_factory.mktemp("full")
    project = folder / "app"
    shutil.copytree(PROJECT / "chalicelib", project / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / ".chalice", project / ".chalice")
    more = MORE.replace("WANTED", str(ROUTES - package.size.routes))
    (project / "chalicelib" / "more").mkdir()
    (project / "chalicelib" / "more" / "__init__.py").write_text("")
    (project / "chalicelib" / "more" / "routes.py").write_text(more)
    register = "\n\nfrom chalicelib.more.routes import bp as more\n\napp.register_blueprint(more)\n"
    (project / "app.py").write_text((PROJECT / "app.py").read_text() + register)
    template = make_template(project, "0" * 12)
    write_template(template, folder / "sam.json")
    write_zip({}, folder / "empty.zip")
    return measure(template, folder / "sam.json", folder / "empty.zip")


def test_250_routes_fit_into_the_template_and_the_rest_api(full: Size) -> None:
    print(*full.lines(), sep="\n")
    assert full.routes == ROUTES
    assert full.template_bytes < MAX_TEMPLATE_BYTES
    assert full.resources < MAX_RESOURCES
    assert full.path_parts < MAX_PATH_PARTS


def test_a_route_takes_no_resource_of_cloudformation(full: Size, package: Package) -> None:
    assert full.resources == package.size.resources


def test_a_route_takes_less_than_a_kilobyte_of_the_template(full: Size, package: Package) -> None:
    grown = full.template_bytes - package.size.template_bytes
    assert grown / (full.routes - package.size.routes) < 1_000
    assert full.bytes_per_route < 1_000


def test_250_routes_like_those_of_today_fit(package: Package) -> None:
    assert package.size.routes_that_fit >= ROUTES


def test_a_limit_that_is_passed_is_told_in_one_line(full: Size) -> None:
    too_much = Size(**{**full.__dict__, "path_parts": 301, "unzipped_bytes": 120_000_001, "layer_unzipped_bytes": 0})
    assert too_much.breaches() == [
        "120,000,001 bytes unzipped, at most 120,000,000 go",
        "301 path parts, at most 300 go",
    ]


def test_make_package_works_without_credentials_region_or_home(package: Package, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.package", str(tmp_path)],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "deployment.zip").read_bytes() == (package.out / "deployment.zip").read_bytes()
    assert (tmp_path / "printer.zip").read_bytes() == (package.out / "printer.zip").read_bytes()
    assert (tmp_path / "sam.json").read_bytes() == (package.out / "sam.json").read_bytes()
    assert done.stdout.startswith("code      ")
    assert "MB unzipped (at most 120)" in done.stdout
