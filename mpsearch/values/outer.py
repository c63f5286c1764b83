"""A matrix of rank one, kept as its two factors."""

from dataclasses import dataclass

import numpy as np

from mpsearch.values.arrays import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class OuterProduct:
    """``left[:, None] * right``, never written out.

    The derivative by a dense layer's kernel for one image is such a matrix: inputs times the
    derivative by the outputs. For a large layer it would be hundreds of megabytes.

    Attributes:
        left: Left factor, shape (rows,).
        right: Right factor, shape (columns,).
    """

    left: Float32Array
    right: Float32Array

    def as_array(self) -> Float32Array:
        """The matrix, shape (rows, columns)."""
        return np.outer(self.left, self.right)
