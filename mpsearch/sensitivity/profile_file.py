"""``profile.json`` read back from a disk."""

from pathlib import Path
from typing import Final

from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.values.errors import StudyError

_LARGEST: Final = 2**30


def read_profile(path: Path) -> SensitivityProfile:
    """Read ``profile.json``.

    Raises:
        StudyError: If it cannot be read, or is no profile.
    """
    where = f"profile {str(path)!r}"
    try:
        if path.stat().st_size > _LARGEST:
            raise StudyError(f"{where} is larger than 1 GiB; delete it and measure anew")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{where} cannot be read ({error}); delete it") from error
    return SensitivityProfile.from_json(text, where)
