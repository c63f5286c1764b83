"""The library: what the commands call, and programs may.

Its names are those of ``mpsearch`` itself, loaded when they are first used: whoever wants
one of them does not wait for what the others need.
"""

from typing import Any

import mpsearch


def __getattr__(name: str) -> Any:
    if name not in mpsearch.__all__:
        raise AttributeError(f"module 'mpsearch.api' has no attribute {name!r}")
    return getattr(mpsearch, name)
