"""A network whose values cannot be held is refused before it runs."""

from collections.abc import Callable
from typing import Any

import pytest

from mpsearch.model.backend import keras
from mpsearch.model.value_sizes import MOST, require_moderate_values
from mpsearch.values.errors import ModelError

layers = keras.layers


def ending_in(*some: Any, side: int = 8) -> Any:
    return keras.Sequential(
        [
            keras.Input((side, side, 3)),
            *some,
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def nested() -> Any:
    far = layers.ZeroPadding2D(99_999)
    inner = keras.Sequential([keras.Input((8, 8, 3)), far], name="within")
    return ending_in(inner)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: ending_in(layers.ZeroPadding2D(99_999, name="far")), "far"),
        (lambda: ending_in(layers.UpSampling2D(5000, name="up")), "up"),
        (lambda: ending_in(layers.Conv2DTranspose(2, 3, strides=4000, name="apart")), "apart"),
        (nested, "within"),
        (lambda: ending_in(side=20_000), "input"),
    ],
)
def test_a_value_of_gigabytes_is_refused(make: Callable[[], Any], name: str) -> None:
    with pytest.raises(ModelError, match=rf"layer '{name}.*GiB for one image; mpsearch takes"):
        require_moderate_values(make())


def test_the_largest_is_taken() -> None:
    most = MOST // 4
    side = 2**13
    require_moderate_values(ending_in(layers.ZeroPadding2D(0), side=side))
    require_moderate_values(ending_in(layers.Conv2D(most // side**2, 1), side=side))
    with pytest.raises(ModelError):
        require_moderate_values(ending_in(layers.Conv2D(most // side**2 + 1, 1), side=side))
