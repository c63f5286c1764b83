"""Debian's Chromium, for tests marked browser."""

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

_CHROMIUM = shutil.which("chromium")
_PACKAGES = ("playwright", "axe_playwright_python")
_MISSING = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
if _CHROMIUM is None:
    _MISSING.append("chromium")

MARKS = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        bool(_MISSING) and os.environ.get("CI") != "true",
        reason=f"not installed: {', '.join(_MISSING)} (apt-get install chromium; make test)",
    ),
]


@contextlib.contextmanager
def running_chromium() -> Iterator[Any]:
    """Playwright's browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers that run as root have no sandbox.
        chromium = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox"], chromium_sandbox=False
        )
        yield chromium
        chromium.close()
