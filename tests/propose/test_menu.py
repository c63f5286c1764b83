"""What may be chosen, under rules."""

import numpy as np
import pytest

from mpsearch.propose.menu import Menu
from mpsearch.propose.rules import Rules
from mpsearch.values.errors import SchemeError, SettingError
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.plan import Plan

NAMES = ("a/conv1", "a/conv2", "b/conv1", "head")
SCHEMES = ("original", "fl16", "fix8")
SIZES = {"original": 4, "fl16": 2, "fix8": 1, "bitwiseAnd_8": 3}


def menu(rules: Rules | None = None, refused: dict[tuple[str, str], str] | None = None) -> Menu:
    layers = [
        WeightLayer(i, name, "Conv2D", (WeightTensor("kernel", (10 * (i + 1),)),))
        for i, name in enumerate(NAMES)
    ]
    return Menu.of(
        layers,
        SCHEMES,
        refused or {},
        lambda layer, scheme: 10 * (layer + 1) * SIZES[scheme],
        rules,
    )


def test_without_rules_every_layer_has_every_scheme() -> None:
    one = menu()
    assert one.plans == 3**4
    assert one.schemes == (SCHEMES,) * 4
    assert one.total((0, 1, 2, 0)) == 40 + 40 + 30 + 160
    assert one.plan((0, 1, 2, 0)) == Plan(NAMES, ("original", "fl16", "fix8", "original"))
    assert one.choice(one.plan((0, 1, 2, 0))) == (0, 1, 2, 0)
    assert one.original == (0, 0, 0, 0)
    choices = np.array([(0, 1, 2, 0), (2, 2, 2, 2)])
    assert one.totals(choices).tolist() == [one.total((0, 1, 2, 0)), one.total((2, 2, 2, 2))]


def test_a_locked_layer_has_one_scheme_even_one_not_on_the_menu() -> None:
    one = menu(Rules(lock={"a/*": "fl16", "a/conv2": "bitwiseAnd_8"}))
    assert one.layer_schemes == (("fl16",), ("bitwiseAnd_8",), SCHEMES, SCHEMES)
    assert one.original is None
    assert one.choice(Plan.uniform(NAMES, "fl16")) is None


def test_forbidden_schemes_are_left_out() -> None:
    one = menu(Rules(forbid={"*/conv1": ("fix8",), "head": ("fix8", "original")}))
    assert one.layer_schemes == (SCHEMES[:2], SCHEMES, SCHEMES[:2], ("fl16",))


def test_a_lock_beats_what_is_forbidden() -> None:
    one = menu(Rules(lock={"head": "fix8"}, forbid={"*": ("fix8",)}))
    assert one.layer_schemes[3] == ("fix8",)


def test_tied_layers_are_one_variable() -> None:
    one = menu(Rules(tie=("*/conv1",)))
    assert one.variables == ((0, 2), (1,), (3,))
    assert one.plans == 3**3
    assert one.plan((1, 0, 2)) == Plan(NAMES, ("fl16", "original", "fl16", "fix8"))
    assert one.total((1, 0, 2)) == 20 + 80 + 60 + 40
    assert one.choice(Plan(NAMES, ("fl16", "original", "fix8", "fix8"))) is None


def test_ties_that_share_a_layer_become_one() -> None:
    assert menu(Rules(tie=("a/*", "*/conv1"))).variables == ((0, 1, 2), (3,))


def test_tied_layers_have_what_all_of_them_accept() -> None:
    one = menu(Rules(tie=("a/*",)), {("a/conv2", "fix8"): "too large"})
    assert one.schemes[0] == ("original", "fl16")


def test_a_layer_that_refuses_everything_stays_as_it_is() -> None:
    one = menu(refused={("head", scheme): "no" for scheme in SCHEMES})
    assert one.layer_schemes[3] == ("original",)


@pytest.mark.parametrize(
    ("rules", "refused", "message"),
    [
        (
            Rules(forbid={"head": SCHEMES}),
            {},
            "'head' is forbidden every scheme.*forbid fewer schemes",
        ),
        (
            Rules(lock={"head": "fl16"}),
            {("head", "fl16"): "overflow"},
            "locked to 'fl16'.*overflow",
        ),
        (Rules(lock={"a/conv1": "fl16", "a/conv2": "fix8"}, tie=("a/*",)), {}, "tied.*'a/conv2'"),
    ],
)
def test_what_leaves_nothing_is_refused(
    rules: Rules, refused: dict[tuple[str, str], str], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        menu(rules, refused)


@pytest.mark.parametrize("kind", ["lock", "forbid", "tie"])
def test_a_pattern_that_matches_nothing_is_refused(kind: str) -> None:
    rules = {
        "lock": Rules(lock={"conv9": "fl16"}),
        "forbid": Rules(forbid={"conv9": ("fl16",)}),
        "tie": Rules(tie=("conv9",)),
    }[kind]
    with pytest.raises(SettingError, match=f"{kind} 'conv9' matches no weight layer"):
        rules.require_matches(NAMES)


def test_rules_know_schemes_by_their_proper_names() -> None:
    with pytest.raises(SchemeError, match="fl17"):
        Rules(lock={"*": "fl17"})
