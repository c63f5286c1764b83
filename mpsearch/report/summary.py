"""One screen at the end of a search."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mpsearch.report.metric_words import METRIC_WORDS, beside, promise_words
from mpsearch.report.proof import above_bound_pct, measured_claim
from mpsearch.search.ladder import COMMON
from mpsearch.search.result import LayerRow, SearchResult
from mpsearch.workbench.held_back import FEWEST_IMAGES, ImageSetDrop

_UNSURE_PCT: Final = 60.0  # baseline confidence below which a plan's luck depends on the image


def search_summary(result: SearchResult, images: Sequence[str], folder: Path) -> str:
    """The plan, its cost, what is proved about it and what is not, and the next command.

    Args:
        result: Result of the search.
        images: Names of all images given.
        folder: The study's folder.
    """
    all_before = result.original_nbytes + result.other_nbytes
    all_after = result.nbytes + result.other_nbytes
    lines = [
        *_budget_on(result),
        f"weights         {result.original_nbytes:,} -> {result.nbytes:,} bytes",
        f"all parameters  {all_before:,} -> {all_after:,} bytes, {result.ratio:.2f} times smaller",
    ]
    sets = [("searched on", result.search), ("held back", result.verify)]
    for name, drop in sets if result.promise is None else reversed(sets):
        if drop is not None:
            lines += _drop_lines(name, drop, result)
    lines += [
        f"cost            {_cost(result)}",
        "",
        *_layer_table(result.layers),
        "",
        *_rungs(result),
        *_front(result),
        *_knowledge(result),
        *(f"warning         {text}" for text in search_warnings(result, len(images))),
        "",
        f"plan            {folder / 'plan.json'}",
        f"quanti_array    {folder / 'quanti_array.py'}",
        f"next            mpsearch export {folder} --format packed keras --to exported",
    ]
    if result.stopped != "done":
        lines.append(f"                the same command with more `{result.stopped}` goes on")
    return "\n".join(lines) + "\n"


def _budget_on(result: SearchResult) -> list[str]:
    """The images that the budget speaks of."""
    head = "judged on" if result.goal.kind == "max_bytes" else "budget on"
    if result.promise is None or result.verify is None:
        images = result.search.images
        which = "the image given" if images == 1 else f"the {images} images searched on"
        return [f"{head:15} {which}: other images may drop more"]
    held = result.verify.images
    return [f"{head:15} unseen images: {held} that no step has seen were held back to test it"]


def _drop_lines(name: str, drop: ImageSetDrop, result: SearchResult) -> list[str]:
    many = "s" * (drop.images > 1)
    metric = result.goal.metric
    text = f"{METRIC_WORDS[metric]} {drop.drop_pp:.3f} pp on {drop.images} image{many}"
    is_judged = drop is result.judged
    if is_judged and result.promise is not None:
        text += f"; {promise_words(result.promise, drop, metric)} ({result.promise.bound})"
    elif drop.images >= FEWEST_IMAGES:
        low, high = drop.interval_pp
        text += f"; 95 % interval {low:.2f} to {high:.2f}"
    words = beside(drop, metric)
    if is_judged:
        text += _limit(result)
        confidence = f"{result.baseline_confidence_pct:.2f} -> {result.confidence_pct:.2f} %"
        words.insert(0, f"confidence {confidence}")
    return [f"{name:15} {text}", f"{'':15} {'; '.join(words)}"]


def _limit(result: SearchResult) -> str:
    goal = result.goal
    kept = "within" if result.feasible else "OVER"
    if goal.budget_pp is not None:
        return f", {kept} the budget of {goal.budget_pp:g} pp"
    if goal.max_nbytes is not None:
        return f", {kept} the size of {goal.max_nbytes + result.other_nbytes:,} bytes"
    return ""


def _cost(result: SearchResult) -> str:
    parts = [f"{result.measurements} plans measured"]
    if result.gradient_passes:
        parts.append(f"{result.gradient_passes} backward passes of one image")
    if result.single_changes:
        parts.append(f"{result.single_changes} single changes measured in place of gradients")
    if result.screening_measurements:
        parts.append(f"{result.screening_measurements} layers known from the profile")
    return f"{', '.join(parts)}; {result.seconds:.1f} s in this run"


def _layer_table(rows: Sequence[LayerRow]) -> list[str]:
    width = max([len(row.layer) for row in rows] + [5])
    kinds = [row.scheme for row in rows] + [row.cheaper or "" for row in rows]
    scheme = max([len(kind) for kind in kinds] + [12])
    total = sum(row.drop_pp or 0.0 for row in rows)
    lines = [
        (
            f"{'':3} {'layer':{width}} {'scheme':{scheme}} {'bytes':>11} {'of drop':>8}  "
            f"{'next cheaper':{scheme}} {'saves':>10} {'drop then':>11}"
        )
    ]
    for index, row in enumerate(rows):
        share = f"{100 * (row.drop_pp or 0.0) / total:.0f} %" if total > 0 else "-"
        then = ""
        if row.cheaper is not None and row.cheaper_drop_pp is not None:
            then = f"{'' if row.cheaper_measured else '~'}{row.cheaper_drop_pp:.2f} pp"
        saves = f"{row.saved:,}" if row.cheaper is not None else ""
        lines.append(
            f"{index:3} {row.layer:{width}} {row.scheme:{scheme}} {row.nbytes:11,} {share:>8}  "
            f"{row.cheaper or '-':{scheme}} {saves:>10} {then:>11}".rstrip()
        )
    if any(row.cheaper_drop_pp is not None and not row.cheaper_measured for row in rows):
        lines.append("    ~ predicted by the model, the others measured; on the images searched on")
    return lines


def _rungs(result: SearchResult) -> list[str]:
    lines = []
    for i, (name, rung) in enumerate(result.ladder.items()):
        head = "compared with" if not i else ""
        if name not in {"original", "uniform"} and not rung.measurements:
            lines.append(f"{head:15} {name:9} was not run: no time left")
            continue
        if rung.nbytes is None:
            said = "none keeps the limit" if rung.measurements else "not measured"
            lines.append(f"{head:15} {name:9} {said}")
            continue
        over = "" if rung.feasible else " (OVER the limit)"
        share = 100 * result.nbytes / max(1, rung.nbytes)
        drop = "" if rung.drop_pp is None else f", {rung.drop_pp:.2f} pp"
        after = f" after {rung.measurements} measurements" if rung.measurements else ""
        lines.append(
            f"{head:15} {name:9} {rung.nbytes:,} bytes{drop}{over}{after} (ours is {share:.0f} %)"
        )
    return lines + uniform_is_as_good(result)


def uniform_is_as_good(result: SearchResult) -> list[str]:
    """A line where one scheme for all layers is as small as the plan; else none."""
    rungs = [
        (name, rung)
        for name, rung in result.ladder.items()
        if name in {"uniform", COMMON} and rung.feasible and rung.nbytes is not None
    ]
    if result.goal.kind == "max_bytes":  # within the size the drop decides
        rungs = [(name, rung) for name, rung in rungs if (rung.drop_pp or 0.0) <= result.drop_pp]
    smaller = [name for name, rung in rungs if (rung.nbytes or 0) <= result.nbytes]
    is_unchanged = set(result.plan.schemes) == {"original"}
    if not result.feasible or is_unchanged or not smaller or result.goal.kind == "front":
        return []
    if smaller[0] == "uniform":
        return [f"{'':15} the best uniform plan is as good: it is no larger"]
    alone = f"{smaller[0]} on all layers is no larger and keeps the limit"
    return [f"{'':15} {alone}: add {smaller[0]} to `schemes`"]


def _front(result: SearchResult) -> list[str]:
    if result.goal.kind != "front":
        return []
    lines = ["", f"{'bytes':>15} {'drop, pp':>10}   plans no other beats"]
    shown = [p for p in result.front if p.drop_pp <= 100]
    step = max(1, len(shown) // 20)
    chosen = [*shown[:-1:step], *shown[-1:]]
    if result.promise is not None:
        lines[-1] = (
            f"{'bytes':>15} {'drop, pp':>10} {'at most':>10}   from the smallest to the gentlest"
        )
    for p in chosen:
        bound = "" if result.promise is None else f" {p.bound_pp:10.3f}"
        lines.append(f"{p.nbytes:15,} {p.drop_pp:10.3f}{bound}")
    return [*lines, ""]


def _knowledge(result: SearchResult) -> list[str]:
    open_ = [] if result.proved_optimal else ["that no better plan exists"]
    judged, above = result.assessment, above_bound_pct(result)
    claim = measured_claim(result)
    lines = [] if claim is None else [f"measured        {claim}"]
    if result.dominated:
        beaten = f"{result.dominated:,} schemes of layers: others beat them in bytes and error"
        lines.append(f"not tried       {beaten}")
    other = "the drop on other images" if result.promise is None else "images of another kind"
    lines.append(f"not proved      {', '.join([*open_, other])}")
    if judged is not None and above is not None:
        error = ""
        if judged.r2 is not None and judged.misranked is not None:
            error = (
                f"; on {judged.plans} measured plans it explains {100 * max(0.0, judged.r2):.0f} % "
                f"of the drop and ranks {100 * judged.misranked:.0f} % of pairs wrongly"
            )
        lines.append(
            f"the model says  at least {judged.bound_nbytes:,} bytes, the plan is "
            f"{above:.1f} % above{error}"
        )
    return lines


def search_warnings(result: SearchResult, images: int) -> list[str]:
    """Reasons to mistrust the result.

    Args:
        result: Result of the search.
        images: How many were given.
    """
    reasons = []
    promise = result.promise
    if promise is not None and promise.images_needed is not None:
        reasons.append(
            f"{images} images cannot show a drop of {result.budget_pp:g} pp by this metric; give "
            f"{promise.images_needed:,} or more, or a larger budget"
        )
    if promise is not None:
        pass
    elif result.verify is None:
        if images < FEWEST_IMAGES:
            many = "s" * (images > 1)
            reasons.append(
                f"fitted to {images} image{many}: other images may drop much more; give 16 or more"
            )
        else:
            reasons.append("no images held back: generalization is untested; see `holdout`")
    elif result.budget_pp is not None and result.verify.drop_pp > result.budget_pp:
        reasons.append(
            f"over-fitted: held-back images drop {result.verify.drop_pp:.2f} pp, more than the "
            "budget; give 32 images or more, with `budget_on` = unseen"
        )
    if result.baseline_confidence_pct < _UNSURE_PCT:
        reasons.append(
            f"the model is unsure of these images ({result.baseline_confidence_pct:.0f} % on "
            "average): which plan is best depends on them more than on the model"
        )
    return reasons
