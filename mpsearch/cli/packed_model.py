"""Which model a packed file on the command line belongs to."""

from pathlib import Path

from mpsearch.export.packed import PackedFile
from mpsearch.model.source import BUNDLED_DIGEST
from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question


def require_model_of(path: Path, config: Question) -> None:
    """Open a packed file, and check that its model was named where it is not the bundled one.

    Both before TensorFlow is loaded.

    Raises:
        PackedError: If it cannot be read, or is no packed file.
        SettingError: Says which model it was made from.
    """
    with PackedFile.open(path) as packed:
        header = packed.header
    if config.model is None and header.model != BUNDLED_DIGEST:
        raise SettingError(
            f"packed file {str(path)!r} was made from model {header.model_name[:80]!r}, which is "
            "not the bundled one; name the file of that model with --model"
        )
