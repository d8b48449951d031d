"""`make package`: the deployable template and zip, measured and linted. Needs the package registry and nothing of AWS."""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from infra.archive import ForeignCodeError, digest_of, layer_files, shipped_files, write_zip
from infra.size import Size, measure
from infra.template import PackagingError, lint, make_template, write_template
from infra.wheels import MissingWheelError, site_packages

PROJECT = Path(__file__).parent.parent
CACHE = PROJECT / "build" / "cache"
TEMPLATE = "sam.json"
ZIP = "deployment.zip"
PRINTER_ZIP = "printer.zip"
"""The layer that prints: the template names it."""


def make_package(project: Path, out: Path, cache: Path = CACHE) -> Size:
    """Write the template and the two zips it names into `out`; what they measure.

    `MissingWheelError`, `ForeignCodeError` or `PackagingError` when there is nothing to deploy in the end.
    """
    packages = site_packages(project / "requirements.txt", cache)
    shipped = shipped_files(project, packages)
    template = make_template(project, digest_of(shipped))
    out.mkdir(parents=True, exist_ok=True)
    write_template(template, out / TEMPLATE)
    write_zip(shipped, out / ZIP)
    shutil.copyfile(printer_layer(project, cache), out / PRINTER_ZIP)
    return measure(template, out / TEMPLATE, out / ZIP, out / PRINTER_ZIP)


def printer_layer(project: Path, cache: Path) -> Path:
    """The zip of the layer, made once for each content of its requirements: packing it takes longer than all the rest."""
    packages = site_packages(project / "requirements-printer.txt", cache)
    target = packages.with_suffix(".zip")
    if not target.exists():
        files = layer_files(packages)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            write_zip(files, Path(scratch) / PRINTER_ZIP)
            (Path(scratch) / PRINTER_ZIP).replace(target)
    return target


def main(arguments: list[str]) -> int:
    """Make it, print its figures, and fail on a limit passed or an error of cfn-lint."""
    out = Path(arguments[0]) if arguments else PROJECT / "build" / "package"
    try:
        size = make_package(PROJECT, out)
        errors = size.breaches() + [f"cfn-lint: {error}" for error in lint(out / TEMPLATE)]
    except (MissingWheelError, ForeignCodeError, PackagingError) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    digest = hashlib.sha256((out / ZIP).read_bytes()).hexdigest()
    print(
        *size.lines(),
        f"zip       sha256 {digest}",
        f"made      {out / TEMPLATE}, {out / ZIP}, {out / PRINTER_ZIP}",
        sep="\n",
    )
    for line in errors:
        print(f"package: {line}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
