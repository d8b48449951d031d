"""The suite's workers: tests that share something slow to start are one worker's, so that it is started once."""

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
pytestmark = pytest.mark.xdist_group("groups")


def test_a_worker_knows_which_group_its_tests_are_of(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("these are not the workers of `make test`")
    assert request.node.nodeid.endswith("@groups")


def test_make_test_starts_workers_that_keep_groups_together() -> None:
    told = subprocess.run(["make", "-n", "test"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    [command] = [line for line in told.stdout.splitlines() if "-m pytest" in line]
    assert " --dist loadgroup" in command
