"""What is believed after some plans were measured."""

import numpy as np
import pytest

from mpsearch.propose.surrogate.cells import Cells, image_weights, sigmoid
from mpsearch.propose.surrogate.posterior import Posterior
from mpsearch.values.arrays import Float64Array, IntArray

VARIABLES, OPTIONS, IMAGES = 5, 4, 3


def cells(seed: int = 0, error: float = 0.0) -> tuple[Cells, list[Float64Array]]:
    """Screened cells, and the truth they err from by *error*."""
    rng = np.random.default_rng(seed)
    margin = rng.uniform(2, 5, IMAGES)
    truth = [
        -rng.exponential(0.2, (OPTIONS, 1)) * rng.uniform(0.5, 1.5, (OPTIONS, IMAGES))
        for _ in range(VARIABLES)
    ]
    for table in truth:
        table[0] = 0.0
    screened = [table * (1 + error * rng.normal(size=(OPTIONS, 1))) for table in truth]
    none = np.zeros(OPTIONS, dtype=bool)
    return (
        Cells(
            metric="mean",
            confidence=sigmoid(margin),
            margin=margin,
            change=tuple(screened),
            perturbation=tuple(np.full(OPTIONS, 0.05) * (np.arange(OPTIONS) > 0) for _ in truth),
            measured=tuple(none for _ in truth),
        ),
        truth,
    )


def plans(count: int, seed: int = 1) -> IntArray:
    every = np.random.default_rng(seed).integers(0, OPTIONS, (3 * count, VARIABLES))
    return np.unique(every, axis=0)[:count].astype(np.int64)


def real(truth: list[Float64Array], choices: IntArray, scale: Float64Array) -> Float64Array:
    """Changes that are partly a sum and partly a product."""
    total = sum(table[choices[:, v]] for v, table in enumerate(truth))
    squares = sum(np.square(table[choices[:, v]]) for v, table in enumerate(truth))
    result: Float64Array = total + 0.7 * (np.square(total) - squares) / (2 * scale)
    return result


def test_the_measured_plans_are_believed_as_measured() -> None:
    screened, truth = cells(error=0.5)
    choices = plans(12)
    changes = real(truth, choices, screened.scale)
    believed = Posterior(screened, choices, changes).predict(choices)
    np.testing.assert_allclose(believed.change, changes, atol=0.02)
    assert np.all(believed.sd < 0.01)


@pytest.mark.parametrize("seed", range(5))
def test_measurements_make_other_plans_better_known(seed: int) -> None:
    screened, truth = cells(seed, error=0.5)
    seen, unseen = plans(40)[:20], plans(40)[20:]
    wanted = real(truth, unseen, screened.scale)
    nothing = np.zeros((0, VARIABLES), dtype=np.int64)
    before = Posterior(screened, nothing, np.zeros((0, IMAGES))).predict(unseen)
    after = Posterior(screened, seen, real(truth, seen, screened.scale)).predict(unseen)
    error_before = np.abs(before.change - wanted).mean()
    assert np.abs(after.change - wanted).mean() < 0.5 * error_before


def test_plans_nearer_to_a_measured_one_are_better_known() -> None:
    screened, truth = cells(error=0.3)
    seen = np.array([[1, 2, 3, 1, 2]])
    posterior = Posterior(screened, seen, real(truth, seen, screened.scale))
    near, far = np.array([[1, 2, 3, 1, 1]]), np.array([[3, 1, 2, 2, 1]])
    prior = Posterior(screened, seen[:0], np.zeros((0, IMAGES)))
    gained_near = posterior.predict(near).sd / prior.predict(near).sd
    gained_far = posterior.predict(far).sd / prior.predict(far).sd
    assert gained_near < gained_far


def test_leaving_a_plan_out_is_what_fitting_without_it_says() -> None:
    screened, truth = cells(error=0.4)
    choices = plans(10)
    changes = real(truth, choices, screened.scale)
    whole = Posterior(screened, choices, changes)
    rest = np.arange(1, 10)
    without = Posterior(screened, choices[rest], changes[rest])
    if whole.fit[2:] == without.fit[2:]:  # the same kernel; the shares hardly move
        np.testing.assert_allclose(
            whole.left_out().change[0], without.predict(choices[:1]).change[0], atol=0.05
        )
    assert whole.left_out().sd[0] > whole.predict(choices[:1]).sd[0]


def test_a_wrong_cell_is_found_out() -> None:
    screened, truth = cells()
    wrong = [table.copy() for table in screened.change]
    wrong[2][3] = 1.5  # screened as a gain, in truth harmful
    truth[2][3] = -1.0
    planted = Cells(
        screened.metric,
        screened.confidence,
        screened.margin,
        tuple(wrong),
        screened.perturbation,
        screened.measured,
    )
    choices = plans(25)
    corrected = Posterior(planted, choices, real(truth, choices, planted.scale)).corrected()
    assert corrected[2][3].mean() < 0


@pytest.mark.parametrize("metric", ["mean", "max", "p95"])
def test_the_images_that_decide_weigh_most(metric: str) -> None:
    drops = np.array([0.0, 1.0, 9.0, -3.0])
    weights = image_weights(drops, metric)  # type: ignore[arg-type]
    assert weights.argmax() == (2 if metric != "mean" else weights.argmax())
    assert weights[3] <= weights[2]
    assert weights.sum() == pytest.approx(0.5 if metric == "mean" else 1.0)
