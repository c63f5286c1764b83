"""The allow-list: classes that only compute, by the module that names them.

Left out on purpose: ``Lambda``, ``TFSMLayer``, ``TorchModuleWrapper``, ``JaxLayer`` and
``FlaxLayer``, which run what a file brings; ``StringLookup``, ``IntegerLookup``,
``TextVectorization`` and ``FeatureSpace``, which open files; operations that take functions
(``Map``, ``Scan``, ``Cond``, ``WhileLoop``); everything that is no part of an image classifier.
"""

from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LAYERS: Final = _names(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D
    AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CenterCrop Concatenate
    Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D
    ConvLSTM3D Cropping1D Cropping2D Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D Dot
    Dropout ELU EinsumDense Embedding Equalization Flatten GRU GRUCell GaussianDropout
    GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization
    GroupQueryAttention Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking
    MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum MixUp MultiHeadAttention Multiply
    Normalization PReLU Permute RMSNormalization RNN RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
    RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing
    SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D
    SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells Subtract
    TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
    ZeroPadding2D ZeroPadding3D
    """
)
_MODELS: Final = frozenset({"Functional", "Model", "Sequential"})
_INITIALIZERS: Final = _names(
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer
    LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform
    TruncatedNormal VarianceScaling Zeros
    """
)
_REGULARIZERS: Final = frozenset({"L1", "L1L2", "L2", "OrthogonalRegularizer"})
_CONSTRAINTS: Final = frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"})
_POLICIES: Final = _names(
    """
    DTypePolicy DTypePolicyMap FloatDTypePolicy Int4DTypePolicy QuantizedDTypePolicy
    QuantizedFloat8DTypePolicy
    """
)
_QUANTIZERS: Final = _names(
    """
    AbsMaxQuantizer Float8QuantizationConfig Int4QuantizationConfig Int8QuantizationConfig
    """
)
_ARRAY_OPERATIONS: Final = _names(
    """
    Abs Absolute Add Amax Amin Any All Argmax Argmin Average BroadcastTo Ceil Clip Concatenate
    Copy Cos Cosh Cumsum Divide DivideNoNan Dot Einsum Equal Exp Exp2 ExpandDims Expm1 Flip Floor
    FloorDivide FullLike GetItem Greater GreaterEqual Less LessEqual Log Log10 Log1p Log2
    LogicalAnd LogicalNot LogicalOr Matmul Max Maximum Mean Min Minimum Mod Moveaxis Multiply
    Negative NotEqual OnesLike Pad Power Prod Ravel Reciprocal Repeat Reshape Roll Round Sign Sin
    Sinh Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take Tan Tanh Tensordot Tile
    Transpose TrueDivide Trunc Var Where ZerosLike
    """
)
_NETWORK_OPERATIONS: Final = _names(
    """
    AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm Celu Conv ConvTranspose DepthToSpace
    DepthwiseConv DotProductAttention Elu Gelu Glu HardShrink HardSigmoid HardSilu HardTanh
    LayerNorm LeakyRelu LogSigmoid LogSoftmax MaxPool Moments Normalize OneHot RMSNorm Relu Relu6
    Selu SeparableConv Sigmoid Silu SoftShrink Softmax Softplus Softsign SpaceToDepth SparsePlus
    SparseSigmoid Sparsemax Squareplus TanhShrink Threshold
    """
)

BY_MODULE: Final = {
    "keras": _MODELS | {"DTypePolicy"},
    "keras.models": _MODELS,
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.src.models.model": frozenset({"Model"}),
    "keras.src.models.sequential": frozenset({"Sequential"}),
    "keras.layers": _LAYERS,
    "keras.initializers": _INITIALIZERS,
    "keras.regularizers": _REGULARIZERS,
    "keras.constraints": _CONSTRAINTS,
    "keras.dtype_policies": _POLICIES,
    "keras.quantizers": _QUANTIZERS,
    "keras.src.ops.numpy": _ARRAY_OPERATIONS,
    "keras.src.ops.nn": _NETWORK_OPERATIONS,
    "keras.src.ops.core": frozenset({"Cast", "SaturateCast", "Slice", "StopGradient", "Unstack"}),
    "keras.src.ops.math": frozenset({"Erf", "Logsumexp", "Rsqrt"}),
    "keras.src.ops.image": frozenset({"Resize", "RGBToGrayscale"}),
    # Classes of keras.applications' own, which Keras does not export.
    "keras.src.applications.convnext": frozenset({"LayerScale"}),
    "keras.src.applications.inception_resnet_v2": frozenset({"CustomScaleLayer"}),
}
"""Module → its classes, as ``.keras`` files name them."""

WITHOUT_MODULE: Final = frozenset().union(*BY_MODULE.values())
"""Classes in the legacy format, which knows no modules."""

TRAINING: Final = {
    "keras.optimizers": _names(
        """
        Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer Muon Nadam
        RMSprop SGD
        """
    ),
    "keras.optimizers.schedules": _names(
        """
        CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay
        PolynomialDecay
        """
    ),
    "keras.losses": _names(
        """
        BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy
        CategoricalFocalCrossentropy CategoricalHinge CosineSimilarity Dice Hinge Huber
        KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
        MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky
        """
    ),
    "keras.metrics": _names(
        """
        AUC Accuracy BinaryAccuracy BinaryCrossentropy CategoricalAccuracy CategoricalCrossentropy
        CosineSimilarity F1Score FBetaScore FalseNegatives FalsePositives IoU KLDivergence Mean
        MeanAbsoluteError MeanIoU MeanSquaredError OneHotIoU OneHotMeanIoU Precision
        PrecisionAtRecall Recall RecallAtPrecision RootMeanSquaredError SparseCategoricalAccuracy
        SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy TopKCategoricalAccuracy
        TrueNegatives TruePositives
        """
    ),
}
"""The same for how a model inside a model was trained; Keras builds these with it."""

PLAIN_VALUES: Final = _names(
    """
    __keras_tensor__ __tensor__ __numpy__ __tuple__ __ellipsis__ __slice__ __bytes__ TensorShape
    """
)
"""What Keras writes like an object and reads as a value."""

ACTIVATIONS: Final = _names(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
    leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink
    softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh
    tanh_shrink threshold
    """
)
"""Functions that ``keras.activations`` knows by name."""

DTYPES: Final = _names(
    """
    bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 bfloat16 float16 float32 float64 int4
    float8_e4m3fn float8_e5m2 mixed_float16 mixed_bfloat16 int8_from_float32 int8_from_bfloat16
    int8_from_float16 int8_from_mixed_bfloat16 int8_from_mixed_float16 int4_from_float32
    float8_from_float32 float8_from_bfloat16
    """
)
"""Data types and policies by name; numpy would read others, some of any size."""
