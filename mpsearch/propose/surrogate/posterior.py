"""Gaussian process over the margins of plans, fitted to the plans measured so far.

Notation, for one image with baseline margin m (log-odds of the reference class, no unit; its
probability is sigmoid(m), see :mod:`~mpsearch.propose.surrogate.cells`):

========  ===============  =======================================================================
symbol    shape            meaning
========  ===============  =======================================================================
x         (variables,)     a plan: one choice of every variable of the menu
d_v(c)    (n,)             screened change of m by choice c of variable v, others as in the centre
s         (n,)             scale of the margin, max(abs(m), 1); everything below is in units of s
T(x)      (n,)             sum over v of d_v(x_v) / s, the additive prediction
P(x)      (n,)             products of the changes in pairs: (T(x)² - sum of (d_v(x_v) / s)²) / 2,
                           clipped to [-abs(T), abs(T)]
C(x)      scalar           minus the sum over v of q_v(x_v): harm of second order
r_v(c)    scalar           perturbation norm(Q(W) - W') / norm(W) of the layer's weights
q_v(c)    scalar           r_v(c)², and 0 where the change was measured rather than predicted
l_v(c)    scalar           root mean square of d_v(c) / s over the images
a, b      scalars          fitted shares of P and of C
e, p      scalars          sizes of the errors of cells and of pairs of cells
========  ===============  =======================================================================

Prior. The change of the margin under x is s · y(x), and y is a Gaussian process with

    mean        mu(x) = T(x) + a · P(x) + b · C(x)
    covariance  k(x, x') = e² · sum over v of o_v + p² · sum over v < w of z_v · z_w

where the sums run over variables with equal choices, x_v = x'_v = c, and where
o_v = (0.15 · l_v(c) + q_v(c))² (0 where the change was measured) and z_v = (l_v(c) + q_v(c))².
The first term is the error of a cell, shared by all plans that have it. The second is the
interaction of two cells, shared by all plans that have both. Both are kernels of an additive model
with first- and second-order terms (Duvenaud, Nickisch and Rasmussen, "Additive Gaussian
Processes", 2011). Images share the covariance.

Fit. Of h measured plans X with changes Y, shape (h, n), K = k(X, X) + noise² · I = L·Lᵀ. a and b
have the prior N(0.5, 0.5²), and are the generalized least-squares estimate under it (Rasmussen and
Williams, "Gaussian Processes for Machine Learning", 2006, section 2.7). e and p are the pair of
a grid for which the likelihood, with these a and b, times a log-normal prior is largest. Errors of
different images are correlated, so the likelihood of n images is weighted as that of at most four.

Prediction. With R = Y / s - mu(X):

    change    s · (mu(x) + k(x, X) · K⁻¹ · R)
    variance  k(x, x) + noise² - norm(L⁻¹ · k(X, x))²
"""

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular

from mpsearch.propose.surrogate.cells import Cells
from mpsearch.values.arrays import Float64Array, IntArray

