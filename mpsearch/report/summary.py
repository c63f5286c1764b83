"""One screen at the end of a search."""

from pathlib import Path

from mpsearch.search.result import SearchResult
from mpsearch.sensitivity.profile import SensitivityProfile


def search_summary(result: SearchResult, profile: SensitivityProfile, folder: Path) -> str:
    """What was found, what it costs, what was not proved, and what to do next."""
    images = len(profile.images)
    kept = "within" if result.feasible else "OVER"
    all_before = result.original_nbytes + result.other_nbytes
    all_after = result.nbytes + result.other_nbytes
    drop = f"{result.drop_pp:.3f} pp ({result.metric} over {images} image{'s' * (images > 1)})"
    confidence = f"{result.baseline_confidence_pct:.2f} -> {result.confidence_pct:.2f} %"
    screened = result.screening_measurements
    lines = [
        f"weights         {result.original_nbytes:,} -> {result.nbytes:,} bytes",
        f"all parameters  {all_before:,} -> {all_after:,} bytes, {result.ratio:.2f} times smaller",
        f"drop            {drop}, {kept} the budget of {result.budget_pp:g} pp",
        f"confidence      {confidence}; top-1 changed on {result.top1_changes} of {images}",
        f"cost            {result.measurements} plans measured beyond {screened} of the profile",
        "",
        *_layer_table(result, profile),
        "",
        f"compared with   {', '.join(_rungs(result))}",
        "not proved      that no smaller plan exists, nor the drop on other images",
    ]
    if images < 4:
        lines.append(
            f"warning         fitted to {images} image{'s' * (images > 1)}: other images may drop "
            "much more; give 16 or more"
        )
    lines += [
        "",
        f"plan            {folder / 'plan.json'}",
        f"quanti_array    {folder / 'quanti_array.py'}",
        f"next            mpsearch export {folder} --format keras --to exported",
    ]
    return "\n".join(lines) + "\n"


def _layer_table(result: SearchResult, profile: SensitivityProfile) -> list[str]:
    width = max([len(layer.name) for layer in profile.layers] + [5])
    rows = [f"{'':3} {'layer':{width}} {'scheme':14} {'bytes':>12} {'drop alone, pp':>15}"]
    for layer, scheme in zip(profile.layers, result.plan.schemes, strict=True):
        reading = profile.per_layer.get((layer.name, scheme))
        nbytes = layer.original_nbytes if reading is None else reading.nbytes
        drop = "" if reading is None else f"{profile.drop_pp(reading, result.metric):.3f}"
        rows.append(f"{layer.index:3} {layer.name:{width}} {scheme:14} {nbytes:12,} {drop:>15}")
    return rows


def _rungs(result: SearchResult) -> list[str]:
    rungs = []
    for name, rung in result.ladder.items():
        if rung.nbytes is None:
            rungs.append(f"{name}: none keeps the budget")
        else:
            share = 100 * result.nbytes / rung.nbytes
            rungs.append(f"{name} {rung.nbytes:,} bytes (ours is {share:.0f} %)")
    return rungs
