"""A killed and resumed search measures what an uninterrupted one does, plan for plan."""

from pathlib import Path

import pytest
from killed_search import KINDS, require_same

from mpsearch.values.choices import Sampler

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]


# test_run.py has all samplers die within one process.
@pytest.mark.parametrize("storage", ["sqlite", "journal"])
@pytest.mark.parametrize(
    "kind",
    [one if one == "surrogate" else pytest.param(one, marks=pytest.mark.long) for one in KINDS],
)
def test_killed_three_times_it_is_the_same_search(
    tmp_path: Path, kind: Sampler, storage: str
) -> None:
    assert require_same(tmp_path, storage, kind, kills=3, trials=30) > 0
