"""The lines of ``profile --timings``."""

from mpsearch.engine.timings import Timings
from mpsearch.report.timings import timings_text


def test_every_share_is_of_the_total_and_they_add_up_to_it() -> None:
    timings = Timings(12_345, 67, 8, coding=1.0, forward=2.5, total=4.0)
    assert timings_text(timings).splitlines() == [
        "measuring took 4.00 s, of which",
        "  the network's own code            2.50 s  62.5 %",
        "  encoding and decoding             1.00 s  25.0 %",
        "  bookkeeping                       0.50 s  12.5 %",
        "12,345 stage runs (one stage on one image) in 67 calls; 8 outputs were cached",
    ]


def test_nothing_measured_is_no_division_by_zero() -> None:
    assert timings_text(Timings()).startswith("measuring took 0.00 s")
