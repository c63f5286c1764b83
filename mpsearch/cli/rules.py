"""Wishes for single layers, on the command line."""

import argparse
from typing import TYPE_CHECKING

from mpsearch.values.errors import SettingError

if TYPE_CHECKING:
    from mpsearch.propose.rules import Rules
    from mpsearch.values.config import RunConfig


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add what locks, forbids and ties layers."""
    group = parser.add_argument_group("layers, by patterns of their names such as 'block1_*'")
    group.add_argument(
        "--lock",
        action="append",
        metavar="PATTERN=SCHEME",
        help="store these layers so; may be repeated, the last that matches counts",
    )
    group.add_argument(
        "--forbid",
        action="append",
        metavar="PATTERN=SCHEME,...",
        help="never store these layers so; may be repeated",
    )
    group.add_argument(
        "--tie",
        action="append",
        metavar="PATTERN",
        help="store these layers alike; may be repeated",
    )


def parse_pairs(option: str, texts: list[str]) -> dict[str, str]:
    """``PATTERN=SCHEME`` texts as a mapping.

    Raises:
        SettingError: Names the text without an equals sign.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        pattern, equals, scheme = text.rpartition("=")
        if not (equals and pattern and scheme):
            raise SettingError(f"--{option} {text!r} is not PATTERN=SCHEME; try '*=fl16'")
        pairs[pattern] = scheme
    return pairs


def rules_of(config: "RunConfig") -> "Rules":
    """The rules of a run.

    Raises:
        SchemeError: If a scheme is unknown.
    """
    from mpsearch.propose.rules import Rules  # noqa: PLC0415 - numpy

    return Rules(dict(config.lock or {}), dict(config.forbid or {}), config.tie or ())
