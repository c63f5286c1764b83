"""How to install what an optional part of mpsearch needs, into the environment that runs it."""

import importlib.util
import shlex
import sys


def install_command(extra: str) -> str:
    """The command that installs an extra of mpsearch.

    It names this very Python: a bare ``pip`` may belong to another one. mpsearch itself stays as it
    is, from wherever it was installed.

    Args:
        extra: Name of the extra, as in ``pyproject.toml``.
    """
    python = shlex.quote(sys.executable or "python")
    wanted = f"'mpsearch[{extra}]'"
    if importlib.util.find_spec("pip") is not None:
        return f"{python} -m pip install {wanted}"
    return f"uv pip install --python {python} {wanted}"  # environments that uv made have no pip
