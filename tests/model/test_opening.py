"""All that opens a model is stopped beyond one bound, wherever it is."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mpsearch.model import opening
from mpsearch.model.opening import bounded_opening
from mpsearch.model.source import ModelSource
from mpsearch.values.errors import EnvironmentFault, ModelError

SOURCE = ModelSource("net.keras", "keras", Path("net.keras"), "net")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_SECONDS", 0.1)
    monkeypatch.setattr(opening, "_NBYTES", 2**26)
    monkeypatch.setattr(opening, "_LOOK", 0.01)


def for_ever() -> None:
    while True:
        sum(range(1000))


def grow() -> None:
    held = []
    while True:
        held.append(np.ones(2**17))
        time.sleep(0.001)


def swallow() -> None:
    """As code does that catches everything."""
    for _ in range(3):
        with contextlib.suppress(BaseException):
            for_ever()
    for_ever()


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("work", "says"),
    [
        (for_ever, r"than 0 seconds to be opened; "),
        (grow, r"than 0\.1 GiB of memory to be opened; "),
        (swallow, r"than 0 seconds"),
    ],
)
def test_what_goes_on_is_stopped(work: Callable[[], None], says: str) -> None:
    with (
        pytest.raises(ModelError, match=f"model 'net.keras' needs more {says}"),
        bounded_opening(SOURCE),
    ):
        work()


@pytest.mark.usefixtures("short")
def test_nothing_comes_later() -> None:
    """Work that ends just as it would be stopped is either refused or left in peace."""
    for _ in range(5):
        with contextlib.suppress(ModelError), bounded_opening(SOURCE):
            until = time.process_time() + 0.105
            while time.process_time() < until:
                pass
        for _ in range(1000):
            sum(range(100))


@pytest.mark.usefixtures("short")
def test_larger_models_may_take_longer() -> None:
    with bounded_opening(replace(SOURCE, calls=10, nbytes=2**28)):
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
        np.ones(2**25)


@pytest.mark.usefixtures("short")
def test_models_without_a_file_are_not_bounded() -> None:
    with bounded_opening(ModelSource("keras:VGG16", "application", None, "vgg16")):
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass


@pytest.mark.parametrize("error", [TypeError("no"), KeyError("x"), RecursionError("deep")])
def test_what_fails_is_an_error_of_the_file(error: Exception) -> None:
    says = f"model 'net.keras' cannot be opened: {type(error).__name__}: .*; check the settings"
    with pytest.raises(ModelError, match=says) as caught, bounded_opening(SOURCE):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [ModelError("a"), EnvironmentFault("b"), MemoryError()])
def test_errors_of_ours_stay(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, bounded_opening(SOURCE):
        raise error
    assert caught.value is error
