"""The commands a newcomer types, and what they say where they cannot work."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TARGETS = {"help", "run", "test", "check", "bench", "package"}


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with almost nothing on it: no Python, no apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("bash", "env", "id", "rm"):
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


def test_a_python_without_venv_says_what_to_install(bare_path: Path, tmp_path: Path) -> None:
    python = bare_path / "python3.11"
    python.write_text(
        '#!/usr/bin/env bash\ncase "$2" in *ensurepip*) exit 1 ;; *package*|*print*) echo python3.11-venv ;; esac\n'
    )
    python.chmod(0o755)
    line = set_up(bare_path, tmp_path)
    assert line == "setup: Python's venv module is missing: on Debian, apt-get install python3.11-venv"
