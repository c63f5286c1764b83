"""``mpsearch export``."""

from typing import Any

from mpsearch.cli.arguments.shared import add_coding, add_command, add_images, add_model


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "export",
        "write a plan in formats other programs take",
        "quanti_array: a Python list; json: plan.json; npy: the original program's folders; keras: "
        "a .keras model that holds the decoded weights and loads anywhere; packed: the small file, "
        ".mpq, exactly the size the search reported; litert: "
        "a LiteRT model with float16, int8 or float32 weights per layer, its own drop measured on "
        "--images.",
    )
    parser.add_argument(
        "plan", metavar="PLAN|STUDY", help="a plan.json, a quanti_array file, or a study's folder"
    )
    parser.add_argument(
        "--format",
        nargs="+",
        metavar="F",
        default=["quanti_array"],
        help="quanti_array, json, npy, keras, packed, litert (default: quanti_array)",
    )
    parser.add_argument("--to", metavar="DIR", default=".", help="where to write (default: here)")
    parser.add_argument("--force", action="store_true", help="accept a plan made for another model")
    add_coding(parser)
    add_model(parser)
    add_images(parser)
