"""Lists of schemes that a search may choose from."""

from collections.abc import Mapping, Sequence
from typing import Final

from mpsearch.schemes.bitwise_and import DEFAULTS
from mpsearch.schemes.dynamic_fixed import WIDTHS as FIXED
from mpsearch.schemes.int_channel import WIDTHS as INTEGERS
from mpsearch.schemes.k_means import WIDTHS as CODEBOOKS
from mpsearch.schemes.small_float import FORMATS

#: The original program's, and what a search takes unless told.
DOCUMENTED: Final = ("original", *(f"bitwiseAnd_{k}" for k in DEFAULTS), "fl16", "fix8")

#: With schemes that fit a few numbers to a tensor, or restore the middle of what was cut off.
EXTENDED: Final = (
    *DOCUMENTED,
    *(f"bitwiseMid_{k}" for k in DEFAULTS if k >= 16),
    "fix8m",
    "bf16",
    *(f"dfix{width}" for width in FIXED),
    *(f"int{width}c" for width in INTEGERS),
    *FORMATS,
    *(f"km{width}" for width in CODEBOOKS),
)

#: With pruning before integers.
ALL: Final = (
    *EXTENDED,
    *(f"prun{percent}_int{width}c" for percent in (20, 35, 50) for width in (4, 5, 6)),
)

_LONG: Final = 16  # schemes of a layer; up to here a search tries all of them

MENUS: Final[Mapping[str, tuple[str, ...]]] = {
    "documented": DOCUMENTED,
    "extended": EXTENDED,
    "all": ALL,
}


def is_long(schemes: Sequence[str]) -> bool:
    """Whether a menu of these schemes may be made shorter by comparing their errors."""
    return len(schemes) > _LONG
