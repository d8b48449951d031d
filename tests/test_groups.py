"""The suite's workers: tests that share something slow to start are one worker's, so that it is started once."""

import pytest

pytestmark = pytest.mark.xdist_group("groups")


def test_a_worker_knows_which_group_its_tests_are_of(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("these are not the workers of `make test`")
    assert request.node.nodeid.endswith("@groups")
