"""Options that commands share, and settings made of them."""

import argparse
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from mpsearch.cli.rules import parse_pairs
from mpsearch.core.config import RunConfig
from mpsearch.core.errors import SettingError
from mpsearch.core.memory import parse_memory
from mpsearch.core.trust import SettingsFile, storage_variable

if TYPE_CHECKING:
    from mpsearch.api.model import OpenModel
    from mpsearch.api.workbench import Workbench
    from mpsearch.model.source import ModelSource

Run = Callable[[argparse.Namespace], int]

_DEFAULTS: Final = RunConfig()
# Nobody says this of a network they do not mean to bring.
_OF_A_MODEL: Final = (
    *("images", "preprocess", "resize", "labels", "truth"),
    *("from_logits", "size", "allow_unsafe_model"),
)


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing usage and exiting."""
        raise SettingError(f"{message}; see {self.prog} --help")


def add_command(
    commands: Any, name: str, run: Run, summary: str, details: str = ""
) -> argparse.ArgumentParser:
    """Add one command to the parser; its help is the manual."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {details}".strip(),
        formatter_class=argparse.HelpFormatter,
    )
    parser.set_defaults(run=run)
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    output.add_argument("--quiet", action="store_true", help="no progress on stderr")
    output.add_argument("--debug", action="store_true", help="show tracebacks and library chatter")
    return parser


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the optional study.toml."""
    parser.add_argument(
        "study",
        nargs="?",
        metavar="STUDY.toml",
        help="settings; options given here win over it",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add what names a model."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        metavar="MODEL",
        help="a .keras or .h5 file, keras:NAME for a keras.applications model, or "
        "bundled:digits (default)",
    )
    group.add_argument(
        "--architecture",
        metavar="FILE",
        help="for a model file that holds weights only (as model.save_weights() writes): the .json "
        "of model.to_json(), or a .keras or .h5 file of the same network",
    )
    group.add_argument(
        "--allow-unsafe-model",
        dest="allow_unsafe_model",
        action="store_const",
        const=True,
        help="load a model file although it holds more than standard layers; such a file can run "
        "code of whoever made it",
    )
    group.add_argument(
        "--from-logits",
        dest="from_logits",
        action="store_const",
        const=True,
        help="the model ends in logits",
    )
    group.add_argument(
        "--size", metavar="HxW", help="input size of a model that leaves it open, e.g. 224x224"
    )
    group.add_argument(
        "--memory",
        metavar="BYTES",
        help="memory for images, activations and decoded weights, e.g. 4G (default: half of what "
        "is free); a process takes at most this, 3 times the model's weights, and 1 GiB for "
        "TensorFlow and the rest; each worker, and the process that takes derivatives, is one more",
    )


def add_images(parser: argparse.ArgumentParser) -> None:
    """Add what names images."""
    group = parser.add_argument_group("images")
    group.add_argument(
        "--images",
        metavar="PATH",
        nargs="+",
        help="files, folders, globs, or one .npz with x and maybe y (default for the bundled "
        "model: 60 held-back digits)",
    )
    group.add_argument(
        "--preprocess",
        metavar="MODE",
        help="how pixels 0..255 become inputs: unit (0..1), tf (-1..1), raw (as they are), caffe "
        "(BGR minus ImageNet's means), torch (0..1, then ImageNet's means and deviations), or "
        "SCALE,OFFSET (x*SCALE + OFFSET) (default: what the model's name says)",
    )
    group.add_argument(
        "--resize",
        choices=("squash", "crop"),
        help="squash: to the input size (default); crop: short side to size*256/224, then the "
        "centre",
    )
    group.add_argument("--labels", metavar="FILE", help="class names, one a line")
    group.add_argument(
        "--truth",
        metavar="FILE|y",
        help="true classes, one a line, or y of the .npz; confidence is then theirs instead of "
        "the model's own top-1",
    )


def add_schemes(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the menu."""
    parser.add_argument(
        "--schemes",
        metavar="A,B,...",
        type=comma_list,
        help=f"schemes, or documented, extended, all (default: {default})",
    )


def add_coding(parser: argparse._ActionsContainer) -> None:
    """Add how codes are packed."""
    parser.add_argument(
        "--coding",
        choices=("none", "entropy"),
        help="entropy: code each tensor the shortest lossless way, and count bytes so; takes "
        "longer to unpack (default: none, codes packed back to back)",
    )


