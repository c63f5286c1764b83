"""A model is built without memory for its weights until the file has given every one of them."""

import math
import re
import warnings
from collections.abc import Callable
from typing import Any, Final

from mpsearch.model.backend import keras
from mpsearch.model.built_once import built_once
from mpsearch.model.moderate_builds import moderate_builds
from mpsearch.values.errors import ModelError


# Not public: where a load fails, nothing else knows the variables that were made for it.
def _state() -> Any:
    return keras.src.backend.common.global_state


_WAITING: Final = "uninitialized_variables"  # Keras' own list of those without a value
_MOST_STATE: Final = 1024  # elements of a variable that a file may leave out: states of generators
_ABOUT_WEIGHTS: Final = re.compile(  # in what Keras says where weights do not fit
    r"objects could not be loaded|count mismatch|[Ss]hape mismatch|"
    r"target variable|variables during loading"
)

_NAMED: Final = re.compile(r"layer #\d+ \(named (.+?)(?: in the current model|\))")


_WHY: Final = (
    "it was saved before it was built or trained, or its settings were changed; save it again "
    "after training"
)


def with_stored_values(text: str, load: Callable[[], Any], why: str = _WHY) -> Any:
    """Build a model and give its variables the values that are stored, and no others.

    In a stateless scope Keras makes variables of a shape without a value, and keeps what a file
    assigns to them apart, once it has the same shape. So a file asks for no more memory than it
    fills, whatever its layers declare, and no initializer runs.

    Args:
        text: The user's name of the model, for messages.
        load: Builds it and loads its weights.
        why: The likely reason for a weight that is not in the file, and the remedy.

    Raises:
        ModelError: If the file has no value for a weight: the message names the layer.
    """
    earlier = _state().get_global_attribute(_WAITING)
    _state().set_global_attribute(_WAITING, [])
    scope = keras.StatelessScope(initialize_variables=False)
    try:
        with scope, moderate_builds(text), built_once(), warnings.catch_warnings():
            # Of weights that are not there: such a file is refused.
            warnings.simplefilter("ignore")
            try:
                model = load()
            except ValueError as error:
                if _ABOUT_WEIGHTS.search(str(error)):
                    made = _state().get_global_attribute(_WAITING)
                    _require_values(text, _meant(str(error), made), scope, why)
                raise
            _require_values(text, model.weights, scope, why)
            waiting = _state().get_global_attribute(_WAITING)
            begun = [
                variable
                for variable in waiting
                if _can_begin(variable, scope.get_current_value(variable))
            ]
            _state().set_global_attribute(_WAITING, begun)
            scope.initialize_variables = True
        return model
    finally:
        _state().set_global_attribute(_WAITING, earlier or [])


def _require_values(text: str, variables: list[Any], scope: Any, why: str) -> None:
    missing = [variable for variable in variables if scope.get_current_value(variable) is None]
    if missing:
        largest = max(missing, key=_count)
        layer, _, name = largest.path.rpartition("/")
        raise ModelError(
            f"model {text!r}: layer {layer!r}: its weights are not in the file ({name} of shape "
            f"{tuple(largest.shape)}): {why}"
        )


def _meant(message: str, variables: list[Any]) -> list[Any]:
    """The variables of the layer that Keras names, or all: it goes on after most layers."""
    named = _NAMED.search(message)
    layer_variables = [
        variable for variable in variables if named and named[1] in variable.path.split("/")
    ]
    return layer_variables or variables


def _can_begin(variable: Any, value: Any) -> bool:
    """Have a variable start from what is stored instead of what its initializer makes.

    Files lack the states of generators of random numbers. Keras also makes variables that it has
    forgotten when a layer is built again, as Bidirectional does; these get no memory.
    """
    if value is None and _count(variable) <= _MOST_STATE:
        return True
    variable._initializer = lambda *_, **__: _present(variable, value)
    return value is not None


def _present(variable: Any, value: Any) -> Any:
    if value is None:
        raise ModelError(f"variable {variable.path!r} has no value in the file")
    return value


def _count(variable: Any) -> int:
    return math.prod(variable.shape)
