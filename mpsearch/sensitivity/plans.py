"""The plans that a profile consists of."""

from collections.abc import Sequence

from mpsearch.values.plan import Plan


def uniform_plan(layers: Sequence[str], scheme: str, refused: frozenset[tuple[str, str]]) -> Plan:
    """Every layer under *scheme*; those that refuse it stay ``original``."""
    return cumulative_plan(layers, scheme, len(layers) - 1, refused)


def per_layer_plan(layers: Sequence[str], layer: str, scheme: str) -> Plan:
    """One layer under *scheme*, the others ``original``."""
    return Plan.uniform(layers, "original").replace(layer, scheme)


def cumulative_plan(
    layers: Sequence[str], scheme: str, last: int, refused: frozenset[tuple[str, str]]
) -> Plan:
    """Layers 0 to *last* under *scheme*, the others ``original``."""
    return Plan(
        tuple(layers),
        tuple(
            scheme if i <= last and (layer, scheme) not in refused else "original"
            for i, layer in enumerate(layers)
        ),
    )


def prefixes(plan: Plan) -> list[Plan]:
    """The plan's layers 0..i changed and the others ``original``, for every i."""
    n = len(plan.layers)
    return [
        Plan(plan.layers, plan.schemes[: i + 1] + ("original",) * (n - i - 1)) for i in range(n)
    ]
