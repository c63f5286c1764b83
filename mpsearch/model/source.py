"""Where a model comes from, and what can be said against it before TensorFlow is loaded."""

import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mpsearch.core.errors import ModelError

BUNDLED_DIGITS: Final = "bundled:digits"

_HDF5_MAGIC: Final = b"\x89HDF\r\n\x1a\n"
_ZIP_MAGIC: Final = b"PK\x03\x04"
_KERAS_MEMBERS: Final = frozenset({"config.json", "model.weights.h5"})
_FOREIGN: Final = {
    ".tflite": "a LiteRT model",
    ".pb": "a frozen TensorFlow graph",
    ".onnx": "an ONNX model",
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".safetensors": "a safetensors file",
}
_SAVE_HINT: Final = "save the whole model from Keras with model.save('model.keras')"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model that is there to be loaded.

    Attributes:
        text: What the user wrote.
        kind: ``keras`` and ``h5`` are files, ``application`` is ``keras:NAME``.
        path: The file, or None for an application.
        name: Short name for folders and reports.
    """

    text: str
    kind: Literal["keras", "h5", "application"]
    path: Path | None
    name: str


def find_model(text: str) -> ModelSource:
    """Understand ``--model`` and check what can be checked without loading anything.

    Raises:
        ModelError: Says what is wrong with the file, and what to do.
    """
    if text == BUNDLED_DIGITS:
        path = Path(__file__).parent / "bundled" / "digits.keras"
        return ModelSource(text, "keras", path, "digits")
    if text.startswith("bundled:"):
        raise ModelError(f"there is no model {text!r}; the only bundled model is {BUNDLED_DIGITS}")
    if text.startswith("keras:"):
        name = text.removeprefix("keras:")
        return ModelSource(text, "application", None, name.lower())
    if re.match(r"[a-z][a-z0-9+.\-]+://", text, flags=re.IGNORECASE):
        raise ModelError(f"model {text!r} is an address; download it and give the local file")
    if "\0" in text:
        raise ModelError(f"model {text!r} cannot be a path; give a .keras or .h5 file")
    path = Path(text)
    _require_regular_file(path)
    return ModelSource(text, _sniff(path), path, path.stem)


def _require_regular_file(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise ModelError(
            f"model {str(path)!r}: {error.strerror or 'cannot be opened'}; give a .keras or .h5 "
            f"file, keras:NAME, or {BUNDLED_DIGITS}"
        ) from error
    if stat.S_ISDIR(status.st_mode):
        what = "a SavedModel folder" if (path / "saved_model.pb").exists() else "a directory"
        raise ModelError(f"model {str(path)!r} is {what}; {_SAVE_HINT}")
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"model {str(path)!r} is not a regular file; give a .keras or .h5 file")
    if status.st_size == 0:
        raise ModelError(f"model {str(path)!r} is an empty file; {_SAVE_HINT}")


def _sniff(path: Path) -> Literal["keras", "h5"]:
    """Tell the format by content, whatever the file is called."""
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise ModelError(
            f"model {str(path)!r} cannot be read: {error.strerror}; check its permissions"
        ) from error
    if magic == _HDF5_MAGIC:
        _check_hdf5(path)
        return "h5"
    if magic.startswith(_ZIP_MAGIC):
        _check_keras_archive(path)
        return "keras"
    suffix = path.suffix.lower()
    if suffix in _FOREIGN:
        raise ModelError(
            f"model {str(path)!r} is {_FOREIGN[suffix]}, not a Keras model; {_SAVE_HINT}"
        )
    expected = "an HDF5 file" if suffix in {".h5", ".hdf5"} else "a zip archive as .keras files are"
    raise ModelError(f"model {str(path)!r} is not {expected}; {_SAVE_HINT}")


def _check_keras_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            missing = sorted(_KERAS_MEMBERS - set(archive.namelist()))
            damaged = None if missing else archive.testzip()
    except Exception as error:  # zipfile, zlib, bz2 and lzma each have their own
        raise ModelError(
            f"model {str(path)!r} is truncated or damaged ({error}); copy or save it again"
        ) from error
    if missing:
        raise ModelError(
            f"model {str(path)!r} is a zip archive without {missing[0]}, not a Keras model; "
            f"{_SAVE_HINT}"
        )
    if damaged:
        raise ModelError(
            f"model {str(path)!r} is damaged: checksum of {damaged} is wrong; copy it again"
        )


def _check_hdf5(path: Path) -> None:
    import h5py  # noqa: PLC0415 - needs a quarter of a second, and only for this format

    try:
        with h5py.File(path, "r") as file:
            whole = "model_config" in file.attrs
    except (OSError, RuntimeError, KeyError) as error:
        raise ModelError(
            f"model {str(path)!r} is truncated or damaged; copy or save it again"
        ) from error
    if not whole:
        raise ModelError(f"model {str(path)!r} holds weights only, no architecture; {_SAVE_HINT}")
