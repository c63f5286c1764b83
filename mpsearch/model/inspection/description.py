"""The description of a network, wherever it is: in a model file, or in a file of its own."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from mpsearch.model.inspection import document, magic
from mpsearch.model.inspection.archive import WEIGHTS, Archive
from mpsearch.model.inspection.document import parse
from mpsearch.model.inspection.hdf5 import Contents, inspect_hdf5
from mpsearch.model.inspection.keras2.rewrite import in_keras3_terms
from mpsearch.model.inspection.keras2.version import is_keras2, version_of
from mpsearch.model.inspection.verdict import Refused

_GIVE_ARCHITECTURE: Final = (
    "give the network it belongs to with `architecture` = FILE (the .json of model.to_json(), or a "
    ".keras or .h5 file), or save the whole model from Keras with model.save('model.keras')"
)
_TOLERATED: Final = ("", "tensorflow", "jax", "torch")


@dataclass(frozen=True, slots=True)
class Description:
    """Description of a network in a file.

    Attributes:
        config: The model's architecture, in Keras 3's terms.
        rewritten: Whether the file itself has it in other terms.
        version: Version of the Keras that wrote the file; empty where it does not say.
        weights: The arrays that go with it; None where there are none.
        layout: How Keras finds these, by the ending that it goes by.
        assets: Names of other files in the archive.
    """

    config: dict[str, Any]
    rewritten: bool
    version: str
    weights: Contents | None
    layout: str = ""
    assets: tuple[str, ...] = ()


def described(path: Path, architecture: Path | None) -> Description:
    """Read a model file, or a file of weights and the one that describes its network.

    Raises:
        Refused: If one of them is damaged, or there is not one description.
    """
    if architecture is None:
        return _of_model(path)
    is_hdf5 = _start(path) == magic.HDF5
    weights = inspect_hdf5(path, path.stat().st_size) if is_hdf5 else None
    if weights is None or weights.model_config is not None:
        raise Refused("holds its architecture itself", "leave `architecture` away")
    try:
        description = _of_architecture(architecture)
        if "module" not in description.config:  # the legacy format of Keras 3 names none either
            description = replace(description, config=in_keras3_terms(description.config))
    except Refused as refusal:
        reason = f"and its architecture {architecture.name!r}: the file {refusal.reason}"
        raise Refused(reason, refusal.remedy) from None
    return Description(
        description.config, description.rewritten, description.version, weights, _layout(weights)
    )


def _of_model(path: Path) -> Description:
    return _of_hdf5(path) if _start(path) == magic.HDF5 else _of_archive(path)


def _start(path: Path) -> bytes:
    """The first bytes of a file, which tell its format."""
    with path.open("rb") as file:
        return file.read(len(magic.HDF5))


def _of_architecture(path: Path) -> Description:
    start = _start(path)
    if start == magic.HDF5:
        return _of_hdf5(path, "is a file of weights too", "give the .json of model.to_json()")
    if start.startswith(magic.ZIP):
        return _of_archive(path)
    if path.stat().st_size > document.LARGEST:
        raise Refused(f"has more than {document.LARGEST // 2**20} MiB")
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    config = parse(content)
    return _in_keras3(
        config, version_of(config.pop("keras_version", "")), config.pop("backend", "")
    )


def _of_hdf5(
    path: Path,
    without: str = "holds weights only, no architecture",
    remedy: str = _GIVE_ARCHITECTURE,
) -> Description:
    contents = inspect_hdf5(path, path.stat().st_size)
    if contents.model_config is None:
        raise Refused(without, remedy)
    config = parse(contents.model_config)
    return _in_keras3(
        config, version_of(contents.version), contents.backend, contents, _layout(contents)
    )


def _of_archive(path: Path) -> Description:
    archive = Archive.open(path)
    config, metadata = parse(archive.config()), parse(archive.metadata())
    with archive.weights() as weights:
        contents = inspect_hdf5(weights, archive.size_of(WEIGHTS))
    version = version_of(metadata.get("keras_version"))
    return _in_keras3(config, version, "", contents, ".keras", tuple(archive.assets))


def _layout(contents: Contents) -> str:
    return ".h5" if contents.by_layers else ".weights.h5"


def _in_keras3(
    config: dict[str, Any],
    version: str,
    backend: Any,
    contents: Contents | None = None,
    layout: str = "",
    assets: tuple[str, ...] = (),
) -> Description:
    if not is_keras2(version, config):
        return Description(config, False, version, contents, layout, assets)
    name = backend.decode("ascii", "replace") if isinstance(backend, bytes) else backend or ""
    written = f"was written by Keras {version or 2}"
    if name not in _TOLERATED:
        raise Refused(
            f"{written} with {str(name)[:20]!r}, which stores kernels in another way than "
            "TensorFlow",
            "load it in Keras 2 with TensorFlow and save it again",
        )
    try:
        config = in_keras3_terms(config)
    except Refused as refusal:
        raise Refused(f"{written} and {refusal.reason}", refusal.remedy) from None
    return Description(config, True, version, contents, layout, assets)
