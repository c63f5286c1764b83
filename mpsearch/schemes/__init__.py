"""What becomes of a weight when it is stored: one family of schemes per file."""

from mpsearch.schemes import families  # noqa: F401 - registers them
from mpsearch.schemes.base import AnyScheme, Scheme
from mpsearch.schemes.menus import ALL, DOCUMENTED, EXTENDED, MENUS, is_long
from mpsearch.schemes.registry import (
    available,
    family_members,
    menu_of,
    parse_scheme,
    register_scheme,
)

__all__ = [
    "ALL",
    "DOCUMENTED",
    "EXTENDED",
    "MENUS",
    "AnyScheme",
    "Scheme",
    "available",
    "family_members",
    "is_long",
    "menu_of",
    "parse_scheme",
    "register_scheme",
]
