"""Places from all parts, each once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.values.spread import spread


@given(st.integers(1, 3000), st.data())
def test_places_are_different_and_there(count: int, data: st.DataObject) -> None:
    most = data.draw(st.integers(0, count))
    places = spread(count, most)
    assert len(set(places.tolist())) == most
    assert ((places >= 0) & (places < count)).all()


@given(st.integers(2000, 9000), st.integers(2, 9))
def test_every_residue_is_met_alike(count: int, modulus: int) -> None:
    residues = np.bincount(spread(count, 1000) % modulus, minlength=modulus)
    assert residues.min() > 0.8 * 1000 / modulus
