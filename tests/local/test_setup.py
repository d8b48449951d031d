"""The commands a newcomer types, and what they say where they cannot work."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TARGETS = {"help", "run", "test", "check", "bench", "simulate", "fuzz", "properties", "mutants", "slices", "package"}


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with almost nothing on it: no Python, no apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("bash", "env", "id", "rm", "true"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return folder


def set_up(path: Path, folder: Path) -> str:
    """The one line of a setup that is refused."""
    command = [str(REPOSITORY / "local" / "setup.sh"), ".venv", "/dev/null"]
    told = subprocess.run(command, cwd=folder, env={"PATH": str(path)}, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    [line] = told.stderr.splitlines()
    return line


def test_make_explains_every_target() -> None:
    told = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make (\w+) +\S", told.stdout, re.MULTILINE)) == TARGETS


def test_a_missing_python_is_named(bare_path: Path, tmp_path: Path) -> None:
    assert "Python 3.11 or newer is needed and was not found" in set_up(bare_path, tmp_path)


def install_hledger(path: Path) -> subprocess.CompletedProcess[str]:
    """Exit code and words of a set-up of hledger that finds these programs alone."""
    command = [str(shutil.which("bash")), str(REPOSITORY / "local" / "hledger.sh")]
    told = subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told


def put_program(path: Path, name: str, text: str) -> None:
    (path / name).write_text(f"#!{shutil.which('bash')}\n{text}\n")
    (path / name).chmod(0o755)


def test_hledger_is_installed_where_it_is_missing_and_may_be(bare_path: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    put_program(bare_path, "apt-get", f'echo "$@" >>{asked}')
    put_program(bare_path, "sudo", 'exec "${@:2}"')
    told = install_hledger(bare_path)
    assert (told.stdout, told.stderr) == ("setup: installing hledger, once\n", "")
    assert asked.read_text().splitlines() == ["update -qq", "install -y -qq hledger"]
    asked.unlink()
    put_program(bare_path, "hledger", "")
    assert install_hledger(bare_path).stdout == ""
    assert not asked.exists()


def test_hledger_that_cannot_be_installed_is_named_and_the_tests_go_on(bare_path: Path) -> None:
    missing = (
        "setup: hledger is missing, and without it the tests of exports fail: on Debian, apt-get install hledger\n"
    )
    assert install_hledger(bare_path).stderr == missing
    put_program(bare_path, "apt-get", "[ $1 = update ] || { echo E: no such package; exit 100; }")
    put_program(bare_path, "sudo", 'exec "${@:2}"')
    assert install_hledger(bare_path).stderr == (
        "setup: hledger cannot be installed, and without it the tests of exports fail: E: no such package\n"
    )


@pytest.mark.parametrize("target", ["test", "bench"])
def test_make_sees_to_hledger_first(target: str) -> None:
    told = subprocess.run(["make", "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    lines = told.stdout.splitlines()
    assert lines.index("local/hledger.sh") < next(place for place, line in enumerate(lines) if "python -m" in line)


def test_a_python_without_venv_says_what_to_install(bare_path: Path, tmp_path: Path) -> None:
    python = bare_path / "python3.11"
    python.write_text(
        '#!/usr/bin/env bash\ncase "$2" in *ensurepip*) exit 1 ;; *package*|*print*) echo python3.11-venv ;; esac\n'
    )
    python.chmod(0o755)
    line = set_up(bare_path, tmp_path)
    assert line == "setup: Python's venv module is missing: on Debian, apt-get install python3.11-venv"
