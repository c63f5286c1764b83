"""What a metric is called where its number stands."""

from typing import Final

from mpsearch.propose.path.upper_bound import share_covered
from mpsearch.search.result import Promise
from mpsearch.values.choices import Metric
from mpsearch.workbench.held_back import ImageSetDrop

#: Metric → name of its number.
METRIC_WORDS: Final[dict[Metric, str]] = {
    "mean": "mean fall",
    "net": "net fall",
    "max": "fall of the worst image",
    "p95": "95th percentile of falls",
    "agreement": "answers changed",
    "accuracy": "accuracy lost",
}
#: Metric → what is lost, in a sentence after a number of percentage points.
LOST: Final[dict[Metric, str]] = {
    "mean": "of confidence (mean fall)",
    "net": "of confidence (net)",
    "max": "of confidence on the worst image",
    "p95": "of confidence at the 95th percentile of the images",
    "agreement": "of its answers (agreement)",
    "accuracy": "of accuracy",
}


def beside(drop: ImageSetDrop, metric: Metric) -> list[str]:
    """What else happened to the images, beside the metric's own number, in a few words each."""
    words = []
    if metric != "net":
        words.append(f"net fall {drop.signed_pp:.2f} pp")
    if drop.accuracy_pct is not None:
        before, after = drop.accuracy_pct
        words.append(f"accuracy {before:.1f} -> {after:.1f} %")
    words.append(f"top-1 changed on {drop.top1_changes} of {drop.images}")
    if drop.images > 1:
        words.append(f"worst {drop.worst_image} {drop.worst_pp:.2f} pp")
    return words


def promise_words(promise: Promise, drop: ImageSetDrop, metric: Metric) -> str:
    """``at most 0.978 pp, 90 % sure``.

    Args:
        promise: What is promised of unseen images.
        drop: The plan on the images held back.
        metric: Of the worst image nothing can be promised, but of nearly all images.
    """
    sure = f"{100 * promise.sure:g} % sure"
    if metric == "max":
        share = 100 * share_covered(drop.images, promise.sure)
        return f"of {share:.0f} % of all images at most {promise.bound_pp:.3f} pp, {sure}"
    return f"at most {promise.bound_pp:.3f} pp, {sure}"
