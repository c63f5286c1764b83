"""Arrays as TensorFlow's tensors, and batches of them cut and joined, with little overhead."""

from collections.abc import Sequence
from functools import cache, lru_cache

from mpsearch.memory.aligned import ALIGNMENT, address
from mpsearch.model.backend import tf
from mpsearch.model.step import Tensor
from mpsearch.values.arrays import Float32Array


def shared(array: Float32Array) -> Tensor:
    """*array* as a tensor: the same memory where it is aligned, a copy elsewhere."""
    if address(array) % ALIGNMENT or not array.flags.writeable:
        return tf.constant(array)
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def taken(batch: Tensor, start: int, stop: int) -> Tensor:
    """Images *start* to *stop*."""
    # The raw operation on tensors takes a seventh of the time of Python's slicing, most of
    # which goes into making tensors of its numbers; neither copies.
    return tf.raw_ops.StridedSlice(
        input=batch, begin=_vector(start), end=_vector(stop), strides=_vector(1)
    )


def joined(batches: Sequence[Tensor]) -> Tensor:
    """All images of *batches*."""
    return tf.raw_ops.ConcatV2(values=list(batches), axis=_images_axis())


@lru_cache(maxsize=4096)
def _vector(number: int) -> Tensor:
    return tf.constant([number])


@cache
def _images_axis() -> Tensor:
    return tf.constant(0)
