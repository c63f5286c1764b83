"""Choices that another beats in bytes and error."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.propose.dominance import undominated
from mpsearch.propose.menu import Menu
from mpsearch.values.layer import WeightLayer, WeightTensor

pairs = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 8)), min_size=1, max_size=12)


@given(pairs=pairs)
def test_what_is_left_off_is_beaten_by_something_that_stays(pairs: list[tuple[int, int]]) -> None:
    nbytes = np.array([a for a, _ in pairs])
    errors = np.array([float(b) for _, b in pairs])
    left = undominated(nbytes, errors)
    assert nbytes.min() in nbytes[list(left)]
    for i in set(range(len(pairs))) - set(left):
        assert any(nbytes[j] <= nbytes[i] and errors[j] <= 0.5 * errors[i] for j in left)
    for i in left:  # and nothing that stays is beaten
        for j in set(left) - {i}:
            worse = nbytes[j] <= nbytes[i] and errors[j] <= 0.5 * errors[i]
            assert not worse or errors[i] == errors[j] == 0


def test_of_equals_without_error_the_first_of_the_fewest_bytes_stays() -> None:
    assert undominated(np.array([4, 2, 2, 4]), np.zeros(4)) == (1,)
    assert undominated(np.array([4, 2, 2, 4]), np.zeros(4), keep=[0]) == (0, 1)


def test_nearly_equal_errors_are_for_the_images_to_decide() -> None:
    assert undominated(np.array([4, 4, 4]), np.array([1.0, 0.6, 0.4])) == (1, 2)


def test_a_menu_says_how_much_it_leaves_off_and_keeps_original() -> None:
    layers = [
        WeightLayer(i, name, "Dense", (WeightTensor("kernel", (4, 4)),))
        for i, name in enumerate("ab")
    ]
    names = ("original", "fl16", "fix8", "int8c")
    size = {"original": 64, "fl16": 32, "fix8": 16, "int8c": 16}
    menu = Menu.of(layers, names, {}, lambda _, s: size[s])
    errors = {"original": 0.0, "fl16": 1e-6, "fix8": 0.1, "int8c": 1e-3}
    short = menu.without_dominated(lambda _, s: errors[s])
    assert short.schemes == (("original", "fl16", "int8c"),) * 2
    assert [sizes.tolist() for sizes in short.nbytes] == [[64, 32, 16]] * 2
    assert short.dominated == 2
    assert menu.dominated == 0


def test_errors_without_bound_beat_nothing() -> None:
    infinite = np.array([np.inf, np.inf, 1.0])
    assert undominated(np.array([5, 5, 9]), infinite) == (0, 1, 2)
    assert undominated(np.array([5, 5, 5]), infinite) == (2,)
