"""Tests that share what is expensive to make run in one process."""

import os

import pytest


@pytest.mark.xdist_group("shared")
def test_groups_are_known_to_what_spreads_tests_over_processes(
    request: pytest.FixtureRequest,
) -> None:
    """pytest-xdist puts the group's name behind a test's; other versions of pytest ignore that."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@shared")
