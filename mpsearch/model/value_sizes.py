"""How large the values of a network may be: known before anything is computed."""

import math
from typing import Any, Final

from mpsearch.core.errors import ModelError
from mpsearch.model.graph import outputs

MOST: Final = 2**31  # bytes of one value for one image; real networks stay below a tenth


def require_moderate_values(model: Any) -> None:
    """Refuse a network of which some value is so large that computing it can only fail.

    A few words in a file are enough to declare one: padding by a hundred thousand pixels.

    Raises:
        ModelError: If a value takes more than :data:`MOST` bytes for one image.
    """
    for name, tensor in outputs(model):
        shape = tuple(tensor.shape)
        nbytes = 4 * math.prod(side for side in shape[1:] if side is not None)
        if nbytes > MOST:
            raise ModelError(
                f"model {model.name!r}: layer {name!r} puts out {shape}, {nbytes / 2**30:,.0f} GiB "
                f"for one image; mpsearch takes layers of up to {MOST / 2**30:.0f} GiB"
            )
