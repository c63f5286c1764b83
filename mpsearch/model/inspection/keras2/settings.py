"""Settings of layers that Keras 3 no longer has, and what they say."""

from collections.abc import Mapping
from typing import Any, Final

from mpsearch.model.inspection.verdict import Refused

RETRAIN: Final = "convert the model with Keras 2 first, or build it anew in Keras 3"

_TRANSPOSES: Final = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_DEPTHWISE: Final = ("DepthwiseConv1D", "DepthwiseConv2D")
_SEPARABLE: Final = ("SeparableConv1D", "SeparableConv2D")
_SPATIAL: Final = ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
_RECURRENT: Final = ("RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_CELLS: Final = ("LSTMCell", "GRUCell", "SimpleRNNCell", "LSTM", "GRU", "SimpleRNN")

_SILENT: Final[dict[str, tuple[tuple[str, ...], tuple[Any, ...]]]] = {
    "groups": ((*_TRANSPOSES, *_DEPTHWISE, *_SEPARABLE), (1, None)),
    "time_major": (_RECURRENT, (False, None)),
    "causal": (("Attention", "AdditiveAttention"), (False, None)),
    "renorm": (("BatchNormalization",), (False, None)),
    "virtual_batch_size": (("BatchNormalization",), (None,)),
    "adjustment": (("BatchNormalization",), (None,)),
}
"""Setting → layers that have it in Keras 2 only, and the values that say nothing."""

_UNHEARD: Final[dict[str, tuple[str, ...]]] = {
    "kernel_initializer": _SEPARABLE,
    "kernel_regularizer": _SEPARABLE,
    "kernel_constraint": _SEPARABLE,
    "implementation": (*_CELLS, "ConvLSTM2D"),
    "input_length": ("Embedding",),
    "query_shape": ("MultiHeadAttention",),
    "key_shape": ("MultiHeadAttention",),
    "value_shape": ("MultiHeadAttention",),
    "renorm_clipping": ("BatchNormalization",),
    "renorm_momentum": ("BatchNormalization",),
    "fused": ("BatchNormalization",),
    "trainable": _SPATIAL,
    "noise_shape": _SPATIAL,
}
"""Setting → layers that have it in Keras 2 only; it moves no output, whatever its value."""

_RENAMED: Final[dict[str, dict[str, str]]] = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "ThresholdedReLU": {"theta": "threshold"},
}

_SAME: Final = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "RandomHeight": "Identity",  # these two change images in training only
    "RandomWidth": "Identity",
    "ThresholdedReLU": "ReLU",
    "Model": "Functional",
}
"""Class of Keras 2 → the class of Keras 3 that computes the same."""

_GONE: Final = frozenset(
    {"LocallyConnected1D", "LocallyConnected2D", "CuDNNGRU", "CuDNNLSTM", "DenseFeatures"}
    | {"MaxoutDense", "Highway", "ConvLSTM2DCell", "AbstractRNNCell"}
)
_EVERYWHERE: Final = ("batch_input_shape", "input_dtype", "dynamic")


def kind_in_keras3(kind: str, place: str) -> str:
    """The name of a layer's class in Keras 3.

    Raises:
        Refused: If Keras 3 has no such layer.
    """
    if kind in _GONE:
        raise Refused(
            f"cannot be loaded: {place} is a {kind}, which Keras 3 does not have", RETRAIN
        )
    return _SAME.get(kind, kind)


def settings_in_keras3(kind: str, settings: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The settings of a layer without those that only Keras 2 has.

    Args:
        kind: The layer's class, as Keras 2 calls it.
        settings: Configuration (``config``) of the object.
        place: Names the layer in messages.

    Raises:
        Refused: If one of them asks for what Keras 3 does not do.
    """
    if kind in {"RandomHeight", "RandomWidth"}:
        return {key: settings[key] for key in ("name", "trainable", "dtype") if key in settings}
    named = _SAME.get(kind, kind)
    kept: dict[str, Any] = {}
    for key, value in settings.items():
        owners, silent = _SILENT.get(key, ((), ()))
        if named in owners:
            # True equals 1, and one group says what no group says.
            if value not in silent:
                raise Refused(
                    f"cannot be loaded: {place} has {key} = {_shown(value)}, which a {kind} of "
                    "Keras 3 does not do",
                    RETRAIN,
                )
        elif named not in _UNHEARD.get(key, ()) and key not in _EVERYWHERE:
            kept[_RENAMED.get(kind, {}).get(key, key)] = value
    if named == "BatchNormalization":
        kept.update(_one_axis(settings, place))
    if named in {"GRU", "GRUCell"}:
        kept.setdefault("reset_after", False)  # the default was the other one
    return kept


def _one_axis(settings: Mapping[str, Any], place: str) -> dict[str, Any]:
    match settings.get("axis", -1):
        case [int(axis)] | int(axis):
            return {"axis": axis}
        case axis:
            raise Refused(
                f"cannot be loaded: {place} normalizes along axis = {_shown(axis)}, Keras 3 along "
                "one axis only",
                RETRAIN,
            )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
