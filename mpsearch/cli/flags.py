"""Settings that a message names, written as the command line spells them."""

import re
from dataclasses import fields
from typing import Final

from mpsearch.values.question import Question

#: Names of settings that messages may have in backticks. Each is an option of some command.
SETTINGS: Final = frozenset(
    {field.name for field in fields(Question)}
    | {"force", "format", "out", "port", "quanti_array", "to"}
)
_NAMED: Final = re.compile("`([a-z_]+)`( = )?")


def with_flags(message: str) -> str:
    """A message with options in place of settings.

    Errors and notes from below the command line name a setting in backticks, as a Python user
    gives it. ```budget_on` = unseen`` becomes ``--budget-on unseen``, and ```holdout``` becomes
    ``--holdout``; what is in backticks and no setting stays.
    """
    return _NAMED.sub(_flag, message)


def _flag(match: re.Match[str]) -> str:
    name, has_value = match.groups()
    if name not in SETTINGS:
        return match[0]
    return f"--{name.replace('_', '-')}{' ' if has_value else ''}"
