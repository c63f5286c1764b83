"""The command that installs an extra."""

import sys

import pytest

from mpsearch.system.extras import install_command


def test_it_names_this_python_and_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/a b/python")
    assert install_command("litert") == "'/a b/python' -m pip install 'mpsearch[litert]'"
    monkeypatch.setitem(sys.modules, "pip", None)  # as where uv made the environment
    expected = "uv pip install --python '/a b/python' 'mpsearch[litert]'"
    assert install_command("litert") == expected
