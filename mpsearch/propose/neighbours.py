"""The plans that differ from a plan in one choice."""

from collections.abc import Iterator

from mpsearch.propose.history import History
from mpsearch.propose.menu import Menu
from mpsearch.values.plan import Plan


def improving_changes(menu: Menu, history: History) -> Iterator[Plan]:
    """Single changes of the best plan that would improve it if they kept the limit.

    With a budget those that save bytes; with a size those that have room.
    """
    best, goal = history.best, history.goal
    choice = None if best is None else menu.choice(best.plan)
    if best is None or choice is None:
        return
    for variable, sizes in enumerate(menu.nbytes):
        for option, size in enumerate(sizes):
            nbytes = best.nbytes + int(size) - int(sizes[choice[variable]])
            inside = nbytes < best.nbytes if goal.max_nbytes is None else nbytes <= goal.max_nbytes
            if option != choice[variable] and inside:
                yield menu.plan((*choice[:variable], option, *choice[variable + 1 :]))


def is_one_change_optimal(menu: Menu, history: History) -> bool:
    """Whether every single change that could improve the best plan was measured and does not."""
    best = history.best
    if best is None or menu.choice(best.plan) is None:
        return False
    return all(plan in history for plan in improving_changes(menu, history))
