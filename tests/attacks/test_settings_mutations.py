"""Whatever a setting is replaced by, a model is opened or refused in one line."""

from pathlib import Path

import numpy as np
import pytest
from mutated_settings import honest_files, mutated_settings
from opened import opened

from mpsearch.values.errors import MPSearchError

pytestmark = pytest.mark.tf


@pytest.mark.slow
@pytest.mark.parametrize("each", [5, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.filterwarnings("ignore::UserWarning:keras.*")  # of what a model does with masks
def test_any_setting_may_be_anything(tmp_path: Path, each: int) -> None:
    """So many changes of each of ten models."""
    rng = np.random.default_rng(1)
    outcomes = set()
    for honest in honest_files(tmp_path):
        for change, content in mutated_settings(honest, rng, each):
            path = tmp_path / "changed.keras"
            path.write_bytes(content)
            refusal: MPSearchError | None = None
            try:
                opened(path)
            except MPSearchError as error:
                refusal = error
            except BaseException as error:
                raise AssertionError(change) from error
            outcomes.add(0 if refusal is None else refusal.exit_code)
            assert refusal is None or ("\n" not in str(refusal) and ";" in str(refusal)), change
    assert outcomes == {0, 2}
