"""Load a source as a live Keras model that can be measured."""

import contextlib
import difflib
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from mpsearch.model.backend import keras
from mpsearch.model.load_error import cause_of
from mpsearch.model.rebuilt import rebuilt
from mpsearch.model.settings import require_sound_settings
from mpsearch.model.source import ModelSource, file_stamp
from mpsearch.model.stored_variables import with_stored_values
from mpsearch.model.task import of_output, takes_sequences
from mpsearch.model.value_sizes import require_moderate_values, require_moderate_work
from mpsearch.values.errors import EnvironmentFault, ModelError

_IMAGE_RANKS: Final = (3, 4)  # with the batch; gray images may lack the axis of channels
_SMALLEST_GRAY: Final = 4  # pixels of a side, where no axis of channels says that it is an image


def load_keras_model(source: ModelSource, size: tuple[int, int] | None = None) -> Any:
    """Load the model that *source* names.

    Args:
        source: The model's source, from :func:`~mpsearch.model.source.find_model`.
        size: Height and width for a model that leaves them open.

    Returns:
        A functional or Sequential model with one image input and one output of class scores.

    Raises:
        ModelError: If the file is refused, or the model is not such a classifier.
        EnvironmentFault: If ImageNet weights cannot be downloaded.
    """
    model = _application(source) if source.path is None else _from_file(source, source.path)
    model = _with_fixed_size(model, size)
    _require_image_classifier(model)
    require_moderate_values(model)
    require_moderate_work(model)
    return model


def _from_file(source: ModelSource, path: Path) -> Any:
    suffix = f".{source.kind}"
    try:
        _require_unchanged(source, path)
        require_sound_settings(source, path)
        if source.description:
            return _rebuilt(source, path)
        if path.suffix == suffix:
            return _loaded(source, path)
        # Keras goes by the ending; a file may be called otherwise.
        with tempfile.TemporaryDirectory() as folder:
            link = Path(folder) / f"model{suffix}"
            link.symlink_to(path.resolve())
            return _loaded(source, link)
    except (MemoryError, ModelError):
        raise
    except Exception as error:  # Keras raises whatever its layers raise
        written = f" (written by Keras {source.version})" if source.version else ""
        raise ModelError(
            f"model {source.text!r}{written} cannot be loaded: {cause_of(error)}; {_remedy(source)}"
        ) from error


def _remedy(source: ModelSource) -> str:
    """What to do about a file that Keras cannot load."""
    if source.architecture is not None:
        return f"give the architecture of these weights, {source.architecture!r} may be another"
    if source.kind == "h5" and source.version.startswith("3."):
        # Functions such as x + 3, and layers of keras.applications, which it writes and cannot read
        return (
            "save it as .keras where it was made: an .h5 file does not keep all that Keras 3 needs "
            "to load a model again, and code in Lambda or custom layers is not run"
        )
    return "it must be a model (.keras or .h5) of standard layers, without Lambda or custom code"


def _rebuilt(source: ModelSource, path: Path) -> Any:
    """A model whose description is not in the file as Keras 3 reads it, or not at all."""

    def load() -> Any:
        return rebuilt(source.description, path, source.layout)

    if source.architecture is None:
        return with_stored_values(source.text, load)
    other = f"{source.architecture!r} may describe another network"
    return with_stored_values(source.text, load, f"{other}; give the one of these weights")


def _loaded(source: ModelSource, path: Path) -> Any:
    return with_stored_values(
        source.text, lambda: keras.saving.load_model(path, compile=False, safe_mode=True)
    )


def _require_unchanged(source: ModelSource, path: Path) -> None:
    """Refuse to load another file than the one that was inspected."""
    if source.stamp is not None and file_stamp(path) != source.stamp:
        raise ModelError(
            f"model {source.text!r} was changed or replaced since it was inspected; run the "
            "command again when it is written"
        )


