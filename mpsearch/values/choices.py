"""What may be chosen by name: one list per setting."""

from collections.abc import Sequence
from typing import Final, Literal, TypeVar, get_args

from mpsearch.values.errors import SettingError

#: How the drops of images become one number.
Metric = Literal["mean", "net", "max", "p95", "agreement", "accuracy"]
METRICS: Final[tuple[Metric, ...]] = get_args(Metric)
#: How plans are proposed.
Sampler = Literal["surrogate", "tpe", "nsga2", "random", "brute"]
SAMPLERS: Final[tuple[Sampler, ...]] = get_args(Sampler)
#: What a search can be compared with.
Rival = Literal["greedy", "random", "tpe", "nsga2"]
RIVALS: Final[tuple[Rival, ...]] = get_args(Rival)
#: How codes are packed: back to back, or each stream by the shortest of three codes.
Coding = Literal["none", "entropy"]
CODINGS: Final[tuple[Coding, ...]] = get_args(Coding)
#: How a picture gets the model's input size.
Resize = Literal["squash", "crop"]
RESIZES: Final[tuple[Resize, ...]] = get_args(Resize)
#: On which images the budget is kept.
BudgetOn = Literal["search", "verify"]
BUDGETS_ON: Final[tuple[BudgetOn, ...]] = get_args(BudgetOn)

Name = TypeVar("Name", bound=str)


def one_of(text: str, names: Sequence[Name], complaint: str) -> Name:
    """The one of *names* that *text* is.

    Args:
        text: The value given.
        names: The values allowed.
        complaint: Beginning of the error if *text* is none of them.

    Raises:
        SettingError: The complaint, and what to choose from.
    """
    for name in names:
        if name == text:
            return name
    raise SettingError(f"{complaint}; choose from {', '.join(names)}")


def parse_metric(text: str) -> Metric:
    """The metric called *text*.

    Raises:
        SettingError: If there is none.
    """
    return one_of(text, METRICS, f"unknown metric {text!r}")


def parse_coding(text: str) -> Coding:
    """The way to pack codes called *text*.

    Raises:
        SettingError: If there is none.
    """
    return one_of(text, CODINGS, f"unknown coding {text!r}")
