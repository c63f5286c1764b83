"""How long work will still take."""

from bisect import bisect_left

from mpsearch.values.progress import Work


class Pace:
    """Time left, by the pace of the later half of what was done.

    The first steps pay for what is made once (compiled stages, screenings), and steps may become
    slower or faster as work goes on.

    Args:
        begun: When work began, seconds.
    """

    def __init__(self, begun: float) -> None:
        self._times = [begun]
        self._done = [0.0]

    def left(self, now: float, work: Work) -> float | None:
        """Seconds that *work* will still take; its limit, if any, before anything is done.

        Args:
            now: Present time in seconds, never less than before.
            work: Work so far; its *done* is never less than before.
        """
        if work.done <= 0:
            return work.seconds
        if work.done > self._done[-1]:
            self._times.append(now)
            self._done.append(work.done)
        half = min(bisect_left(self._done, work.done / 2), len(self._done) - 2)
        took = self._times[-1] - self._times[half]
        left = work.left * took / (self._done[-1] - self._done[half])
        return left if work.seconds is None else max(0.0, min(left, work.seconds))
