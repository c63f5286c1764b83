"""A forecast of a search as text."""

from mpsearch.search.forecast import Forecast


def forecast_text(expected: Forecast) -> str:
    """A table of bytes, layers by schemes, and the expected cost."""
    schemes = list(dict.fromkeys(scheme for sizes in expected.nbytes for scheme in sizes))
    name = max([len(layer) for layer in expected.layers] + [5])
    widths = [max(len(scheme), 11) for scheme in schemes]
    head = " ".join(f"{scheme:>{width}}" for scheme, width in zip(schemes, widths, strict=True))
    lines = [f"{'layer':{name}} {head}"]
    for layer, sizes in zip(expected.layers, expected.nbytes, strict=True):
        cells = (f"{sizes[s]:,}" if s in sizes else "-" for s in schemes)
        row = " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        lines.append(f"{layer:{name}} {row}")
    least = sum(min(sizes.values()) for sizes in expected.nbytes)
    most = sum(max(sizes.values()) for sizes in expected.nbytes)
    per_plan = 1000 * expected.seconds_per_plan
    lines += [
        "",
        (
            f"plans           {expected.plans:.3g}, of {least:,} to {most:,} bytes; other "
            f"parameters {expected.other_nbytes:,} bytes"
        ),
        f"images          {expected.images} to search on, {expected.held} held back",
        (
            f"measurements    {expected.measurements} at most, typically up to "
            f"{expected.typical_measurements}"
        ),
        (
            f"time            about {_clock(expected.seconds)} at most: {per_plan:,.0f} ms a plan, "
            f"{expected.seconds_of_screening:.1f} s of screening"
        ),
    ]
    return "\n".join(lines) + "\n"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
