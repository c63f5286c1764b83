"""The families of schemes that come with the program."""

import re
from collections.abc import Callable
from functools import partial

from mpsearch.schemes import dynamic_fixed, int_channel, k_means, prune_share, small_float
from mpsearch.schemes.base import AnyScheme
from mpsearch.schemes.bf16 import Bf16
from mpsearch.schemes.bitwise_and import BitwiseAnd
from mpsearch.schemes.bitwise_mid import BitwiseMid
from mpsearch.schemes.fix8 import Fix8
from mpsearch.schemes.fix8m import Fix8m
from mpsearch.schemes.fl16 import Fl16
from mpsearch.schemes.original import Original
from mpsearch.schemes.prune import Prune
from mpsearch.schemes.registry import parse_scheme, register_scheme
from mpsearch.values.errors import SchemeError


def _plain(name: str, make: Callable[[], AnyScheme], form: str | None = None) -> None:
    """Register a scheme without parameter."""

    @register_scheme(name, form=form)
    def _(argument: str) -> AnyScheme:
        if argument:
            raise SchemeError(f"{name!r} takes no parameter, got {argument!r}")
        return make()


def _cutting(family: str, make: Callable[[int], AnyScheme]) -> None:
    """Register a family whose parameter is a number of cut bits."""

    @register_scheme(family, form=f"{family}_k")
    def _(argument: str) -> AnyScheme:
        if not re.fullmatch(r"-?[0-9]{1,9}", argument):
            raise SchemeError(
                f"{f'{family}_{argument}'!r} lacks its number of cut bits; write {family}_1 to "
                f"{family}_22"
            )
        return make(int(argument))


def _pruning(percent: int) -> None:
    """Register pruning of so many per cent before another scheme."""
    family = f"prun{percent}"

    @register_scheme(family, form="prunP_X")
    def _(argument: str) -> AnyScheme:
        if not argument or argument.startswith("prun"):
            raise SchemeError(
                f"{f'{family}_{argument}'!r} lacks the scheme of what is left; write for instance "
                f"{family}_int4c"
            )
        return prune_share.PruneShare(percent, parse_scheme(argument))


@register_scheme("prun", form="prun_t")
def _prune(argument: str) -> AnyScheme:
    if not re.fullmatch(r"[0-9]{0,40}\.?[0-9]{1,40}(e[+-]?[0-9]{1,3})?", argument):
        raise SchemeError(
            f"{f'prun_{argument}'!r} lacks its threshold; write a positive number, as in prun_0.005"
        )
    return Prune(float(argument))


_plain("original", Original)
_plain("fl16", Fl16)
_plain("fix8", Fix8)
_plain("fix8m", Fix8m)
_plain("bf16", Bf16)
_cutting("bitwiseAnd", BitwiseAnd)
_cutting("bitwiseMid", BitwiseMid)
for _width in dynamic_fixed.WIDTHS:
    _plain(f"dfix{_width}", partial(dynamic_fixed.DynamicFixed, _width), "dfixB")
for _width in int_channel.WIDTHS:
    _plain(f"int{_width}c", partial(int_channel.IntChannel, _width), "intBc")
for _name in small_float.FORMATS:
    _plain(_name, partial(small_float.SmallFloat, _name))
for _width in k_means.WIDTHS:
    _plain(f"km{_width}", partial(k_means.KMeans, _width), "kmB")
for _percent in prune_share.SHARES:
    _pruning(_percent)
