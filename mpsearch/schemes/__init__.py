"""What becomes of a weight when it is stored: one family of schemes per file."""

from mpsearch.schemes.base import Scheme
from mpsearch.schemes.registry import (
    DOCUMENTED,
    available,
    family_members,
    parse_scheme,
    register_scheme,
)

__all__ = [
    "DOCUMENTED",
    "Scheme",
    "available",
    "family_members",
    "parse_scheme",
    "register_scheme",
]
