"""A tensor keeps the memory it shares with an array that is gone."""

import gc
from typing import Any

import numpy as np

from mpsearch.memory import recycled
from mpsearch.memory.aligned import address, aligned_empty
from mpsearch.model.tensors import shared
from mpsearch.model.weight_layers import array_view


def test_memory_is_not_given_again_while_a_tensor_shares_it() -> None:
    recycled._spare.clear()
    array = aligned_empty((recycled.LEAST // 4,))
    array[:] = 5
    where = address(array)
    tensor: Any = shared(array)
    assert address(array_view(tensor)) == where
    del array
    gc.collect()
    assert not recycled._spare
    other = aligned_empty((recycled.LEAST // 4,))
    other[:] = 6
    assert address(other) != where
    assert (tensor.numpy()[::1000] == np.float32(5)).all()
    del tensor
    gc.collect()
    assert len(recycled._spare) == 1
    recycled._spare.clear()
