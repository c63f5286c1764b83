"""Arguments that commands share."""

import argparse
from typing import Any, NoReturn

from mpsearch.trust import STORAGE_VARIABLE
from mpsearch.values.choices import CODINGS, METRICS, RESIZES
from mpsearch.values.errors import SettingError


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing usage and exiting."""
        raise SettingError(f"{message}; see {self.prog} --help")


def add_command(
    commands: Any, name: str, summary: str, details: str = ""
) -> argparse.ArgumentParser:
    """Add one command to the parser; its help is the manual."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {details}".strip(),
        formatter_class=argparse.HelpFormatter,
    )
    parser.set_defaults(command=name)
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
        "its author's code",
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
        choices=RESIZES,
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
        choices=CODINGS,
        help="entropy: code each tensor the shortest lossless way, and count bytes so; takes "
        "longer to unpack (default: none, codes packed back to back)",
    )


def comma_list(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def add_storage(parser: argparse.ArgumentParser) -> None:
    """Add where the trials of a study are."""
    parser.add_argument(
        "--storage",
        metavar="URL",
        help=f"where its trials are (default: what {STORAGE_VARIABLE} or its study.toml says, or "
        "study.db in the folder)",
    )


def add_metric(parser: argparse._ActionsContainer) -> None:
    """Add how the losses of images become one number."""
    parser.add_argument(
        "--metric",
        choices=METRICS,
        help="what the drop is: mean fall of confidence, net fall, the worst image (max), the 95th "
        "percentile (p95), share of answers that change (agreement), accuracy lost (needs --truth) "
        "(default: mean)",
    )
