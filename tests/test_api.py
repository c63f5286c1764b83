"""The library has one set of public names, through either door."""

import pytest

import mpsearch
import mpsearch.api


@pytest.mark.parametrize("name", ["load", "profile", "find_plan", "export_plan", "Workbench"])
def test_the_api_has_the_names_of_the_package(name: str) -> None:
    assert getattr(mpsearch.api, name) is getattr(mpsearch, name)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match=r"'mpsearch\.api' has no attribute 'polish'"):
        _ = mpsearch.api.polish
