"""Work of a profile: all of it, once, and more for layers further up."""

from mpsearch.sensitivity.plans import cumulative_plan, per_layer_plan
from mpsearch.sensitivity.suffix_work import SuffixWork
from mpsearch.values.plan import Plan

NAMES = tuple(f"layer{i}" for i in range(8))


def test_all_work_is_done_in_the_end_and_upper_layers_are_more_of_it() -> None:
    plans = [per_layer_plan(NAMES, name, "fl16") for name in NAMES]
    plans += [cumulative_plan(NAMES, "fl16", i, frozenset()) for i in range(1, 8)]
    plans.append(Plan.uniform(NAMES, "original"))
    work = SuffixWork(plans)
    total, parts = work.now.left, []
    for plan in plans:
        before = work.now.done
        work.finish(plan)
        parts.append(work.now.done - before)
        assert work.now.done + work.now.left == total
    assert work.now.left == 0
    assert parts[:8] == sorted(parts[:8], reverse=True)
    assert parts[8:15] == parts[1:8]  # what precedes the last change is known
