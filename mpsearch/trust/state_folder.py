"""Where this user's mpsearch keeps what it remembers between runs."""

import os
import sys
from pathlib import Path


def state_folder() -> Path | None:
    """The folder, which need not be there; None for a user without a home.

    ``$XDG_STATE_HOME/mpsearch`` where that is set, else the system's usual place.
    """
    given = os.environ.get("XDG_STATE_HOME", "")
    if given and Path(given).is_absolute():  # others are to be ignored, says the specification
        return Path(given) / "mpsearch"
    local = os.environ.get("LOCALAPPDATA", "")
    if sys.platform == "win32" and local:
        return Path(local) / "mpsearch"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if not home.is_absolute() or os.environ.get("HOME") == "":
        return None  # of an empty HOME Python makes the root folder
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "mpsearch"
    return home / ".local" / "state" / "mpsearch"
