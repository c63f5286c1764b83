"""Source of a model, and the checks of it that need no TensorFlow."""

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mpsearch.model.inspection import magic
from mpsearch.model.inspection.process import inspected
from mpsearch.model.inspection.verdict import LOADS_ALL_THE_SAME, SAVE_WHOLE, STANDARD_ONLY, Verdict
from mpsearch.values.errors import ModelError

BUNDLED_DIGITS: Final = "bundled:digits"
#: What :func:`~mpsearch.model.identity.model_digest` says of it, without loading it.
BUNDLED_DIGEST: Final = "68b57721ffe829f2beef0c19516857494d16e35d244ad7789630b1174b4bdc21"

_FOREIGN: Final = {
    ".tflite": "a LiteRT model",
    ".pb": "a frozen TensorFlow graph",
    ".onnx": "an ONNX model",
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".safetensors": "a safetensors file",
}


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model that is there to be loaded.

    Attributes:
        text: The model as the user wrote it.
        kind: ``keras`` and ``h5`` are files, ``application`` is ``keras:NAME``.
        path: The file, or None for an application.
        name: Short name for folders and reports.
        notes: Notes to the user about the file.
        stamp: Identity of the file that was inspected, as of :func:`file_stamp`.
        calls: Calls of layers that building it takes; 0 where it was not inspected.
        nbytes: Bytes of the file's arrays, unpacked; 0 likewise.
        version: Version of the Keras that wrote the file; empty where it does not say.
        description: JSON of the architecture in Keras 3's terms, where the file has it in other
            ones or not at all; empty where Keras reads the file as it is.
        architecture: What the user wrote of the file that describes the network, if weights alone
            are in this one.
        layout: With a description: ``.keras``, ``.h5`` or ``.weights.h5``, as the weights lie.
    """

    text: str
    kind: Literal["keras", "h5", "application"]
    path: Path | None
    name: str
    notes: tuple[str, ...] = ()
    stamp: tuple[int, ...] | None = None
    calls: int = 0
    nbytes: int = 0
    version: str = ""
    description: str = ""
    architecture: str | None = None
    layout: str = ""


def find_model(
    text: str, allow_unsafe: bool = False, architecture: str | None = None
) -> ModelSource:
    """Parse the setting ``model`` and check what can be checked without loading anything.

    A file is inspected by an allow-list (:mod:`mpsearch.model.inspection`).

    Args:
        text: A file, ``keras:NAME`` or ``bundled:digits``.
        allow_unsafe: Take a file although it holds what is not on the list; damaged files and
            such as point outside themselves are refused all the same.
        architecture: For a file of weights only: the file that describes its network, the JSON of
            ``model.to_json()`` or a ``.keras`` or ``.h5`` file.

    Raises:
        ModelError: Says what is wrong with the file, and what to do.
    """
    if architecture is not None and text.startswith(("bundled:", "keras:")):
        raise ModelError(f"model {text!r} has an architecture; leave `architecture` away")
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
    kind, stamp = _sniff(path), file_stamp(path)
    verdict = _inspect(path, architecture)
    notes = _notes(path, verdict, allow_unsafe)
    return ModelSource(
        text=text,
        kind=kind,
        path=path,
        name=path.stem,
        notes=notes,
        stamp=stamp,
        calls=verdict.calls,
        nbytes=verdict.nbytes,
        version=verdict.version,
        description=verdict.description,
        architecture=architecture,
        layout=verdict.layout,
    )


def file_stamp(path: Path) -> tuple[int, ...]:
    """What tells a file from one that was put in its place, or was changed.

    Raises:
        OSError: If it is gone.
    """
    status = path.stat()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _inspect(path: Path, architecture: str | None) -> Verdict:
    """Read a file in the child process, and refuse what no setting can let in."""
    beside = None if architecture is None else _architecture(architecture)
    verdict = inspected(path, beside)
    if verdict.reason:
        raise ModelError(f"model {str(path)!r} {verdict.reason}; {verdict.remedy}")
    return verdict


def _notes(path: Path, verdict: Verdict, allow_unsafe: bool) -> tuple[str, ...]:
    """Hold a file against the allow-list; what is let in all the same is noted."""
    if not verdict.foreign:
        return ()
    if not allow_unsafe:
        offer = f" {LOADS_ALL_THE_SAME}" if verdict.loadable else ""
        written = f" (written by Keras {verdict.version})" if verdict.version else ""
        raise ModelError(
            f"model {str(path)!r}{written}: {verdict.foreign[0]}; {STANDARD_ONLY}{offer}"
        )
    clauses = ", ".join(verdict.foreign)
    return (f"model {str(path)!r} is loaded although it may run code ({clauses})",)


def _architecture(text: str) -> Path:
    """The file that the setting ``architecture`` names."""
    path = Path(text)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be a path"
        raise ModelError(
            f"architecture {text!r}: {reason}; give the .json of model.to_json(), or a .keras or "
            ".h5 file"
        ) from error
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        raise ModelError(
            f"architecture {text!r} is not a file with content; give the .json of model.to_json(), "
            "or a .keras or .h5 file"
        )
    return path


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
        raise ModelError(f"model {str(path)!r} is {what}; {SAVE_WHOLE}")
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"model {str(path)!r} is not a regular file; give a .keras or .h5 file")
    if status.st_size == 0:
        raise ModelError(f"model {str(path)!r} is an empty file; {SAVE_WHOLE}")


def _sniff(path: Path) -> Literal["keras", "h5"]:
    """Tell the format by content, whatever the file is called."""
    try:
        with path.open("rb") as file:
            start = file.read(len(magic.HDF5))
    except OSError as error:
        raise ModelError(
            f"model {str(path)!r} cannot be read: {error.strerror}; check its permissions"
        ) from error
    if start == magic.HDF5:
        return "h5"
    if start.startswith(magic.ZIP):
        return "keras"
    suffix = path.suffix.lower()
    if suffix in _FOREIGN:
        raise ModelError(
            f"model {str(path)!r} is {_FOREIGN[suffix]}, not a Keras model; {SAVE_WHOLE}"
        )
    expected = "an HDF5 file" if suffix in {".h5", ".hdf5"} else "a zip archive as .keras files are"
    raise ModelError(f"model {str(path)!r} is not {expected}; {SAVE_WHOLE}")
