"""Find, for every weight layer of a trained Keras CNN, the smallest storage it tolerates.

The public names are loaded when they are first used: importing mpsearch loads neither
TensorFlow, Optuna nor pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mpsearch.values.errors import MPSearchError
from mpsearch.values.plan import Plan
from mpsearch.values.version import __version__ as __version__

if TYPE_CHECKING:
    from mpsearch.api.export import ExportedFiles, export_plan
    from mpsearch.api.profiling import profile
    from mpsearch.api.search import find_plan
    from mpsearch.schemes import Scheme, parse_scheme, register_scheme
    from mpsearch.search.result import SearchResult
    from mpsearch.sensitivity import SensitivityProfile
    from mpsearch.study.surrogate_sampler import SurrogateSampler
    from mpsearch.workbench.loading import load
    from mpsearch.workbench.workbench import Workbench

__all__ = [
    "ExportedFiles",
    "MPSearchError",
    "Plan",
    "Scheme",
    "SearchResult",
    "SensitivityProfile",
    "SurrogateSampler",
    "Workbench",
    "export_plan",
    "find_plan",
    "load",
    "parse_scheme",
    "profile",
    "register_scheme",
]

_HOMES = {
    "ExportedFiles": "mpsearch.api.export",
    "Scheme": "mpsearch.schemes",
    "SearchResult": "mpsearch.search.result",
    "SensitivityProfile": "mpsearch.sensitivity",
    "SurrogateSampler": "mpsearch.study.surrogate_sampler",
    "Workbench": "mpsearch.workbench.workbench",
    "export_plan": "mpsearch.api.export",
    "find_plan": "mpsearch.api.search",
    "load": "mpsearch.workbench.loading",
    "parse_scheme": "mpsearch.schemes",
    "profile": "mpsearch.api.profiling",
    "register_scheme": "mpsearch.schemes",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mpsearch' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
