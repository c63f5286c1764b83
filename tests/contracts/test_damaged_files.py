"""Damaged files are refused by an MPSearchError, or taken; scripts/soak/fuzz.py, short."""

from pathlib import Path

import pytest
from fuzz_targets import TARGETS, seeds_of
from fuzzing import failure_of, fuzz

CORPUS = Path(__file__).parents[1] / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_our_errors_comes_of_damage(name: str) -> None:
    found = fuzz(TARGETS[name], executions=3000, seed=1)
    assert found.findings == {}
    assert found.grown_nbytes < 64 * 2**20
    assert found.refused > 1500


@pytest.mark.parametrize(
    "path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_was_once_found_is_refused(path: Path) -> None:
    refused, failure = failure_of(TARGETS[path.parent.name].read, path)
    assert failure == ""
    assert refused


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    def broken(path: Path) -> None:
        raise KeyError(path.read_bytes()[0])

    target = TARGETS["plan"]
    (tmp_path / "file").write_bytes(seeds_of(target)[0])
    _, failure = failure_of(broken, tmp_path / "file")
    assert failure.startswith("KeyError at")
