"""Names to schemes.

Adding one in your own code::

    @register_scheme("half")
    def half(argument: str) -> Half:
        return Half()          # a subclass of mpsearch.Scheme, such as Scheme[Codes]

``parse_scheme("half_3")`` then calls ``half("3")``. A package adds schemes to every run of the
command by naming such a factory under the entry-point group ``mpsearch.schemes``; the entry
point's name is the family.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Final

from mpsearch.schemes.base import AnyScheme
from mpsearch.schemes.bitwise_and import DEFAULTS
from mpsearch.schemes.menus import EXTENDED, MENUS
from mpsearch.values.errors import SchemeError

Factory = Callable[[str], AnyScheme]

_ENTRY_POINTS: Final = "mpsearch.schemes"
_FAMILY_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")

_factories: dict[str, Factory] = {}
_forms: dict[str, str] = {}
_plugins_loaded = False


def register_scheme(family: str, *, form: str | None = None) -> Callable[[Factory], Factory]:
    """Make a family of schemes known under *family*.

    Args:
        family: Letters and digits; the part of a scheme's name before ``_``.
        form: How to write a name of the family, for messages; ``family_…`` parameters in it.

    Returns:
        A decorator for a factory that takes the text after ``_`` ('' if there is none).

    Raises:
        SchemeError: If the name is taken or not letters and digits.
    """
    if not _FAMILY_NAME.fullmatch(family):
        raise SchemeError(f"{family!r} cannot name a scheme family; use letters and digits")
    if family in _factories:
        raise SchemeError(f"the scheme family {family!r} exists already; choose another name")

    def add(factory: Factory) -> Factory:
        _factories[family] = factory
        _forms[family] = form or family
        return factory

    return add


def available() -> tuple[str, ...]:
    """One name for each known form, for instance ``bitwiseAnd_k``."""
    _load_plugins()
    return tuple(dict.fromkeys(_forms.values()))


def family_members(family: str) -> tuple[str, ...]:
    """The scheme names that a bare family name stands for in ``mpsearch create``.

    Raises:
        SchemeError: If the family is unknown.
    """
    if family == "bitwiseAnd":
        return tuple(f"{family}_{k}" for k in DEFAULTS)
    return (parse_scheme(family).name,)


def parse_scheme(name: str) -> AnyScheme:
    """Return the scheme called *name*.

    Raises:
        SchemeError: Names the text that was given, the nearest known form and every known form,
            or says which parameter is out of range.
    """
    _load_plugins()
    family, underscore, argument = name.partition("_")
    if family not in _factories or (underscore and not argument and "_" not in _forms[family]):
        forms = [*available(), *EXTENDED]
        near = difflib.get_close_matches(name, forms, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise SchemeError(f"unknown scheme {name!r}.{hint} Known forms: {', '.join(available())}")
    return _factories[family](argument)


def menu_of(names: Sequence[str]) -> tuple[str, ...]:
    """Scheme names as schemes call themselves, each once.

    Args:
        names: Schemes, or ``documented``, ``extended``, ``all`` for the schemes of these menus.

    Raises:
        SchemeError: If a name is unknown.
    """
    schemes: list[str] = []
    for name in names:
        near = [] if name in MENUS else difflib.get_close_matches(name, MENUS, n=1, cutoff=0.75)
        if near:
            raise SchemeError(
                f"unknown scheme {name!r}. Did you mean the menu {near[0]!r}? Menus are "
                f"{', '.join(MENUS)}; mpsearch schemes lists what is on them"
            )
        schemes += [parse_scheme(scheme).name for scheme in MENUS.get(name, (name,))]
    return tuple(dict.fromkeys(schemes))


def _load_plugins() -> None:
    """Register what other packages offer; once, and not while this module is imported."""
    global _plugins_loaded  # noqa: PLW0603 - a registry is one per process by nature
    if _plugins_loaded:
        return
    for entry in entry_points(group=_ENTRY_POINTS):
        if entry.name in _factories:
            continue
        try:
            register_scheme(entry.name)(entry.load())
        except Exception as error:
            raise SchemeError(
                f"the scheme family {entry.name!r} of another package cannot be loaded "
                f"({type(error).__name__}: {error}); update or uninstall {entry.value!r}"
            ) from error
    _plugins_loaded = True
