"""Which Keras wrote a file."""

from typing import Any

import pytest

from mpsearch.model.inspection.keras2.version import is_keras2, version_of


@pytest.mark.parametrize("value", ["2.15.0", b"2.2.4-tf", "3.0.0", "2.0.5", "2.13.1-rc0"])
def test_versions(value: Any) -> None:
    assert version_of(value) == (value.decode() if isinstance(value, bytes) else value)


@pytest.mark.parametrize("value", [None, 2, "", "two", "2.1; rm", "2" * 40, b"\xff", ["2.1"]])
def test_other_values(value: Any) -> None:
    assert version_of(value) == ""


def test_a_file_without_a_version_is_told_by_its_layers() -> None:
    def config(**settings: Any) -> dict[str, Any]:
        return {"config": {"layers": [{"config": settings}]}}

    assert is_keras2("2.2.4", {})
    assert not is_keras2("3.1.0", config(batch_input_shape=[None, 1]))
    assert is_keras2("", config(batch_input_shape=[None, 1]))
    assert not is_keras2("", config(batch_shape=[None, 1]))
    assert not is_keras2("", {"config": 3})