# Candidate sizes of the two errors; the shares expected before anything is measured.
_CELL_ERRORS: Final = (0.1, 0.3, 1.0, 3.0)
_PAIR_ERRORS: Final = (0.1, 0.3, 1.0, 3.0)
_SHARES: Final = np.array([0.5, 0.5])
_SHARES_SD: Final = np.array([0.5, 0.5])
_FIRST_ORDER_ERROR: Final = 0.15  # of a predicted change, relative
_NOISE: Final = 1e-3  # of the margin: what float32 and the model's shape cannot explain
_MOST_IMAGES: Final = 4.0  # images err together: they count as this many at most


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the posterior says of some plans.

    Attributes:
        change: Predicted change of every image's margin, in log-odds, shape (plans, n).
        sd: Standard error of the change in units of :attr:`Cells.scale`, shape (plans,).
    """

    change: Float64Array
    sd: Float64Array


class Posterior:
    """The Gaussian process, conditioned on the plans in *choices*.

    Args:
        cells: Changes of the margin from screening.
        choices: Measured plans, shape (h, variables): positions of choices in the menu.
        changes: Measured change of every image's margin, in log-odds, shape (h, n).
    """

    def __init__(self, cells: Cells, choices: IntArray, changes: Float64Array) -> None:
        self._cells = cells
        self._choices = choices
        self._size, self._own, self._curved = _cell_sizes(cells)
        self._shares, self._cell_error, self._pair_error = _SHARES, 1.0, 1.0
        if len(choices):
            self._fit(choices, changes)

    def _fit(self, choices: IntArray, changes: Float64Array) -> None:
        scale = self._cells.scale
        residual = (changes - self._cells.total(choices)) / scale
        features = self._features(choices)
        own, pair = self._overlap(choices, choices)
        # Images err together; all of them weigh as much as a few independent ones.
        weight = min(1.0, _MOST_IMAGES / len(scale))
        best = None
        for cell_error, pair_error in product(_CELL_ERRORS, _PAIR_ERRORS):
            kernel = cell_error**2 * own + pair_error**2 * pair
            lower = _factor(kernel)
            right = solve_triangular(lower, residual, lower=True)
            left = np.stack([solve_triangular(lower, feature, lower=True) for feature in features])
            shares = _shares(left, right, weight)
            white = right - np.tensordot(shares, left, axes=1)
            likelihood = -weight * (
                0.5 * np.vdot(white, white) + len(scale) * np.log(np.diag(lower)).sum()
            )
            likelihood -= 0.5 * np.square((shares - _SHARES) / _SHARES_SD).sum()
            likelihood -= 0.5 * (np.log(cell_error) ** 2 + np.log(pair_error) ** 2) / 4
            if best is None or likelihood > best[0]:
                best = likelihood, cell_error, pair_error, shares, lower
        assert best is not None
        _, self._cell_error, self._pair_error, self._shares, self._lower = best
        self._residual = residual - np.tensordot(self._shares, features, axes=1)
        self._weights = cho_solve((self._lower, True), self._residual)

    def predict(self, choices: IntArray) -> Prediction:
        """Posterior of plans, shape (plans, variables)."""
        change = self._prior_mean(choices)
        own_self, pair_self = self._self_overlap(choices)
        variance = self._cell_error**2 * own_self + self._pair_error**2 * pair_self + _NOISE**2
        if len(self._choices):
            own, pair = self._overlap(choices, self._choices)
            cross = self._cell_error**2 * own + self._pair_error**2 * pair
            change = change + (cross @ self._weights) * self._cells.scale
            explained = solve_triangular(self._lower, cross.T, lower=True)
            variance = variance - np.square(explained).sum(axis=0)
        return Prediction(change, np.sqrt(np.maximum(variance, _NOISE**2)))

    def corrected(self) -> tuple[Float64Array, ...]:
        """The screened changes plus the posterior mean of each cell's error, per variable."""
        if not len(self._choices):
            return self._cells.change
        tables = []
        for variable, table in enumerate(self._cells.change):
            has = self._choices[:, variable] == np.arange(len(table))[:, None]
            own = self._cell_error**2 * self._own[variable][:, None] * (has @ self._weights)
            tables.append(table + own * self._cells.scale)
        return tuple(tables)

    @property
    def fit(self) -> tuple[float, float, float, float]:
        """The fitted a, b, e and p: two shares and two sizes of errors."""
        products, curved = map(float, self._shares)
        return products, curved, self._cell_error, self._pair_error

    def left_out(self) -> Prediction:
        """Leave-one-out prediction of each measured plan (Rasmussen and Williams, 5.4.2)."""
        inverse = cho_solve((self._lower, True), np.eye(len(self._lower)))
        variance = 1 / np.diag(inverse)
        left = self._residual - self._weights * variance[:, None]
        change = self._prior_mean(self._choices) + left * self._cells.scale
        return Prediction(change, np.sqrt(variance))

    def _prior_mean(self, choices: IntArray) -> Float64Array:
        shares = np.tensordot(self._shares, self._features(choices), axes=1)
        result: Float64Array = self._cells.total(choices) + shares * self._cells.scale
        return result

    def _features(self, choices: IntArray) -> Float64Array:
        """P and C of plans, in units of the scale, shape (2, plans, n)."""
        total = self._cells.total(choices) / self._cells.scale
        squares = self._cells.squares(choices) / np.square(self._cells.scale)
        limit = np.abs(total)
        products = np.clip((np.square(total) - squares) / 2, -limit, limit)
        curved = np.zeros(len(choices))
        for variable, table in enumerate(self._curved):
            curved -= table[choices[:, variable]]
        return np.stack([products, np.repeat(curved[:, None], total.shape[1], axis=1)])

    def _overlap(self, choices: IntArray, others: IntArray) -> tuple[Float64Array, Float64Array]:
        """The two sums of the covariance of two sets of plans, each of shape (choices, others)."""
        own = np.zeros((len(choices), len(others)))
        first, second = np.zeros_like(own), np.zeros_like(own)
        for variable in range(choices.shape[1]):
            same = choices[:, variable, None] == others[None, :, variable]
            option = choices[:, variable]
            own += same * self._own[variable][option][:, None]
            size = np.square(self._size[variable])[option][:, None] * same
            first += size
            second += np.square(size)
        return own, (np.square(first) - second) / 2

    def _self_overlap(self, choices: IntArray) -> tuple[Float64Array, Float64Array]:
        own = np.zeros(len(choices))
        first, second = np.zeros_like(own), np.zeros_like(own)
        for variable in range(choices.shape[1]):
            option = choices[:, variable]
            own += self._own[variable][option]
            size = np.square(self._size[variable])[option]
            first += size
            second += np.square(size)
        return own, (np.square(first) - second) / 2


def _factor(kernel: Float64Array) -> Float64Array:
    """Lower Cholesky factor; more noise is added where rounding made the kernel indefinite."""
    noise = _NOISE**2 + 1e-10 * float(np.diag(kernel).mean())
    while True:
        try:
            noisy = kernel + noise * np.eye(len(kernel))
            lower: Float64Array = cholesky(noisy, lower=True)
        except LinAlgError:
            noise *= 100
        else:
            return lower


def _shares(left: Float64Array, right: Float64Array, weight: float) -> Float64Array:
    """Shares a and b by generalized least squares with a prior, from whitened values."""
    prior = np.diag(_SHARES_SD**-2.0)
    precision = weight * np.einsum("ahn,bhn->ab", left, left) + prior
    wanted = weight * np.einsum("ahn,hn->a", left, right) + prior @ _SHARES
    return np.linalg.solve(precision, wanted)


def _cell_sizes(
    cells: Cells,
) -> tuple[list[Float64Array], list[Float64Array], list[Float64Array]]:
    """Per variable, for every choice: l + q, the variance o of the cell's error, and q.

    In units of the scale. A change of the weights by a share r of their norm does harm of second
    order, about r², that a first-order prediction does not contain; a measured change does.
    """
    sizes, own, curved = [], [], []
    for change, perturbation, measured in zip(
        cells.change, cells.perturbation, cells.measured, strict=True
    ):
        linear = np.sqrt(np.square(change / cells.scale).mean(axis=1))
        second = np.where(measured, 0.0, np.square(perturbation))
        sizes.append(linear + second)
        own.append(np.where(measured, 0.0, np.square(_FIRST_ORDER_ERROR * linear + second)))
        curved.append(second)
    return sizes, own, curved
