"""Memory and work of a network for one image, known before anything is computed."""

from typing import Any, Final

from mpsearch.model.backend import keras
from mpsearch.model.graph import INPUT, flatten, outputs
from mpsearch.model.graph_work import nbytes_of
from mpsearch.model.layer_work import CallWork, work_of
from mpsearch.model.load_error import cause_of
from mpsearch.values.errors import ModelError, MPSearchError

MOST: Final = 2**30  # bytes held at one time for one image; real networks stay below a fifth
MOST_MULTIPLICATIONS: Final = 2**38  # ConvNeXtXLarge takes 2**36, EfficientNetB7 2**35
MOST_STEPS: Final = 50_000  # of recurrent layers, one after the other


def require_moderate_values(model: Any) -> None:
    """Refuse a network of which some value is so large that computing it can only fail.

    A few words in a file are enough to declare one: padding by a hundred thousand pixels.

    Raises:
        ModelError: If a value takes more than :data:`MOST` bytes for one image.
    """
    for name, tensor in outputs(model):
        shape = tuple(tensor.shape)
        nbytes = nbytes_of([keras.KerasTensor((1, *shape[1:]), tensor.dtype)])
        if nbytes > MOST:
            raise ModelError(
                f"model {model.name!r}: layer {name!r} outputs {shape}, {nbytes / 2**30:,.0f} GiB "
                f"for one image; mpsearch takes layers of up to {MOST / 2**30:.0f} GiB"
            )


def require_moderate_work(model: Any) -> None:
    """Refuse a network that takes too much memory or time for a single image.

    Shapes grow along a graph, and layers make more on the way than they output:
    the scores of an attention, what a dilated convolution pads.

    Args:
        model: A model that :func:`require_moderate_values` accepted.

    Raises:
        ModelError: Names the layer, as for one that cannot be called.
    """
    calls, _ = flatten(model)
    last = {value: number for number, call in enumerate(calls) for value in call.inputs}
    image = model.inputs[0]
    tensors = {INPUT: keras.KerasTensor((1, *image.shape[1:]), image.dtype)}
    held = nbytes_of([tensors[INPUT]])
    count = steps = 0
    for number, call in enumerate(calls):
        where = f"model {model.name!r}: layer {call.operation.name!r}"
        done = _work(where, call, tensors)
        count += done.work.multiplications
        steps += done.work.steps
        _require(where, "GiB at one time", held + done.work.nbytes, MOST, 2**30)
        _require(where, "billion multiplications", count, MOST_MULTIPLICATIONS, 10**9)
        _require(where, "steps one after the other", steps, MOST_STEPS, 1)
        tensors.update(zip(call.outputs, done.outputs, strict=True))
        held += nbytes_of(done.outputs)
        for value in {*call.inputs, *call.outputs}:
            if last.get(value, number) == number:
                held -= nbytes_of([tensors.pop(value)])


def _work(where: str, call: Any, tensors: dict[int, Any]) -> CallWork:
    try:
        return work_of(call, tensors)
    except (MPSearchError, MemoryError):
        raise
    except Exception as error:  # each layer has its own way of not working
        raise ModelError(
            f"{where} cannot be computed: {cause_of(error)}; check its settings"
        ) from error


def _require(where: str, what: str, taken: int, most: int, unit: int) -> None:
    if taken > most:
        raise ModelError(
            f"{where}: up to it, one image takes {taken / unit:,.1f} {what}; mpsearch takes "
            f"networks of up to {most / unit:,.0f}"
        )
