"""The menu of a workbench's model."""

from collections.abc import Sequence

from mpsearch.propose.menu import Menu
from mpsearch.propose.rules import Rules
from mpsearch.schemes import is_long, menu_of
from mpsearch.values.progress import Progress, Silent
from mpsearch.workbench.workbench import Workbench


def make_menu(
    workbench: Workbench, schemes: Sequence[str], rules: Rules, progress: Progress | None = None
) -> Menu:
    """The menu of a search; from a long one, what others beat in bytes and error is left off.

    Args:
        workbench: Says which layers there are and what they refuse.
        schemes: Schemes of every layer, unless the rules say otherwise.
        rules: Locked, forbidden and tied layers.
        progress: Receives a sign of life now and then.

    Raises:
        SchemeError: If a scheme is unknown.
        SettingError: If a rule matches no layer, or leaves one nothing.
    """
    names = menu_of(schemes)
    listener = progress or Silent()
    rules.require_matches(workbench.layer_names)
    refused = workbench.refusals((*names, *rules.lock.values()))
    bank = workbench.engine.bank
    menu = Menu.of(workbench.layers, names, refused, bank.nbytes, rules)
    if not any(map(is_long, menu.schemes)):
        return menu

    def error(layer: int, scheme: str) -> float:
        value = bank.error(layer, scheme)
        listener.advance(1, scheme)
        return value

    listener.start("comparing schemes by their errors", sum(map(len, menu.layer_schemes)))
    menu = menu.without_dominated(error)
    listener.finish()
    return menu
