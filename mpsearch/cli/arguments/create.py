"""``mpsearch create``."""

from typing import Any

from mpsearch.cli.arguments.shared import add_command, add_model


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "create",
        "write one .npy file per kernel and bias",
        "The original program's folders, MODEL/SCHEME/LAYER_kernel.npy and LAYER_bias.npy; for "
        "bitwiseAnd also model.json and the weights.",
    )
    parser.add_argument(
        "families",
        nargs="+",
        metavar="FAMILY",
        help="bitwiseAnd (all its masks), fl16, fix8, prun_T, or any scheme",
    )
    parser.add_argument("--out", metavar="DIR", default=".", help="where to write (default: here)")
    add_model(parser)
