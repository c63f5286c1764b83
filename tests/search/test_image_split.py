"""On which images a budget is kept, and which of them are held back."""

import numpy as np
import pytest

from mpsearch.search.image_split import held_count, speaks_of_unseen
from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question
from mpsearch.workbench.held_back import by_content


@pytest.mark.parametrize(
    ("question", "images", "unseen"),
    [
        (Question(), 32, True),
        (Question(), 31, False),
        (Question(budget_on="search"), 1000, False),
        (Question(budget_on="unseen"), 8, True),
        (Question(holdout=0.0), 100, False),
        (Question(sampler="brute"), 100, False),
    ],
)
def test_the_number_of_images_decides_unless_it_is_said(
    question: Question, images: int, unseen: bool
) -> None:
    assert speaks_of_unseen(question, images) == unseen


def test_too_few_images_to_test_on_are_refused() -> None:
    with pytest.raises(SettingError, match="unseen needs 8 images, there are 7"):
        speaks_of_unseen(Question(budget_on="unseen"), 7)


@pytest.mark.parametrize(
    ("question", "images", "held"),
    [
        (Question(), 36, 30),
        (Question(), 120, 100),
        (Question(calibrate=True), 100, 50),
        (Question(holdout=0.25), 100, 25),
        (Question(budget_on="unseen"), 8, 4),
        (Question(budget_on="unseen", holdout=0.99), 40, 36),
        (Question(), 6, 2),
        (Question(), 3, 0),
    ],
)
def test_how_many_are_held_back(question: Question, images: int, held: int) -> None:
    assert held_count(question, images) == held


def test_the_choice_follows_the_pixels_and_not_the_order() -> None:
    rng = np.random.default_rng(0)
    digests = [f"{number:08x}" for number in rng.permutation(10**6)[:60]]
    chosen = {digests[place] for place in by_content(digests, 45)}
    shuffled = [digests[place] for place in rng.permutation(60)]
    assert {shuffled[place] for place in by_content(shuffled, 45)} == chosen


def test_images_that_are_added_leave_most_others_on_their_side() -> None:
    rng = np.random.default_rng(1)
    digests = [f"{number:08x}" for number in rng.permutation(10**6)[:120]]
    before = {digests[place] for place in by_content(digests[:60], 50)}
    after = {digests[place] for place in by_content(digests, 100)}
    assert len(before - after) <= 6
