"""Load the model and images that a command was given."""

from typing import Final

from mpsearch.cli.notes import print_notes
from mpsearch.cli.settings import parse_size
from mpsearch.memory.amounts import parse_memory
from mpsearch.model.source import BUNDLED_DIGITS, ModelSource, find_model
from mpsearch.schemes import menu_of
from mpsearch.values.errors import SettingError
from mpsearch.values.question import NEEDS_TRUTH, Question
from mpsearch.workbench.loading import load
from mpsearch.workbench.open_model import OpenModel, open_model
from mpsearch.workbench.workbench import Workbench

_DEFAULTS: Final = Question()
# Settings that are given only along with a model of one's own.
_OF_A_MODEL: Final = (
    *("images", "preprocess", "resize", "labels", "truth"),
    *("from_logits", "size", "allow_unsafe_model"),
)


def require_schemes(config: Question) -> None:
    """Refuse an empty menu and unknown schemes before the model is loaded.

    Raises:
        SettingError, SchemeError: Name what is wrong.
    """
    if config.schemes is not None and not config.schemes:
        raise SettingError("--schemes names no scheme; see mpsearch schemes")
    menu_of(config.schemes or ())


def load_workbench(config: Question, coded: bool = False) -> Workbench:
    """Load the model and images of a run; bytes are counted as ``--coding`` says if *coded*.

    Raises:
        SettingError: If the metric needs true classes, and none are given.
    """
    if config.metric == "accuracy" and config.truth is None:
        raise SettingError(NEEDS_TRUTH)
    source = _find_model(config)
    workbench = load(
        source,
        config.images,
        preprocess=config.preprocess,
        resize=config.resize,
        labels=config.labels,
        truth=config.truth,
        from_logits=config.from_logits,
        size=parse_size(config.size),
        memory=None if config.memory is None else parse_memory(config.memory),
        coding=config.coding if coded else "none",
    )
    if any(getattr(config, name) != getattr(_DEFAULTS, name) for name in _OF_A_MODEL):
        note_default_model(config)
    return workbench


def note_default_model(config: Question) -> None:
    """Say that the bundled network is used, where no model was named."""
    if config.model is None:
        print_notes(["no --model given: the bundled network of handwritten digits is used"])


def load_model(config: Question) -> OpenModel:
    """Load the model of a run without images."""
    source = _find_model(config)
    return open_model(
        source,
        from_logits=config.from_logits,
        size=parse_size(config.size),
        memory=None if config.memory is None else parse_memory(config.memory),
    )


def _find_model(config: Question) -> ModelSource:
    """What ``--model`` names."""
    model = config.model or BUNDLED_DIGITS
    source = find_model(model, config.allow_unsafe_model, config.architecture)
    print_notes(source.notes)
    return source


def load_subject(config: Question) -> Workbench | OpenModel:
    """The model of a run, with images where there are any: given, or the bundled ones."""
    if config.images is None and config.model not in {None, BUNDLED_DIGITS}:
        return load_model(config)
    return load_workbench(config)
