"""Numbers as people read them."""


def size(nbytes: float) -> str:
    """``812 bytes``, ``63.4 kB``, ``4.94 MB``: three digits, decimal units."""
    if round(nbytes) < 1000:
        return f"{nbytes:.0f} byte{'s' * (round(nbytes) != 1)}"
    for unit in ("kB", "MB", "GB", "TB"):
        nbytes /= 1000
        # What rounds to 1000 of a unit is 1 of the next.
        if nbytes < 999.5 or unit == "TB":
            break
    return f"{nbytes:.{_decimals(nbytes)}f} {unit}"


def round_size(nbytes: float) -> str:
    """A size of round numbers, as axes have them: ``30 kB``, ``0``."""
    return size(nbytes).replace(".00 ", " ").replace(".0 ", " ") if nbytes else "0"


def times(ratio: float) -> str:
    """How many times smaller: ``6.5``, ``32``."""
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def points(pp: float) -> str:
    """Percentage points: ``0.98``, ``12.3``, ``0.004``, ``−1.52``."""
    if abs(pp) < 0.0005:
        return "0"
    digits = 3 if abs(pp) < 0.095 else 2 if abs(pp) < 9.995 else 1
    return f"{pp:.{digits}f}".replace("-", "−")


def count(number: int, what: str) -> str:
    """``1 plan``, ``1,234 plans``."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def _decimals(value: float) -> int:
    return 2 if value < 9.995 else 1 if value < 99.95 else 0
