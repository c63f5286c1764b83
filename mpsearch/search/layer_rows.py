"""A plan, layer by layer: what each layer costs, and what the next cheaper choice would."""

from collections.abc import Callable

from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Choice, Menu
from mpsearch.search.result import LayerRow

# Expected drops of some choices, percentage points.
ExpectedDrops = Callable[[list[Choice]], list[float]]


def layer_rows(
    menu: Menu, history: History, chosen: Tried, expected: ExpectedDrops | None
) -> tuple[LayerRow, ...]:
    """One row per layer; tied layers share the numbers of their variable.

    Args:
        menu: The choices.
        history: All plans measured.
        chosen: The plan.
        expected: What the model predicts of plans that were not measured; None without a model of
            the study's metric.
    """
    choice = menu.choice(chosen.plan)
    assert choice is not None
    gentlest: list[Choice] = []
    cheaper: list[int | None] = []
    for variable, (schemes, sizes) in enumerate(zip(menu.schemes, menu.nbytes, strict=True)):
        option = choice[variable]
        mildest = schemes.index("original") if "original" in schemes else int(sizes.argmax())
        gentlest.append(_with(choice, variable, mildest))
        smaller = [o for o in range(len(sizes)) if sizes[o] < sizes[option]]
        cheaper.append(max(smaller, key=lambda o: (sizes[o], -o)) if smaller else None)
    reverted = None if expected is None else expected([choice, *gentlest])
    next_choices = {
        variable: _with(choice, variable, option)
        for variable, option in enumerate(cheaper)
        if option is not None
    }
    guesses = (
        dict(zip(next_choices, expected(list(next_choices.values())), strict=True))
        if next_choices and expected is not None
        else {}
    )
    rows: dict[int, LayerRow] = {}
    for variable, group in enumerate(menu.variables):
        option, smaller_option = choice[variable], cheaper[variable]
        sizes, schemes = menu.nbytes[variable], menu.schemes[variable]
        above = [o for o in range(len(sizes)) if sizes[o] > sizes[option]]
        larger_option = min(above, key=lambda o: (sizes[o], o)) if above else None
        tried = None
        if smaller_option is not None:
            tried = history.get(menu.plan(next_choices[variable]))
        for layer in group:
            rows[layer] = LayerRow(
                layer=menu.layers[layer],
                scheme=schemes[option],
                nbytes=int(sizes[option]),
                drop_pp=None
                if reverted is None
                else max(0.0, reverted[0] - reverted[1 + variable]),
                cheaper=None if smaller_option is None else schemes[smaller_option],
                saved=0 if smaller_option is None else int(sizes[option] - sizes[smaller_option]),
                cheaper_drop_pp=guesses.get(variable) if tried is None else tried.drop_pp,
                cheaper_measured=tried is not None,
                larger=None if larger_option is None else schemes[larger_option],
                added=0 if larger_option is None else int(sizes[larger_option] - sizes[option]),
            )
    return tuple(rows[layer] for layer in range(len(menu.layers)))


def _with(choice: Choice, variable: int, option: int) -> Choice:
    return (*choice[:variable], option, *choice[variable + 1 :])