def comma_list(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def require_schemes(config: RunConfig) -> None:
    """Refuse an empty menu and unknown schemes before the model is loaded.

    Raises:
        SettingError, SchemeError: Name what is wrong.
    """
    from mpsearch.schemes import menu_of  # noqa: PLC0415 - numpy

    if config.schemes is not None and not config.schemes:
        raise SettingError("--schemes names no scheme; see mpsearch schemes")
    menu_of(config.schemes or ())


def settings(args: argparse.Namespace) -> tuple[RunConfig, Path | None]:
    """The settings of a run, and the folder of its study.toml if one was given.

    Raises:
        SettingError: If an option or the file is wrong, or says what may not be taken from it.
    """
    study = getattr(args, "study", None)
    path = None if study is None else study_file(study)
    file = None if path is None else SettingsFile.read(path)
    names = {field.name for field in fields(RunConfig)}
    given = {key: value for key, value in vars(args).items() if key in names}
    if given.get("images") is not None:
        given["images"] = tuple(given["images"])
    if given.get("lock") is not None:
        given["lock"] = parse_pairs("lock", given["lock"])
    if given.get("forbid") is not None:
        pairs = parse_pairs("forbid", given["forbid"])
        given["forbid"] = {pattern: comma_list(schemes) for pattern, schemes in pairs.items()}
    if given.get("tie") is not None:
        given["tie"] = tuple(given["tie"])
    if "storage" in given and given["storage"] is None:
        given["storage"] = storage_variable()
    if file is None:
        return RunConfig().with_options(given), None
    return file.taken(given.keys(), given), file.path.parent


def study_file(text: str) -> Path:
    """The study.toml that a path names: the file itself, or the one in a study's folder.

    Raises:
        SettingError: If there is none.
    """
    path = Path(text)
    if is_folder(path):
        path = path / "study.toml"
    if not is_file(path):
        raise SettingError(f"study {text!r}: no such file; give a study.toml or a study's folder")
    return path


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; False for what cannot be a path at all."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether a path is a file; False for what cannot be a path at all."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def load_workbench(config: RunConfig, coded: bool = False) -> "Workbench":
    """Load the model and images of a run; bytes are counted as ``--coding`` says if *coded*."""
    if config.resize not in {"squash", "crop"}:
        raise SettingError(f"resize {config.resize!r} is not known; give squash or crop")
    source = _find_model(config)
    from mpsearch.api.workbench import load  # noqa: PLC0415 - the engine
    from mpsearch.coding.coder import parse_coding  # noqa: PLC0415 - numpy

    workbench = load(
        source,
        config.images,
        preprocess=config.preprocess,
        resize="crop" if config.resize == "crop" else "squash",
        labels=config.labels,
        truth=config.truth,
        from_logits=config.from_logits,
        size=parse_size(config.size),
        memory=None if config.memory is None else parse_memory(config.memory),
        coding=parse_coding(config.coding) if coded else "none",
    )
    if any(getattr(config, name) != getattr(_DEFAULTS, name) for name in _OF_A_MODEL):
        note_default_model(config)
    return workbench


def note_default_model(config: RunConfig) -> None:
    """Say that the bundled network is used, where no model was named."""
    from mpsearch.cli.notes import print_notes  # noqa: PLC0415

    if config.model is None:
        print_notes(["no --model given: the bundled network of handwritten digits is used"])


def load_model(config: RunConfig) -> "OpenModel":
    """Load the model of a run without images."""
    source = _find_model(config)
    from mpsearch.api.model import open_model  # noqa: PLC0415 - TensorFlow

    return open_model(
        source,
        from_logits=config.from_logits,
        size=parse_size(config.size),
        memory=None if config.memory is None else parse_memory(config.memory),
    )


def _find_model(config: RunConfig) -> "ModelSource":
    """What ``--model`` names, before anything is imported that takes a second."""
    from mpsearch.cli.notes import print_notes  # noqa: PLC0415
    from mpsearch.model.source import BUNDLED_DIGITS, find_model  # noqa: PLC0415

    model = config.model or BUNDLED_DIGITS
    source = find_model(model, config.allow_unsafe_model, config.architecture)
    print_notes(source.notes)
    return source


def load_subject(config: RunConfig) -> "Workbench | OpenModel":
    """The model of a run, with images where there are any: given, or the bundled ones."""
    from mpsearch.model.source import BUNDLED_DIGITS  # noqa: PLC0415

    if config.images is None and config.model not in {None, BUNDLED_DIGITS}:
        return load_model(config)
    return load_workbench(config)


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Understand ``--size``.

    Raises:
        SettingError: If it is not HEIGHTxWIDTH.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?", text)
    if match is None:
        raise SettingError(f"size {text!r} is not HEIGHTxWIDTH; write for instance 224x224")
    return int(match[1]), int(match[2] or match[1])
