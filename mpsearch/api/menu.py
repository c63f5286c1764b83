"""What may be chosen on a workbench."""

from collections.abc import Sequence

from mpsearch.api.workbench import Workbench
from mpsearch.schemes import menu_of
from mpsearch.search.menu import Menu
from mpsearch.search.rules import Rules


def make_menu(workbench: Workbench, schemes: Sequence[str], rules: Rules) -> Menu:
    """The menu of a search.

    Args:
        workbench: Says which layers there are and what they refuse.
        schemes: For every layer, but for what the rules say.
        rules: Locked, forbidden and tied layers.

    Raises:
        SchemeError: If a scheme is unknown.
        SettingError: If a rule matches no layer, or leaves one nothing.
    """
    names = menu_of(schemes)
    rules.require_matches(workbench.layer_names)
    refused = workbench.refusals((*names, *rules.lock.values()))
    return Menu.of(workbench.layers, names, refused, workbench.engine.bank.nbytes, rules)
