"""What a search has proved of its plan: one rule for the screen and the page."""

from mpsearch.search.result import SearchResult


def measured_claim(result: SearchResult) -> str | None:
    """What was measured to be so, as half a sentence; None if nothing was."""
    if result.proved_optimal:
        return "no plan of this menu is better on these images: all were measured"
    if result.one_change_optimal:
        return "no single change of a layer improves the plan: all that could were measured"
    return None


def above_bound_pct(result: SearchResult) -> float | None:
    """By how many percent the plan is larger than the fitted model's least; None without one."""
    judged = result.assessment
    if judged is None or judged.bound_nbytes is None:
        return None
    return 100 * max(0.0, result.nbytes / max(1, judged.bound_nbytes) - 1)
