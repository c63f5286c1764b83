"""Load a model and images."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.least_memory import least_memory
from mpsearch.memory.amounts import default_memory
from mpsearch.memory.input_images import InputImages
from mpsearch.model.graph import operations
from mpsearch.model.identity import numerics
from mpsearch.model.images import ImageSource, find_pictures, pixel_pieces
from mpsearch.model.input_range import Given, range_notes
from mpsearch.model.labels import class_names, read_lines, sidecar, true_classes
from mpsearch.model.preprocess import MODES, Preprocess, parse_preprocess, preprocess_of
from mpsearch.model.source import BUNDLED_DIGITS, ModelSource
from mpsearch.values.arrays import IntArray
from mpsearch.values.choices import Coding, Resize
from mpsearch.values.errors import ImageError, SettingError
from mpsearch.values.fingerprint import Fingerprint, array_digest
from mpsearch.workbench.baseline import BaselineCheck, PixelSample
from mpsearch.workbench.open_model import OpenModel, open_source, source_of
from mpsearch.workbench.workbench import Workbench

_TRUTH_IN_ARCHIVE = "y"
_IMAGES: Final = 8  # more than this part of the memory, and images are kept in a file


def load(
    model: str | ModelSource = BUNDLED_DIGITS,
    images: Sequence[str | os.PathLike[str]] | str | os.PathLike[str] | None = None,
    *,
    architecture: str | os.PathLike[str] | None = None,
    allow_unsafe_model: bool = False,
    preprocess: str | None = None,
    resize: Resize = "squash",
    labels: str | os.PathLike[str] | None = None,
    truth: str | os.PathLike[str] | None = None,
    from_logits: bool = False,
    size: tuple[int, int] | None = None,
    memory: int | None = None,
    coding: Coding = "none",
) -> Workbench:
    """Load a model and images.

    Args:
        model: A ``.keras`` or ``.h5`` file, ``keras:NAME``, or ``bundled:digits``; or what
            :func:`~mpsearch.model.source.find_model` made of it.
        images: Files, folders, globs, or one ``.npz`` with ``x`` and maybe ``y``; the bundled
            digits where it is None and the model is the bundled one.
        architecture: For a model file that holds weights only: the JSON of ``model.to_json()``, or
            a ``.keras`` or ``.h5`` file of the same network.
        allow_unsafe_model: Load a file although it holds more than standard layers; such a file
            can run its author's code. ``bench.model.source.notes`` says what was let in.
        preprocess: ``caffe``, ``tf``, ``torch``, ``unit``, ``raw`` or ``SCALE,OFFSET``; None asks
            the model.
        resize: ``squash`` or ``crop``.
        labels: File of class names, one a line.
        truth: File of true classes, one a line, or ``y`` for the archive's own; the baseline's
            top-1 where it is None.
        from_logits: Whether the model's outputs are logits.
        size: Input height and width, for a model that leaves them open.
        memory: Bytes for activations and decoded weights; half of what is free where it is None.
        coding: How codes are packed: ``none``, or ``entropy``, which makes files smaller and takes
            time once per layer and scheme.

    Raises:
        ModelError, ImageError, SettingError: Say what cannot be used and why.
    """
    source = source_of(model, allow_unsafe_model, architecture)
    pictures = find_pictures(_image_texts(source, images))
    label_file = Path(labels) if labels is not None else sidecar(source.path)
    chosen = None if preprocess is None else parse_preprocess(preprocess)
    # Refused before TensorFlow is loaded.
    if label_file is not None:
        read_lines(label_file, "labels")
    if truth is not None and os.fspath(truth) != _TRUTH_IN_ARCHIVE:
        read_lines(Path(truth), "truth")
    room = memory or default_memory()
    # TensorFlow is loaded from here on.
    opened = open_source(source, from_logits, size, room, coding)
    notes = list(pictures.notes)
    shape = tuple(int(side) for side in opened.live.inputs[0].shape[1:])
    height, width, channels = (*shape, 1)[:3]  # gray images may lack the last axis
    preprocessed = _preprocess(opened, chosen)
    pieces = pixel_pieces(pictures, (height, width, channels), resize, notes)
    sample = PixelSample(len(pictures))
    inputs = InputImages.kept(
        (len(pictures), *shape),
        (preprocessed(piece).reshape(-1, *shape) for piece in sample.watching(pieces)),
        room // _IMAGES,
    )
    names = class_names(max(2, int(opened.live.outputs[0].shape[-1])), label_file)
    reference = _reference(truth, pictures, names)
    needed = least_memory(opened.network, inputs.nbytes // len(inputs))
    if room < needed:
        least = -(-needed // 2**20)
        notes.append(
            f"memory of {room // 2**20} MiB is too little for one image and one layer of "
            f"{opened.name!r} at a time, up to {least} MiB are taken; give `memory` = {least}M or "
            "more"
        )
    check = BaselineCheck(opened.network, inputs, pictures.names, sample.rows)
    engine = Engine.of(opened.network, opened.bank, inputs, reference, room, on_baseline=check)
    notes += range_notes(
        opened.network, Given(sample.pixels, preprocessed, shape, check.sampled_answers)
    )
    return Workbench(
        model=opened,
        engine=engine,
        inputs=inputs,
        images=pictures.names,
        classes=names,
        fingerprint=Fingerprint(
            model=opened.digest,
            images=inputs.digest(),
            reference=array_digest([engine.reference]),
            numerics=numerics(),
        ),
        memory=room,
        has_truth=truth is not None,
        notes=notes,
    )


def _image_texts(
    source: ModelSource, images: Sequence[str | os.PathLike[str]] | str | os.PathLike[str] | None
) -> list[str]:
    if images is None:
        if source.text != BUNDLED_DIGITS:
            raise ImageError(
                f"no images given for {source.text!r}; give `images` with photographs like those "
                "that the model was trained on"
            )
        return [str(Path(__file__).parents[1] / "model" / "bundled" / "digits.npz")]
    if isinstance(images, (str, os.PathLike)):
        return [os.fspath(images)]
    return [os.fspath(image) for image in images]


def _preprocess(opened: OpenModel, chosen: Preprocess | None) -> Preprocess:
    if chosen is not None:
        return chosen
    model = opened.live
    if opened.source.text == BUNDLED_DIGITS:
        return parse_preprocess("unit")
    kinds = {type(operation).__name__ for operation in operations(model)[:3]}
    kinds.update(opened.network.own_scaling_layers)
    preprocess = preprocess_of(str(model.name), bool({"Rescaling", "Normalization"} & kinds))
    if preprocess is None:
        raise SettingError(
            f"the preprocessing of model {model.name!r} is not known; give `preprocess` = "
            f"{'|'.join(MODES)}|SCALE,OFFSET, as the model was trained (see the help of "
            "`preprocess`)"
        )
    return preprocess


def _reference(
    truth: str | os.PathLike[str] | None, pictures: ImageSource, names: tuple[str, ...]
) -> IntArray | None:
    if truth is None:
        return None
    if os.fspath(truth) != _TRUTH_IN_ARCHIVE:
        classes = true_classes(Path(truth), names, len(pictures))
        return np.array(classes, dtype=np.int64)
    if pictures.truth is None:
        raise ImageError("`truth` = y needs images from an .npz with an array y; there is none")
    if pictures.truth.min() < 0 or pictures.truth.max() >= len(names):
        raise ImageError(
            f"the archive's y goes up to {int(pictures.truth.max())}, the model has "
            f"{len(names)} classes"
        )
    return pictures.truth
