"""Notes on a storage that is damaged but can be read."""

from typing import Final

from optuna.storages import BaseStorage

_WHAT_THEN: Final = "left out; a search measures again what it needs"


def journal_damage(storage: BaseStorage) -> tuple[str, ...]:
    """A sentence about damaged lines, if a storage is a journal that has some."""
    lines = sorted(getattr(storage, "damaged", ()))
    if not lines:
        return ()
    shown = ", ".join(map(str, lines[:3])) + (", …" if len(lines) > 3 else "")
    where = f"at line {shown}" if len(lines) == 1 else f"at lines {shown}"
    return (f"The journal is damaged, or has lost lines, {where}: what they said is {_WHAT_THEN}.",)


def trial_damage(count: int) -> tuple[str, ...]:
    """A sentence about so many trials whose checksums do not fit, or that make no sense."""
    if not count:
        return ()
    subject = "1 measured plan is" if count == 1 else f"{count:,} measured plans are"
    return (f"{subject} damaged in the storage, and {_WHAT_THEN}.",)
