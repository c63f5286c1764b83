"""One part's error is held back until the others are done."""

import pytest

from mpsearch.values.errors import EnvironmentFault, MPSearchError, SchemeError, SettingError
from mpsearch.values.parts import Parts


def fail(parts: Parts, **errors: MPSearchError) -> None:
    for name, error in errors.items():
        with parts.part(name):
            raise error


def test_nothing_is_raised_when_nothing_failed() -> None:
    parts = Parts()
    with parts.part("a"):
        pass
    parts.raise_failed()


def test_one_error_is_raised_as_it_was() -> None:
    parts = Parts()
    error = SchemeError("too large")
    fail(parts, a=error)
    with pytest.raises(SchemeError) as caught:
        parts.raise_failed()
    assert caught.value is error


def test_several_are_one_line_and_the_machine_gives_the_code() -> None:
    parts = Parts()
    fail(parts, a=SettingError("no"), b=EnvironmentFault("disk full"))
    with pytest.raises(EnvironmentFault, match="a: no; b: disk full") as caught:
        parts.raise_failed()
    assert caught.value.exit_code == 3


def test_what_no_user_can_mend_is_raised_at_once() -> None:
    with pytest.raises(KeyError), Parts().part("a"):
        raise KeyError("a")
