"""A study in a sentence, and what can be said of its parts."""

from mpsearch.propose.goal import Goal
from mpsearch.report.metric_words import LOST, promise_words
from mpsearch.report.proof import above_bound_pct, measured_claim
from mpsearch.report.record import StudyRecord
from mpsearch.report.sizes import count, points, size, times
from mpsearch.search.result import SearchResult
from mpsearch.workbench.held_back import FEWEST_IMAGES, ImageSetDrop


def headline(record: StudyRecord) -> str:
    """What came out, in one sentence."""
    if record.result is None:
        return f"The search is not finished: {so_far(record)}"
    result = record.result
    limit = limit_text(record.choosing, result.other_nbytes)
    if result.goal.kind == "front":
        limit = f"{limit} that chose it from the front"
    held = _held(result, record.choosing.budget_pp)
    if not result.feasible:
        return (
            f"No plan was found that is within {limit}: the nearest would shrink {record.model} "
            f"{_from_to(record)} and lose {_loss(record)}{held}."
        )
    lost = f"loses {_loss(record)}, within {limit}{held}"
    return f"{record.model} shrinks {_from_to(record)} and {lost}."


def so_far(record: StudyRecord) -> str:
    """The measurements so far, in one sentence."""
    assert record.trials is not None
    before, after = record.original_nbytes, record.nbytes
    smaller = ""
    if before is not None:
        smaller = f" instead of {size(before)} ({times(before / max(1, after))} times smaller)"
    limit = limit_text(record.choosing, 0)
    within = f"within {limit}" if record.feasible else f"which is not within {limit}"
    measured = count(len(record.trials.trials), "measured plan")
    which = "the best" if record.feasible else "the nearest"
    return (
        f"{which} of {measured} stores the weights of {record.model} "
        f"in {size(after)}{smaller} and loses {_loss(record)}, {within}."
    )


def limit_text(goal: Goal, other_nbytes: int) -> str:
    """``the budget of 1 pp``, ``the size of 2.00 MB``."""
    if goal.max_nbytes is not None:
        return f"the size of {size(goal.max_nbytes + other_nbytes)}"
    assert goal.budget_pp is not None
    return f"the budget of {goal.budget_pp:g} pp"


def drop_with_interval(drop: ImageSetDrop) -> str:
    """``1.70 pp [0.60, 3.10]``; without the interval for very few images."""
    text = f"{points(drop.drop_pp)} pp"
    if drop.images < FEWEST_IMAGES:
        return text
    low, high = drop.interval_pp
    return f"{text} [{points(low)}, {points(high)}]"


def bound_sentences(result: SearchResult) -> list[str]:
    """What the fitted model holds possible, and why that is no proof; empty if it says nothing."""
    judged, above = result.assessment, above_bound_pct(result)
    if judged is None or above is None:
        return []
    bound = (
        "If the model fitted to the measurements were right, no plan of this menu within the "
        f"budget would have fewer than {judged.bound_nbytes:,} bytes of weights; the plan is "
        f"{above:.1f} % above that."
    )
    caveat = (
        "This is no proof: the model is linear in each layer around the plan, and the network is "
        "not."
    )
    sentences = [bound, caveat]
    if judged.r2 is not None and judged.misranked is not None:
        sentences.append(
            f"On {judged.plans} measured plans near the limit, each predicted without itself, it "
            f"explains {100 * max(0.0, judged.r2):.1f} % of the variance of the drop and puts "
            f"{100 * judged.misranked:.1f} % of the pairs in the wrong order."
        )
    return sentences


def proved_sentences(result: SearchResult) -> list[str]:
    """Sentences on what the measurements prove, and on what they do not."""
    sentences = []
    claim = measured_claim(result)
    if claim is not None:
        sentences.append(f"{claim[0].upper()}{claim[1:]}.")
    if result.dominated:
        sentences.append(
            f"{count(result.dominated, 'choice')} of layers were left off the menu, because "
            "another has no more bytes and less than half of their error of the weights."
        )
    open_ = "" if result.proved_optimal else "that no better plan exists, nor "
    other = "what the drop is on images that were not given"
    if result.promise is not None:
        other = "what the drop is on images of another kind"
    sentences.append(f"Not proved is {open_}{other}.")
    if result.stopped != "done":
        sentences.append(
            f"The search was ended by its limit ({result.stopped}): better plans may exist."
        )
    return sentences


def effort(result: SearchResult) -> str:
    """The cost of the search: measurements and time."""
    parts = [f"{count(result.measurements, 'plan')} measured"]
    if result.gradient_passes:
        parts.append(f"{count(result.gradient_passes, 'backward pass').replace('passs', 'passes')}")
    if result.single_changes:
        parts.append(f"{count(result.single_changes, 'single change')} in place of gradients")
    if result.screening_measurements:
        parts.append(
            f"{count(result.screening_measurements, 'single layer')} known from the profile"
        )
    return f"{', '.join(parts)}, {result.seconds:.1f} s in the last run"


def _from_to(record: StudyRecord) -> str:
    assert record.result is not None
    before = record.result.original_nbytes + record.result.other_nbytes
    after = record.result.nbytes + record.result.other_nbytes
    return f"from {size(before)} to {size(after)} ({times(record.result.ratio)} times smaller)"


def _loss(record: StudyRecord) -> str:
    lost = LOST[record.goal.metric]
    where = "" if not record.speaks_of_unseen else " on images that no step has seen"
    if abs(record.drop_pp) < 0.0005:
        return f"nothing {lost}{where}"
    return f"{points(record.drop_pp)} pp {lost}{where}"


def _held(result: SearchResult, budget_pp: float | None) -> str:
    verify = result.verify
    if verify is None:
        return "; no images were held back"
    where = f"on {count(verify.images, 'held-back image')}"
    if result.promise is not None:
        promised = promise_words(result.promise, verify, result.goal.metric)
        return f"; {where} {points(verify.drop_pp)} pp, {promised}"
    if budget_pp is not None and verify.drop_pp > budget_pp:
        return f"; {where} it breaks the budget: {drop_with_interval(verify)}"
    return f"; {where} {drop_with_interval(verify)}"
