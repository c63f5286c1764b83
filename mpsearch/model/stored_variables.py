"""A model is built without memory for its weights until the file has given every one of them."""

import math
import re
from collections.abc import Callable
from typing import Any, Final

from mpsearch.core.errors import ModelError
from mpsearch.model.backend import keras
from mpsearch.model.moderate_builds import moderate_builds

# Not public: where a load fails, nothing else knows the variables that were made for it.
_state: Any = keras.src.backend.common.global_state
_WAITING: Final = "uninitialized_variables"  # Keras' own list of those without a value
_MOST_STATE: Final = 1024  # elements of a variable that a file may leave out: states of generators
_ABOUT_WEIGHTS: Final = re.compile(  # in what Keras says where weights do not fit
    r"objects could not be loaded|count mismatch|[Ss]hape mismatch|"
    r"target variable|variables during loading"
)


def with_stored_values(text: str, load: Callable[[], Any]) -> Any:
    """Build a model and give its variables the values that are stored, and no others.

    In a stateless scope Keras makes variables of a shape without a value, and keeps what a file
    assigns to them apart, once it has the same shape. So a file asks for no more memory than it
    fills, whatever its layers declare, and no initializer runs.

    Args:
        text: What the user called the model.
        load: Builds it and loads its weights.

    Raises:
        ModelError: If the file has no value for a weight: the message names the layer.
    """
    earlier = _state.get_global_attribute(_WAITING)
    _state.set_global_attribute(_WAITING, [])
    scope = keras.StatelessScope(initialize_variables=False)
    try:
        with scope, moderate_builds(text):
            try:
                model = load()
            except ValueError as error:
                if _ABOUT_WEIGHTS.search(str(error)):
                    _require_values(text, _state.get_global_attribute(_WAITING), scope)
                raise
            variables = _state.get_global_attribute(_WAITING)
            _require_values(text, variables, scope)
            for variable in variables:
                _start_from(variable, scope.get_current_value(variable))
            scope.initialize_variables = True
        return model
    finally:
        _state.set_global_attribute(_WAITING, earlier or [])


def _require_values(text: str, variables: list[Any], scope: Any) -> None:
    missing = [
        one
        for one in variables
        if scope.get_current_value(one) is None and _count(one) > _least_missed(one)
    ]
    if missing:
        largest = max(missing, key=_count)
        layer, _, name = largest.path.rpartition("/")
        raise ModelError(
            f"model {text!r}: layer {layer!r}: its weights are not in the file ({name} of shape "
            f"{tuple(largest.shape)}): it was saved before it was built or trained, or its "
            "settings were changed; save it again after training"
        )


def _least_missed(variable: Any) -> int:
    """Elements up to which a variable may be absent: files lack the states of generators."""
    return _MOST_STATE if "seed_generator" in variable.path else -1


def _count(variable: Any) -> int:
    return math.prod(variable.shape)


def _start_from(variable: Any, value: Any) -> None:
    """Have a variable start from what is stored instead of what its initializer makes."""
    if value is not None:
        variable._initializer = lambda *_, **__: value
