"""How sensitive each layer is: measured once, reused for every budget."""

from mpsearch.sensitivity.profile import Reading, SensitivityProfile

__all__ = ["Reading", "SensitivityProfile"]
