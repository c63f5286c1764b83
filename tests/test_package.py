"""The public names of the package."""

import pytest

import mpsearch


@pytest.mark.parametrize("name", sorted(mpsearch.__all__))
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(mpsearch, name) is not None
    assert name in dir(mpsearch)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match=r"'mpsearch' has no attribute 'polish'"):
        _ = mpsearch.polish