def _application(source: ModelSource) -> Any:
    name = source.text.removeprefix("keras:")
    names = [n for n in dir(keras.applications) if n[0].isupper()]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f" Did you mean keras:{near[0]}?" if near else ""
        raise ModelError(f"keras.applications has no {name!r}.{hint}")
    try:
        # Keras reports its download on stdout, which belongs to results.
        with contextlib.redirect_stdout(sys.stderr):
            return getattr(keras.applications, name)(weights="imagenet")
    except Exception as error:  # urllib, ssl and h5py errors, wrapped by Keras
        raise EnvironmentFault(
            f"the ImageNet weights of keras:{name} cannot be downloaded: {cause_of(error)}; "
            "where there is a network, save the model to a .keras file and give that"
        ) from error


def _with_fixed_size(model: Any, size: tuple[int, int] | None) -> Any:
    """Give a model that leaves height and width open the size the user names."""
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) not in _IMAGE_RANKS:
        return model
    clash = size is not None and any(
        open_side is not None and open_side != side
        for open_side, side in zip(shape[1:3], size, strict=True)
    )
    if size is not None and clash:
        raise ModelError(
            f"model {model.name!r} with input {shape} does not take images of {size[0]}x{size[1]} "
            "pixels; leave `size` away or give it as the model was trained"
        )
    if None not in shape[1:3]:
        return model
    if size is None:
        raise ModelError(
            f"model {model.name!r} leaves its input size open {shape}; name one with `size`, for "
            "instance `size` = 224x224"
        )
    try:
        image = keras.Input((*size, *shape[3:]), dtype=model.inputs[0].dtype)
        fixed = keras.models.clone_model(model, input_tensors=image)
        fixed.set_weights(model.get_weights())
        return fixed
    except Exception as error:  # each layer has its own way of not fitting
        raise ModelError(
            f"model {model.name!r} with input {shape} does not take images of {size[0]}x{size[1]} "
            "pixels; give `size` as it was trained"
        ) from error


def _require_image_classifier(model: Any) -> None:
    if not isinstance(model, (keras.Sequential, keras.Model)) or not getattr(model, "inputs", None):
        raise ModelError(
            f"model {getattr(model, 'name', '?')!r} has no input shape; call it on an image once "
            "and save it again"
        )
    for what, tensors in (("input", model.inputs), ("output", model.outputs)):
        if len(tensors) != 1:
            raise ModelError(
                f"model {model.name!r} has {len(tensors)} {what}s; mpsearch measures classifiers "
                f"with one image input and one output of class scores"
            )
    shape = tuple(model.inputs[0].shape)
    if takes_sequences(model):
        raise ModelError(
            f"model {model.name!r}: input {shape} is a sequence of {shape[1]} steps, as of sound "
            "or text, not an image; mpsearch measures classifiers of images"
        )
    _require_image_input(str(model.name), shape)
    if len(model.outputs[0].shape) != 2:
        raise ModelError(
            f"model {model.name!r}: output {tuple(model.outputs[0].shape)} is not a row of class "
            f"scores: {of_output(tuple(model.outputs[0].shape))}; expected (batch, classes)"
        )


def _require_image_input(name: str, shape: tuple[int | None, ...]) -> None:
    expected = "expected (batch, height, width, channels) with 1 or 3 channels, or (batch, "
    expected += "height, width) for gray images"
    if len(shape) not in _IMAGE_RANKS or (len(shape) == 4 and shape[-1] not in {1, 3}):
        first = " (channels first)" if len(shape) == 4 and shape[1] in {1, 3} else ""
        raise ModelError(f"model {name!r}: input {shape}{first} is not an image; {expected}")
    if len(shape) == 3 and min(side or 0 for side in shape[1:]) < _SMALLEST_GRAY:
        # One or three numbers per step are how series of measurements look, not how images do.
        raise ModelError(
            f"model {name!r}: input {shape} has a side below {_SMALLEST_GRAY}, which is a series "
            f"rather than a gray image; {expected}, of {_SMALLEST_GRAY} pixels or more"
        )
