"""Which settings of a ``study.toml`` may be taken from whom; docs/adr/0017 says why."""

from mpsearch.trust.guarded import GuardedValue
from mpsearch.trust.settings_file import SettingsFile
from mpsearch.trust.storage_variable import STORAGE_VARIABLE, same_storage, storage_variable
from mpsearch.trust.usual_storage import usual_storage

__all__ = [
    "STORAGE_VARIABLE",
    "GuardedValue",
    "SettingsFile",
    "same_storage",
    "storage_variable",
    "usual_storage",
]
