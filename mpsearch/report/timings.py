"""Where the time of measuring went, as text."""

from mpsearch.engine.timings import Timings


def timings_text(timings: Timings) -> str:
    """A few lines, each with its share of the time.

    Args:
        timings: Times of an engine that has measured something.
    """
    total = max(timings.total, 1e-9)

    def row(what: str, seconds: float) -> str:
        return f"  {what:28} {seconds:9.2f} s {100 * seconds / total:5.1f} %"

    return "\n".join(
        [
            f"measuring took {timings.total:.2f} s, of which",
            row("the network's own code", timings.forward),
            row("encoding and decoding", timings.coding),
            row("bookkeeping", timings.python),
            (
                f"{timings.stage_runs:,} stage runs (one stage on one image) in "
                f"{timings.calls:,} calls; {timings.cache_hits:,} outputs were cached"
            ),
        ]
    )
