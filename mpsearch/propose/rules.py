"""Per-layer constraints: locked to a scheme, forbidden schemes, tied to one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mpsearch.schemes import parse_scheme
from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question


@dataclass(frozen=True, slots=True)
class Rules:
    """Constraints by patterns of layer names, as the shell's: ``*``, ``?``, ``[…]``.

    Attributes:
        lock: Pattern → the one scheme its layers get; of several patterns the last counts.
        forbid: Pattern → schemes its layers may not have.
        tie: Patterns; the layers of each get the same scheme.
    """

    lock: Mapping[str, str] = field(default_factory=dict)
    forbid: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tie: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = {pattern: parse_scheme(scheme).name for pattern, scheme in self.lock.items()}
        object.__setattr__(self, "lock", names)
        object.__setattr__(
            self,
            "forbid",
            {p: tuple(parse_scheme(s).name for s in every) for p, every in self.forbid.items()},
        )

    @classmethod
    def of(cls, question: Question) -> "Rules":
        """The rules of a question.

        Raises:
            SchemeError: If a scheme is unknown.
        """
        return cls(dict(question.lock or {}), dict(question.forbid or {}), question.tie or ())

    def require_matches(self, layers: Sequence[str]) -> None:
        """Check that every pattern speaks of a layer.

        Raises:
            SettingError: Names the pattern that does not.
        """
        for kind, patterns in (("lock", self.lock), ("forbid", self.forbid), ("tie", self.tie)):
            for pattern in patterns:
                if not any(fnmatchcase(layer, pattern) for layer in layers):
                    raise SettingError(
                        f"{kind} {pattern!r} matches no weight layer; the first are "
                        f"{', '.join(layers[:4])}"
                    )

    def locked(self, layer: str) -> str | None:
        """The scheme a layer is locked to, or None."""
        schemes = [scheme for pattern, scheme in self.lock.items() if fnmatchcase(layer, pattern)]
        return schemes[-1] if schemes else None

    def allowed(self, layer: str, schemes: Sequence[str]) -> tuple[str, ...]:
        """Those of *schemes* that a layer may have; a lock beats everything."""
        locked = self.locked(layer)
        if locked is not None:
            return (locked,)
        banned = {
            scheme
            for pattern, every in self.forbid.items()
            if fnmatchcase(layer, pattern)
            for scheme in every
        }
        return tuple(scheme for scheme in schemes if scheme not in banned)

    def tied(self, layers: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """Positions of layers that share a variable, each group in order, groups by their first.

        Groups that have a layer in common become one.
        """
        group_of = list(range(len(layers)))
        for pattern in self.tie:
            matching = {group_of[i] for i, name in enumerate(layers) if fnmatchcase(name, pattern)}
            if matching:
                first = min(matching)
                group_of = [first if group in matching else group for group in group_of]
        return tuple(
            tuple(i for i, group in enumerate(group_of) if group == first)
            for first in sorted(set(group_of))
        )
